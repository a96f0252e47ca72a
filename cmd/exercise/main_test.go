package main

import (
	"bytes"
	"strings"
	"testing"
)

// Protects what README.md shows: the name fails over and back within what the settings promise, and the webhook is told.
func TestExercise(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds, which its checks' intervals need")
	}
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for want, times := range map[string]int{"dig app.example.com: " + primary: 3, "dig app.example.com: " + standby: 2, "the webhook got: ": 4} {
		if got := strings.Count(out.String(), want); got != times {
			t.Errorf("%q: got it %d times, want %d:\n%s", want, got, times, &out)
		}
	}
}
