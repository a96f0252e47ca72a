// Package degraded is the built-in health plugin degraded: a target that is slow, or has just come back, gets a part of its weight.
//
// Plane: both. Floor: 2. Journey of a probe: step 3.
// It is up and down as with threshold. While it is up its share is all up to the time full, and falls evenly to floor at the time slow. Once it
// has come back from being down its share climbs to that over slow-start. Steps are of 5 percent: each makes the decisions of its names anew.
package degraded

import "signpost/sdk"

// step is what shares are multiples of, in percent.
const step = 5

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Health("degraded", "1.0.0", "a share of its weight while it is slow, or has just come back")
	full := p.Duration("full", 0, sdk.Minute, "up to this median it gets all of its weight").Default("100ms")
	slow := p.Duration("slow", sdk.Millisecond, 10*sdk.Minute, "from this median on it gets floor").Default("1s")
	floor := p.Int("floor", 0, 100, "percent of its weight that it gets at least while it is up").Default("10")
	start := p.Duration("slow-start", 0, 24*sdk.Hour, "over this time it gets its weight back once it was down; 0s: at once").Default("1m")
	median := p.Int("median", 1, 9, "the median of so many successes counts").Default("5")
	counting := p.Counting("failures in a row: #", "successes in a row: #")
	sluggish := p.Reason("its answers are slow: a share of # %")
	starting := p.Reason("it starts slowly: a share of # %")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		count := counting.Of(c, sdk.Quorum)
		r := ramp{int(full.Of(c, 0)), int(slow.Of(c, 0)), int(floor.Of(c, 0)), int(median.Of(c, 0))}
		warm := int(start.Of(c, 0) / sdk.Millisecond)
		if r.full >= r.slow {
			slow.Refuse(c, 0, "slow must be longer than full")
		}
		return func(h *sdk.History, v *sdk.Verdict) {
			count.Judge(h, v, (*sdk.History).Passes)
			if v.State() != sdk.Up {
				return
			}
			share, reason := r.share(h), sluggish
			if held := climbing(h); held < warm {
				if climbed := max(share*held/warm, r.floor); climbed < share {
					share, reason = climbed, starting
				}
			}
			if share = steps(share); share < 100 {
				v.Set(sdk.Up, reason, uint32(share))
				v.SetShare(share)
			}
		}
	})
	return p
}

// climbing returns for how many milliseconds a target that was down has been back; very many if it was not.
func climbing(h *sdk.History) int {
	switch {
	case h.Before() == sdk.Down:
		return 0
	case h.Prior() == sdk.Down:
		return int(h.HeldMillis())
	}
	return 1 << 40
}

// steps is the nearest step, but 0 only for 0, which is nothing.
func steps(share int) int {
	nearest := (share + step/2) / step * step
	if nearest == 0 && share > 0 {
		return step
	}
	return nearest
}

// ramp is what a response time makes of the share. Times are in microseconds.
type ramp struct{ full, slow, floor, median int }

// share is the mean of the vantage points' shares; all, if none has seen a success.
//
//go:noinline
func (r *ramp) share(h *sdk.History) int {
	sum, count := 0, 0
	for i := range h.Len() {
		if micros, known := h.Median(i, r.median); known {
			sum += r.of(int(micros))
			count++
		}
	}
	if count == 0 {
		return 100
	}
	return sum / count
}

// of is the share for a time.
func (r *ramp) of(micros int) int {
	beyond := max(0, min(micros, r.slow)-r.full)
	return 100 - (100-r.floor)*beyond/(r.slow-r.full)
}
