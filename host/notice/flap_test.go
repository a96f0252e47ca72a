package notice

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"signpost/host/event"
	"signpost/host/policy"
)

// Protects people from candidates that flap: six changes an hour are told, then that it flaps, then nothing until it has been calm; others, and
// what happens to whole policies, are told as ever.
func TestFlapping(t *testing.T) {
	f := flaps{of: map[string]*flapper{}}
	now := time.Unix(1_800_000_000, 0)
	var told []string
	tell := func(list []event.Event) {
		for _, e := range list {
			told = append(told, e.Kind+" "+e.ID+" "+e.To)
		}
	}
	expect := func(step string, want ...string) {
		t.Helper()
		if !reflect.DeepEqual(told, want) {
			t.Errorf("%s: got %q, want %q", step, told, want)
		}
		told = nil
	}
	flip := func(n int, times int) {
		for i := range times {
			from, to := policy.Up, policy.Down
			if i%2 == 1 {
				from, to = to, from
			}
			e := change(n, from, to)
			tell(f.add(nil, &e, now))
			now = now.Add(time.Minute)
		}
	}
	flip(1, 6)
	expect("six changes", "candidate eu-1 down", "candidate eu-1 up", "candidate eu-1 down", "candidate eu-1 up", "candidate eu-1 down", "candidate eu-1 up")
	flip(1, 30)
	expect("many more", "flapping eu-1 down")
	flip(2, 1)
	all := down(1)
	all.Kind, all.ID = event.Policy, ""
	share := change(1, policy.Up, policy.Up)
	share.Override = "drain"
	tell(f.add(nil, &all, now))
	tell(f.add(nil, &share, now))
	expect("others", "candidate eu-2 down", "policy  down", "candidate eu-1 up")

	now = now.Add(30 * time.Minute)
	tell(f.settle(now))
	expect("half an hour later")
	now = now.Add(26 * time.Minute)
	tell(f.settle(now))
	expect("calm", "flapping eu-1 up")
	if len(f.of) != 2 {
		t.Errorf("got %d candidates, want the two that changed in the last hour", len(f.of))
	}
	flip(1, 1)
	expect("as ever", "candidate eu-1 down")
	now = now.Add(2 * time.Hour)
	tell(f.settle(now))
	expect("nothing to settle")
	if len(f.of) != 0 {
		t.Errorf("got %d candidates that nothing is to be known of", len(f.of))
	}
}

// Protects people from brown-outs: that a check leaves a candidate only a part of its weight, and again all of it, counts as changes.
func TestFlappingShare(t *testing.T) {
	f := flaps{of: map[string]*flapper{}}
	var told []string
	for range 20 {
		e := change(1, policy.Up, policy.Up)
		for _, one := range f.add(nil, &e, time.Unix(1_800_000_000, 0)) {
			told = append(told, one.Kind)
		}
	}
	if len(told) != flapMax+1 || told[0] != event.Candidate || told[flapMax] != event.Flapping {
		t.Errorf("got %q, want %d changes, then that it flaps", told, flapMax)
	}
}

// Protects the memory of flaps: it has a bound, beyond which changes are told.
func TestFlappersAreBounded(t *testing.T) {
	f := flaps{of: map[string]*flapper{}}
	for n := range flappersMax {
		f.of[fmt.Sprint(n)] = new(flapper)
	}
	e := down(1)
	for range 2 * flapMax {
		if list := f.add(nil, &e, time.Unix(0, 0)); len(list) != 1 || !strings.Contains(list[0].Text, "down") || list[0].Kind != event.Candidate {
			t.Fatalf("got %+v", list)
		}
	}
	if len(f.of) != flappersMax {
		t.Errorf("got %d, want at most %d", len(f.of), flappersMax)
	}
}
