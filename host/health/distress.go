package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"signpost/host/policy"
)

// Distress is what becomes of a policy whose candidates are not live. What an ALIAS or CNAME leads to does not count: that is its own policy's.
type Distress uint8

// Calm is none. In Panic some are live, but fewer than panic-threshold says, so the dead are taken as up; FailOpen: none is, and they are taken as
// up; AllDown: none is, and nothing is answered, as on-all-down says.
const (
	Calm Distress = iota
	Panic
	FailOpen
	AllDown
)

// DistressWords are what people and programs read, by Distress.
var DistressWords = [...]string{Calm: "calm", Panic: "panic", FailOpen: "fail-open", AllDown: "all-down"}

// String returns the word.
func (d Distress) String() string { return DistressWords[d] }

// state is that of a policy as a whole.
func (d Distress) state() policy.Health {
	if d >= FailOpen {
		return policy.Down
	}
	return policy.Up
}

// count tells how many of a policy's candidates are live, and how many are only drained.
func (s *set) count() (live, drained int) {
	for _, c := range s.candidates {
		switch now := c.slot.Standing(); {
		case now.Live():
			live++
		case now.Drained():
			drained++
		}
	}
	return live, drained
}

// distressOf is what becomes of a policy with so many candidates.
func (s *set) distressOf(live, drained int) Distress {
	switch {
	case s.policy.Panics(live, len(s.candidates)-drained):
		return Panic
	case live > 0:
		return Calm
	case s.policy.OnAllDown != policy.FailOpen:
		return AllDown
	}
	return FailOpen
}

// why tells people why a policy is in d.
func (s *set) why(d Distress, live, drained int) string {
	of := len(s.candidates)
	none := fmt.Sprintf("none of %d candidates live", of)
	if of == 1 {
		none = "the only candidate is not live"
	}
	switch {
	case d == Panic:
		return fmt.Sprintf("%d of %d candidates live, fewer than panic-threshold=%d asks for: the dead are taken as up", live, of-drained, s.policy.PanicThreshold)
	case d == Calm:
		return fmt.Sprintf("%d of %d candidates live", live, of)
	case d == AllDown:
		return fmt.Sprintf("%s: on-all-down=%v", none, s.policy.OnAllDown)
	case of == 1:
		return none + ": it is taken as up"
	case drained == 1:
		return none + ": the one that is only drained is taken as up"
	case drained > 0:
		return fmt.Sprintf("%s: the %d that are only drained are taken as up", none, drained)
	}
	return none + ": all are taken as up"
}

// Distressed is a policy that is not calm.
type Distressed struct {
	Key      // without an ID
	Distress Distress
	Why      string
}

// Distressed lists the policies that are not calm, by name, type, view.
func (t *Table) Distressed() []Distressed {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []Distressed
	for key, s := range t.sets {
		if s.distress != Calm {
			live, drained := s.count()
			list = append(list, Distressed{Key{View: key.view, Name: key.owner, Type: key.typ}, s.distress, s.why(s.distress, live, drained)})
		}
	}
	slices.SortFunc(list, func(a, b Distressed) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type), strings.Compare(a.View, b.View))
	})
	return list
}

// reviewLocked tells the watchers if a policy is in another distress than before.
func (t *Table) reviewLocked(key setKey) {
	s := t.sets[key]
	if s == nil {
		return
	}
	live, drained := s.count()
	before, next := s.distress, s.distressOf(live, drained)
	if next == before {
		return
	}
	t.distressed[before]--
	t.distressed[next]++
	s.distress = next
	if len(t.watch) == 0 {
		return
	}
	why := s.why(next, live, drained)
	for _, watch := range t.watch {
		watch(Change{
			Key: Key{View: key.view, Name: key.owner, Type: key.typ}, At: t.now(), From: before.state(), To: next.state(), FromShare: 100, ToShare: 100,
			FromDistress: before, ToDistress: next, Why: why, LiveBefore: live, LiveAfter: live, Of: len(s.candidates),
		})
	}
}

// forgetLocked takes a policy that is gone out of the counts.
func (t *Table) forgetLocked(key setKey) {
	s := t.sets[key]
	delete(t.sets, key)
	if s.distress == Calm {
		return
	}
	t.distressed[s.distress]--
	for _, watch := range t.watch {
		watch(Change{
			Key: Key{View: key.view, Name: key.owner, Type: key.typ}, At: t.now(), From: s.distress.state(), To: policy.Up, FromShare: 100, ToShare: 100,
			FromDistress: s.distress, Why: "the policy is gone",
		})
	}
}
