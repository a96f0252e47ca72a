// Package threshold is the built-in health plugin threshold: a target changes its state after so many probes in a row that say so.
//
// Plane: both. Floor: 2. Journey of a probe: step 3.
// This is how Route 53 (one number both ways) and HAProxy (fall and rise) count. Several vantage points judge each for itself; the target is
// up while more than 18 % of those that know are up, as with Route 53's checkers.
package threshold

import "signpost/sdk"

// quorumPercent is Route 53's: more than this share of the vantage points must say "up".
const quorumPercent = 18

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Health("threshold", "1.0.0", "up or down after so many probes in a row")
	fall := p.Int("fall", 1, 32, "failures in a row that make it down").Default("3")
	rise := p.Int("rise", 1, 32, "successes in a row that make it up").Default("3")
	failures := p.Reason("failures in a row: #")
	successes := p.Reason("successes in a row: #")
	quorum := p.Reason("# % of the vantage points say up")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		fall, rise := int(fall.Of(c, 0)), int(rise.Of(c, 0))
		return func(h *sdk.History, v *sdk.Verdict) {
			if h.Len() == 1 && len(h.Attempts(0)) > 0 {
				if state, run := seen(h, 0, fall, rise); run == 0 { // not enough of them: as it was
				} else if state == sdk.Up {
					v.Set(state, successes, uint32(run))
				} else {
					v.Set(state, failures, uint32(run))
				}
				return
			}
			up, known := 0, 0
			for i := range h.Len() {
				switch state, _ := seen(h, i, fall, rise); state {
				case sdk.Up:
					up++
					known++
				case sdk.Down:
					known++
				}
			}
			if known == 0 {
				return
			}
			percent, state := 100*up/known, sdk.Down
			if 100*up > quorumPercent*known {
				state = sdk.Up
			}
			v.Set(state, quorum, uint32(percent))
		}
	})
	return p
}

// seen is what one vantage point says: its own verdict, or its attempts' latest run when that is long enough. Before the first verdict one
// attempt is enough. Otherwise nothing changes.
func seen(h *sdk.History, vantage, fall, rise int) (state sdk.State, run int) {
	attempts := h.Attempts(vantage)
	if state, _ := h.State(vantage); len(attempts) == 0 {
		return state, 0
	}
	for run = 1; run < len(attempts) && attempts[run].OK == attempts[0].OK; run++ {
	}
	state, enough := sdk.Down, fall
	if attempts[0].OK != 0 {
		state, enough = sdk.Up, rise
	}
	before := h.Before()
	if own, _ := h.State(vantage); own != sdk.Unknown {
		before = own
	}
	if run >= enough || before == sdk.Unknown || before == state {
		return state, run
	}
	return before, 0
}
