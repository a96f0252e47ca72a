package sdk

import "math/bits"

// Quorum is the percentage of vantage points that have to say up for a target to be: more than that, as with Route 53's checkers.
const Quorum = 18

// Counting is what judges that count attempts in a row have in common: their attributes fall and rise, and their reasons.
type Counting struct {
	fall, rise                  Int
	failures, successes, quorum Reason
}

// Counting adds the attributes fall and rise, 3 when they are missing, and the reasons that Count.Judge gives: # in failures and in successes is
// how many there were in a row.
func (p *Plugin) Counting(failures, successes string) Counting {
	return Counting{
		fall:      p.Int("fall", 1, 32, "failures in a row that make it down").Default("3"),
		rise:      p.Int("rise", 1, 32, "successes in a row that make it up").Default("3"),
		failures:  p.Reason(failures),
		successes: p.Reason(successes),
		quorum:    p.Reason("# % of the vantage points say up"),
	}
}

// Count is a check's Counting.
type Count struct {
	reasons    *Counting
	fall, rise int
	percent    int
}

// Of returns a check's Count. Of several vantage points more than percent must say up.
func (c *Counting) Of(p *Policy, percent int) Count {
	return Count{reasons: c, fall: int(c.fall.Of(p, 0)), rise: int(c.rise.Of(p, 0)), percent: percent}
}

// Judge gives the verdict of attempts in a row. passes tells which attempts from a vantage point went well, attempt i in bit i, as
// History.Passes does. Each vantage point is judged for itself; of several, those that know have a vote. It gives no verdict, and all stays as it
// was, while nothing is known or not enough attempts agree.
func (c *Count) Judge(h *History, v *Verdict, passes func(h *History, vantage int) uint32) {
	if h.Len() == 1 && len(h.Attempts(0)) > 0 {
		switch state, run := h.Settle(0, passes(h, 0), c.fall, c.rise); {
		case run == 0:
		case state == Up:
			v.Set(Up, c.reasons.successes, uint32(run))
		default:
			v.Set(Down, c.reasons.failures, uint32(run))
		}
		return
	}
	var poll Poll
	for i := range h.Len() {
		state, _ := h.Settle(i, passes(h, i), c.fall, c.rise)
		poll.Add(state)
	}
	switch {
	case poll.Known == 0:
	case poll.MoreThan(c.percent):
		v.Set(Up, c.reasons.quorum, uint32(poll.Percent()))
	default:
		v.Set(Down, c.reasons.quorum, uint32(poll.Percent()))
	}
}

// Passes tells which attempts from a vantage point succeeded: attempt i in bit i.
func (h *History) Passes(vantage int) (passes uint32) {
	v := &h.raw.Vantages[vantage]
	for i := 0; i < int(v.AttemptCount); i += 8 {
		passes |= passes8((*[8]Attempt)(v.Attempts[i:])) << i
	}
	return passes
}

// passes8 is Passes for eight; behind the last attempt all is zero. It has no loop and no branch, which are what is dear in Go's WebAssembly: in
// an ordinary loop each attempt costs ten times as much fuel.
//
//go:noinline
func passes8(a *[8]Attempt) uint32 {
	return uint32(a[0].OK&1) | uint32(a[1].OK&1)<<1 | uint32(a[2].OK&1)<<2 | uint32(a[3].OK&1)<<3 |
		uint32(a[4].OK&1)<<4 | uint32(a[5].OK&1)<<5 | uint32(a[6].OK&1)<<6 | uint32(a[7].OK&1)<<7
}

// Slow tells which attempts from a vantage point took longer than limit: attempt i in bit i.
func (h *History) Slow(vantage int, limit Micros) (slow uint32) {
	v := &h.raw.Vantages[vantage]
	for i := 0; i < int(v.AttemptCount); i += 8 {
		slow |= slow8((*[8]Attempt)(v.Attempts[i:]), int64(limit)) << i
	}
	return slow
}

//go:noinline
func slow8(a *[8]Attempt, limit int64) uint32 {
	return longer(&a[0], limit) | longer(&a[1], limit)<<1 | longer(&a[2], limit)<<2 | longer(&a[3], limit)<<3 |
		longer(&a[4], limit)<<4 | longer(&a[5], limit)<<5 | longer(&a[6], limit)<<6 | longer(&a[7], limit)<<7
}

// longer is 1 if the attempt took longer.
func longer(a *Attempt, limit int64) uint32 { return uint32(uint64(limit-int64(a.TookMicros)) >> 63) }

// MedianMax is the most attempts that History.Median looks at.
const MedianMax = 15

// Median returns the median time of the latest successes from a vantage point, of so many if there are, the longer one of two; not known
// without any.
func (h *History) Median(vantage, count int) (micros Micros, known bool) {
	var sorted [16]uint32
	found := 0
	for passes := h.Passes(vantage); passes != 0 && found < min(count, MedianMax); passes &= passes - 1 {
		insert(&sorted, found, h.raw.Vantages[vantage].Attempts[bits.TrailingZeros32(passes)&31].TookMicros)
		found++
	}
	return Micros(sorted[found/2]), found > 0
}

// insert puts one more behind those that are not longer.
//
//go:noinline
func insert(sorted *[16]uint32, at int, micros uint32) {
	for ; at > 0 && sorted[(at-1)&15] > micros; at-- {
		sorted[at&15] = sorted[(at-1)&15]
	}
	sorted[at&15] = micros
}

// Settle says what a vantage point's attempts make of it if those went well whose bit is set in passes: down after fall bad ones in a row,
// the latest among them, up after rise good ones. run is how many there were, 0 if they are not enough: then state is as it was. One attempt is
// enough before the first verdict, and to confirm the verdict that stands. Without attempts it is the vantage point's own verdict.
//
//go:noinline
func (h *History) Settle(vantage int, passes uint32, fall, rise int) (state State, run int) {
	before, _ := h.State(vantage)
	count := len(h.Attempts(vantage))
	if count == 0 {
		return before, 0
	}
	if before == Unknown {
		before = h.Before()
	}
	state, enough := Up, rise
	if passes&1 == 0 {
		state, enough, passes = Down, fall, ^passes
	}
	run = min(bits.TrailingZeros32(^passes), count)
	if run >= enough || before == Unknown || before == state {
		return state, run
	}
	return before, 0
}

// Poll counts what vantage points say. The zero value has heard nobody.
type Poll struct{ Up, Known int }

// Add counts one; whoever does not know has no vote.
func (p *Poll) Add(state State) {
	switch state {
	case Up:
		p.Up++
		p.Known++
	case Down:
		p.Known++
	}
}

// Percent returns how many of those that know say up, rounded down, and 0 if nobody knows.
func (p *Poll) Percent() int {
	if p.Known == 0 {
		return 0
	}
	return 100 * p.Up / p.Known
}

// MoreThan tells whether more than so many percent of those that know say up.
func (p *Poll) MoreThan(percent int) bool { return 100*p.Up > percent*p.Known }
