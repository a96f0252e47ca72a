package main

import "signpost/sdk"

// Judge is the health plugin of the kit, in one module with the policy. It is no use either: every number of a history has a part in one sum, and
// the sum is the verdict.
func Judge() *sdk.Plugin {
	p := sdk.Health("tck-judge", "1.0.0", "judges by a sum")
	slow := p.Duration("slow", sdk.Millisecond, sdk.Minute, "longer attempts count twice").Default("300ms")
	base := p.Int("base", 0, 1000, "added as it is").Required()
	note := p.Text("note", "quiet says nothing; bad is refused")
	fall := p.Int("fall", 1, 32, "failures in a row").Default("3")
	even := p.Reason("an even sum: #")
	odd := p.Reason(`an odd sum, "#"`)

	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		limit, start, enough := uint32(slow.Of(c, 0)), uint32(base.Of(c, 0)), int(fall.Of(c, 0))
		said := note.Of(c, 0)
		if said == "bad" {
			note.Refuse(c, 0, `note "`+said+`" is bad`)
		}
		return func(h *sdk.History, v *sdk.Verdict) {
			if said == "quiet" {
				return
			}
			sum := start + 3*uint32(h.Before()) + 7*uint32(h.Prior()) + h.HeldMillis()/1000
			for i := range h.Len() {
				sum += uint32(i+1) * saw(h, i, limit)
				state, run := h.Settle(i, h.Passes(i), enough, 2)
				sum += 1000*uint32(state) + 10_000*uint32(run)
			}
			reason := even
			if sum%2 != 0 {
				reason = odd
			}
			v.Set(sdk.State(sum%3), reason, sum)
			if sum%5 != 0 {
				v.SetShare(int(sum % 112))
			}
		}
	})
	return p
}

// saw is what one vantage point has to do with the sum.
//
//go:noinline
func saw(h *sdk.History, vantage int, limit uint32) uint32 {
	state, held := h.State(vantage)
	sum := 100*uint32(state) + held/1000
	for _, a := range h.Attempts(vantage) {
		sum += uint32(a.Code) + a.AgeMillis/1000 + uint32(a.OK)
		if a.TookMicros > limit {
			sum += a.TookMicros / 1000
		}
		sum += a.TookMicros / 1000
	}
	return sum
}
