package host

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
	"signpost/host/event"
	"signpost/host/health"
	"signpost/host/policy"
	"signpost/host/testbed"
	"signpost/host/timeline"
)

// startNames serves count names with three weighted candidates each, eu, us and ap, and returns what the log has.
func startNames(t testing.TB, count int, settings string) (*Host, *testbed.Log) {
	t.Helper()
	t.Setenv("STATE_DIRECTORY", t.TempDir())
	dir, log := t.TempDir(), new(testbed.Log)
	var text strings.Builder
	text.WriteString("$TTL 300\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n")
	for i := range count {
		for j, id := range []string{"eu", "us", "ap"} {
			fmt.Fprintf(&text, "n%d IN A 192.0.2.%d ;@ weighted id=%s weight=%d\n", i, j+1, id, j+1)
		}
	}
	writeFile(t, filepath.Join(dir, "example.com.zone"), text.String())
	writeFile(t, filepath.Join(dir, config.FileName), "listen: [127.0.0.1:0]\nadmin: off\n"+settings)
	h, err := Start(context.Background(), Options{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil)), Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h, log
}

// another is a second events of h, which nobody runs.
func another(t testing.TB, h *Host) *events {
	e := h.newEvents()
	t.Cleanup(e.rest)
	return e
}

func changeOf(name, id string, from, to policy.Health) health.Change {
	return health.Change{Key: health.Key{View: "public", Name: name, Type: 1, ID: id}, At: time.Now(), From: from, To: to, FromShare: 100, ToShare: 100, Of: 3}
}

// Protects the percentages: several changes of one policy at once are told one after the other, as they came, and what is down already gains nothing.
func TestMovedInTurn(t *testing.T) {
	h, _ := startNames(t, 1, "")
	h.health.Override(health.Query{ID: "eu"}, health.Override{Force: health.ForceDown})
	h.health.Override(health.Query{ID: "us"}, health.Override{Force: health.ForceDown})
	const name = "n0.example.com."
	moved := another(t, h).moved([]health.Change{
		changeOf(name, "eu", policy.Up, policy.Down), changeOf(name, "us", policy.Up, policy.Down), changeOf("gone.example.com.", "us", policy.Up, policy.Down),
		changeOf(name, "ap", policy.Unknown, policy.Up),
	}, nil)
	for i, want := range []string{"16.67: eu ap 10.00, eu us 6.67", "40.00: us ap 40.00", "nothing", "nothing"} {
		got := "nothing"
		if m := moved[i]; m != nil {
			var moves []string
			for _, one := range m.Moves {
				moves = append(moves, fmt.Sprintf("%s %s %.2f", one.From, one.To, one.Percent))
			}
			got = fmt.Sprintf("%.2f: %s", m.Percent, strings.Join(moves, ", "))
		}
		if got != want {
			t.Errorf("change %d: got %q, want %q", i, got, want)
		}
	}
}

// Protects the percentages of what is told in turns: what is told later is undone first, and a turn is bounded.
func TestMovedInTurns(t *testing.T) {
	h, _ := startNames(t, 1, "")
	h.health.Override(health.Query{ID: "eu"}, health.Override{Force: health.ForceDown})
	h.health.Override(health.Query{ID: "us"}, health.Override{Force: health.ForceDown})
	const name = "n0.example.com."
	e := another(t, h)
	moved := e.moved([]health.Change{changeOf(name, "eu", policy.Up, policy.Down)}, []health.Change{
		changeOf("n1.example.com.", "us", policy.Up, policy.Down), changeOf(name, "us", policy.Up, policy.Down),
	})
	if m := moved[0]; m == nil || math.Abs(m.Percent-100.0/6) > 1e-6 || len(m.Moves) != 2 {
		t.Errorf("got %+v, want 16.7 %% to two", m)
	}
	for range 3 * turnMax / 2 {
		e.changed(changeOf(name, "eu", policy.Unknown, policy.Up))
		e.changed(changeOf(name, "eu", policy.Up, policy.Down))
	}
	list, left, _ := e.take()
	if firsts := len(list) - turnMax; firsts != turnMax || len(left) != turnMax {
		t.Errorf("got %d changes and %d left, want %d beside as many first verdicts, and %d", len(list), len(left), turnMax, turnMax)
	}
}

