package health

import (
	"fmt"
	"slices"
	"testing"

	"signpost/host/policy"
)

// Protects the alarms of policies: each transition is told once, with its reason, and counted; edits of the zone make some, too.
func TestDistress(t *testing.T) {
	table := NewTable(nil)
	p := of("a web", "b web", "c web", "d web")
	p.PanicThreshold = 50
	table.Replace("public", nil, []*policy.Policy{p})
	var told []string
	table.Watch(func(c Change) {
		if c.ID == "" {
			told = append(told, fmt.Sprintf("%v → %v, %v → %v: %s", c.FromDistress, c.ToDistress, c.From, c.To, c.Why))
		}
	})
	step := func(name string, counts [len(DistressWords)]int, want ...string) {
		t.Helper()
		if !slices.Equal(told, want) {
			t.Errorf("%s: told %q, want %q", name, told, want)
		}
		if _, _, got := table.Counts(); got != counts {
			t.Errorf("%s: counts %v, want %v", name, got, counts)
		}
		told = nil
	}
	judge := func(state policy.Health, ids ...string) {
		for _, id := range ids {
			table.Judge(Checked{Key: Key(one(id)), Check: "web", Finding: Finding{Health: state, Share: 100}})
		}
	}
	type counts = [len(DistressWords)]int
	judge(policy.Up, "a", "b", "c", "d")
	judge(policy.Down, "a", "b")
	step("half is not fewer than half", counts{})
	judge(policy.Down, "c")
	step("three of four dead", counts{Panic: 1},
		"calm → panic, up → up: 1 of 4 candidates live, fewer than panic-threshold=50 asks for: the dead are taken as up")
	judge(policy.Down, "c", "c")
	step("still", counts{Panic: 1})
	judge(policy.Down, "d")
	step("all dead", counts{FailOpen: 1}, "panic → fail-open, up → down: none of 4 candidates live: all are taken as up")
	table.Override(one("d"), Override{Force: ForceDrain})
	judge(policy.Up, "d")
	step("one is only drained", counts{FailOpen: 1})
	table.Override(Query{}, Override{Force: ForceUp})
	step("all held up at once", counts{}, "fail-open → calm, down → up: 4 of 4 candidates live")
	table.Override(Query{}, Override{Force: Auto})
	table.Override(one("d"), Override{Force: Auto})
	step("let go", counts{Panic: 1}, // d is still drained when all others are let go
		"calm → fail-open, up → down: none of 4 candidates live: the one that is only drained is taken as up",
		"fail-open → panic, down → up: 1 of 4 candidates live, fewer than panic-threshold=50 asks for: the dead are taken as up")

	closed := of("a web", "b web")
	closed.OnAllDown = policy.NoDataWhenDown
	table.Replace("public", []*policy.Policy{p}, []*policy.Policy{closed})
	step("the live one is edited away", counts{AllDown: 1}, "panic → all-down, up → down: none of 2 candidates live: on-all-down=nodata")
	table.Replace("public", []*policy.Policy{closed}, nil)
	step("the zone is gone", counts{}, "all-down → calm, down → up: the policy is gone")
}
