package policy

import "math/bits"

// Start begins a decision about p: weight 1 for each live candidate, 0 for the others. It returns false when the decision is already made because
// all are down and p does not fail open. Shares are as in Facts. Failing open takes what is drained as up, since it would answer, and only where
// nothing is, the dead. When fewer are live than p.PanicThreshold asks for, verdicts are not believed: the dead are taken as up, and what is
// drained, which an operator or a judge wanted so, is neither counted nor chosen.
func (d *Decision) Start(p *Policy, health []Health, shares []uint8) bool {
	count := len(p.IDs)
	if cap(d.Weights) < count {
		d.Weights = make([]uint32, count)
	}
	*d = Decision{Weights: d.Weights[:count], Pick: 1, TTLCap: NoTTLCap, Explain: d.Explain, failClosed: p.FailClosed, onAllDown: p.OnAllDown}
	live, drained := d.live(health, shares)
	switch {
	case live == count:
		return true
	case live > 0:
		if p.Panics(live, count-drained) {
			d.Panic = true
			d.take(health, shares, false)
		}
		return true
	case p.OnAllDown == NoDataWhenDown || p.FailClosed:
		d.Outcome, d.AllDown = NoData, true
		return false
	case p.OnAllDown == ServFailWhenDown:
		d.Outcome, d.AllDown = ServFail, true
		return false
	}
	d.FailOpen, d.undrained = true, drained > 0
	d.take(health, shares, d.undrained)
	return true
}

// Panics tells whether so few of the candidates that are not drained are live that p takes the others as up. While none is, it fails open.
func (p *Policy) Panics(live, of int) bool {
	return live > 0 && live*100 < of*int(p.PanicThreshold) && !p.FailClosed
}

// live sets weight 1 where health is not Down, and counts those and the ones that are only drained.
func (d *Decision) live(health []Health, shares []uint8) (live, drained int) {
	for i := range d.Weights {
		d.Weights[i] = 1
		if i >= len(health) || health[i] != Down {
			live++
			continue
		}
		d.Weights[i] = 0
		if isDrained(shares, i) {
			drained++
		}
	}
	return live, drained
}

// isDrained tells whether candidate i, which is down, is only drained.
func isDrained(shares []uint8, i int) bool { return i < len(shares) && shares[i] == 0 }

// take gives weight to the candidates that are down and drained, or to those that are down and not, and leaves the others as they are.
func (d *Decision) take(health []Health, shares []uint8, drained bool) {
	for i := range min(len(d.Weights), len(health)) {
		if health[i] == Down && isDrained(shares, i) == drained {
			d.Weights[i] = 1
		}
	}
}

// TakenAs is what the chain is told of candidate i's health, which in a decision that fails open is not what it is.
func (d *Decision) TakenAs(i int, f *Facts) Health {
	if i >= len(f.Health) {
		return Up
	}
	health := f.Health[i]
	if health != Down || !d.FailOpen && !d.Panic {
		return health
	}
	drained := isDrained(f.Shares, i)
	if d.FailOpen && (drained || !d.undrained) || d.Panic && !d.FailOpen && !drained {
		return Up
	}
	return Down
}

// Reopen begins the decision anew for the candidates that a plugin gave weight to although they are down and others are up, because no other is
// for this client: now they are the only ones, and taken as up, what is drained before what is dead. At the end, what the policy says for all of
// them being down holds for these.
func (d *Decision) Reopen(step []uint32, f *Facts) {
	d.undrained = false
	for i, weight := range step {
		d.undrained = d.undrained || weight > 0 && i < len(f.Health) && f.Health[i] == Down && isDrained(f.Shares, i)
	}
	for i, weight := range step {
		d.Weights[i] = 0
		if weight > 0 && i < len(f.Health) && f.Health[i] == Down && isDrained(f.Shares, i) == d.undrained {
			d.Weights[i] = 1
		}
	}
	d.Pick, d.TTLCap, d.FailOpen, d.reopened = 1, NoTTLCap, true, true
}

// Settle applies what the health of the candidates says besides who is live: each gets its share of the weight that the chain left it, and at least
// something; and the decision holds no longer than until the health may change, but for p.MinTTL.
func (d *Decision) Settle(p *Policy, f *Facts) {
	if f.Shares != nil && !d.FailOpen && !d.Panic {
		d.scale(f.Shares)
	}
	if f.Flip > 0 {
		d.TTLCap = min(d.TTLCap, max(f.Flip, p.MinTTL))
	}
}

// scale multiplies the weights with percentages. All are divided by 100 where that leaves them exact: only their proportions count.
func (d *Decision) scale(shares []uint8) {
	var largest, uneven uint64
	partial := false
	for i, weight := range d.Weights {
		product := uint64(weight) * uint64(shares[i])
		largest, uneven = max(largest, product), uneven|product%100
		partial = partial || weight > 0 && shares[i] != 100
	}
	if !partial {
		return
	}
	divisor := uint64(100)
	shift := 0
	if uneven != 0 {
		divisor, shift = 1, max(bits.Len64(largest)-32, 0)
	}
	for i, weight := range d.Weights {
		product := uint64(weight) * uint64(shares[i])
		scaled := product / divisor >> shift
		if scaled == 0 && product != 0 {
			scaled = 1
		}
		d.Weights[i] = uint32(scaled)
	}
}
