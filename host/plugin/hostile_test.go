package plugin

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"signpost/host/policy"
	"signpost/sdk/abi"
)

// callTree is functions that call their successor twice: 2^depth calls without a loop. They start at index first.
func callTree(first uint32, depth int) []body {
	var tree []body
	for i := range depth {
		next := call(first + uint32(i) + 1)
		tree = append(tree, body{typ: typeVoid, code: slices.Concat(next, next)})
	}
	return append(tree, body{typ: typeVoid, code: []byte{0x01}})
}

// hostileGuest is a guest that does harm in decide, and why it is stopped.
type hostileGuest struct {
	name   string
	guest  emitted
	reason string
}

// hostileGuests are all the ways that are known to spend time or memory in decide, or to lie about the result.
func hostileGuests() []hostileGuest {
	zero := i32(0)
	segment := name(strings.Repeat("x", 60_000))
	return []hostileGuest{
		{"endless loop", emitted{decide: append(loop(), zero...)}, "decide: fuel is spent"},
		{"loop-free call tree", emitted{decide: slices.Concat(call(5), zero), extra: callTree(5, 60)}, "decide: fuel is spent"},
		{"deep recursion", emitted{decide: slices.Concat(call(5), zero), extra: []body{{typ: typeVoid, code: call(5)}}}, "decide: fuel is spent"},
		{"recursion with many locals", emitted{decide: slices.Concat(call(5), zero),
			extra: []body{{typ: typeVoid, groups: 1, locals: append(appendU32(nil, 9000), typeI64), code: call(5)}}}, "decide: fuel is spent"},
		{"indirect recursion", emitted{decide: slices.Concat(call(5), zero), tables: []byte{1, typeFuncRef, 0, 1},
			elements: slices.Concat([]byte{1, 0}, zero, []byte{opEnd, 1, 5}),
			extra:    []body{{typ: typeVoid, code: slices.Concat(zero, []byte{opCallIndirect, typeVoid, 0})}}}, "decide: fuel is spent"},
		{"memory.grow by one for ever", emitted{decide: append(loop(slices.Concat(i32(1), []byte{opMemoryGrow, 0, opDrop})...), zero...)}, "decide: fuel is spent"},
		{"memory.grow by all", emitted{decide: append(loop(slices.Concat(i32(65535), []byte{opMemoryGrow, 0, opDrop})...), zero...)}, "decide: fuel is spent"},
		{"memory.grow by a negative number", emitted{decide: append(loop(slices.Concat(i32(-1), []byte{opMemoryGrow, 0, opDrop})...), zero...)}, "decide: fuel is spent"},
		{"memory.fill for ever", emitted{decide: append(loop(slices.Concat(zero, zero, i32(200_000), []byte{opPrefix, opMemoryFill, 0})...), zero...)}, "decide: fuel is spent"},
		{"memory.copy for ever", emitted{decide: append(loop(slices.Concat(zero, i32(8), i32(200_000), []byte{opPrefix, opMemoryCopy, 0, 0})...), zero...)}, "decide: fuel is spent"},
		{"memory.fill beyond the end", emitted{decide: slices.Concat(zero, zero, i32(1<<20), []byte{opPrefix, opMemoryFill, 0}, zero)}, "decide: out of bounds memory access"},
		{"table.copy for ever", emitted{tables: []byte{1, typeFuncRef, 0, 0x80, 0x80, 2},
			decide: append(loop(slices.Concat(zero, i32(1), i32(30_000), []byte{opPrefix, opTableCopy, 0, 0})...), zero...)}, "decide: fuel is spent"},
		{"loop with a branch table", emitted{decide: slices.Concat([]byte{opLoop, typeEmpty}, zero, []byte{opBrTable, 2, 0, 0, 0, opEnd}, zero)}, "decide: fuel is spent"},
		{"loop inside a dead block", emitted{decide: slices.Concat([]byte{0x02, typeEmpty}, loop(), []byte{opEnd}, zero)}, "decide: fuel is spent"},
		{"host calls for ever", emitted{imports: [][2]string{{wasiModule, "sched_yield"}}, importAs: typeToI32,
			decide: append(loop(slices.Concat(call(0), []byte{opDrop})...), zero...)}, "decide: fuel is spent"},
		{"unreachable", emitted{decide: []byte{opUnreachable}}, "decide: unreachable"},
		{"division by zero", emitted{decide: slices.Concat(i32(1), zero, []byte{0x6d})}, "decide: integer divide by zero"},
		{"a load outside the memory", emitted{decide: slices.Concat(i32(-8), []byte{0x28, 2, 0})}, "decide: out of bounds memory access"},
		{"it cannot", emitted{decide: i32(3)}, "decide: the plugin said that it cannot (3)"},
		{"a scope longer than an address", emitted{decide: slices.Concat(weigh(1, 1), []byte{opDrop}, store(emitFrame+abi.Scope4Off, 33), zero)},
			"decide: a scope of 33 or 0 bits is longer than an address"},
		{"a scope longer than a v6 address", emitted{decide: slices.Concat(weigh(1, 1), []byte{opDrop}, store(emitFrame+abi.Scope4Off, 129<<8), zero)},
			"decide: a scope of 0 or 129 bits is longer than an address"},
		{"a scope that is neither known nor unsaid", emitted{decide: slices.Concat(weigh(1, 1), []byte{opDrop}, store(emitFrame+abi.Scope4Off, 254), zero)},
			"decide: a scope of 254 or 0 bits is longer than an address"},
		{"memory.init for ever", emitted{data: slices.Concat([]byte{2, 0}, i32(emitManifest), []byte{opEnd}, name(manifestOf("guest")), []byte{1}, segment), dataCount: 2,
			decide: append(loop(slices.Concat(zero, zero, i32(60_000), []byte{opPrefix, opMemoryInit, 1, 0})...), zero...)}, "decide: fuel is spent"},
		{"square roots for ever", emitted{decide: append(loop(0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x9f, 0x9f, 0x9f, 0x9f, opDrop), zero...)}, "decide: fuel is spent"},
		{"divisions for ever", emitted{decide: append(loop(slices.Concat(i64(-1), i64(3), []byte{0x7f}, i64(7), []byte{0x7f}, i64(9), []byte{0x81, opDrop})...), zero...)}, "decide: fuel is spent"},
		{"loads across its memory", emitted{memory: []byte{0, 15}, decide: slices.Concat([]byte{opLoop, typeEmpty, opLocalGet, 0},
			i32(4096+64), []byte{0x6a}, i32(0x7ffff), []byte{0x71, opLocalTee, 0, 0x28, 2, 0, opDrop, opBr, 0, opEnd}, zero)}, "decide: fuel is spent"},
		{"a tree of indirect calls", emitted{decide: slices.Concat(call(5), zero), tables: []byte{1, typeFuncRef, 0, 1},
			elements: slices.Concat([]byte{1, 0}, zero, []byte{opEnd, 1, 5}),
			extra:    []body{{typ: typeVoid, code: slices.Repeat(slices.Concat(zero, []byte{opCallIndirect, typeVoid, 0}), 2)}}}, "decide: fuel is spent"},
		{"leaves the process", emitted{imports: [][2]string{{wasiModule, "proc_exit"}}, importAs: typeExit, decide: slices.Concat(zero, call(0), zero)}, "decide: module closed with exit_code(0)"},
		{"tables of functions of another type", emitted{tables: []byte{1, typeFuncRef, 0, 1}, elements: slices.Concat([]byte{1, 0}, zero, []byte{opEnd, 1, 0}),
			decide: slices.Concat(zero, []byte{opCallIndirect, typeVoid, 0}, zero)}, "decide: indirect call type mismatch"},
	}
}

