package health

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"signpost/host/policy"
	"signpost/host/rrdata"
)

// Key names one candidate. Name is the owner's as policies have it: lower case, with the last dot.
type Key struct {
	View, Name string
	Type       uint16
	ID         string
}

// TypeName is what people call a Key's Type: a record type's name, or "view" for candidates that are views and have none.
func TypeName(typ uint16) string {
	if typ == 0 {
		return "view"
	}
	return rrdata.TypeName(typ)
}

// Query names candidates: an empty field, a Type of zero, means any.
type Query Key

// Candidate is what is known of one at one moment.
type Candidate struct {
	Key
	Check    string        // "": none
	State    policy.Health // what decisions see
	Share    uint8         // percent of its weight that it gets; 0: it is drained, which counts as down
	Flip     uint16        // seconds until the check may say otherwise at the earliest; 0: nobody knows
	Since    time.Time
	Why      string        // the operator's reason, or what the check found; may be ""
	Verdict  policy.Health // what the check says
	Found    string        // what it found; may be ""
	Took     time.Duration // as in Finding
	Override Override      // Auto: none
}

func (c *candidate) describe(key setKey) Candidate {
	now := c.slot.Standing()
	d := Candidate{
		Key: Key{key.view, key.owner, key.typ, c.id}, Check: c.check,
		State: now.State(), Share: now.Share, Flip: now.Flip, Since: c.since, Why: c.finding.Why, Found: c.finding.Why, Took: c.finding.Took, Verdict: c.finding.Health,
	}
	if c.override != nil {
		d.Override, d.Why = c.override.Override, c.override.Reason
	}
	return d
}

// List describes the candidates that which names, by name, type, view, and in the order of the zone file.
func (t *Table) List(which Query) []Candidate {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []Candidate
	t.eachLocked(which, func(key setKey, c *candidate) { list = append(list, c.describe(key)) })
	sort(list)
	return list
}

// sort keeps the candidates of one policy in their order.
func sort(list []Candidate) {
	slices.SortStableFunc(list, func(a, b Candidate) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type), strings.Compare(a.View, b.View))
	})
}

// eachLocked visits the candidates that which names.
func (t *Table) eachLocked(which Query, visit func(setKey, *candidate)) {
	visitSet := func(key setKey, s *set) {
		for _, c := range s.candidates {
			if which.ID == "" || which.ID == c.id {
				visit(key, c)
			}
		}
	}
	if which.View != "" && which.Name != "" && which.Type != 0 {
		key := setKey{which.View, which.Name, which.Type}
		if s := t.sets[key]; s != nil {
			visitSet(key, s)
		}
		return
	}
	for key, s := range t.sets {
		if (which.View == "" || which.View == key.view) && (which.Name == "" || which.Name == key.owner) && (which.Type == 0 || which.Type == key.typ) {
			visitSet(key, s)
		}
	}
}

// Counts are how many candidates are in each state, by policy.Health, how many of them an operator holds there, and how many policies are in each
// distress; those that are calm are not counted.
func (t *Table) Counts() (states [len(policy.HealthWords)]int, overrides int, distressed [len(DistressWords)]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.eachLocked(Query{}, func(_ setKey, c *candidate) {
		states[c.slot.Health()]++
		if c.override != nil {
			overrides++
		}
	})
	distressed = t.distressed
	distressed[Calm] = 0
	return states, overrides, distressed
}
