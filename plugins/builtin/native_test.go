package main

import (
	"reflect"
	"slices"
	"testing"

	"signpost/sdk"
)

// Protects every built-in policy: what its golden file says is what its Go code decides in this process.
func TestNative(t *testing.T) {
	for _, tab := range tables(t) {
		for _, g := range tab.policies {
			trial, problems := sdk.Try(tab.plugin, g.candidates...)
			want := make([]string, 0, len(g.problems))
			for _, text := range g.problems {
				want = append(want, tab.plugin.Name()+": "+text)
			}
			if slices.Sort(problems); !slices.Equal(problems, slices.Sorted(slices.Values(want))) {
				t.Errorf("%s: %q: got problems %q, want %q", g.place, g.candidates, problems, want)
			}
			if trial == nil {
				continue
			}
			for _, c := range g.cases {
				if got := trial.Decide(c.given); !reflect.DeepEqual(got, c.want) {
					t.Errorf("%s: got %+v, want %+v", c.place, got, c.want)
				}
			}
		}
	}
}
