package health

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"signpost/host/policy"
)

// Protects workers from candidates that flap: ten thousand that change every three seconds make at most one epoch in each pace, and every verdict is
// in an epoch that begins within one pace of it.
func TestFlappingEpochs(t *testing.T) {
	const count, pace = 10_000, 20 * time.Millisecond
	at := &clock{now: time.Unix(1000, 0)}
	table := NewTable(at.read)
	table.Pace(pace)
	var policies []*policy.Policy
	for i := range count / 10 {
		p := of("a web", "b web", "c web", "d web", "e web", "f web", "g web", "h web", "i web", "j web")
		p.Owner = fmt.Sprintf("n%d.example.com.", i)
		policies = append(policies, p)
	}
	table.Replace("public", nil, policies)
	began, epochs := at.read(), 0
	last, verdictAt, waits := table.Epoch(), time.Time{}, time.Duration(0)
	for round := range 3 {
		for i := range count { // 3333 a second, and a batch of queries after each
			p := policies[i/10]
			if !table.Judge(Checked{Key: Key{"public", p.Owner, p.Type, p.IDs[i%10]}, Check: "web", Finding: Finding{Health: policy.Up + policy.Health(round%2), Share: 100}}) {
				t.Fatalf("%s has no candidate %s", p.Owner, p.IDs[i%10])
			}
			if verdictAt.IsZero() {
				verdictAt = at.read()
			}
			if epoch := table.Epoch(); epoch != last {
				epochs++
				waits, last, verdictAt = max(waits, at.read().Sub(verdictAt)), epoch, time.Time{}
			}
			at.pass(300 * time.Microsecond)
		}
	}
	at.pass(pace)
	table.Epoch()
	took := at.read().Sub(began)
	if most := int(took/pace) + 1; epochs > most || epochs < most/2 {
		t.Errorf("got %d epochs in %v, want at most %d, and not far fewer", epochs, took, most)
	}
	if waits > pace+time.Millisecond {
		t.Errorf("a verdict waited %v for its epoch, want at most %v", waits, pace)
	}
}

// Protects the pace: the first finding does not wait, an operator never does, and a finding that waits is in the epoch that an operator begins.
func TestPace(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	table := NewTable(at.read)
	table.Pace(20 * time.Millisecond)
	table.Replace("public", nil, []*policy.Policy{of("a web", "b web")})
	last := table.Epoch()
	step := func(name string, moves uint64) {
		t.Helper()
		if got := table.Epoch(); got != last+moves {
			t.Errorf("%s: got %d epochs, want %d", name, got-last, moves)
		}
		last = table.Epoch()
	}
	down, up := Finding{Health: policy.Down, Share: 100}, Finding{Health: policy.Up, Share: 100}
	at.pass(time.Hour)
	table.Judge(Checked{Key: Key(one("a")), Check: "web", Finding: down})
	step("the first", 1)
	table.Judge(Checked{Key: Key(one("b")), Check: "web", Finding: down})
	step("the second", 0)
	at.pass(19 * time.Millisecond)
	step("19 ms later", 0)
	at.pass(time.Millisecond)
	step("20 ms later", 1)
	table.Judge(Checked{Key: Key(one("b")), Check: "web", Finding: up})
	step("after that", 0)
	table.Override(one("a"), Override{Force: ForceUp})
	step("an operator", 1)
	at.pass(time.Hour)
	step("nothing is left", 0)
	table.Judge(Checked{Key: Key(one("b")), Check: "web", Finding: down})
	step("another", 1)
	table.Judge(Checked{Key: Key(one("b")), Check: "web", Finding: up})
	at.pass(-time.Hour)
	table.Judge(Checked{Key: Key(one("b")), Check: "web", Finding: down})
	step("after the clock was set back", 1)
}

// Protects the promise of epochs under the race detector: when everybody is done, the next look is of an epoch in which all of it is seen.
func TestPaceHammer(t *testing.T) {
	table := NewTable(nil)
	table.Pace(time.Microsecond)
	p := of("a web", "b web")
	table.Replace("public", nil, []*policy.Policy{p})
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() { // who sees an epoch sees the words of it, so what it kept in an older one is not used
			type kept struct {
				epoch uint64
				words [2]policy.Standing
			}
			var have kept
			for {
				epoch := table.Epoch()
				if epoch < have.epoch {
					t.Errorf("got epoch %d after %d", epoch, have.epoch)
				}
				if epoch != have.epoch {
					have = kept{epoch, [2]policy.Standing{p.Slots[0].Standing(), p.Slots[1].Standing()}}
				}
				select {
				case <-stop:
					for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
						if epoch := table.Epoch(); epoch != have.epoch {
							have = kept{epoch, [2]policy.Standing{p.Slots[0].Standing(), p.Slots[1].Standing()}}
						}
						if now := [2]policy.Standing{p.Slots[0].Standing(), p.Slots[1].Standing()}; now == have.words {
							return
						}
					}
					t.Errorf("got %+v for ever, want the last words", have)
					return
				default:
				}
			}
		})
	}
	for _, id := range []string{"a", "b"} {
		writers.Go(func() {
			for i := range 20_000 {
				table.Judge(Checked{Key: Key(one(id)), Check: "web", Finding: Finding{Health: policy.Up + policy.Health(i%2), Share: uint8(1 + i%100)}})
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}
