package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"signpost/sdk/abi"
)

// Bounds of a module. A large Go guest (14 MB, net/http) has 984 blocks, 3 loops, 1,800 branch targets, 550 nested blocks and 21 locals in
// one function. Without bounds 64 KB of nested loops compiled for four minutes; with them nothing found takes more than 2.5 s a megabyte.
const (
	moduleLenMax    = 8 << 20 // bytes
	typeMax         = 10_000
	functionMax     = 100_000
	globalMax       = 10_000
	segmentMax      = 100_000
	paramMax        = 128
	resultMax       = 16
	tableMax        = 4
	tableEntryMax   = 65_536     // of all tables
	bodyLenMax      = 256 << 10  // bytes of one function
	localMax        = 10_000     // of one function
	blockMax        = 2_000      // of one function
	loopMax         = 300        // of one function
	depthMax        = 1_000      // nested blocks; Go nests one for each place where a function can go on after a call
	loopDepthMax    = 32         // nested loops
	targetMax       = 10_000     // of one function: where its branches go
	joinMax         = 200_000    // of one function: (locals + 1) × (blocks + branch targets)
	joinModuleMax   = 4_000_000  // sum of them
	knotModuleMax   = 20_000_000 // sum of the squares of the blocks
	wasiModule      = "wasi_snapshot_preview1"
	fuelExport      = "signpost_fuel" // of the rewritten module
	pageLen         = 65_536
	sectionCustom   = 0
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionTable    = 4
	sectionMemory   = 5
	sectionGlobal   = 6
	sectionExport   = 7
	sectionStart    = 8
	sectionElement  = 9
	sectionCode     = 10
	sectionData     = 11
	sectionCount    = 12 // of data; stands between element and code
	externFunction  = 0
	externMemory    = 2
)

// signature is a function type, as its bytes: so that equal types are equal strings.
type signature struct{ params, results string }

// contract are the exports that make a module a plugin; an optional one is required when the manifest has a plugin of its kind.
var contract = []struct {
	name string
	signature
	optional bool
}{
	{abi.ExportMarker, signature{"", "\x7f"}, false},
	{abi.ExportDescribe, signature{"", "\x7e"}, false},
	{abi.ExportAlloc, signature{"\x7f", "\x7f"}, false},
	{abi.ExportConfigure, signature{"\x7f\x7f\x7f\x7f", "\x7e"}, false},
	{abi.ExportDecide, signature{"\x7f", "\x7f"}, true},
	{abi.ExportJudgeFrame, signature{"", "\x7f"}, true},
	{abi.ExportJudge, signature{"\x7f", "\x7f"}, true},
	{abi.ExportFilterFrame, signature{"", "\x7f"}, true},
	{abi.ExportFilter, signature{"\x7f", "\x7f"}, true},
	{abi.ExportInitialize, signature{}, true},
}

// admission is one module on its way through the border: checked, bounded and rewritten so that it pays fuel for all it does.
type admission struct {
	in          reader
	out         []byte
	memoryPages uint32 // limit
	startFuel   uint64

	types       []signature
	functions   []uint32 // type of each, imported ones first
	importCount int
	tableCount  int
	globalCount uint32 // the fuel global gets this index
	joins       int
	knots       int
	exports     map[string]uint32 // functions
	exportNames map[string]bool
	hasMemory   bool // defined
	sawMemory   bool // exported
	meter       meter
}

// admit checks an untrusted module and returns it rewritten: with a fuel global (exported as fuelExport, startFuel at first) that
// every function entry, loop pass and bulk operation pays from, and that traps below zero; without custom sections; and with at most
// memoryPages of memory. No part of wasm is kept. wazero validates the result, so types need no check here.
func admit(wasm []byte, memoryPages uint32, startFuel uint64) ([]byte, error) {
	if len(wasm) > moduleLenMax {
		return nil, fmt.Errorf("module of %d bytes is larger than %d", len(wasm), moduleLenMax)
	}
	if !bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, errors.New("not a WebAssembly module: it does not begin with \\0asm and version 1")
	}
	a := admission{in: reader{bytes: wasm, at: 8, end: len(wasm)}, memoryPages: memoryPages, startFuel: startFuel,
		exports: map[string]uint32{}, exportNames: map[string]bool{}}
	a.out = append(make([]byte, 0, len(wasm)+len(wasm)/8+256), wasm[:8]...)
	if err := a.sections(); err != nil {
		return nil, err
	}
	return a.out, a.checkExports()
}

