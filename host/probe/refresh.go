package probe

import (
	"slices"
	"time"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/policy"
	"signpost/host/probe/attempt"
)

// refreshLocked makes the targets those that the table's candidates need, and tells the table what is known of new ones.
func (s *Scheduler) refreshLocked() {
	list, claim := s.options.Table.Checked()
	s.claim = claim
	s.mark++
	for i := range list {
		s.claimLocked(&list[i])
	}
	for name, c := range s.checks {
		if c.config.Kind == config.CheckPush { // what is said before a zone uses it counts, too
			s.useLocked(name, "")
		}
	}
	for key, t := range s.targets {
		if t.mark != s.mark {
			s.forgetLocked(t)
			delete(s.targets, key)
		}
	}
	for key, u := range s.users {
		if u.mark != s.mark {
			delete(s.users, key)
			continue
		}
		s.tellLocked(u)
	}
}

// claimLocked finds the targets of a candidate.
func (s *Scheduler) claimLocked(c *health.Checked) {
	u := s.users[c.Key]
	if u == nil {
		u = &user{key: c.Key}
		s.users[c.Key] = u
	}
	u.mark, u.said, u.endpoints, u.check = s.mark, c.Finding, c.Endpoints, s.checks[c.Check]
	u.targets = u.targets[:0]
	if u.check == nil {
		return // a configuration with it is on its way
	}
	endpoints := c.Endpoints
	if len(endpoints) == 0 || !u.check.perEndpoint {
		endpoints = []string{""}
	}
	for _, endpoint := range endpoints {
		t := s.useLocked(c.Check, endpoint)
		u.targets = append(u.targets, t)
		t.users = append(t.users, u)
	}
}

// useLocked returns the target of a declared check at an endpoint, with its children, for this refresh.
func (s *Scheduler) useLocked(name, endpoint string) *target {
	c := s.checks[name]
	key := targetKey{name, endpoint}
	if !c.perEndpoint {
		key.endpoint = ""
	}
	t := s.targets[key]
	if t == nil {
		t = &target{key: key, check: c, fresh: true, share: 100, since: s.options.Now()}
		s.targets[key] = t
		s.bringLocked(t)
	}
	if t.mark == s.mark {
		return t
	}
	if t.check != c {
		s.changeLocked(t, c)
	}
	t.mark, t.users, t.parents = s.mark, t.users[:0], t.parents[:0]
	if c.config.Kind != config.CheckCalculated {
		return t
	}
	t.children, t.height = t.children[:0], 0
	for _, child := range c.config.Calculated.Of {
		if s.checks[child] == nil {
			continue // the parser has said so
		}
		own := s.useLocked(child, endpoint)
		t.children = append(t.children, own)
		own.parents = append(own.parents, t)
		t.height = max(t.height, own.height+1)
	}
	s.calculateLocked(t, s.elapsed())
	return t
}

// bringLocked has a new target begin with what is remembered of it, and with a probe at once.
func (s *Scheduler) bringLocked(t *target) {
	now := s.elapsed()
	switch c := &t.check.config; {
	case c.Disabled:
		t.raw, t.fresh = policy.Up, false
		return
	case c.Kind == config.CheckCalculated:
		return
	case c.Kind != config.CheckPush && t.check.prober == nil:
		return // nobody can probe it; it stays unknown
	}
	restored := s.memory.restore(t, now, s.options.Now())
	if t.check.config.Kind == config.CheckPush {
		t.planned = now
		s.due.set(t, now+t.check.config.Push.Within)
		return
	}
	if !restored {
		s.rounds.begin(t)
	}
	t.host = s.hostOf(t)
	if t.planned, t.spread = now, false; !t.flying {
		s.due.set(t, now)
	}
}

