// Package responsetime is the built-in health plugin response-time: an answer that comes too late counts as none.
//
// Plane: both. Floor: 2. Journey of a probe: step 3.
// It counts as threshold does. A single slow answer among fast ones need not count: with median=5 an attempt is slow when the median of it and the
// four before it is.
package responsetime

import (
	"math/bits"

	"signpost/sdk"
)

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Health("response-time", "1.0.0", "down after so many probes in a row that failed or took too long")
	slow := p.Duration("slow", sdk.Millisecond, sdk.Minute, "an answer that takes longer counts as a failure").Default("300ms")
	median := p.Int("median", 1, 9, "the median of so many successes is what an attempt took; 1: its own time").Default("1")
	counting := p.Counting("failed or slow in a row: #", "fast in a row: #")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		count, limit, window := counting.Of(c, sdk.Quorum), slow.Of(c, 0), uint32(1)<<median.Of(c, 0)-1
		passes := func(h *sdk.History, vantage int) uint32 {
			succeeded := h.Passes(vantage)
			return quick(succeeded, succeeded&^h.Slow(vantage, limit), window)
		}
		return func(h *sdk.History, v *sdk.Verdict) { count.Judge(h, v, passes) }
	})
	return p
}

// quick tells which of the attempts that succeeded pass: those for which the median of the successes in the window that begins with them is fast.
// The median of n is the one that n/2 are before, so it is fast when more than n/2 are.
func quick(succeeded, fast, window uint32) (passes uint32) {
	if fast == succeeded || window == 1 {
		return fast
	}
	for i := 0; i < 32; i += 8 {
		passes |= quick8(succeeded>>i, fast>>i, window) << i
	}
	return passes
}

// quick8 is quick for eight attempts, without the loop: its passes would be what costs.
//
//go:noinline
func quick8(s, f, window uint32) uint32 {
	return quick1(s, f, window) | quick1(s>>1, f>>1, window)<<1 | quick1(s>>2, f>>2, window)<<2 | quick1(s>>3, f>>3, window)<<3 |
		quick1(s>>4, f>>4, window)<<4 | quick1(s>>5, f>>5, window)<<5 | quick1(s>>6, f>>6, window)<<6 | quick1(s>>7, f>>7, window)<<7
}

// quick1 is 1 if the first attempt passes.
func quick1(succeeded, fast, window uint32) uint32 {
	half, count := bits.OnesCount32(succeeded&window)/2, bits.OnesCount32(fast&window)
	return succeeded & uint32(uint64(half-count)>>63)
}