// sectionOrder is the place of each section id in a module.
var sectionOrder = [...]int{sectionType: 1, sectionImport: 2, sectionFunction: 3, sectionTable: 4, sectionMemory: 5, sectionGlobal: 6,
	sectionExport: 7, sectionStart: 8, sectionElement: 9, sectionCount: 10, sectionCode: 11, sectionData: 12}

func (a *admission) sections() error {
	place := 0
	for a.in.more() {
		id := a.in.byte()
		length := a.in.count(1)
		if a.in.err != nil {
			break
		}
		if id == sectionCustom {
			a.in.take(length)
			continue
		}
		if int(id) >= len(sectionOrder) || sectionOrder[id] <= place {
			a.in.failf("section %d is unknown or out of order", id)
			break
		}
		a.fillIn(place, sectionOrder[id])
		place = sectionOrder[id]
		whole := a.in.end
		a.in.end = a.in.at + length
		a.section(id)
		if a.in.err == nil && a.in.at != a.in.end {
			a.in.failf("section %d has bytes left", id)
		}
		a.in.end = whole
	}
	if a.in.err == nil {
		a.fillIn(place, len(sectionOrder))
	}
	return a.in.err
}

// fillIn writes the global and export sections of a module that has none between two places.
func (a *admission) fillIn(after, before int) {
	for _, id := range []byte{sectionGlobal, sectionExport} {
		if place := sectionOrder[id]; after < place && place < before {
			at := a.in
			a.in = reader{bytes: []byte{0}, end: 1}
			a.section(id)
			a.in = at
		}
	}
}

// section checks one section and writes it, or what it becomes.
func (a *admission) section(id byte) {
	start, body := a.in.at, len(a.out)
	switch id {
	case sectionType:
		a.typeSection()
	case sectionImport:
		a.importSection()
	case sectionFunction:
		a.functionSection()
	case sectionTable:
		a.tableSection()
	case sectionMemory:
		a.memorySection()
	case sectionGlobal:
		a.globalSection()
	case sectionExport:
		a.exportSection()
	case sectionStart, sectionCount:
		a.in.u32()
	case sectionElement:
		a.elementSection()
	case sectionCode:
		a.codeSection()
	case sectionData:
		a.dataSection()
	}
	if a.in.err != nil {
		return
	}
	if len(a.out) == body { // as it was
		a.out = append(a.out, a.in.bytes[start:a.in.at]...)
	}
	a.frame(id, body)
}

// frame puts a section's head before what was written since body.
func (a *admission) frame(id byte, body int) {
	length := len(a.out) - body
	head := appendU32([]byte{id}, uint32(length))
	a.out = append(a.out, head...)
	copy(a.out[body+len(head):], a.out[body:body+length])
	copy(a.out[body:], head)
}

// anyMarker begins the names of markers of all versions.
const anyMarker = "signpost_abi_v"

func (a *admission) checkExports() error {
	if !a.exportNames[abi.ExportMarker] {
		for name := range a.exportNames {
			if strings.HasPrefix(name, anyMarker) {
				return fmt.Errorf("a plugin of another version: it exports %q, and this Signpost speaks %s", name, abi.ExportMarker)
			}
		}
		return fmt.Errorf("not a Signpost plugin: it does not export %s", abi.ExportMarker)
	}
	if !a.hasMemory || !a.sawMemory {
		return fmt.Errorf("it does not export its %s", abi.ExportMemory)
	}
	for _, want := range contract {
		function, ok := a.exports[want.name]
		switch {
		case ok && a.types[a.functions[function]] != want.signature:
			return fmt.Errorf("%s has signature %s instead of %s", want.name, a.types[a.functions[function]], want.signature)
		case !ok && !want.optional:
			return fmt.Errorf("it does not export a function %s", want.name)
		}
	}
	return nil
}

// String writes a signature as (i32, i64) → i32.
func (s signature) String() string {
	words := map[byte]string{typeI32: "i32", typeI64: "i64", typeF32: "f32", typeF64: "f64", typeFuncRef: "funcref", typeExternRef: "externref"}
	list := func(types string) string {
		text := ""
		for i := range len(types) {
			if i > 0 {
				text += ", "
			}
			text += words[types[i]]
		}
		return text
	}
	if s.results == "" {
		return "(" + list(s.params) + ")"
	}
	return "(" + list(s.params) + ") → " + list(s.results)
}
