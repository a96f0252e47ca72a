// Package calculated is the built-in health plugin calculated: a check that is made of others is up while enough of them are.
//
// Plane: both. Floor: 2. Journey of a probe: step 3.
// The vantage points are the checks, each with a verdict of its own. As in Route 53 a check that has no data yet counts as up, 0 of them are always
// enough, and more than there are never.
package calculated

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Health("calculated", "1.0.0", "up while enough of the checks that it is made of are up")
	atLeast := p.Int("at-least", 0, 1000, "so many must be up; all of them, if it is left out")
	up := p.Reason("checks that are up: #")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		all, least := !atLeast.Set(c, 0), int(atLeast.Of(c, 0))
		return func(h *sdk.History, v *sdk.Verdict) {
			count := h.Len() - downs(h)
			state := sdk.Down
			if count >= least && (!all || count == h.Len()) {
				state = sdk.Up
			}
			v.Set(state, up, uint32(count))
		}
	})
	return p
}

// downs counts the checks that are down.
//
//go:noinline
func downs(h *sdk.History) (count int) {
	for i := range h.Len() {
		if state, _ := h.State(i); state == sdk.Down {
			count++
		}
	}
	return count
}
