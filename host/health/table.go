// Package health knows which candidate is up: one slot for each candidate of every policy in every view, what a check said of it, and what
// an operator said instead.
//
// Plane: both. Floor: 2. Journey of a probe: step 4 (word and epoch); journey of a query: step 4 reads the words.
// Workers read a word per candidate and the epoch, without lock; reasons, times and names stay on the control plane, behind a mutex.
package health

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"signpost/host/policy"
)

// Table is the health of all candidates. It is bounded by the zones: a candidate that no served policy has is forgotten.
// Replace is called by the loader alone; everything else by anybody at any time.
type Table struct {
	epochs
	claims atomic.Uint64 // moves after each change of the candidates
	now    func() time.Time

	mu         sync.Mutex
	sets       map[setKey]*set
	watch      []func(Change)
	distressed [len(DistressWords)]int // policies

	overrides []*held // the latest last
}

// setKey names a policy.
type setKey struct {
	view, owner string
	typ         uint16
}

// set is the candidates of one policy. Two generations of a zone share it while one replaces the other.
type set struct {
	candidates []*candidate
	policy     *policy.Policy // of the latest generation; only what its annotations say counts
	distress   Distress
}

// candidate is what is known of one.
type candidate struct {
	id, check string
	claims    int // served policies that have it
	slot      *policy.Slot

	endpoints []string  // for the check
	finding   Finding   // of the check; without one it is up
	lowered   bool      // the flip that was published is of a run of contrary probes
	override  *held     // nil: none
	since     time.Time // when the state that counts became what it is
}

// NewTable returns an empty table. now is the clock, nil for time.Now.
func NewTable(now func() time.Time) *Table {
	if now == nil {
		now = time.Now
	}
	t := &Table{now: now, sets: map[setKey]*set{}}
	t.began = now()
	t.epoch.Store(1) // zero is before every epoch
	return t
}

// Replace gives the policies of next their slots, and frees those that only old had. A candidate that both have keeps its state. A policy of
// next that is in old, too, stays as it is; the others nobody reads yet. Nil policies are skipped. It returns the candidates that are gone
// and that an override held; it stays for when they come back.
func (t *Table) Replace(view string, old, next []*policy.Policy) (lost []Candidate) {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	changed := false
	stays := map[*policy.Policy]bool{}
	for _, p := range next {
		switch {
		case p == nil:
		case p.Slots != nil:
			stays[p] = true
		default:
			changed = t.claimLocked(view, p) || changed
		}
	}
	for _, p := range old {
		if p != nil && !stays[p] {
			lost = append(lost, t.releaseLocked(view, p)...)
		}
	}
	for _, list := range [...][]*policy.Policy{next, old} {
		for _, p := range list {
			if p != nil && !stays[p] {
				t.reviewLocked(setKey{view, p.Owner, p.Type})
			}
		}
	}
	if changed {
		t.moveLocked(false)
	}
	t.claims.Add(1)
	return lost
}

// claimLocked gives p its slots, and tells whether the word of one that was in use changed.
func (t *Table) claimLocked(view string, p *policy.Policy) (changed bool) {
	key := setKey{view, p.Owner, p.Type}
	s := t.sets[key]
	if s == nil {
		s = &set{}
		t.sets[key] = s
	}
	s.policy = p
	p.Slots = make([]*policy.Slot, len(p.IDs))
	ordered := make([]*candidate, 0, max(len(p.IDs), len(s.candidates)))
	var fresh []*candidate
	for i, id := range p.IDs {
		c := s.find(id, i)
		if c == nil {
			c = &candidate{id: id, check: p.Checks[i], slot: new(policy.Slot)}
			c.begin(t.now())
			fresh = append(fresh, c)
		} else if c.check != p.Checks[i] { // what another check said says nothing
			c.check = p.Checks[i]
			changed = c.begin(t.now()) || changed
		}
		if p.Endpoints != nil {
			c.endpoints = p.Endpoints[i]
		}
		c.claims++
		p.Slots[i] = c.slot
		ordered = append(ordered, c)
	}
	for _, c := range s.candidates { // of the generation that goes
		if !slices.Contains(p.IDs, c.id) {
			ordered = append(ordered, c)
		}
	}
	s.candidates = ordered
	if len(t.overrides) > 0 {
		for _, c := range fresh { // nobody reads their words yet
			h, at := t.holderLocked(key, c), t.now()
			if h != nil && (h.Force == ForceUp || h.Force == ForceDown) && h.At.Before(at) {
				at = h.At // it said so before a restart
			}
			t.overrideLocked(key, c, h, at)
		}
	}
	return changed
}

// begin sets the verdict that a candidate has before its check said anything.
func (c *candidate) begin(now time.Time) (changed bool) {
	c.finding = Finding{Health: policy.Up, Share: 100}
	c.slot.StoreRTT(0)
	if c.check != "" {
		c.finding.Health = policy.Unknown
	}
	changed, _ = c.publish(now, true)
	return changed
}

// releaseLocked takes back what claimLocked gave.
func (t *Table) releaseLocked(view string, p *policy.Policy) (lost []Candidate) {
	key := setKey{view, p.Owner, p.Type}
	s := t.sets[key]
	if s == nil || p.Slots == nil {
		return nil // it was never claimed
	}
	for i, id := range p.IDs {
		c := s.find(id, i)
		if c.claims--; c.claims > 0 {
			continue
		}
		if c.override != nil {
			lost = append(lost, c.describe(key))
		}
		s.candidates = slices.DeleteFunc(s.candidates, func(other *candidate) bool { return other == c })
	}
	if len(s.candidates) == 0 {
		t.forgetLocked(key)
	}
	return lost
}

// find is the candidate of an id, nil if there is none. Most often it stands at hint.
func (s *set) find(id string, hint int) *candidate {
	if hint < len(s.candidates) && s.candidates[hint].id == id {
		return s.candidates[hint]
	}
	for _, c := range s.candidates {
		if c.id == id {
			return c
		}
	}
	return nil
}
