package plugin

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"signpost/host/policy"
)

// testHost returns a Host without built-ins.
func testHost(t testing.TB) *Host {
	t.Helper()
	h, err := New(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	<-h.Ready()
	t.Cleanup(h.Close)
	return h
}

func mustLoad(t testing.TB, h *Host, name string, wasm []byte) {
	t.Helper()
	if err := h.Load(context.Background(), name, wasm, Limits{Memory: 1 << 20}); err != nil {
		t.Fatal(err)
	}
}

// plainSpec is a policy of candidates without attributes.
func plainSpec(count int, chain ...string) *policy.Spec {
	spec := weightedSpec(chain, make([]string, count)...)
	for i := range spec.Candidates {
		spec.Candidates[i].Attrs = nil
	}
	return spec
}

func infoOf(t testing.TB, h *Host, name string) Info {
	t.Helper()
	for _, info := range h.Plugins() {
		if info.Name == name {
			return info
		}
	}
	t.Fatalf("no plugin %s in %v", name, h.Plugins())
	return Info{}
}

func weightsOf(d *policy.Decision) string { return strings.Trim(fmt.Sprint(d.Weights), "[]") }
