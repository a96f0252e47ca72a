package circle

import (
	"fmt"
	"slices"
	"testing"
)

// Protects what a component is, the order in which components close, and the shortest way inside one.
func TestWalk(t *testing.T) {
	leads := map[string][]string{
		"a": {"b"}, "b": {"c", "d"}, "c": {"e", "b"}, "d": {"b"}, // b, c and d go in circles
		"e": {"e"}, "f": {"a"},
		"1": {"2", "3"}, "2": {"3"}, "3": {"4"}, "4": {"1"},
	}
	var closed []string
	w := Walk[string]{Leads: func(n string) []string { return leads[n] }}
	w.Close = func(members []string) {
		slices.Sort(members)
		closed = append(closed, fmt.Sprint(members))
	}
	for _, start := range []string{"a", "f", "a", "1"} {
		w.From(start)
	}
	if got, want := fmt.Sprint(closed), "[[e] [b c d] [a] [f] [1 2 3 4]]"; got != want {
		t.Errorf("closed: got %s, want %s", got, want)
	}
	if !w.Together("b", "d") || w.Together("a", "b") || w.Together("a", "nobody") || w.Together("nobody", "nobody") {
		t.Error("Together: only b, c and d are together")
	}
	if got, want := fmt.Sprint(w.Way("1", "4"), w.Way("4", "3"), w.Way("e", "e")), "[1 3 4] [4 1 3] [e]"; got != want {
		t.Errorf("Way: got %s, want %s", got, want)
	}
}

// Protects the stack from a chain that is as long as a zone.
func TestWalkIsDeep(t *testing.T) {
	const length = 100_000
	w := Walk[int]{Leads: func(n int) []int { return []int{(n + 1) % length} }}
	largest := 0
	w.Close = func(members []int) { largest = max(largest, len(members)) }
	w.From(0)
	if way := w.Way(1, 0); largest != length || len(way) != length {
		t.Errorf("got a circle of %d and a way of %d, want %d", largest, len(way), length)
	}
}
