// Command naughty is a guest whose plugins break one promise each, for the tests of fuzzing.
package main

import "signpost/sdk"

func main() {}

var _ = sdk.Serve(
	plugin("remembers", remembers),
	plugin("overclaims", overclaims),
	plugin("traps", traps),
	plugin("spins", spins),
	plugin("chokes", chokes),
	plugin("wasteful", wasteful),
	plugin("modest", modest),
	plugin("honest", honest),
	judge("grudge", grudge),
	judge("sloppy", sloppy),
	judge("fair", fair),
)

func judge(name string, behave func(*sdk.Plugin)) *sdk.Plugin {
	p := sdk.Health(name, "1.0.0", "for a test")
	behave(p)
	return p
}

// grudge says down for ever once it saw a failure.
func grudge(p *sdk.Plugin) {
	p.Bool("noise", "nothing")
	failed := p.Reason("it failed once")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		seen := false
		return func(h *sdk.History, v *sdk.Verdict) {
			for i := range h.Len() {
				for _, a := range h.Attempts(i) {
					seen = seen || a.OK == 0
				}
			}
			v.Set(sdk.Up, sdk.Reason{}, 0)
			if seen {
				v.Set(sdk.Down, failed, 0)
			}
		}
	})
}

// sloppy indexes beyond its attempts when the second vantage point has a verdict of its own.
func sloppy(p *sdk.Plugin) {
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		return func(h *sdk.History, v *sdk.Verdict) {
			if h.Len() > 1 {
				if state, _ := h.State(1); state != sdk.Unknown {
					v.Set(sdk.State(h.Attempts(1)[31].OK), sdk.Reason{}, 0)
				}
			}
		}
	})
}

// fair uses all that there is, and keeps its promises.
func fair(p *sdk.Plugin) {
	slow := p.Duration("slow", 0, sdk.Minute, "noise").Default("1s")
	counting := p.Counting("bad: #", "good: #")
	median := p.Reason("median #")
	p.ConfigureJudge(func(c *sdk.Policy) sdk.Judge {
		count, limit := counting.Of(c, sdk.Quorum), slow.Of(c, 0)
		return func(h *sdk.History, v *sdk.Verdict) {
			count.Judge(h, v, (*sdk.History).Passes)
			if v.State() == sdk.Up && h.Len() > 0 && h.Slow(0, limit) != 0 {
				micros, _ := h.Median(0, 5)
				v.Set(sdk.Up, median, uint32(micros))
				v.SetShare(int(h.HeldMillis() % 101))
			}
			if h.Prior() == sdk.Down && h.Before() == sdk.Up {
				v.SetShare(7)
			}
		}
	})
}

func plugin(name string, behave func(*sdk.Plugin)) *sdk.Plugin {
	p := sdk.Routing(name, "1.0.0", "for a test")
	behave(p)
	return p
}

// remembers gives another candidate a larger share every fifth time.
func remembers(p *sdk.Plugin) {
	p.Int("share", 1, 9, "noise")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		count, calls := c.Len(), 0
		return func(f *sdk.Facts, d *sdk.Decision) {
			calls++
			for i := range count {
				d.Weigh(i, 1)
			}
			if calls%5 == 0 {
				d.Weigh(0, 2)
			}
		}
	})
}

// overclaims looks at 24 bits of an IPv4 client and says that its decision holds for 16.
func overclaims(p *sdk.Plugin) {
	p.WantClient()
	p.Bool("noise", "nothing")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		count := c.Len()
		return func(f *sdk.Facts, d *sdk.Decision) {
			d.Holds(16, 48)
			odd := uint32(f.Client().Address[2] & 1)
			for i := range count {
				d.Weigh(i, 1+odd*uint32(i))
			}
		}
	})
}

// traps indexes beyond a slice when the second candidate is down.
func traps(p *sdk.Plugin) {
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		weights := make([]uint32, c.Len())
		return func(f *sdk.Facts, d *sdk.Decision) {
			for i := range weights {
				weights[i] = 1
				if i == 1 && f.Down(i) {
					weights[i+len(weights)] = 1
				}
				d.Weigh(i, weights[i])
			}
		}
	})
}

// spins for ever for clients of Brazil.
func spins(p *sdk.Plugin) {
	p.WantGeo()
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		count := c.Len()
		brazil, _ := sdk.CodeOf("BR")
		return func(f *sdk.Facts, d *sdk.Decision) {
			for f.Place().Country == brazil {
				d.Pick(1)
			}
			for i := range count {
				d.Weigh(i, 1)
			}
		}
	})
}

// chokes on a share of 7.
func chokes(p *sdk.Plugin) {
	share := p.Int("share", 1, 9, "a number").Default("1")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		count := c.Len()
		for i := range count {
			if share.Of(c, i) == 7 {
				panic("seven")
			}
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			for i := range count {
				d.Weigh(i, 1)
			}
		}
	})
}

// wasteful allocates in a decision.
func wasteful(p *sdk.Plugin) {
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		count, keep := c.Len(), make([][]byte, 1)
		return func(f *sdk.Facts, d *sdk.Decision) {
			keep[0] = make([]byte, 64)
			for i := range count {
				d.Weigh(i, 1)
			}
		}
	})
}

// modest looks at 16 bits of a client and says so.
func modest(p *sdk.Plugin) {
	p.WantClient()
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		count := c.Len()
		return func(f *sdk.Facts, d *sdk.Decision) {
			client := f.Client()
			d.Holds(min(16, client.Bits), min(16, client.Bits))
			for i := range count {
				d.Weigh(i, 1+uint32(client.Address[1])*uint32(i))
			}
		}
	})
}

// honest keeps every promise, with all facts.
func honest(p *sdk.Plugin) {
	p.WantClient()
	p.WantGeo()
	p.WantLatency()
	region := p.Place("region", "where it is")
	ranges := p.Networks("clients", "whose it is")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		count := c.Len()
		for i := range count {
			_, _ = region.Of(c, i), ranges.Of(c, i)
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			for i := range count {
				micros, known := f.Latency(i)
				if known {
					d.Weigh(i, 1_000_000/(micros+1)+1)
				}
			}
		}
	})
}
