package health

import (
	"time"

	"signpost/host/policy"
)

// Force is what an operator says of a candidate.
type Force uint8

// Auto leaves it to the check; the others win over it.
const (
	Auto Force = iota
	ForceUp
	ForceDown
)

// ForceWords are what operators write, by Force.
var ForceWords = [...]string{Auto: "auto", ForceUp: "up", ForceDown: "down"}

// String returns the operators' word.
func (f Force) String() string { return ForceWords[f] }

// Override is an operator's word about a candidate. Nobody changes one.
type Override struct {
	Force  Force
	Reason string
	By     string    // who said so
	At     time.Time // set by the table
}

// state is what counts: an operator's word, or else the verdict.
func (c *candidate) state() policy.Health {
	switch {
	case c.override == nil:
		return c.finding.Health
	case c.override.Force == ForceUp:
		return policy.Up
	}
	return policy.Down
}

// share is the percentage of its weight that the candidate gets.
func (c *candidate) share() uint8 {
	if c.override != nil {
		return 100
	}
	return c.finding.Share
}

// publish writes the word, and tells whether workers see another state.
func (c *candidate) publish(now time.Time) bool {
	state := c.state()
	if state == c.slot.Health() && !c.since.IsZero() {
		return false
	}
	c.since = now
	c.slot.Store(state, now)
	return true
}

// Judge is what a check found about a candidate. One that has no check, or is gone, has no verdict: it is false for those.
// An override stays in force; the verdict counts again when it ends.
func (t *Table) Judge(k Key, f Finding) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := setKey{k.View, k.Name, k.Type}
	s := t.sets[key]
	if s == nil {
		return false
	}
	c := s.find(k.ID, 0)
	if c == nil || c.check == "" {
		return false
	}
	from, fromShare := c.state(), c.share()
	c.finding = f
	if c.publish(t.now()) {
		t.epoch.Add(1)
		t.tellLocked(key, c, from, fromShare)
	}
	return true
}

// Override puts an operator's word on every candidate that which names, or takes it away (Auto), in one epoch.
// It returns the candidates as they are now, none if which names nothing.
func (t *Table) Override(which Query, word Override) []Candidate {
	t.mu.Lock()
	defer t.mu.Unlock()
	word.At = t.now()
	var list []Candidate
	changed := false
	t.eachLocked(which, func(key setKey, c *candidate) {
		from, fromShare := c.state(), c.share()
		c.override = &word
		if word.Force == Auto {
			c.override = nil
		}
		if c.publish(word.At) {
			changed = true
			t.tellLocked(key, c, from, fromShare)
		}
		list = append(list, c.describe(key))
	})
	if changed {
		t.epoch.Add(1)
	}
	sort(list)
	return list
}
