// Package threshold is the built-in health plugin threshold: a target changes its state after so many probes in a row that say so.
//
// Plane: both. Floor: 2. Journey of a probe: step 3.
// This is how Route 53 (one number both ways) and HAProxy (fall and rise) count. Several vantage points judge each for itself; the target is
// up while more than 18 % of those that know are up, as with Route 53's checkers: quorum has another percentage.
package threshold

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Health("threshold", "1.0.0", "up or down after so many probes in a row")
	counting := p.Counting("failures in a row: #", "successes in a row: #")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		count := counting.Of(c, sdk.Quorum)
		return func(h *sdk.History, v *sdk.Verdict) { count.Judge(h, v, (*sdk.History).Passes) }
	})
	return p
}