// Every way to spend time or memory in decide ends when the fuel does: the decision falls back, and nothing else happens. What it takes at worst is
// in BenchmarkHostile.
func TestDecideIsBounded(t *testing.T) {
	for _, c := range hostileGuests() {
		t.Run(c.name, func(t *testing.T) {
			h := testHost(t)
			mustLoad(t, h, "guest", c.guest.bytes())
			p := mustRoute(t, h, plainSpec(3, "guest"))
			w := h.NewWorker()
			var d policy.Decision
			facts := policy.Facts{Health: []policy.Health{policy.Up, policy.Down, policy.Up}}
			w.Decide(p, &facts, &d)
			if !d.Fallback || weightsOf(&d) != "1 0 1" || d.Total != 2 {
				t.Errorf("got %+v, want the fallback 1 0 1", d)
			}
			info := infoOf(t, h, "guest")
			if !strings.HasPrefix(info.LastError, c.reason) || info.Strikes != 1 || info.Fallbacks != 1 || info.Decisions != 0 {
				t.Errorf("got %+v, want one strike: %s", info, c.reason)
			}
			w.Close()
			if got := h.instances.Load(); got > 2 { // the control plane's, and a spare
				t.Errorf("got %d instances, want the hostile one gone", got)
			}
		})
	}
}

