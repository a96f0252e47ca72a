package health

import (
	"slices"
	"time"
)

// Force is what an operator says of a candidate.
type Force uint8

// Auto leaves it to the check; the others win over it. A drained candidate gets less and less, and in the end nothing.
const (
	Auto Force = iota
	ForceUp
	ForceDown
	ForceDrain
)

// ForceWords are what operators write, by Force.
var ForceWords = [...]string{Auto: "auto", ForceUp: "up", ForceDown: "down", ForceDrain: "drain"}

// String returns the operators' word.
func (f Force) String() string { return ForceWords[f] }

// DefaultOver is how long a drain takes unless its override says otherwise.
const DefaultOver = time.Minute

// drainStep is the percentage that a drain takes away at a time: each step is an epoch.
const drainStep = 5

// Override is an operator's word about all candidates that Pattern names. Nobody changes one.
type Override struct {
	Pattern Pattern
	Force   Force
	Reason  string
	By      string        // who said so
	At      time.Time     // when; the table sets a zero one
	Until   time.Time     // wall time; zero: until somebody takes it away
	Over    time.Duration // of a drain; 0: at once
}

// Expired tells whether the override has ended. The time of day decides, not the time that passed: who said "until 15:00" meant the clock.
func (o *Override) Expired(now time.Time) bool {
	return !o.Until.IsZero() && !now.Round(0).Before(o.Until)
}

// held is an override in force.
type held struct {
	Override
	began time.Time // its At, on the clock that nobody sets: a drain takes as long as it was told to
	left  uint8     // percent that a drain leaves to its candidates: it only falls, also when the drain is said again
}

// begin finds out when o began, which may have been before a restart; before is what was in force of its pattern, if anything was.
func (h *held) begin(before *held, now time.Time) {
	if before != nil && before.At.Equal(h.At) {
		h.began = before.began
		return
	}
	h.began = now.Add(-max(0, now.Round(0).Sub(h.At)))
}

// share is the percentage of its weight that the override leaves to a candidate at a time.
func (h *held) share(now time.Time) uint8 {
	if h.Force != ForceDrain {
		return 100
	}
	left := h.Over - now.Sub(h.began)
	switch {
	case left <= 0:
		return 0
	case left >= h.Over:
		return 100
	}
	steps := (left*100/drainStep + h.Over - 1) / h.Over // those begun
	return uint8(steps * drainStep)
}

// leaves is what a drain of the same candidates that comes next begins with at most.
func (h *held) leaves() uint8 {
	switch h.Force {
	case ForceDown:
		return 0
	case ForceDrain:
		return h.left
	}
	return 100
}

// Hold replaces all overrides. The last of list that matches a candidate counts for it, now and when the candidate appears later. What changes,
// changes in one epoch.
func (t *Table) Hold(list []Override) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.holdLocked(list)
}

func (t *Table) holdLocked(list []Override) {
	now := t.now()
	next := make([]*held, 0, len(list))
	for _, o := range list {
		h := &held{Override: o, left: 100}
		var same *held
		for _, before := range t.overrides {
			if before.Pattern == o.Pattern {
				same, h.left = before, before.leaves()
				if o.At.IsZero() && before.Force == o.Force && before.Over == o.Over {
					h.At = before.At
				}
			}
		}
		if h.At.IsZero() {
			h.At = now.Round(0)
		}
		h.begin(same, now)
		h.left = min(h.left, h.share(now))
		if !h.Expired(now) {
			next = append(next, h)
		}
	}
	t.overrides = next
	t.applyLocked(now, true)
}

// applyLocked publishes what changed for each candidate. anew finds their overrides; a step of a drain leaves them.
func (t *Table) applyLocked(now time.Time, anew bool) {
	touched := map[setKey]bool{}
	t.eachLocked(Query{}, func(key setKey, c *candidate) {
		holder := c.override
		if anew {
			holder = t.holderLocked(key, c)
		} else if holder == nil || holder.Force != ForceDrain {
			return
		}
		if t.overrideLocked(key, c, holder, now) {
			touched[key] = true
		}
	})
	for key := range touched {
		t.reviewLocked(key)
	}
	if len(touched) > 0 {
		t.moveLocked(false)
	}
}

// overrideLocked puts h, which may be nil, on a candidate and tells of the change, if it is one.
func (t *Table) overrideLocked(key setKey, c *candidate, h *held, now time.Time) (changed bool) {
	before := c.slot.Standing()
	c.override = h
	moved, told := c.publish(now, true)
	if told {
		t.tellLocked(key, c, before)
	}
	return moved
}

// holderLocked is the override that counts for a candidate, nil if none does.
func (t *Table) holderLocked(key setKey, c *candidate) *held {
	k := Key{key.view, key.owner, key.typ, c.id}
	for _, h := range slices.Backward(t.overrides) {
		if h.Pattern.Matches(k) {
			if h.Force == Auto {
				return nil
			}
			return h
		}
	}
	return nil
}

// Overrides lists those in force, the latest last.
func (t *Table) Overrides() []Override {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.overridesLocked()
}

func (t *Table) overridesLocked() []Override {
	list := make([]Override, 0, len(t.overrides))
	for _, h := range t.overrides {
		list = append(list, h.Override)
	}
	return list
}

// Tick ends the overrides whose time is over, which it returns, and carries drains on. It is to be called each second.
func (t *Table) Tick() (ended []Override) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, moved := t.now(), false
	t.overrides = slices.DeleteFunc(t.overrides, func(h *held) bool {
		if h.Expired(now) {
			ended = append(ended, h.Override)
			return true
		}
		if left := h.share(now); left < h.left {
			h.left, moved = left, true
		}
		return false
	})
	if moved || len(ended) > 0 {
		t.applyLocked(now, len(ended) > 0)
	}
	return ended
}

// Override puts an operator's word on every candidate that which names, or takes back the one that was put on exactly these (Auto).
// It returns the candidates as they are now, none if which names nothing.
func (t *Table) Override(which Query, word Override) []Candidate {
	t.mu.Lock()
	defer t.mu.Unlock()
	word.Pattern = which.Exactly()
	list := slices.DeleteFunc(t.overridesLocked(), func(o Override) bool { return o.Pattern == word.Pattern })
	if word.Force != Auto {
		list = append(list, word)
	}
	t.holdLocked(list)
	return t.matchingLocked(word.Pattern)
}

// Matching describes the candidates that a pattern names, as List does.
func (t *Table) Matching(p Pattern) []Candidate {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.matchingLocked(p)
}

// Empty tells whether there are no candidates at all, as before the first zone.
func (t *Table) Empty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sets) == 0
}

// Names tells whether a pattern names any candidate.
func (t *Table) Names(p Pattern) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, s := range t.sets {
		for _, c := range s.candidates {
			if p.Matches(Key{key.view, key.owner, key.typ, c.id}) {
				return true
			}
		}
	}
	return false
}

func (t *Table) matchingLocked(p Pattern) (list []Candidate) {
	t.eachLocked(Query{Type: p.Type}, func(key setKey, c *candidate) {
		if p.Matches(Key{key.view, key.owner, key.typ, c.id}) {
			list = append(list, c.describe(key))
		}
	})
	sort(list)
	return list
}

// share is the percentage of its weight that the candidate gets while it is not down.
func (c *candidate) share() uint8 {
	switch {
	case c.override == nil:
		return c.finding.Share
	case c.override.Force != ForceDrain:
		return 100
	}
	share := int(c.finding.Share) * int(c.override.left) / 100
	if c.override.left > 0 {
		share = max(share, 1)
	}
	return uint8(share)
}
