package health

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signpost/host/policy"
	"signpost/host/wire"
)

// Protects the globs of patterns: * and ? cross dots, a backslash takes a character as it is, an empty field is any.
func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "anything", true}, {"", "", true}, {"*", "", true}, {"**", "x", true}, {"?", "", false}, {"?", "x", true}, {"?", "xy", false},
		{"eu-*", "eu-1", true}, {"eu-*", "eu-", true}, {"eu-*", "us-1", false}, {"*-1", "eu-1", true}, {"*-1", "eu-11", false},
		{"*.example.com.", "a.b.example.com.", true}, {"*.example.com.", "example.com.", false}, {"a*b*c", "aXbXbc", true}, {"a*b*c", "aXbXb", false},
		{`\*.example.com.`, "*.example.com.", true}, {`\*.example.com.`, "a.example.com.", false}, {`\?`, "?", true}, {`\?`, "x", false},
		{`a\\b`, `a\b`, true}, {`a\\b`, `a\\b`, false}, {`a\`, `a\`, true}, {`*\*`, "a*", true}, {`*\*`, "ab", false}, {"EU", "eu", false},
		{strings.Repeat("*a", 50) + "b", strings.Repeat("a", 500), false},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("glob(%q, %q): got %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
	view := Key{Name: "views.", ID: "eu-1"}
	if (Pattern{ID: "eu-*"}).Matches(view) || (Pattern{}).Matches(view) || !(Pattern{Name: "views.", ID: "eu-*"}).Matches(view) {
		t.Error("a view is named by its own name alone")
	}
	odd := Key{View: "public", Name: `a\.*b?.example.com.`, Type: wire.TypeA, ID: `c:\*`}
	if !Query(odd).Exactly().Matches(odd) || Query(odd).Exactly().Matches(Key{View: "public", Name: `a\.Xb?.example.com.`, Type: wire.TypeA, ID: `c:\*`}) {
		t.Error("the pattern of one candidate does not name exactly that one")
	}
}

// fleet is a table with eu-1, eu-2 and us-1, and what it tells its watcher.
func fleet(at *clock) (table *Table, p *policy.Policy, told *[]string) {
	table, p, told = NewTable(at.read), of("eu-1 web", "eu-2", "us-1"), new([]string)
	table.Replace("public", nil, []*policy.Policy{p})
	table.Watch(func(c Change) {
		*told = append(*told, fmt.Sprintf("%s %v %d → %v %d %v %s", c.ID, c.From, c.FromShare, c.To, c.ToShare, c.Override.Force, c.Why))
	})
	return table, p, told
}

func wantTold(t *testing.T, step string, told *[]string, want ...string) {
	t.Helper()
	if !slices.Equal(*told, want) {
		t.Errorf("%s: told %q, want %q", step, *told, want)
	}
	*told = nil
}

// Protects the order of overrides: the last that matches counts, one that says auto leaves a candidate out of wider ones, and each list takes
// effect in one epoch.
func TestHoldOrder(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	table, p, told := fleet(at)
	epoch := table.Epoch()
	table.Hold([]Override{
		{Pattern: Pattern{ID: "*"}, Force: ForceUp, Reason: "all"},
		{Pattern: Pattern{Name: "*.example.com.", ID: "eu-*"}, Force: ForceDown, Reason: "works", By: "ann"},
		{Pattern: Pattern{View: "pub*", ID: "eu-2"}, Force: Auto},
	})
	expect(t, "held", p, policy.Down, policy.Up, policy.Up)
	wantTold(t, "held", told, "eu-1 unknown 100 → down 100 down works")
	if table.Epoch() != epoch+1 {
		t.Errorf("got epoch %d after %d, want one more", table.Epoch(), epoch)
	}
	list := table.Matching(Pattern{})
	if got := []Force{list[0].Override.Force, list[1].Override.Force, list[2].Override.Force}; !slices.Equal(got, []Force{ForceDown, Auto, ForceUp}) {
		t.Errorf("got %v, want down, auto, up", got)
	}
	table.Hold(nil)
	expect(t, "let go", p, policy.Unknown, policy.Up, policy.Up)
	wantTold(t, "let go", told, "eu-1 down 100 → unknown 100 auto ")
}

// Protects an override from edits of zones: candidates that come later are held, and those that come back.
func TestHoldOverEdits(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	table, p, told := fleet(at)
	table.Hold([]Override{{Pattern: Pattern{ID: "eu-*"}, Force: ForceDown, Reason: "works"}})
	*told = nil
	next := of("eu-1 web", "eu-3")
	if gone := table.Replace("public", []*policy.Policy{p}, []*policy.Policy{next}); len(gone) != 1 || gone[0].ID != "eu-2" {
		t.Errorf("got %+v, want eu-2, which is gone", gone)
	}
	expect(t, "edited", next, policy.Down, policy.Down)
	wantTold(t, "edited", told, "eu-3 up 100 → down 100 down works", " up 100 → down 100 auto none of 2 candidates live: all are taken as up")
	table.Replace("public", []*policy.Policy{next}, nil)
	again := of("eu-1 web", "eu-2")
	table.Replace("public", nil, []*policy.Policy{again})
	expect(t, "back", again, policy.Down, policy.Down)
	if got := table.Overrides(); len(got) != 1 || !got[0].At.Equal(at.read()) {
		t.Errorf("got %+v, want the one override, from when it was said", got)
	}
}

// Protects the time since when an operator's word holds a candidate: a start, at which zones come after the words, does not move it.
func TestHoldSince(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	table := NewTable(at.read)
	table.Hold([]Override{{Pattern: Pattern{ID: "eu-*"}, Force: ForceDown, Reason: "works", At: time.Unix(400, 0)}})
	p := of("eu-1 web", "us-1")
	table.Replace("public", nil, []*policy.Policy{p})
	if state, since := p.Slots[0].Load(); state != policy.Down || !since.Equal(time.Unix(400, 0)) {
		t.Errorf("got %v since %v, want down since the operator said so", state, since)
	}
	if state, since := p.Slots[1].Load(); state != policy.Up || !since.Equal(time.Unix(1000, 0)) {
		t.Errorf("got %v since %v, want up since the start", state, since)
	}
}

// Protects the end of an override: by the time of day, also when the clock is set, and the next older one counts again.
func TestExpiry(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	table, p, told := fleet(at)
	until := at.read().Add(time.Hour)
	table.Hold([]Override{
		{Pattern: Pattern{ID: "eu-1"}, Force: ForceUp, Reason: "wide"},
		{Pattern: Pattern{ID: "eu-1"}, Force: ForceDown, Until: until, Reason: "short"},
		{Pattern: Pattern{ID: "us-1"}, Force: ForceDown, Until: at.read(), Reason: "over"},
	})
	expect(t, "held", p, policy.Down, policy.Up, policy.Up)
	if got := table.Overrides(); len(got) != 2 {
		t.Errorf("got %+v, want no override that is over", got)
	}
	*told = nil
	at.pass(time.Hour - time.Second)
	if ended := table.Tick(); ended != nil {
		t.Errorf("ended %+v a second early", ended)
	}
	at.pass(-30 * time.Minute) // the clock is set back
	if ended := table.Tick(); ended != nil {
		t.Errorf("ended %+v half an hour early", ended)
	}
	at.pass(30*time.Minute + time.Second)
	if ended := table.Tick(); len(ended) != 1 || ended[0].Reason != "short" {
		t.Errorf("ended %+v, want the short one", ended)
	}
	expect(t, "over", p, policy.Up, policy.Up, policy.Up)
	wantTold(t, "over", told, "eu-1 down 100 → up 100 up wide")
}

// Protects a drain: it takes the weight away in steps, follows the check on the way, never gives back, and ends in down.
func TestDrain(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	table, p, told := fleet(at)
	table.Judge(Checked{Key: Key(one("eu-1")), Check: "web", Finding: Finding{Health: policy.Up, Share: 50, Why: "slow"}})
	*told = nil
	drain := Override{Pattern: Pattern{ID: "eu-*"}, Force: ForceDrain, Over: 20 * time.Second, Reason: "kernel"}
	table.Hold([]Override{drain})
	wantTold(t, "begun", told)
	var shares []uint8
	for range 20 {
		at.pass(time.Second)
		table.Tick()
		shares = append(shares, table.List(one("eu-2"))[0].Share)
	}
	if want := []uint8{95, 90, 85, 80, 75, 70, 65, 60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0}; !slices.Equal(shares, want) {
		t.Errorf("got shares %v, want %v", shares, want)
	}
	expect(t, "drained", p, policy.Down, policy.Down, policy.Up)
	if len(*told) != 40 || (*told)[0] != "eu-1 up 50 → up 47 drain kernel" || (*told)[39] != "eu-2 up 5 → down 0 drain kernel" {
		t.Errorf("told %q", *told)
	}
	*told = nil
	at.pass(-time.Hour)
	table.Tick()
	table.Hold([]Override{drain, {Pattern: Pattern{ID: "us-1"}, Force: ForceDown}})
	expect(t, "the clock was set back, and another override came", p, policy.Down, policy.Down, policy.Down)

	table.Hold([]Override{{Pattern: drain.Pattern, Force: ForceDrain, Over: time.Hour, At: at.read()}})
	expect(t, "another drain of the same", p, policy.Down, policy.Down, policy.Up)

	at.pass(2 * time.Hour)
	table.Hold(nil)
	drain.At = at.read().Add(-10 * time.Second) // as a file says it after a restart
	table.Hold([]Override{drain})
	table.Judge(Checked{Key: Key(one("eu-1")), Check: "web", Finding: Finding{Health: policy.Down, Share: 100, Why: "timeout"}})
	if got := table.List(one("eu-2")); got[0].Share != 50 || got[0].State != policy.Up {
		t.Errorf("got %+v, want half of it left", got)
	}
	expect(t, "half drained, one is dead", p, policy.Down, policy.Up, policy.Up)
	table.Hold([]Override{{Pattern: Pattern{ID: "eu-2"}, Force: ForceDrain}})
	expect(t, "drained at once", p, policy.Down, policy.Down, policy.Up)
}
