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
	p, diags := h.Route(spec, Terms{})
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

// BenchmarkAdmit is the check and rewriting of a std-Go guest.
func BenchmarkAdmit(b *testing.B) {
	wasm := realWasm(b)
	b.SetBytes(int64(len(wasm)))
	for b.Loop() {
		if _, err := admit(wasm, 1024, startFuel); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart is New until Ready with a warm code cache.
func BenchmarkStart(b *testing.B) {
	wasm, dir := realWasm(b), b.TempDir()
	for b.Loop() {
		h, err := New(context.Background(), Options{Builtin: wasm, CacheDir: dir})
		if err != nil {
			b.Fatal(err)
		}
		<-h.Ready()
		if h.Err() != nil {
			b.Fatal(h.Err())
		}
		h.Close()
	}
}

func BenchmarkInstantiate(b *testing.B) {
	m := realHost().builtins["weighted"].module
	for b.Loop() {
		in, err := m.instantiate()
		if err != nil {
			b.Fatal(err)
		}
		in.close()
	}
}

// BenchmarkRoute is the control plane's work for one policy.
func BenchmarkRoute(b *testing.B) {
	h, spec := realHost(), weightedSpec([]string{"weighted"}, "1", "2", "3", "4", "5", "6", "7", "8")
	b.ReportAllocs()
	for b.Loop() {
		mustRoute(b, h, spec)
	}
}

func realWasm(t testing.TB) []byte {
	t.Helper()
	wasm, err := os.ReadFile("../../plugins/builtin.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}
