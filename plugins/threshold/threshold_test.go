package threshold

import (
	"testing"

	"signpost/sdk"
)

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		given      sdk.Evidence
		want       sdk.Opinion
	}{
		{"the first success is enough to start with", "", sdk.Evidence{Seen: []string{"+"}}, sdk.Opinion{Share: 100, State: sdk.Up, Reason: "successes in a row: 1"}},
		{"the first failure too", "", sdk.Evidence{Seen: []string{"-"}}, sdk.Opinion{Share: 100, State: sdk.Down, Reason: "failures in a row: 1"}},
		{"two failures are too few", "", sdk.Evidence{Before: sdk.Up, Seen: []string{"--++"}}, sdk.Opinion{Share: 100, State: sdk.Up}},
		{"three are enough", "", sdk.Evidence{Before: sdk.Up, Seen: []string{"---+"}}, sdk.Opinion{Share: 100, State: sdk.Down, Reason: "failures in a row: 3"}},
		{"a success between", "", sdk.Evidence{Before: sdk.Up, Seen: []string{"--+-"}}, sdk.Opinion{Share: 100, State: sdk.Up}},
		{"fall=1", "fall=1", sdk.Evidence{Before: sdk.Up, Seen: []string{"-++"}}, sdk.Opinion{Share: 100, State: sdk.Down, Reason: "failures in a row: 1"}},
		{"two successes are too few", "", sdk.Evidence{Before: sdk.Down, Seen: []string{"++-"}}, sdk.Opinion{Share: 100, State: sdk.Down}},
		{"rise=2", "rise=2", sdk.Evidence{Before: sdk.Down, Seen: []string{"++-"}}, sdk.Opinion{Share: 100, State: sdk.Up, Reason: "successes in a row: 2"}},
		{"nothing seen", "", sdk.Evidence{Before: sdk.Down, Seen: []string{""}}, sdk.Opinion{Share: 100, State: sdk.Down}},
		{"18 of 100 vantage points are not more than 18 %", "", sdk.Evidence{Before: sdk.Up, Seen: vantages(9, 41)}, sdk.Opinion{Share: 100, State: sdk.Down, Reason: "18 % of the vantage points say up"}},
		{"one more is", "", sdk.Evidence{Before: sdk.Down, Seen: vantages(10, 40)}, sdk.Opinion{Share: 100, State: sdk.Up, Reason: "20 % of the vantage points say up"}},
	} {
		trial, problems := sdk.Try(Plugin(), c.keys)
		if problems != nil {
			t.Fatalf("%s: got %v, want no problems", c.name, problems)
		}
		if got := trial.Judge(c.given); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func vantages(up, down int) (list []string) {
	for range up {
		list = append(list, "u")
	}
	for range down {
		list = append(list, "d")
	}
	return list
}