// Machines for which wazero has no compiler interpret; the limits are the same.
func TestInterpreterIsBounded(t *testing.T) {
	h, err := newHost(context.Background(), Options{}, wazero.NewRuntimeConfigInterpreter())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	<-h.Ready()
	mustLoad(t, h, "guest", emitted{decide: append(loop(), i32(0)...)}.bytes())
	mustLoad(t, h, "good", emitted{manifest: manifestOf("good"), decide: weigh(3, 4)}.bytes())
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	if w.Decide(mustRoute(t, h, plainSpec(2, "guest")), &policy.Facts{}, &d); !d.Fallback || !strings.HasPrefix(infoOf(t, h, "guest").LastError, "decide: fuel is spent (limit ") {
		t.Errorf("endless loop: got %+v, %+v, want the fallback", d, infoOf(t, h, "guest"))
	}
	if w.Decide(mustRoute(t, h, plainSpec(2, "good")), &policy.Facts{}, &d); d.Fallback || weightsOf(&d) != "3 4" {
		t.Errorf("good guest: got %+v, want 3 4", d)
	}
}

// What a guest may do at most in one call is its fuel. A guest that stays inside is charged for what it did.
func TestFuelIsCounted(t *testing.T) {
	h := testHost(t)
	// A loop of n passes: local 1 counts up to the candidate count × 1000.
	passes := slices.Concat(
		[]byte{opLoop, typeEmpty, opLocalGet, 1}, i32(1), []byte{0x6a, opLocalTee, 1}, i32(10_000), []byte{0x48, opBrIf, 0, opEnd},
	)
	wasm := emitted{decide: slices.Concat(call(5), []byte{opDrop}, weigh(1, 1)),
		extra: []body{{typ: typeToI32, groups: 1, locals: []byte{2, typeI32}, code: append(passes, i32(0)...)}}}.bytes()
	mustLoad(t, h, "guest", wasm)
	p := mustRoute(t, h, plainSpec(2, "guest"))
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	w.Decide(p, &policy.Facts{}, &d)
	if d.Fallback || d.Fuel < 60_000 || d.Fuel > 90_000 {
		t.Errorf("10,000 passes of 7 instructions: got %d of fuel (fallback %v), want about 70,000", d.Fuel, d.Fallback)
	}
	first := d.Fuel
	w.Decide(p, &policy.Facts{}, &d)
	if d.Fuel != first {
		t.Errorf("the same decision again: got %d of fuel, want %d", d.Fuel, first)
	}
	if info := infoOf(t, h, "guest"); info.Fuel != 2*first || info.Decisions != 2 {
		t.Errorf("got %+v, want 2 decisions and %d of fuel", info, 2*first)
	}
}

