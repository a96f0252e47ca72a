package health

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"signpost/host/policy"
	"signpost/host/wire"
)

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// of makes the policy of app.example.com A with candidates "id" or "id check".
func of(candidates ...string) *policy.Policy {
	p := &policy.Policy{Owner: "app.example.com.", Type: wire.TypeA}
	for _, text := range candidates {
		var id, check string
		fmt.Sscan(text, &id, &check)
		p.IDs, p.Checks = append(p.IDs, id), append(p.Checks, check)
	}
	return p
}

func states(p *policy.Policy) (list []policy.Health) {
	for _, slot := range p.Slots {
		list = append(list, slot.Health())
	}
	return list
}

func expect(t *testing.T, step string, p *policy.Policy, want ...policy.Health) {
	t.Helper()
	if got := states(p); !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", step, got, want)
	}
}

func one(id string) Query {
	return Query{View: "public", Name: "app.example.com.", Type: wire.TypeA, ID: id}
}

// Protects the order of the two writers: an operator's word wins over the verdict, which goes on behind it and counts again afterwards.
func TestOverrideWins(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	table := NewTable(at.read)
	p := of("main web", "standby")
	table.Replace("public", nil, []*policy.Policy{p, nil})
	expect(t, "at first", p, policy.Unknown, policy.Up)
	epoch := table.Epoch()
	step := func(name string, moves bool) {
		t.Helper()
		at.pass(time.Minute)
		if moved := table.Epoch() != epoch; moved != moves {
			t.Errorf("%s: the epoch moved: %v, want %v", name, moved, moves)
		}
		epoch = table.Epoch()
	}
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100, Why: "200 OK"}})
	expect(t, "judged", p, policy.Up, policy.Up)
	step("judged", true)
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100, Why: "200 OK again"}})
	step("judged the same", false)
	if table.Judge(Checked{Key: Key(one("standby")), Check: "web", Finding: Finding{Health: policy.Down, Share: 100, Why: ""}}) || table.Judge(Checked{Key: Key(one("nobody")), Check: "web", Finding: Finding{Health: policy.Down, Share: 100, Why: ""}}) {
		t.Error("a candidate without check, or that is not there, got a verdict")
	}
	if got := table.Override(one("main"), Override{Force: ForceDown, Reason: "disk", By: "ann"}); len(got) != 1 || got[0].State != policy.Down ||
		got[0].Why != "disk" || got[0].Verdict != policy.Up || !got[0].Since.Equal(at.read()) {
		t.Errorf("got %+v, want it down since now because of the disk, the verdict up", got)
	}
	expect(t, "forced down", p, policy.Down, policy.Up)
	step("forced down", true)
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Down, Share: 100, Why: "timeout"}})
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100, Why: "200 OK"}})
	expect(t, "judged behind the override", p, policy.Down, policy.Up)
	step("judged behind the override", false)
	table.Judge(Checked{Key: Key(one("main")), Check: "web", Finding: Finding{Health: policy.Down, Share: 100, Why: "timeout"}})
	table.Override(one("main"), Override{Force: Auto})
	step("automatic, and still down", false)
	if got := table.List(one("main")); got[0].Why != "timeout" || got[0].Override.Force != Auto || got[0].Since.Unix() != 1000+120 {
		t.Errorf("got %+v, want it down for its timeout, since it was forced down", got)
	}
	table.Override(one("main"), Override{Force: ForceUp})
	expect(t, "forced up", p, policy.Up, policy.Up)
	table.Override(one("standby"), Override{Force: ForceDown})
	expect(t, "one without check", p, policy.Up, policy.Down)
	if got := table.Override(one("nobody"), Override{Force: ForceDown}); got != nil {
		t.Errorf("got %+v for a candidate that is not there", got)
	}
	counts, overrides, _ := table.Counts()
	if counts != [3]int{policy.Unknown: 0, policy.Up: 1, policy.Down: 1} || overrides != 2 {
		t.Errorf("got %v with %d overrides, want one up, one down, both by hand", counts, overrides)
	}
}

