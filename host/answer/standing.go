package answer

import "signpost/host/policy"

// slots adds the health of p's candidates to the facts. It is the worker's until the next call.
func (w *Worker) slots(p *policy.Policy, f *policy.Facts) {
	if p.Slots == nil && (w.trace == nil || len(w.trace.Down) == 0) {
		return
	}
	w.standing.reset(len(p.IDs))
	for i := range p.IDs {
		w.standing.set(i, w.slot(p, i))
	}
	w.standing.tell(f)
}

// slot reads the health of one candidate.
func (w *Worker) slot(p *policy.Policy, i int) policy.Standing {
	switch {
	case w.trace != nil && w.trace.Down[p.IDs[i]]:
		return policy.Standing{Health: policy.Down, Share: 100}
	case p.Slots == nil:
		return policy.Standing{Health: policy.Up, Share: 100}
	}
	return p.Slots[i].Standing()
}

// standing is the health of a policy's candidates, as facts have it.
type standing struct {
	states  []policy.Health
	shares  []uint8
	partial bool   // not all shares are 100
	flip    uint32 // seconds; 0: nobody knows
	flipBy  int
}

func (s *standing) reset(count int) {
	if cap(s.states) < count {
		s.states, s.shares = make([]policy.Health, count), make([]uint8, count)
	}
	*s = standing{states: s.states[:count], shares: s.shares[:count]}
}

// set notes how candidate i stands.
func (s *standing) set(i int, now policy.Standing) {
	s.states[i], s.shares[i] = now.State(), now.Share
	if now.Health == policy.Down {
		s.shares[i] = 100
	}
	s.partial = s.partial || s.shares[i] != 100
	s.flips(i, uint32(now.Flip))
}

// flips notes that candidate i may be another in so many seconds.
func (s *standing) flips(i int, seconds uint32) {
	if seconds != 0 && (s.flip == 0 || seconds < s.flip) {
		s.flip, s.flipBy = seconds, i
	}
}

// tell adds it to facts.
func (s *standing) tell(f *policy.Facts) {
	f.Health, f.Shares, f.Flip, f.FlipBy = s.states, nil, s.flip, s.flipBy
	if s.partial {
		f.Shares = s.shares
	}
}