// A module that cannot be a plugin, or that could escape its limits, is refused with the reason.
func TestAdmissionRefuses(t *testing.T) {
	zero := i32(0)
	dead := func(code ...byte) emitted { return emitted{extra: []body{{typ: typeVoid, code: code}}} }
	manyLocals := append(appendU32(nil, 1000), typeI64)
	var blocks []byte
	for range 300 {
		blocks = append(blocks, 0x02, typeEmpty, opEnd)
	}
	var targets []byte
	for range 40 {
		targets = slices.Concat(targets, []byte{0x02, typeEmpty}, zero, append([]byte{opBrTable, 100}, make([]byte, 101)...), []byte{opEnd})
	}
	for _, c := range []struct {
		name  string
		wasm  []byte
		error string
	}{
		{"empty", nil, "not a WebAssembly module"},
		{"text", []byte("(module)"), "not a WebAssembly module"},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), "not a WebAssembly module"},
		{"not a plugin", emitted{without: abi.ExportMarker}.bytes(), "not a Signpost plugin: it does not export signpost_abi_v1"},
		{"another version", bytes.Replace(emitted{}.bytes(), []byte("signpost_abi_v1"), []byte("signpost_abi_v2"), 1),
			`it exports "signpost_abi_v2", and this Signpost speaks signpost_abi_v1`},
		{"no decide", emitted{without: abi.ExportDecide}.bytes(), "it does not export a function signpost_decide"},
		{"no memory", emitted{without: abi.ExportMemory}.bytes(), "it does not export its memory"},
		{"wrong signature", emitted{decideAs: typeConfigure, decide: i64(0)}.bytes(), "signpost_decide has signature (i32, i32, i32, i32) → i64 instead of (i32) → i32"},
		{"unknown import", emitted{imports: [][2]string{{"env", "now"}}}.bytes(), `import "env"."now" is not offered`},
		{"unknown wasi import", emitted{imports: [][2]string{{wasiModule, "path_walk"}}}.bytes(), `"path_walk" is not offered`},
		{"import with a wrong type", emitted{imports: [][2]string{{wasiModule, "sched_yield"}}, importAs: typeConfigure}.bytes(), "signature mismatch"},
		{"writes the fuel", dead(slices.Concat(i64(1<<40), []byte{opGlobalSet, 0})...).bytes(), "unknown global 0"},
		{"reads the fuel", dead(opGlobalGet, 0, opDrop).bytes(), "unknown global 0"},
		{"writes the meter's local", dead(slices.Concat(i64(1), []byte{opLocalSet, 0})...).bytes(), "unknown local 0"},
		{"an import of a global", emitted{importsRaw: slices.Concat([]byte{1}, name("env"), name("g"), []byte{3, typeI64, 1})}.bytes(), `import "env"."g" is not offered`},
		{"an import of a global from wasi", emitted{importsRaw: slices.Concat([]byte{1}, name(wasiModule), name("sched_yield"), []byte{3, typeI64, 1})}.bytes(), `"sched_yield" is not offered`},
		{"an import of a memory", emitted{importsRaw: slices.Concat([]byte{1}, name("env"), name("memory"), []byte{2, 0, 1})}.bytes(), `import "env"."memory" is not offered`},
		{"an import of a table", emitted{importsRaw: slices.Concat([]byte{1}, name("env"), name("t"), []byte{1, typeFuncRef, 0, 1})}.bytes(), `import "env"."t" is not offered`},
		{"a global of its own with the fuel's name", emitted{global: 1, globals: slices.Concat([]byte{typeI64, 1}, i64(0), []byte{opEnd}),
			export: 1, exports: append(name(fuelExport), 3, 0)}.bytes(), "export \"signpost_fuel\" is not allowed"},
		{"a global that begins as the fuel", emitted{global: 1, globals: []byte{typeI64, 1, opGlobalGet, 1, opEnd}}.bytes(), "global"},
		{"data that begin where the fuel says", emitted{data: []byte{1, 0, opGlobalGet, 0, opEnd, 0}}.bytes(), "global"},
		{"two exports of one name", emitted{export: 1, exports: append(name(abi.ExportDecide), externFunction, 4)}.bytes(), "signpost_decide"},
		{"a start function that traps", emitted{start: 5, extra: dead(opUnreachable).extra}.bytes(), "start: "},
		{"an _initialize that traps", emitted{extra: dead(opUnreachable).extra, export: 1, exports: append(name("_initialize"), externFunction, 5)}.bytes(), "_initialize: unreachable"},
		{"an _initialize that fills the memory", emitted{extra: dead(loop(slices.Concat(i32(1), []byte{opMemoryGrow, 0, opDrop})...)...).extra, export: 1,
			exports: append(name("_initialize"), externFunction, 5)}.bytes(), "_initialize: fuel is spent"},
		{"exports the fuel", emitted{export: 1, exports: append(name("tank"), 3, 0)}.bytes(), `export "tank" is not allowed`},
		{"takes the fuel's name", emitted{export: 1, exports: append(name(fuelExport), externFunction, 0)}.bytes(), "export \"signpost_fuel\" is not allowed"},
		{"SIMD", dead(0xfd, 0x0c, 0).bytes(), "opcode 0xfd (SIMD) is not allowed"},
		{"threads", dead(0xfe, 0x03, 0).bytes(), "opcode 0xfe (threads) is not allowed"},
		{"tail call", dead(0x12, 0).bytes(), "opcode 0x12 (tail calls) is not allowed"},
		{"exceptions", dead(0x06, typeEmpty, opEnd).bytes(), "opcode 0x6 (exception handling) is not allowed"},
		{"table.grow", emitted{tables: []byte{1, typeFuncRef, 0, 1}, extra: []body{{typ: typeVoid,
			code: slices.Concat([]byte{opRefNull, typeFuncRef}, i32(50_000_000), []byte{opPrefix, 15, 0, opDrop})}}}.bytes(), "opcode 0xfc 15 is not allowed"},
		{"table.fill", emitted{tables: []byte{1, typeFuncRef, 0, 1}, extra: []body{{typ: typeVoid,
			code: slices.Concat(zero, []byte{opRefNull, typeFuncRef}, zero, []byte{opPrefix, 17, 0})}}}.bytes(), "opcode 0xfc 17 is not allowed"},
		{"huge table", emitted{tables: appendU32([]byte{1, typeFuncRef, 0}, 100_000_000)}.bytes(), "tables of 100000000 entries are larger than 65536"},
		{"huge memory", emitted{memory: appendU32([]byte{0}, 2000)}.bytes(), "memory of 128000 KiB is more than the limit of 1024 KiB"},
		{"shared memory", emitted{memory: []byte{3, 1, 1}}.bytes(), "limits of kind 3"},
		{"64-bit memory", emitted{memory: []byte{4, 1}}.bytes(), "limits of kind 4"},
		{"too many locals", emitted{extra: []body{{typ: typeVoid, groups: 1, locals: append(appendU32(nil, 1<<31), typeI64)}}}.bytes(), "more than 10000 locals"},
		{"compile bomb of blocks", emitted{extra: []body{{typ: typeVoid, groups: 1, locals: manyLocals, code: blocks}}}.bytes(), "too complex to compile safely: 1000 locals, 300 blocks, 0 loops, 0 branch targets"},
		{"compile bomb of branch targets", emitted{extra: []body{{typ: typeVoid, groups: 1, locals: manyLocals, code: targets}}}.bytes(), "too complex to compile safely"},
		{"compile bomb of many functions", emitted{extra: slices.Repeat([]body{{typ: typeVoid, groups: 1, locals: append(appendU32(nil, 600), typeI64), code: blocks}}, 30)}.bytes(), "too complex to compile safely"},
		{"compile bomb of loops", dead(slices.Repeat([]byte{opLoop, typeEmpty, opEnd}, 301)...).bytes(), "too complex to compile safely: 0 locals, 301 blocks, 301 loops"},
		{"compile bomb of nested loops", dead(slices.Concat(slices.Repeat([]byte{opLoop, typeEmpty}, 33), slices.Repeat([]byte{opEnd}, 33))...).bytes(), "loops deeper than 32"},
		{"compile bomb of branches", dead(slices.Concat([]byte{0x02, typeEmpty}, slices.Repeat([]byte{opBr, 0}, 10_001), []byte{opEnd})...).bytes(), "10001 branch targets"},
		{"deep nesting", dead(slices.Concat(slices.Repeat([]byte{0x02, typeEmpty}, 20_000), slices.Repeat([]byte{opEnd}, 20_000))...).bytes(), "nested deeper"},
		{"elements that are not there", emitted{tables: []byte{1, typeFuncRef, 0, 1}, elements: appendU32(nil, 1<<31)}.bytes(), "elements in"},
		{"data that is not there", emitted{data: appendU32(nil, 1<<31)}.bytes(), "elements in"},
		{"types that are not there", emitted{types: appendU32(nil, 1<<31)}.bytes(), "elements in"},
		{"garbage collection types", emitted{types: []byte{1, 0x5f, 0, 0}}.bytes(), "is not allowed"},
		{"a start function that loops", emitted{start: 5, extra: []body{{typ: typeVoid, code: loop()}}}.bytes(), "start: "},
		{"an _initialize that loops", emitted{extra: []body{{typ: typeVoid, code: loop()}}, export: 1,
			exports: append(name("_initialize"), externFunction, 5)}.bytes(), "_initialize: fuel is spent"},
		{"an _initialize with parameters", emitted{export: 1, exports: append(name("_initialize"), externFunction, 4)}.bytes(), "_initialize has signature (i32) → i32 instead of ()"},
		{"trap in the marker", emitted{marker: []byte{opUnreachable}}.bytes(), "signpost_abi_v1: unreachable"},
		{"frame outside", emitted{marker: i32(4*65536 - 8)}.bytes(), "is not inside the guest's memory"},
		{"frame at an odd address", emitted{marker: i32(1025)}.bytes(), "a multiple of 8"},
		{"trap in describe", emitted{describe: []byte{opUnreachable}}.bytes(), "signpost_describe: unreachable"},
		{"describe loops", emitted{describe: append(loop(), i64(0)...)}.bytes(), "signpost_describe: fuel is spent"},
		{"manifest outside", emitted{describe: i64(0x7fff_0000<<32 | 100)}.bytes(), "is not inside the guest's memory"},
		{"manifest across the end", emitted{describe: i64((4*65536-4)<<32 | 100)}.bytes(), "is not inside the guest's memory"},
		{"absurd manifest length", emitted{describe: i64(0xffff_ffff)}.bytes(), "a result of 4294967295 bytes is longer than 262144"},
		{"NaN in the manifest", emitted{manifest: strings.Replace(manifestOf("guest", abi.Attribute{Name: "w", Type: abi.TypeFloat, Doc: "#"}), `"doc":"#"`, `"doc":"","min":NaN`, 1)}.bytes(),
			"manifest: invalid character 'N'"},
		{"a bound beyond all numbers", emitted{manifest: strings.Replace(manifestOf("guest", abi.Attribute{Name: "w", Type: abi.TypeFloat, Doc: "#"}), `"doc":"#"`, `"doc":"","max":1e999`, 1)}.bytes(),
			"manifest: json: cannot unmarshal number 1e999"},
		{"NaN by default", emitted{manifest: manifestOf("guest", abi.Attribute{Name: "w", Type: abi.TypeFloat, Default: "NaN"})}.bytes(), `default: w "NaN" is not a number`},
		{"manifest is not JSON", emitted{manifest: "hello"}.bytes(), "manifest: invalid character"},
		{"another name", emitted{manifest: manifestOf("other")}.bytes(), "the module holds no plugin of that name but other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := testHost(t)
			err := h.Load(context.Background(), "guest", c.wasm, Limits{Memory: 1 << 20})
			if err == nil || !strings.Contains(err.Error(), c.error) {
				t.Errorf("got %v, want an error with %q", err, c.error)
			}
			if strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("got %q, want one line", err)
			}
			if got := h.instances.Load(); got != 0 || len(h.Plugins()) != 0 {
				t.Errorf("got %d instances and plugins %v, want none left", got, h.Plugins())
			}
		})
	}
}