// changeLocked gives a target another definition of its check. If that probes something else, what was seen says nothing any more; the verdict
// stays in the table until the first attempt.
func (s *Scheduler) changeLocked(t *target, c *check) {
	same := t.check.probes == c.probes
	if same && !c.config.Disabled {
		t.check = c
		now, interval := s.elapsed(), t.interval()
		if t.index > 0 && t.due > now+interval && c.config.Kind != config.CheckPush { // all wait too long now: each gets its own place in the interval
			t.planned, t.spread = now+1+time.Duration(s.random.Int64N(int64(interval))), true
			s.due.set(t, t.planned)
		}
		return
	}
	s.forgetLocked(t)
	t.check = c
	t.history, t.rtt, t.fresh, t.raw, t.prior, t.share, t.reason = nil, 0, true, policy.Unknown, policy.Unknown, 100, ""
	t.children = nil
	s.bringLocked(t)
}

// forgetLocked ends a target that nobody uses.
func (s *Scheduler) forgetLocked(t *target) {
	t.era++
	t.waiting = false
	s.due.remove(t)
	s.leaveLocked(t)
	s.rounds.end(t)
}

// seeLocked takes over what an attempt of t saw, and judges.
func (s *Scheduler) seeLocked(t *target, r attempt.Result, now time.Duration) {
	s.rounds.end(t)
	if r.NoData {
		switch t.check.config.Metric.OnNoData {
		case config.UnknownUp:
			r.OK = true
		case config.UnknownDown:
		default: // as it was
			t.last, t.lastAt, t.fresh = r, s.options.Now(), false
			s.spreadLocked(t, now)
			return
		}
	}
	t.note(r, now, s.options.Now())
	t.fresh = false
	before, share := t.raw, t.share
	if s.judgeLocked(t, now); t.raw != before || t.share != share {
		s.changedLocked()
	}
	s.dirty = true
	s.spreadLocked(t, now)
}

// spreadLocked tells what is new of t to the candidates at it, and to the checks that are calculated from it: the lowest first, so that each is
// judged once, when all that it is made of is known. In any other order a check of one and of its opposite would be down for a moment.
func (s *Scheduler) spreadLocked(t *target, now time.Duration) {
	pending := s.riseLocked(nil, t)
	for len(pending) > 0 {
		next := pending[0]
		pending = pending[1:]
		next.rising = false
		if s.calculateLocked(next, now) {
			pending = s.riseLocked(pending, next)
		}
	}
}

// riseLocked tells the candidates at t, and puts what is calculated from it among what is to be judged, by height.
func (s *Scheduler) riseLocked(pending []*target, t *target) []*target {
	for _, u := range t.users {
		s.tellLocked(u)
	}
	for _, parent := range t.parents {
		if parent.rising {
			continue
		}
		parent.rising = true
		at, _ := slices.BinarySearchFunc(pending, parent.height+1, func(t *target, height int) int { return t.height - height })
		pending = slices.Insert(pending, at, parent)
	}
	return pending
}

// calculateLocked judges a calculated check, as soon as something was seen of all its children that are probed.
func (s *Scheduler) calculateLocked(t *target, now time.Duration) (changed bool) {
	if t.check.config.Disabled {
		return false
	}
	for _, child := range t.children {
		if child.fresh && child.check.config.Kind != config.CheckPush {
			return false
		}
	}
	first, tally, nearest := t.fresh, t.last.Text, t.nearest
	t.fresh, t.nearest = false, t.earliest()
	t.last.Text, t.lastAt = t.tally(), s.options.Now()
	return s.judgeLocked(t, now) || first || t.last.Text != tally || t.nearest != nearest
}

// tellLocked tells the table what is known of a candidate, if that is news.
func (s *Scheduler) tellLocked(u *user) {
	if len(u.targets) == 0 {
		return
	}
	f, known := u.finding()
	if !known && u.said.Health != policy.Unknown {
		return // its verdict stays until there is another
	}
	if f.Health == policy.Unknown && u.check.config.OnUnknown == config.UnknownDown {
		f.Counts = policy.Down
	}
	if f == u.said {
		return
	}
	said := health.Checked{Key: u.key, Check: u.check.name, Endpoints: u.endpoints, Finding: f}
	if s.options.Table.Judge(said) {
		u.said = f
	} // else the candidate is another one since a moment, and the next refresh tells what is known of that
}
