package health

import (
	"time"
)

// publish writes the word, and tells whether workers see another state or share.
func (c *candidate) publish(now time.Time) bool {
	state, share := c.state(), c.share()
	if state != c.slot.Health() || c.since.IsZero() {
		c.since = now
	} else if share == c.shown {
		return false
	}
	c.shown = share
	c.slot.Store(state, c.since)
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
	from, fromShare := c.slot.Health(), c.shown
	c.finding = f
	if c.publish(t.now()) {
		t.epoch.Add(1)
		t.tellLocked(key, c, from, fromShare)
	}
	return true
}