// Protects the state of a candidate over edits of its zone: kept by name, type, view and id, dropped with the check that it came from.
func TestReplaceKeeps(t *testing.T) {
	table := NewTable(nil)
	first := of("a web", "b web", "c")
	table.Replace("public", nil, []*policy.Policy{first})
	table.Judge(Checked{Key: Key(one("a")), Check: "web", Finding: Finding{Health: policy.Down, Share: 100, Why: "timeout"}})
	table.Override(one("c"), Override{Force: ForceDown, Reason: "moved"})
	second := of("c", "new web", "a web", "b other")
	if lost := table.Replace("public", []*policy.Policy{first}, []*policy.Policy{second}); lost != nil {
		t.Errorf("lost %+v", lost)
	}
	expect(t, "moved within the policy", second, policy.Down, policy.Unknown, policy.Down, policy.Unknown)
	if got := table.List(Query{}); len(got) != 4 || got[0].ID != "c" || got[3].ID != "b" {
		t.Errorf("got %+v, want the four in the order of the zone", got)
	}
	if first.Slots[0] != second.Slots[2] {
		t.Error("the candidate has another slot: who still reads the old policy misses changes")
	}

	epoch := table.Epoch()
	third := of("c", "new web", "a other", "b other")
	table.Replace("public", []*policy.Policy{second}, []*policy.Policy{third})
	expect(t, "with another check", third, policy.Down, policy.Unknown, policy.Unknown, policy.Unknown)
	if table.Epoch() == epoch {
		t.Error("the epoch did not move although a word in use changed")
	}

	elsewhere := of("a web")
	table.Replace("internal", nil, []*policy.Policy{elsewhere})
	expect(t, "of another view", elsewhere, policy.Unknown)

	lost := table.Replace("public", []*policy.Policy{third}, []*policy.Policy{of("a other")})
	if len(lost) != 1 || lost[0].ID != "c" || lost[0].Override.Reason != "moved" {
		t.Errorf("got lost %+v, want c, which was held down", lost)
	}
	if got := table.List(Query{Name: "app.example.com."}); len(got) != 2 {
		t.Errorf("got %+v, want one in each view", got)
	}
	table.Replace("internal", []*policy.Policy{elsewhere}, nil)
	if got := table.List(Query{View: "internal"}); got != nil {
		t.Errorf("got %+v of a view without policies", got)
	}
}

// Protects a candidate whose check or addresses were edited from what an attempt finds that was begun before.
func TestLateFindings(t *testing.T) {
	table := NewTable(nil)
	first, second, third := of("a web"), of("a other"), of("a other")
	first.Endpoints, second.Endpoints, third.Endpoints = [][]string{{"192.0.2.1"}}, [][]string{{"192.0.2.1"}}, [][]string{{"192.0.2.2"}}
	served := []*policy.Policy(nil)
	var late []Checked
	for step, p := range []*policy.Policy{first, second, third} {
		table.Replace("public", served, []*policy.Policy{p})
		served = []*policy.Policy{p}
		for _, said := range late {
			if said.Finding = (Finding{Health: policy.Down}); table.Judge(said) {
				t.Errorf("edit %d: the check %s of %v was believed", step, said.Check, said.Endpoints)
			}
		}
		expect(t, fmt.Sprintf("edit %d", step), p, policy.Unknown)
		list, _ := table.Checked()
		late = append(late, list...)
	}
	now := late[len(late)-1]
	if now.Finding = (Finding{Health: policy.Down}); !table.Judge(now) {
		t.Error("the check that it has now was not believed")
	}
	expect(t, "judged", third, policy.Down)
}

// Protects a zone of which one policy was made anew: the other one is read by workers already, so nothing of it may be written.
func TestReplaceShared(t *testing.T) {
	table := NewTable(nil)
	shared, old, fresh := of("a"), of("x"), of("x")
	old.Owner, fresh.Owner = "other.example.com.", "other.example.com."
	table.Replace("public", nil, []*policy.Policy{shared, old})
	done := make(chan struct{})
	go func() { // the race detector looks
		defer close(done)
		for range 1000 {
			_ = states(shared)
		}
	}()
	table.Replace("public", []*policy.Policy{shared, old}, []*policy.Policy{shared, fresh})
	<-done
	table.Override(Query{ID: "a"}, Override{Force: ForceDown})
	expect(t, "the shared policy", shared, policy.Down)
	if table.Replace("public", []*policy.Policy{shared, fresh}, nil); len(table.sets) != 0 {
		t.Errorf("got %d sets, want none", len(table.sets))
	}
}