// A guest that misbehaves while a policy is validated refuses the policy with a diagnostic at its place.
func TestConfigureIsBounded(t *testing.T) {
	attribute := abi.Attribute{Name: "weight", Type: abi.TypeInt}
	problems := func(list ...abi.Problem) []byte {
		var raw []byte
		for _, p := range list {
			raw = abi.AppendProblem(raw, p)
		}
		return raw
	}
	at := func(raw []byte) emitted { // configure returns raw, which lies behind the manifest
		return emitted{manifest: manifestOf("guest", attribute), config: i64(50_000<<32 | int64(len(raw))),
			data: slices.Concat([]byte{2, 0}, i32(emitManifest), []byte{opEnd}, name(manifestOf("guest", attribute)), []byte{0}, i32(50_000), []byte{opEnd}, name(string(raw)))}
	}
	with := func(e emitted) emitted { e.manifest = manifestOf("guest", attribute); return e }
	for _, c := range []struct {
		name  string
		guest emitted
		want  string
	}{
		{"trap", with(emitted{config: []byte{opUnreachable}}), "example.com.zone:10:25: guest: the plugin failed on this policy: unreachable"},
		{"loop", with(emitted{config: append(loop(), i64(0)...)}), "example.com.zone:10:25: guest: the plugin failed on this policy: fuel is spent"},
		{"trap in alloc", with(emitted{alloc: []byte{opUnreachable}}), "example.com.zone:10:25: guest: the plugin failed on this policy: unreachable"},
		{"alloc outside", with(emitted{alloc: i32(-100)}), "a buffer at 0xffffff9c of"},
		{"problems outside", with(emitted{config: i64(-1<<32 | 50)}), "a result at 0xffffffff of 50 bytes is not inside the guest's memory"},
		{"absurd length of problems", with(emitted{config: i64(0x7fff_ffff)}), "a result of 2147483647 bytes is longer than 65536"},
		{"malformed problems", at([]byte("short")), "malformed problems"},
		{"a candidate that does not exist", at(problems(abi.Problem{Candidate: 2})), "malformed problems"},
		{"an attribute that does not exist", at(problems(abi.Problem{Candidate: 1, Attribute: 1})), "malformed problems"},
		{"a problem with a value", at(problems(abi.Problem{Candidate: 1, Attribute: 0, Text: "too odd"})), "example.com.zone:11:41: guest: too odd"},
		{"a problem with a candidate", at(problems(abi.Problem{Candidate: 1, Attribute: -1, Text: "alone"})), "example.com.zone:11:25: guest: alone"},
		{"a problem with all", at(problems(abi.Problem{Candidate: -1, Attribute: -1, Text: "all\x1b[1m wrong"})), "example.com.zone:10:25: guest: all�[1m wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := testHost(t)
			mustLoad(t, h, "guest", c.guest.bytes())
			p, diags := h.Route(weightedSpec([]string{"guest"}, "1", "2"), Terms{})
			if p != nil || len(diags) != 1 || !strings.Contains(diags[0].String(), c.want) {
				t.Errorf("got %v %v, want %q", p, diags, c.want)
			}
		})
	}
}

