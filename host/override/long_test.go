package override

import (
	"strings"
	"testing"
	"time"

	"signpost/host/health"
)

// Protects whoever sets an override from a file whose reading takes minutes: what is longer than the longest list is not parsed, and that one is.
func TestParseLong(t *testing.T) {
	const length = 1 << 20
	for _, unit := range []string{"-\n", "a:\n", "a: ", ": ", "&a ", "*a ", "[]", "<<: *a\n", "  x: y\n"} {
		_, diags := Parse("held.yaml", []byte(strings.Repeat(unit, length/len(unit))))
		if diags.Errors() != 1 || !strings.Contains(diags[0].Text, "words and signs") {
			t.Errorf("%q again and again: got %v", unit, diags)
		}
	}
	var list []health.Override
	for i := range ListMax {
		pattern, err := ParsePattern("view/name" + strings.Repeat("x", i%50) + ".example.com/A/" + strings.Repeat("y", i/50+1))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
		list = append(list, health.Override{
			Pattern: pattern, Force: health.ForceDrain, Reason: "a: reason, with \"signs\"", By: "ann", At: at, Until: at.Add(time.Hour), Over: time.Minute,
		})
	}
	entries, diags := Parse("held.yaml", Format(nil, list))
	if len(diags) > 0 || len(entries) != ListMax {
		t.Errorf("got %d entries and %v", len(entries), diags)
	}
}
