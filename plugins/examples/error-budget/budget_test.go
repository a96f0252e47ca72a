package main

import (
	"slices"
	"testing"

	"signpost/sdk"
)

// Protects the promise: it is the share of failures that counts, whether they are in a row or not, and there is a gap between down and up.
func TestBudget(t *testing.T) {
	trial, problems := sdk.Try(Plugin(), "budget=25 back=10 of=20 least=4")
	if trial == nil {
		t.Fatalf("refused: %q", problems)
	}
	up := func(percent string) sdk.Opinion {
		return sdk.Opinion{State: sdk.Up, Share: 100, Reason: percent + " % of the latest attempts failed"}
	}
	for _, c := range []struct {
		name   string
		before sdk.State
		seen   []string
		want   sdk.Opinion
	}{
		{"every fourth", sdk.Up, []string{"-+++-+++-+++-+++-+++"}, up("25")},
		{"one more", sdk.Up, []string{"--++-+++-+++-+++-+++"}, sdk.Opinion{State: sdk.Down, Share: 100, Reason: "30 % of the latest attempts failed"}},
		{"older ones do not count", sdk.Up, []string{"+*20 -*12"}, up("0")},
		{"between the two it stays down", sdk.Down, []string{"+*17 -*3"}, sdk.Opinion{State: sdk.Down, Share: 100}},
		{"at the lower one it comes back", sdk.Down, []string{"+*18 -*2"}, up("10")},
		{"too few attempts", sdk.Up, []string{"---"}, sdk.Opinion{State: sdk.Up, Share: 100}},
		{"the first of all", sdk.Unknown, []string{"-"}, sdk.Opinion{State: sdk.Down, Share: 100, Reason: "100 % of the latest attempts failed"}},
		{"nothing seen", sdk.Unknown, []string{""}, sdk.Opinion{State: sdk.Unknown, Share: 100}},
		{"all vantage points together", sdk.Up, []string{"-*4", "+*20", "+*6"}, up("13")},
	} {
		if got := trial.Judge(sdk.Evidence{Before: c.before, Seen: c.seen}); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestRefuse(t *testing.T) {
	for keys, want := range map[string]string{
		"budget=5 back=6": "error-budget: back must not be more than budget",
		"of=3":            "error-budget: least must not be more than of",
		"budget=100":      "error-budget: budget 100 is outside 0..99.9",
	} {
		if _, got := sdk.Try(Plugin(), keys); !slices.Equal(got, []string{want}) {
			t.Errorf("%q: got %q, want %q", keys, got, want)
		}
	}
}
