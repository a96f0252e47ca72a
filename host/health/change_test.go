package health

import (
	"fmt"
	"testing"
	"time"

	"signpost/host/policy"
)

// Protects steady state from epochs: a flip is published where a run of contrary probes begins and where it ends, and not within it, so that the
// probes of a candidate that stays as it is move nothing.
func TestFlipRuns(t *testing.T) {
	table := NewTable(nil)
	p := of("main web")
	table.Replace("public", nil, []*policy.Policy{p})
	for i, c := range []struct {
		state policy.Health
		flip  time.Duration
		want  uint16
		moves bool
	}{
		{policy.Up, 30 * time.Second, 30, true},
		{policy.Up, 30 * time.Second, 30, false},
		{policy.Up, 2 * time.Second, 2, true}, // the first failure: faster probes
		{policy.Up, 1 * time.Second, 2, false},
		{policy.Up, 30 * time.Second, 30, true}, // a pass
		{policy.Up, 30 * time.Second, 30, false},
		{policy.Up, 2 * time.Second, 2, true},
		{policy.Up, 1 * time.Second, 2, false},
		{policy.Down, 20 * time.Second, 20, true},
		{policy.Down, 10 * time.Second, 10, true}, // the first pass
		{policy.Down, 5 * time.Second, 10, false},
		{policy.Up, 30 * time.Second, 30, true},
		{policy.Unknown, 0, 0, true},
		{policy.Unknown, 0, 0, false},
	} {
		before := table.Epoch()
		table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: c.state, Share: 100, Flip: c.flip}})
		if got := p.Slots[0].Standing(); got.Flip != c.want || got.Health != c.state || (table.Epoch() != before) != c.moves {
			t.Errorf("finding %d: got %+v, moved %v; want a flip in %d s, moved %v", i, got, table.Epoch() != before, c.want, c.moves)
		}
	}
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100, Flip: time.Minute}})
	table.Override(one("main"), Override{Force: ForceDown})
	if got := p.Slots[0].Standing(); got.Flip != 0 {
		t.Errorf("held down: got %+v; a check that does not count flips nothing", got)
	}
}

// Protects the epoch from shares that a judge changes a little at each probe: steps of 5, but the ends are exact, and an operator's drain is too.
func TestShareSteps(t *testing.T) {
	table := NewTable(nil)
	p := of("main web")
	table.Replace("public", nil, []*policy.Policy{p})
	var told []string
	table.Watch(func(c Change) {
		if c.ID != "" {
			told = append(told, fmt.Sprint(c.FromShare, c.ToShare, c.To))
		}
	})
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100}})
	for _, c := range []struct{ share, want uint8 }{{99, 100}, {96, 100}, {95, 95}, {91, 95}, {96, 95}, {90, 90}, {100, 100}, {3, 3}, {1, 3}, {0, 0}, {1, 1}, {4, 1}, {6, 6}, {97, 97}, {100, 100}} {
		before := p.Slots[0].Standing().Share
		epoch := table.Epoch()
		table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: c.share}})
		if got := p.Slots[0].Standing().Share; got != c.want || (table.Epoch() != epoch) != (got != before) {
			t.Errorf("a share of %d after %d: got %d, moved %v; want %d", c.share, before, got, table.Epoch() != epoch, c.want)
		}
		if got := table.List(one("main"))[0]; got.Share != c.want || got.State != p.Slots[0].Health() {
			t.Errorf("a share of %d: listed as %+v", c.share, got)
		}
	}
	if want := "[100 100 up 100 95 up 95 90 up 90 100 up 100 3 up 3 0 down 0 1 up 1 6 up 6 97 up 97 100 up]"; fmt.Sprint(told) != want {
		t.Errorf("told %v, want %v", told, want)
	}
}

// Protects on-unknown: what is not known counts as the check says, and is still called unknown.
func TestUnknownCounts(t *testing.T) {
	table := NewTable(nil)
	p := of("main web", "standby")
	table.Replace("public", nil, []*policy.Policy{p})
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Unknown, Share: 100}})
	expect(t, "the check says unknown, which counts as up", p, policy.Unknown, policy.Up)
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Unknown, Counts: policy.Down, Share: 100}})
	expect(t, "the check says unknown, which counts as down", p, policy.Down, policy.Up)
	if got := table.List(one("main"))[0]; got.State != policy.Down || got.Verdict != policy.Unknown {
		t.Errorf("got %+v, want down, the verdict unknown", got)
	}
	table.Override(one("main"), Override{Force: ForceUp})
	expect(t, "an operator knows", p, policy.Up, policy.Up)
}

// Protects what is drained from being taken for dead, and what is dead for drained.
func TestDrainedIsNotDead(t *testing.T) {
	table := NewTable(nil)
	p := of("main web")
	table.Replace("public", nil, []*policy.Policy{p})
	want := func(step string, drained bool) {
		t.Helper()
		if got := p.Slots[0].Standing(); got.Drained() != drained || got.State() != policy.Down {
			t.Errorf("%s: got %+v, want drained %v", step, got, drained)
		}
	}
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100}})
	table.Override(one("main"), Override{Force: ForceDrain})
	want("drained", true)
	since, epoch := table.List(one("main"))[0].Since, table.Epoch()
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Down, Share: 100}})
	want("and dead", false)
	if got := table.List(one("main"))[0]; !got.Since.Equal(since) || table.Epoch() == epoch {
		t.Errorf("got down since %v in epoch %d, want %v in another one than %d", got.Since, table.Epoch(), since, epoch)
	}
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100}})
	want("and well again", true)
}
