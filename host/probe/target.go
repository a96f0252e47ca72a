package probe

import (
	"math"
	"time"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/probe/attempt"
	"signpost/sdk/abi"
)

// targetKey names what is probed: a check at an endpoint, which is "" where it does not depend on one.
type targetKey struct{ check, endpoint string }

// target is what one check knows of one endpoint, however many candidates there are at it.
type target struct {
	key      targetKey
	check    *check
	mark     uint64  // of the refresh that used it
	users    []*user // candidates that it is for
	parents  []*target
	children []*target     // of a calculated check
	height   int           // above the highest child; 0: it has none
	rising   bool          // it is to be judged because of a child
	nearest  time.Duration // the earliest flip of a child; 0: nobody knows

	history []seen // the latest first, at most abi.AttemptMax
	last    attempt.Result
	lastAt  time.Time
	heard   time.Duration // the end of the latest that passed
	total   uint64        // attempts
	failed  uint64        // of these
	rtt     time.Duration // smoothed, of attempts that passed; 0: none

	fresh   bool          // nothing was seen of it yet: it has no verdict of its own
	missing bool          // and it counts in rounds
	raw     policy.Health // of the judge
	prior   policy.Health // before that
	share   uint8
	reason  string        // of the judge
	held    time.Duration // since when raw stands
	since   time.Time     // the same for people, of what counts

	host    *host
	era     uint64        // of what is probed; what an attempt of an earlier one saw says nothing
	flying  bool          // an attempt is under way
	waiting bool          // it is in a queue
	spread  bool          // planned has its place in the interval
	planned time.Duration // when the latest attempt was to begin, before jitter
	due     time.Duration // when the next one is
	index   int           // in the heap, plus one; 0: it is not there
}

// seen is one attempt, in 16 bytes: there may be 32 for each of 10,000 targets.
type seen struct {
	ended      time.Duration
	tookMicros uint32
	code       uint16
	ok         bool
}

// rttShare is the part of a new round trip in the smoothed one, as 1/n: after 8 attempts nine tenths of it are new.
const rttShare = 4

// note adds an attempt.
func (t *target) note(r attempt.Result, now time.Duration, at time.Time) {
	if len(t.history) < abi.AttemptMax {
		t.history = append(t.history, seen{})
	}
	copy(t.history[1:], t.history)
	t.history[0] = seen{now, uint32(min(max(r.Took.Microseconds(), 0), math.MaxUint32)), r.Code, r.OK}
	t.last, t.lastAt = r, at
	if r.OK {
		t.heard = now
	}
	t.total++
	switch {
	case !r.OK:
		t.failed++
	case t.rtt == 0:
		t.rtt = r.Took
	default:
		t.rtt += (r.Took - t.rtt) / rttShare
	}
}

// run counts the latest attempts that say the same.
func (t *target) run() (count int, ok bool) {
	for count < len(t.history) && t.history[count].ok == t.history[0].ok {
		count++
	}
	return count, count > 0 && t.history[0].ok
}

// attempts appends the history as a judge wants it.
func (t *target) attempts(now time.Duration, dst []plugin.Attempt) []plugin.Attempt {
	for _, a := range t.history {
		dst = append(dst, plugin.Attempt{Age: now - a.ended, Took: time.Duration(a.tookMicros) * time.Microsecond, Code: a.code, OK: a.ok})
	}
	return dst
}

// state is what counts of the verdict.
func (t *target) state() policy.Health {
	switch {
	case !t.check.config.Invert || t.raw == policy.Unknown:
		return t.raw
	case t.raw == policy.Up:
		return policy.Down
	}
	return policy.Up
}

// percent is the share of its weight that a candidate gets at this endpoint.
func (t *target) percent() uint8 {
	switch {
	case t.state() == policy.Down:
		return 0
	case t.check.config.Invert:
		return 100
	}
	return t.share
}

// contrary tells whether the latest attempt contradicts the verdict, or there is none.
func (t *target) contrary() bool {
	if len(t.history) == 0 {
		return false
	}
	return t.raw == policy.Unknown || t.history[0].ok != (t.raw == policy.Up)
}

