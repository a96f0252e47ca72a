package health

import (
	"slices"
	"time"

	"signpost/host/policy"
)

// Finding is what a check says of one candidate.
type Finding struct {
	Health policy.Health
	Counts policy.Health // Down: decisions take it as down although Health is Unknown
	Share  uint8         // percent of its weight that the candidate gets while it is not down; 0: it counts as down, but is not dead
	Flip   time.Duration // until the check may say otherwise at the earliest; 0: nobody knows
	Why    string        // what was seen, in a few words: "connect refused (3/3)"
	Took   time.Duration // round trip of the probes that pass, smoothed; 0: none is known
	Since  time.Time     // when the check began to say so, perhaps before the table knew the candidate; zero: now
}

// Checked is one candidate that a check looks after.
type Checked struct {
	Key
	Check     string
	Endpoints []string // as policy.Policy has them; nobody changes them
	Finding   Finding  // the latest
}

// Checked lists the candidates that have a check, in no order, and the claim that the list is of.
func (t *Table) Checked() (list []Checked, claim uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.eachLocked(Query{}, func(key setKey, c *candidate) {
		if c.check != "" {
			list = append(list, Checked{Key{key.view, key.owner, key.typ, c.id}, c.check, c.endpoints, c.finding})
		}
	})
	return list, t.claims.Load()
}

// Claim moves when what Checked lists may have changed. It costs nothing to ask.
func (t *Table) Claim() uint64 { return t.claims.Load() }

// Change tells that a candidate's state, or the share of its weight that it gets, became another one. The zero ID stands for all candidates of
// the policy together, which entered or left a distress: From and To are Down while none is live.
type Change struct {
	Key
	At         time.Time
	Check      string
	From, To   policy.Health
	FromShare  uint8 // percent
	ToShare    uint8
	Why        string
	Override   Override // Auto: the check said so
	LiveBefore int      // candidates of the policy that were not down
	LiveAfter  int      // of all
	Of         int

	FromDistress, ToDistress Distress // of the policy, with the zero ID alone
}

// Watch has every change told to watch, in order, from then on. watch must not wait and must not call the Table, which is locked.
func (t *Table) Watch(watch func(Change)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watch = append(slices.Clip(t.watch), watch)
}

// tellLocked tells the watchers of a change of c, which stood as before.
func (t *Table) tellLocked(key setKey, c *candidate, before policy.Standing) {
	if len(t.watch) == 0 {
		return
	}
	s, now := t.sets[key], c.slot.Standing()
	change := Change{
		Key: Key{key.view, key.owner, key.typ, c.id}, At: t.now(), Check: c.check,
		From: before.State(), To: now.State(), FromShare: before.Share, ToShare: now.Share, Why: c.finding.Why, Of: len(s.candidates),
	}
	if c.override != nil {
		change.Override, change.Why = c.override.Override, c.override.Reason
	}
	for _, other := range s.candidates {
		if other.slot.Health() != policy.Down {
			change.LiveAfter++
		}
	}
	change.LiveBefore = change.LiveAfter
	if change.From == policy.Down && change.To != policy.Down {
		change.LiveBefore--
	} else if change.From != policy.Down && change.To == policy.Down {
		change.LiveBefore++
	}
	for _, watch := range t.watch {
		watch(change)
	}
}