// Weights that overflow when they are multiplied keep their shares; picks beyond all candidates and TTLs of zero are what they are; and a number that
// is none never gets to a guest.
func TestExtremeResults(t *testing.T) {
	h := testHost(t)
	extreme := slices.Concat(store(emitFrame+abi.PickOff, -1), store(emitFrame+abi.TTLCapOff, 0),
		store(emitFrame+abi.WeightsOff, -1), store(emitFrame+abi.WeightsOff+4, 0x7fffffff), store(emitFrame+abi.WeightsOff+8, 1), i32(0))
	chain := make([]string, 0, chainMax)
	for _, guest := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		mustLoad(t, h, guest, emitted{manifest: manifestOf(guest), decide: extreme}.bytes())
		chain = append(chain, guest)
	}
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	w.Decide(mustRoute(t, h, plainSpec(3, chain...)), &policy.Facts{}, &d)
	if d.Fallback || d.Weights[0] < 1<<31 || d.Weights[1] < d.Weights[0]/300 || d.Weights[1] > d.Weights[0]/200 || d.Weights[2] != 1 || d.TTLCap != 0 || d.Pick != policy.CandidateMax {
		t.Errorf("got %+v, want shares of 256 : 1 : almost nothing", d)
	}
	mustLoad(t, h, "guest", emitted{manifest: manifestOf("guest", abi.Attribute{Name: "weight", Type: abi.TypeFloat})}.bytes())
	for _, text := range []string{"NaN", "nan", "inf", "-Inf", "1e999", "0x1p1", "1_0", ""} {
		if p, diags := h.Route(weightedSpec([]string{"guest"}, text), Terms{}); p != nil || len(diags) != 1 || diags[0].Pos.Col != 41 {
			t.Errorf("weight=%s: got %v %v, want it refused in its place", text, p, diags)
		}
	}
}

