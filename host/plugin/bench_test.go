package plugin

import (
	"slices"
	"testing"
)

// slowStart is a guest whose start section counts to count.
func slowStart(count int64) emitted {
	const opLocalTee, opSub, opBrIf = 0x22, 0x6b, 0x0d
	code := slices.Concat(i32(count), []byte{opLocalTee, 0, opDrop, opLoop, typeEmpty, 0x20, 0}, i32(1), []byte{opSub, opLocalTee, 0, opBrIf, 0, opEnd})
	return emitted{start: 5, extra: []body{{typ: typeVoid, groups: 1, locals: []byte{1, typeI32}, code: code}}}
}

// Protects authors from figures that are none: a time to compile below zero, because another start was slower than the one that it was measured
// with, and a start section that costs nothing.
func TestInspectMeasures(t *testing.T) {
	h := testHost(t)
	const count = 2_000_000
	wasm := slowStart(count).bytes()
	for range 50 {
		i, err := h.Inspect(t.Context(), wasm, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if i.Compile <= 0 || i.Start <= 0 {
			t.Fatalf("got %v to compile and %v to start, want times", i.Compile, i.Start)
		}
		if i.StartFuel < count || i.StartFuel > i.StartLimit {
			t.Fatalf("a start of %d rounds: got %d of %d fuel", count, i.StartFuel, i.StartLimit)
		}
	}
}