// interval is the time to the next attempt.
func (t *target) interval() time.Duration {
	c := &t.check.config
	if c.FastInterval > 0 && t.contrary() {
		return c.FastInterval
	}
	return c.Interval
}

// early is how much earlier than planned an attempt may begin. Silence is not noticed earlier than it was agreed.
func (t *target) early() time.Duration {
	if t.check.config.Kind == config.CheckPush {
		return 0
	}
	return min(earlyMost, t.interval()/earlyShare)
}

// flip is how long the verdict stands at least; 0: nobody knows.
func (t *target) flip() time.Duration {
	c := &t.check.config
	switch {
	case t.raw == policy.Unknown || c.Disabled:
		return 0
	case c.Kind == config.CheckCalculated:
		return t.nearest
	}
	needed := c.Fall
	if t.raw == policy.Down {
		needed = c.Rise
	}
	if !t.contrary() {
		return c.Interval + time.Duration(needed-1)*fastOf(c)
	}
	run, _ := t.run()
	return time.Duration(max(needed-run, 1)) * fastOf(c)
}

// earliest is the first flip of a calculated check's children. It is kept with the verdict: asked of them anew each time, who has two children with
// the same two children, and so on, would be asked 2^n times.
func (t *target) earliest() (nearest time.Duration) {
	for _, child := range t.children {
		if f := child.flip(); f > 0 && (nearest == 0 || f < nearest) {
			nearest = f
		}
	}
	return nearest
}

// fastOf is the interval while attempts contradict the verdict.
func fastOf(c *config.Check) time.Duration {
	if c.FastInterval > 0 {
		return c.FastInterval
	}
	return c.Interval
}

// user is a candidate that has a check.
type user struct {
	key       health.Key
	check     *check
	mark      uint64
	endpoints []string
	targets   []*target
	said      health.Finding // what the table knows
}

// rttStep is how much of itself a round trip has to change by before the table is told: an eighth.
const rttStep = 8

// finding sums up what is known of a candidate's endpoints: it is up while one of them is. known is false while nothing was seen of any.
func (u *user) finding() (f health.Finding, known bool) {
	var states [len(policy.HealthWords)]int
	var shares, count int
	var trips, tripped time.Duration
	for _, t := range u.targets {
		if t.fresh {
			continue
		}
		count++
		states[t.state()]++
		shares += int(t.percent())
		if t.rtt > 0 && t.state() != policy.Down {
			trips, tripped = trips+t.rtt, tripped+1
		}
	}
	f = health.Finding{Health: policy.Unknown, Share: 100}
	switch {
	case count == 0:
		return f, false
	case states[policy.Up] > 0:
		f.Health = policy.Up
	case states[policy.Unknown] == 0:
		f.Health = policy.Down
	}
	if f.Health == policy.Up {
		if f.Share = uint8((shares + count/2) / count); shares > 0 {
			f.Share = max(1, f.Share)
		}
	}
	f.Flip, f.Why, f.Since = u.flip(f.Health), u.why(count), u.since(f.Health)
	if tripped > 0 {
		f.Took = trips / tripped
	}
	if before := u.said.Took; before > 0 && f.Took > 0 && (f.Took-before).Abs() < before/rttStep {
		f.Took = before
	}
	return f, true
}

// since is when the candidate's state became what it is: it went down with the last of its endpoints, and came up with the first.
func (u *user) since(state policy.Health) (since time.Time) {
	for _, t := range u.targets {
		if !t.fresh && t.state() == state && (since.IsZero() || (state == policy.Down) == t.since.After(since)) {
			since = t.since
		}
	}
	return since
}

// flip is when the candidate's state may change: it goes down with the last of its endpoints, and comes up with the first.
func (u *user) flip(state policy.Health) (f time.Duration) {
	if state == policy.Unknown {
		return 0
	}
	for _, t := range u.targets {
		own := t.flip()
		switch {
		case t.fresh || t.state() != state:
		case own == 0:
			return 0
		case f == 0 || state == policy.Up && own > f || state == policy.Down && own < f:
			f = own
		}
	}
	return f
}
