package plugin

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"signpost/host/policy"
	"signpost/sdk/abi"
)

// fuzzSeeds are modules with every construct that the rewriter knows.
func fuzzSeeds() [][]byte {
	zero := i32(0)
	return [][]byte{
		emitted{}.bytes(),
		emitted{decide: append(loop(), zero...)}.bytes(),
		emitted{decide: slices.Concat(call(5), zero), extra: callTree(5, 4)}.bytes(),
		emitted{global: 1, globals: slices.Concat([]byte{typeI32, 1}, zero, []byte{opEnd}),
			decide: slices.Concat(i32(1), []byte{opGlobalSet, 0, opGlobalGet, 0, opDrop}, zero)}.bytes(),
		emitted{tables: []byte{1, typeFuncRef, 1, 4, 8}, elements: slices.Concat([]byte{2, 0}, zero, []byte{opEnd, 2, 0, 1, 1, 0, 1, 2}),
			decide: slices.Concat(zero, zero, zero, []byte{opPrefix, opTableInit, 1, 0, opPrefix, 13, 1}, zero, []byte{opCallIndirect, typeToI32, 0})}.bytes(),
		emitted{imports: [][2]string{{wasiModule, "fd_write"}}, importAs: typeWrite}.bytes(),
		emitted{start: 5, extra: []body{{typ: typeVoid, groups: 2, locals: []byte{3, typeF64, 1, typeI32},
			code: slices.Concat([]byte{0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, opLocalTee, 0, opDrop, 0x43, 0, 0, 0, 0, opDrop, 0x02, typeEmpty}, zero,
				[]byte{opBrTable, 1, 0, 0, opEnd}, zero, []byte{opIf, typeEmpty, opElse, opEnd})}}}.bytes(),
		emitted{decide: slices.Concat(zero, zero, i32(9), []byte{opPrefix, opMemoryFill, 0}, zero, zero, i32(9), []byte{opPrefix, opMemoryCopy, 0, 0},
			i32(1), []byte{opMemoryGrow, 0, opDrop, opMemLen, 0, opDrop}, zero, zero, zero, []byte{0x1c, 1, typeI32})}.bytes(),
	}
}

// FuzzAdmit: garbage is an error and never a panic, and what wazero would run unchanged it also runs rewritten, with a fuel global.
func FuzzAdmit(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2.SetEnabled(api.CoreFeatureSIMD, false)))
	f.Fuzz(func(t *testing.T, wasm []byte) {
		rewritten, err := admit(wasm, 16, startFuel)
		if err != nil {
			return
		}
		original, originalErr := runtime.CompileModule(ctx, wasm)
		if originalErr == nil {
			original.Close(ctx)
		}
		compiled, err := runtime.CompileModule(ctx, rewritten)
		if (err == nil) != (originalErr == nil) {
			t.Fatalf("%x: rewritten: got %v, as it was: %v", wasm, err, originalErr)
		}
		if err == nil {
			compiled.Close(ctx)
		}
	})
}

// The seeds are what the fuzz target is about: each is admitted and compiles.
func TestFuzzSeedsAreValid(t *testing.T) {
	h := testHost(t)
	for i, seed := range fuzzSeeds() {
		rewritten, err := admit(seed, 16, startFuel)
		if err != nil {
			t.Errorf("seed %d: got %v, want it admitted", i, err)
			continue
		}
		if _, err := h.compileCode(context.Background(), rewritten); err != nil {
			t.Errorf("seed %d: got %v, want it to compile", i, err)
		}
	}
}

func FuzzManifest(f *testing.F) {
	low, high := 0.0, 255.0
	f.Add([]byte(manifestOf("weighted", abi.Attribute{Name: "weight", Type: abi.TypeInt, Min: &low, Max: &high, Required: true})))
	f.Add([]byte(manifestOf("x", abi.Attribute{Name: "w", Type: abi.TypeWord, Words: []string{"a"}, Default: "a"})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		manifest, err := parseManifest(raw)
		if err != nil {
			return
		}
		for _, p := range manifest.Plugins {
			for i := range p.Attributes {
				a := &p.Attributes[i]
				if _, message := a.Missing(); message != "" && !a.Required {
					t.Errorf("%q: an admitted default is refused: %s", raw, message)
				}
				if a.Required && a.Sample() == "" {
					t.Errorf("%q: no sample", raw)
				}
			}
		}
	})
}

// FuzzResult: whatever a guest leaves in its frame becomes a decision that can be drawn from, or an error.
func FuzzResult(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 255, 255, 255, 255, 24, 48}, []byte{90, 10, 0}, true)
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 33}, []byte{255}, false)
	f.Fuzz(func(t *testing.T, head, weights []byte, client bool) {
		frame := make([]byte, abi.FrameLen)
		copy(frame[abi.PickOff:], head)
		for i, weight := range weights[:min(len(weights), policy.CandidateMax)] {
			binary.LittleEndian.PutUint32(frame[abi.WeightsOff+4*i:], uint32(weight)*0x01010101)
		}
		count := max(min(len(weights), policy.CandidateMax), 1)
		w := &Worker{}
		var d policy.Decision
		d.Start(&policy.Policy{IDs: make([]string, count)}, nil, nil)
		var wants policy.Wants
		if client {
			wants = policy.WantsClient
		}
		s := &step{plugin: &plugin{wants: wants}, candidateCount: count}
		if err := w.readResult(frame, s, &policy.Facts{}, &d); err != nil {
			return
		}
		d.Finish()
		if d.Pick < 1 || d.Pick > policy.CandidateMax || d.Scope4 > 32 || d.Scope6 > 128 || !client && d.Scope4|d.Scope6 != 0 {
			t.Errorf("%x %x: got %+v", head, weights, d)
		}
		for _, random := range []uint64{0, 1 << 63, 1<<64 - 1} {
			i := d.Draw(random)
			if d.Total == 0 != (i == -1) || i >= 0 && d.Weights[i] == 0 {
				t.Errorf("%x: drew %d from %+v", random, i, d)
			}
		}
	})
}
