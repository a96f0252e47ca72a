// Command error-budget is an example of a health plugin in Go: a target may fail now and then, but not too often.
//
// Plane: both. Floor: 2. Journey of a probe: step 3, inside the guest.
package main

import (
	"math/bits"

	"signpost/sdk"
)

// A plugin's main does not run.
func main() {}

var _ = sdk.Serve(Plugin())

// Plugin is the judge. Counting in a row never notices a target that fails every second time; this one counts failures among the latest attempts,
// from all vantage points together. Between budget and back all stays as it was, so that a target at its limit does not flap.
func Plugin() *sdk.Plugin {
	p := sdk.Health("error-budget", "1.0.0", "down while too many of the latest attempts failed, in a row or not")
	budget := p.Float("budget", 0, 99.9, "percent of the attempts that may fail").Default("10")
	back := p.Float("back", 0, 99.9, "percent that may still have failed when it comes back; half of budget, if it is left out")
	of := p.Int("of", 2, 32, "so many of the latest attempts count").Default("32")
	least := p.Int("least", 1, 32, "no verdict changes before so many attempts").Default("4")
	spent := p.Reason("# % of the latest attempts failed")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		down, up, window, enough := budget.Of(c, 0), back.Of(c, 0), int(of.Of(c, 0)), int(least.Of(c, 0))
		if !back.Set(c, 0) {
			up = down / 2
		}
		if up > down {
			back.Refuse(c, 0, "back must not be more than budget")
		}
		if enough > window {
			least.Refuse(c, 0, "least must not be more than of")
		}
		return func(h *sdk.History, v *sdk.Verdict) {
			failed, count := failures(h, window)
			if count == 0 || count < enough && h.Before() != sdk.Unknown {
				return
			}
			percent := 100 * float64(failed) / float64(count)
			switch {
			case percent > down:
				v.Set(sdk.Down, spent, uint32(percent))
			case percent <= up || h.Before() != sdk.Down:
				v.Set(sdk.Up, spent, uint32(percent))
			}
		}
	})
	return p
}

// failures counts the latest attempts from each vantage point, and those of them that failed.
//
//go:noinline
func failures(h *sdk.History, window int) (failed, count int) {
	for i := range h.Len() {
		seen := min(len(h.Attempts(i)), window)
		passes := uint64(h.Passes(i)) & (1<<seen - 1)
		failed += seen - bits.OnesCount64(passes)
		count += seen
	}
	return failed, count
}