// Protects that nothing is left of zones that come and go.
func TestReplaceForgets(t *testing.T) {
	table := NewTable(nil)
	var served []*policy.Policy
	for i := range 100 {
		next := []*policy.Policy{of(fmt.Sprint("x", i), fmt.Sprint("y", i/10, " web"))}
		table.Replace("public", served, next)
		served = next
	}
	table.Replace("public", served, nil)
	if len(table.sets) != 0 {
		t.Errorf("got %d sets, want none", len(table.sets))
	}
}

// Protects a zone that is in two files: the candidates stay until both are gone.
func TestTwoClaims(t *testing.T) {
	table := NewTable(nil)
	a, b := of("x", "only-a"), of("x")
	table.Replace("public", nil, []*policy.Policy{a})
	table.Replace("public", nil, []*policy.Policy{b})
	table.Replace("public", []*policy.Policy{a}, nil)
	if got := table.List(Query{}); len(got) != 1 || got[0].ID != "x" {
		t.Errorf("got %+v, want x alone", got)
	}
	table.Override(Query{ID: "x"}, Override{Force: ForceDown})
	expect(t, "the policy that stays", b, policy.Down)
}

// Protects what workers rely on: epochs only grow, and who saw an epoch sees no older word than it had.
func TestHammer(t *testing.T) {
	table := NewTable(nil)
	p := of("a web", "b")
	table.Replace("public", nil, []*policy.Policy{p})
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for last := uint64(0); ; {
				select {
				case <-done:
					return
				default:
				}
				epoch := table.Epoch()
				if epoch < last {
					t.Errorf("got epoch %d after %d", epoch, last)
					return
				}
				last = epoch
				for _, slot := range p.Slots {
					if state, since := slot.Load(); state > policy.Down || since.IsZero() {
						t.Errorf("got %v since %v", state, since)
						return
					}
				}
				table.List(Query{})
				table.Counts()
			}
		})
	}
	writers.Go(func() {
		for i := range 2000 {
			table.Judge(Checked{Key: Key(one("a")), Check: "web", Finding: Finding{Health: policy.Health(i % 3), Share: 100, Why: ""}})
		}
	})
	writers.Go(func() {
		for i := range 2000 {
			table.Override(one("b"), Override{Force: Force(i % 3)})
		}
	})
	writers.Go(func() {
		served := []*policy.Policy{p}
		for range 500 {
			next := []*policy.Policy{of("b", "a web")}
			table.Replace("public", served, next)
			served = next
		}
	})
	writers.Wait()
	close(done)
	readers.Wait()
	table.Judge(Checked{Key: Key(one("a")), Check: "web", Finding: Finding{Health: policy.Up, Share: 100, Why: ""}})
	table.Override(one("b"), Override{Force: ForceUp})
	before := table.Epoch()
	table.Override(one("b"), Override{Force: ForceDown})
	if table.Epoch() != before+1 || p.Slots[1].Health() != policy.Down {
		t.Errorf("got epoch %d, %v; want %d, down: the first policy's slots are still the candidates'", table.Epoch(), p.Slots[1].Health(), before+1)
	}
}

// BenchmarkReplace is the reload of a zone with 10,000 policies of 8 candidates.
func BenchmarkReplace(b *testing.B) {
	policies := func() (list []*policy.Policy) {
		for i := range 10_000 {
			p := of("a web", "b web", "c web", "d web", "e web", "f web", "g web", "h web")
			p.Owner = fmt.Sprintf("n%d.example.com.", i)
			list = append(list, p)
		}
		return list
	}
	table := NewTable(nil)
	served := policies()
	table.Replace("public", nil, served)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		next := policies()
		b.StartTimer()
		table.Replace("public", served, next)
		served = next
	}
}
