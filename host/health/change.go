package health

import (
	"slices"
	"time"

	"signpost/host/policy"
)

// shareStep is by how many percent a share that a check found must differ from the published one to be published: each time is an epoch.
const shareStep = 5

// standing is what decisions are to see.
func (c *candidate) standing() policy.Standing {
	now := policy.Standing{Health: c.finding.Health, Share: c.share(), Flip: policy.FlipIn(c.finding.Flip)}
	if now.Health == policy.Unknown && c.finding.Counts == policy.Down {
		now.Health = policy.Down
	}
	if c.override != nil {
		switch c.override.Force {
		case ForceUp:
			now.Health, now.Flip = policy.Up, 0
		case ForceDown:
			now.Health, now.Flip = policy.Down, 0
		}
	}
	return now
}

// publish writes the word. moved tells whether decisions may differ, told whether people are to hear of it: the state or the share is another one.
// A share that moves by less than shareStep waits, unless exact. A flip is published where the state changes, where a run of contrary probes
// begins, and where it is over without having changed the state: within the run it only falls, and when nothing happens it stays.
func (c *candidate) publish(now time.Time, exact bool) (moved, told bool) {
	before, next := c.slot.Standing(), c.standing()
	if c.since.IsZero() {
		c.since, moved, told = now, true, true
	}
	if next.State() != before.State() {
		c.since, told = now, true
	}
	if difference := int(next.Share) - int(before.Share); difference != 0 {
		switch {
		case exact || difference >= shareStep || difference <= -shareStep || next.Share%100 == 0 || before.Share == 0:
			told = true
		default:
			next.Share = before.Share
		}
	}
	moved = moved || told || next.Health != before.Health
	switch {
	case moved, next.Flip > before.Flip, before.Flip == 0:
		c.lowered = false
	case next.Flip < before.Flip && !c.lowered:
		c.lowered = true
	default:
		next.Flip = before.Flip
	}
	if moved = moved || next.Flip != before.Flip; moved {
		c.slot.Store(next, c.since)
	}
	return moved, told
}

// Judge is what a check found about a candidate, which is otherwise as Checked lists it. It is false, and nothing changes, for one that is gone or
// has another check or other endpoints by now: what was under way while its zone was edited says nothing of it.
// An override stays in force; the verdict counts again when it ends.
func (t *Table) Judge(said Checked) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := setKey{said.View, said.Name, said.Type}
	s := t.sets[key]
	if s == nil {
		return false
	}
	c := s.find(said.ID, 0)
	if c == nil || c.check == "" || c.check != said.Check || !slices.Equal(c.endpoints, said.Endpoints) {
		return false
	}
	f, before := said.Finding, c.slot.Standing()
	c.finding = f
	c.slot.StoreRTT(f.Took)
	at := t.now()
	if c.override == nil && !f.Since.IsZero() && f.Since.Before(at) {
		at = f.Since
	}
	moved, told := c.publish(at, false)
	if moved {
		t.moveLocked(true)
	}
	if told {
		t.tellLocked(key, c, before)
		t.reviewLocked(key)
	}
	return true
}
