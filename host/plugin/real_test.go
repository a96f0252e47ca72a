package plugin

import (
	"context"
	"os"
	"sync"
	"testing"

	"signpost/host/diag"
	"signpost/host/policy"
)

// realHost is one Host with the built-in guest for all tests: compiling it takes a second.
var realHost = sync.OnceValue(func() *Host {
	wasm, err := os.ReadFile("../../plugins/builtin.wasm")
	if err != nil {
		panic(err)
	}
	h, err := New(context.Background(), Options{Builtin: wasm})
	if err != nil {
		panic(err)
	}
	<-h.Ready()
	if h.Err() != nil {
		panic(h.Err())
	}
	return h
})

// weightedSpec returns a Spec with one candidate for each weight.
func weightedSpec(chain []string, weights ...string) *policy.Spec {
	spec := &policy.Spec{Owner: "app.example.com.", Type: 1, Chain: chain}
	for i, weight := range weights {
		at := func(col int) diag.Pos { return diag.Pos{File: "example.com.zone", Line: 10 + i, Col: col} }
		spec.Candidates = append(spec.Candidates, policy.Candidate{
			ID: string(rune('a' + i)), Pos: at(1), ChainPos: at(25),
			Attrs: []policy.Attr{{Key: "weight", Value: weight, KeyPos: at(34), ValuePos: at(41)}},
		})
	}
	return spec
}

func mustRoute(t testing.TB, h *Host, spec *policy.Spec) *policy.Policy {
	t.Helper()
	p, diags := h.Route(spec)
	if p == nil {
		t.Fatalf("Route: got %v, want a policy", diags)
	}
	return p
}

func BenchmarkDecide(b *testing.B) {
	for name, weights := range map[string][]string{
		"weighted-2": {"90", "10"},
		"weighted-8": {"1", "2", "3", "4", "5", "6", "7", "8"},
	} {
		b.Run(name, func(b *testing.B) {
			h := realHost()
			p := mustRoute(b, h, weightedSpec([]string{"weighted"}, weights...))
			w := h.NewWorker()
			defer w.Close()
			var f policy.Facts
			var d policy.Decision
			w.Decide(p, &f, &d)
			b.ReportAllocs()
			for b.Loop() {
				w.Decide(p, &f, &d)
			}
			if d.Fallback {
				b.Fatal(h.Plugins())
			}
			b.ReportMetric(float64(d.Fuel), "fuel/op")
		})
	}
}
