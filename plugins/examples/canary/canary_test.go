package main

import (
	"net/netip"
	"slices"
	"testing"

	"signpost/sdk"
)

// Protects the promise: the percentage is of the networks, and a larger one takes nobody away.
func TestPercent(t *testing.T) {
	networks := 20_000
	var before []bool
	for _, percent := range []string{"0", "5", "20", "20.5", "100"} {
		trial, problems := sdk.Try(Plugin(), "id=canary percent="+percent, "id=production")
		if trial == nil {
			t.Fatalf("refused: %q", problems)
		}
		after, count := make([]bool, networks), 0
		for i := range after {
			client := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
			after[i] = trial.Decide(sdk.Given{Client: client}).Weights[0] > 0
			if after[i] {
				count++
			}
			if before != nil && before[i] && !after[i] {
				t.Errorf("percent=%s: %s sees production again", percent, client)
			}
		}
		t.Logf("percent=%s: %d of %d networks", percent, count, networks)
		want := map[string]int{"0": 0, "5": 1000, "20": 4000, "20.5": 4100, "100": 20_000}[percent]
		if off := max(count-want, want-count); off > 200 {
			t.Errorf("percent=%s: got %d of %d networks, want %d, 200 more or less", percent, count, networks, want)
		}
		before = after
	}
}

func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"percent=10"}, "canary: a candidate without percent must be there for everybody else"},
		{[]string{"percent=60", "percent=50", ""}, "canary: percent: with this candidate 110 % of the networks are given away"},
	} {
		if _, got := sdk.Try(Plugin(), c.lines...); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%q: got %q, want %q", c.lines, got, c.want)
		}
	}
}