// Protects shares: who gets less weight loses answers in proportion.
func TestMovedShare(t *testing.T) {
	h, _ := startNames(t, 1, "")
	change := changeOf("n0.example.com.", "ap", policy.Up, policy.Up)
	change.ToShare = 0
	change.To = policy.Down
	half := changeOf("n0.example.com.", "ap", policy.Up, policy.Up)
	half.ToShare = 50
	moved := another(t, h).moved([]health.Change{half}, nil)
	if m := moved[0]; m == nil || math.Abs(m.Percent-(50-100*1.5/4.5)) > 0.5 {
		t.Errorf("got %+v for half of the weight, want about %.1f %%", m, 50-100*1.5/4.5)
	}
	moved = another(t, h).moved([]health.Change{change}, nil)
	if m := moved[0]; m == nil || math.Abs(m.Percent-50) > 1e-6 {
		t.Errorf("got %+v for a drained candidate, want 50 %%", m)
	}
}

// Protects the processor when everything changes at once: what moved is looked at within bounds, and a note stands for the rest.
func TestMovedIsBounded(t *testing.T) {
	h, _ := startNames(t, 1, "")
	e := another(t, h)
	e.left, e.leftAt = 3, time.Now()
	var changes []health.Change
	for range 200 {
		changes = append(changes, changeOf("n0.example.com.", "eu", policy.Up, policy.Down), changeOf("n0.example.com.", "eu", policy.Down, policy.Up))
	}
	started := time.Now()
	moved := e.moved(changes, nil)
	looked := 0
	for _, m := range moved {
		switch {
		case m.Note == "":
			looked++
		case m.Note != "400 changes at once, so nobody looked what moved":
			t.Fatalf("got note %q", m.Note)
		}
	}
	if most := 2 + int(shiftsMax*time.Since(started).Seconds()); looked == 0 || looked > most {
		t.Errorf("looked %d times, want 1 to %d", looked, most)
	}
}

// Protects who changes health: the inbox takes what it has room for and never waits; what it lost is told.
func TestInboxIsBounded(t *testing.T) {
	h, log := startNames(t, 1, "")
	e := another(t, h)
	e.timeline = timeline.New(timeline.Options{Log: h.options.Log})
	for range changesMax + 7 {
		e.changed(changeOf("elsewhere.example.com.", "eu", policy.Up, policy.Down))
	}
	for e.turn() {
	}
	if !strings.Contains(log.String(), "more changes of health at once than can be told") || !strings.Contains(log.String(), "lacks=7") {
		t.Errorf("the log does not say that 7 are lacking")
	}
	if list, _, lost := e.take(); len(list) != 0 || lost != 0 {
		t.Errorf("got %d and %d lost after the turn", len(list), lost)
	}
}

// Protects the timeline from starts: thousands that are found well for the first time make one line of the log and no event; few are told.
func TestFirstVerdicts(t *testing.T) {
	h, log := startNames(t, 1, "")
	e := another(t, h)
	firsts := func(count int) (list []event.Event) {
		for range count {
			c := changeOf("n0.example.com.", "eu", policy.Unknown, policy.Up)
			list = append(list, event.Of(&c, nil))
		}
		c := changeOf("n0.example.com.", "us", policy.Unknown, policy.Down)
		return append(list, event.Of(&c, nil))
	}
	if got := e.withoutFirsts(firsts(firstsMax)); len(got) != firstsMax+1 {
		t.Errorf("got %d events of a few, want all", len(got))
	}
	if got := e.withoutFirsts(firsts(5000)); len(got) != 1 || got[0].ID != "us" || !strings.Contains(log.String(), "5000 candidates are up, their checks found") {
		t.Errorf("got %d events of many, want the one that is down", len(got))
	}
}

// BenchmarkStorm is what telling costs when all 10,000 names lose a candidate at once: in the inbox, and behind it.
func BenchmarkStorm(b *testing.B) {
	h, _ := startNames(b, 10_000, "")
	e := another(b, h)
	e.host = &Host{options: Options{Log: slog.New(slog.DiscardHandler)}, health: h.health}
	var changes []health.Change
	for i := range 10_000 {
		changes = append(changes, changeOf(fmt.Sprintf("n%d.example.com.", i), "eu", policy.Up, policy.Down))
	}
	b.ReportAllocs()
	for b.Loop() {
		e.host.store.Publish(h.store.Load())
		for i := range changes {
			e.changed(changes[i])
		}
		e.left, e.leftAt = shiftsMax, time.Now()
		for e.turn() {
		}
	}
}

// BenchmarkChange is what telling one change costs, of a policy that wants nothing of clients, and with the plugins' instances started anew.
func BenchmarkChange(b *testing.B) {
	h, _ := startNames(b, 10_000, "")
	e := another(b, h)
	change := []health.Change{changeOf("n5000.example.com.", "eu", policy.Up, policy.Down)}
	for _, fresh := range []bool{false, true} {
		b.Run(fmt.Sprint("fresh=", fresh), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.left = shiftsMax
				if fresh {
					e.rest()
				}
				e.moved(change, nil)
			}
		})
	}
}
