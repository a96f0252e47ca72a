// Package quorum is the built-in health plugin quorum: a target is up while more than a percentage of its vantage points say so.
//
// Plane: both. Floor: 2. Journey of a probe: step 3.
// A vantage point says what its own verdict is, as another node's, or what its attempts in a row make of it. Those that do not know have no vote.
// 18 % is Route 53's: an endpoint that a part of the world cannot reach serves the other part.
package quorum

import (
	"strconv"

	"signpost/sdk"
)

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Health("quorum", "1.0.0", "up while more than a percentage of the vantage points say so")
	percent := p.Int("percent", 0, 99, "more than so many percent of the vantage points must say up").Default(strconv.Itoa(sdk.Quorum))
	counting := p.Counting("failures in a row: #", "successes in a row: #")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		count := counting.Of(c, int(percent.Of(c, 0)))
		return func(h *sdk.History, v *sdk.Verdict) { count.Judge(h, v, (*sdk.History).Passes) }
	})
	return p
}
