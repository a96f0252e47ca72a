package probe

import (
	"container/heap"
	"time"

	"signpost/host/config"
	"signpost/host/probe/attempt"
)

// dueHeap is the targets whose next attempt has a time, the earliest first.
type dueHeap []*target

// Len, Less, Swap, Push and Pop are for container/heap.
func (h dueHeap) Len() int { return len(h) }

// Less orders by time.
func (h dueHeap) Less(i, j int) bool { return h[i].due < h[j].due }

// Swap keeps the targets' places.
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}

// Push is heap.Push's.
func (h *dueHeap) Push(x any) {
	t := x.(*target)
	*h = append(*h, t)
	t.index = len(*h)
}

// Pop is heap.Pop's.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = 0
	return t
}

func (h *dueHeap) pop() *target { return heap.Pop(h).(*target) }

// set gives a target its time.
func (h *dueHeap) set(t *target, due time.Duration) {
	t.due = due
	if t.index == 0 {
		heap.Push(h, t)
	} else {
		heap.Fix(h, t.index-1)
	}
}

func (h *dueHeap) remove(t *target) {
	if t.index > 0 {
		heap.Remove(h, t.index-1)
	}
}

// host is a machine that is probed.
type host struct {
	name    string
	targets int
	flying  int
	waiting []ticket // due, and there are as many attempts under way to it as may be
}

// ticket is a place in a queue. It is void when the target is another by now.
type ticket struct {
	target *target
	host   *host
	era    uint64
}

// hostOf is the machine that attempts of a target go to.
func (s *Scheduler) hostOf(t *target) *host {
	name := t.key.endpoint
	switch c := &t.check.config; {
	case c.Kind == config.CheckMetric && c.Metric.URL != nil:
		name = c.Metric.URL.Host
	case c.Target != "":
		name = c.Target
	}
	h := s.hosts[name]
	if h == nil {
		h = &host{name: name}
		s.hosts[name] = h
	}
	h.targets++
	return h
}

// leaveLocked takes a target from its host.
func (s *Scheduler) leaveLocked(t *target) {
	if t.host == nil {
		return
	}
	if t.host.targets--; t.host.targets == 0 && t.host.flying == 0 {
		delete(s.hosts, t.host.name)
	}
	t.host = nil
}

// admitLocked begins an attempt that is due, or has it wait for others to end.
func (s *Scheduler) admitLocked(t *target) {
	t.waiting = true
	switch {
	case t.host.flying >= s.config.Probing.ConcurrencyPerHost:
		t.host.waiting = append(t.host.waiting, ticket{t, t.host, t.era})
	case s.underWay >= s.config.Probing.Concurrency:
		s.queue = append(s.queue, ticket{t, t.host, t.era})
	default:
		s.beginLocked(t)
	}
}

// beginLocked starts an attempt.
func (s *Scheduler) beginLocked(t *target) {
	t.waiting = false
	if s.closed {
		return
	}
	if lateness := s.elapsed() - t.due; lateness > 0 && !t.fresh {
		s.latest = max(s.latest, lateness)
		if lateness > t.check.config.Interval/lateShare {
			s.options.Metrics.Late.Add(1)
		}
	}
	t.flying = true
	t.check.underWay++
	t.host.flying++
	s.underWay++
	endpoint := t.key.endpoint
	if t.check.config.Target != "" {
		endpoint = t.check.config.Target
	}
	f := flight{t, t.check, t.host, t.era}
	ctx, prober := s.ctx, t.check.prober
	done := func(r attempt.Result) { s.landed(f, r) }
	if !s.loop.Go(prober, endpoint, done) {
		s.flights.Go(func() { done(prober.Attempt(ctx, endpoint)) })
	}
}

// lateShare is the part of an interval, as 1/n, by which a probe may be late without being counted.
const lateShare = 10

// flight is an attempt under way.
type flight struct {
	target *target
	check  *check
	host   *host
	era    uint64
}

// landed takes over what an attempt saw.
func (s *Scheduler) landed(f flight, r attempt.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.elapsed()
	t := f.target
	t.flying = false
	s.underWay--
	if f.host.flying--; f.host.targets == 0 && f.host.flying == 0 {
		delete(s.hosts, f.host.name)
	}
	if f.check.underWay--; f.check.retired {
		f.check.retire()
	}
	if s.ctx.Err() != nil {
		return // it was cut short
	}
	switch {
	case t.era == f.era:
		s.options.Metrics.Probed(f.check.name, r.OK, r.Took)
		s.seeLocked(t, r, now)
		s.planLocked(t, now)
	case t.host != nil: // another check by now, which waited for this to end
		s.due.set(t, now)
		s.poke()
	}
	s.drainLocked(f.host)
}

// drainLocked begins attempts that waited for one to end.
func (s *Scheduler) drainLocked(h *host) {
	s.drainHostLocked(h)
	for len(s.queue) > 0 && s.underWay < s.config.Probing.Concurrency {
		if next := shift(&s.queue); next.era == next.target.era {
			s.admitLocked(next.target)
		} else {
			s.drainHostLocked(next.host) // others may have waited for it, and it is gone
		}
	}
}

// drainHostLocked begins attempts that waited for one of their host to end.
func (s *Scheduler) drainHostLocked(h *host) {
	for len(h.waiting) > 0 && h.flying < s.config.Probing.ConcurrencyPerHost {
		next := shift(&h.waiting)
		if next.era != next.target.era {
			continue
		}
		if s.underWay >= s.config.Probing.Concurrency {
			s.queue = append(s.queue, next)
			break
		}
		s.beginLocked(next.target)
	}
}

// shift takes the first of a queue.
func shift(queue *[]ticket) ticket {
	first := (*queue)[0]
	(*queue)[0] = ticket{}
	if *queue = (*queue)[1:]; len(*queue) == 0 {
		*queue = nil // its room was used up from the front
	}
	return first
}

// planLocked sets when the next attempt begins. The first round is a burst, after a start as after another definition; the second spreads the
// targets over the interval, where they stay.
func (s *Scheduler) planLocked(t *target, now time.Duration) {
	interval := t.interval()
	if !t.spread && !t.contrary() {
		t.spread = true
		t.planned += 1 + time.Duration(s.random.Int64N(int64(interval)))
	} else {
		t.planned += interval
	}
	if t.planned < now {
		s.overrun++
		t.planned = now
	}
	due := t.planned
	if spread := interval * time.Duration(t.check.config.Jitter) / 100; spread > 0 {
		due += time.Duration(s.random.Int64N(int64(2*spread+1))) - spread
	}
	s.due.set(t, max(due, now))
	if s.due[0] == t {
		s.poke()
	}
}