// A loop around a br_table, which is how Go compiles every function with a jump back, pays for the piece that a pass runs and not for the others.
func TestPiecesPayForThemselves(t *testing.T) {
	const passes, long, longer = 100, 150, 450
	nops := func(count int) []byte { return slices.Repeat([]byte{0x01}, count) }
	local := func(op byte) []byte { return []byte{op, 0} }
	run := func(piece byte) uint64 {
		h := testHost(t)
		code := slices.Concat(
			i32(passes), local(opLocalSet),
			[]byte{opLoop, typeEmpty, opBlock, typeEmpty, opBlock, typeEmpty, opBlock, typeEmpty},
			i32(int64(piece)), []byte{opBrTable, 2, 0, 1, 1, opEnd},
			nops(long), []byte{opBr, 1, opEnd},
			nops(longer), []byte{opEnd},
			local(opLocalGet), i32(1), []byte{0x6b}, local(opLocalTee), []byte{opBrIf, 0, opEnd}, i32(0))
		mustLoad(t, h, "guest", emitted{decide: slices.Concat(call(5), []byte{opDrop}, weigh(1)),
			extra: []body{{typ: typeToI32, groups: 1, locals: []byte{1, typeI32}, code: code}}}.bytes())
		w := h.NewWorker()
		defer w.Close()
		var d policy.Decision
		if w.Decide(mustRoute(t, h, plainSpec(1, "guest")), &policy.Facts{}, &d); d.Fallback {
			t.Fatalf("piece %d: the plugin failed", piece)
		}
		return d.Fuel
	}
	for piece, length := range []int{long, longer} {
		if got, least := run(byte(piece)), uint64(passes*length); got < least || got > least+30*passes {
			t.Errorf("%d passes of a piece of %d instructions: got %d of fuel, want %d and at most 30 more a pass", passes, length, got, least)
		}
	}
}

// A module that tries to refill its own fuel runs as long as any other.
func TestFuelCannotBeRefilled(t *testing.T) {
	h := testHost(t)
	refill := slices.Concat(i64(1<<60), []byte{opGlobalSet, 0})
	wasm := emitted{global: 2, globals: slices.Repeat(slices.Concat([]byte{typeI64, 1}, i64(1<<60), []byte{opEnd}), 2),
		export: 2, exports: slices.Concat(name("__fuel"), []byte{3, 0}, name("fuel"), []byte{3, 1}),
		decide: append(loop(append(refill, slices.Concat(i64(1<<60), []byte{opGlobalSet, 1})...)...), i32(0)...)}.bytes()
	mustLoad(t, h, "guest", wasm)
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	w.Decide(mustRoute(t, h, plainSpec(2, "guest")), &policy.Facts{}, &d)
	if info := infoOf(t, h, "guest"); !d.Fallback || info.LastError != "decide: fuel is spent (limit 208000)" {
		t.Errorf("got %+v and %+v, want spent fuel", d, info)
	}
}
