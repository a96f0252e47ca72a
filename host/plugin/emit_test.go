package plugin

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"signpost/sdk/abi"
)

// A small emitter of Wasm guests, good and hostile. A guest's memory: frame at 1024, manifest at 40960, alloc's buffer at 65536.
const (
	emitFrame    = 1024
	emitManifest = 40960
	emitBuffer   = 65536
)

// Types of an emitted module, by index.
const (
	typeVoid      = iota // ()
	typeToI32            // () → i32
	typeToI64            // () → i64
	typeI32ToI32         // (i32) → i32
	typeConfigure        // (i32, i32, i32, i32) → i64
	typeWrite            // (i32, i32, i32, i32) → i32
	typeExit             // (i32)
)

var emitTypes = []byte{7,
	0x60, 0, 0,
	0x60, 0, 1, typeI32,
	0x60, 0, 1, typeI64,
	0x60, 1, typeI32, 1, typeI32,
	0x60, 4, typeI32, typeI32, typeI32, typeI32, 1, typeI64,
	0x60, 4, typeI32, typeI32, typeI32, typeI32, 1, typeI32,
	0x60, 1, typeI32, 0,
}

// body is one function: its locals (count and type pairs) and code without the final end.
type body struct {
	typ    uint32
	locals []byte // encoded groups, without their number
	groups int
	code   []byte
}

// emitted describes a guest. Zero fields mean a well-behaved one: equal weights for everybody, no attributes.
type emitted struct {
	manifest   string
	marker     []byte
	describe   []byte
	alloc      []byte
	config     []byte
	decide     []byte
	extra      []body // functions after the five, from index len(imports)+5
	imports    [][2]string
	importAs   uint32 // type of the imports
	importsRaw []byte // encoded section instead
	dataCount  int    // of the section before the code; 0: none
	globals    []byte // encoded globals
	global     int    // their number
	tables     []byte
	memory     []byte // encoded limits
	exports    []byte // encoded, more than the usual
	export     int
	start      int    // function, if not 0
	elements   []byte // encoded section
	data       []byte // encoded section instead of the manifest
	types      []byte
	without    string // name of a usual export that is left out
	decideAs   uint32 // another type for decide
}

func (e emitted) bytes() []byte {
	firstOf := func(a, b []byte) []byte {
		if a != nil {
			return a
		}
		return b
	}
	if e.manifest == "" {
		e.manifest = manifestOf("guest")
	}
	decideType := uint32(typeI32ToI32)
	if e.decideAs != 0 {
		decideType = e.decideAs
	}
	functions := append([]body{
		{typ: typeToI32, code: firstOf(e.marker, i32(emitFrame))},
		{typ: typeToI64, code: firstOf(e.describe, i64(emitManifest<<32|int64(len(e.manifest))))},
		{typ: typeI32ToI32, code: firstOf(e.alloc, i32(emitBuffer))},
		{typ: typeConfigure, code: firstOf(e.config, i64(0))},
		{typ: decideType, code: firstOf(e.decide, weigh(1, 1, 1, 1, 1, 1, 1, 1))},
	}, e.extra...)
	imported := uint32(len(e.imports))
	var imports, declared, code, exports []byte
	for _, im := range e.imports {
		imports = append(imports, name(im[0])...)
		imports = append(imports, name(im[1])...)
		imports = appendU32(append(imports, externFunction), e.importAs)
	}
	for _, f := range functions {
		declared = appendU32(declared, f.typ)
		raw := appendU32(nil, uint32(f.groups))
		raw = append(append(append(raw, f.locals...), f.code...), opEnd)
		code = append(appendU32(code, uint32(len(raw))), raw...)
	}
	count := e.export
	for i, export := range []string{abi.ExportMarker, abi.ExportDescribe, abi.ExportAlloc, abi.ExportConfigure, abi.ExportDecide} {
		if export != e.without {
			exports = appendU32(append(append(exports, name(export)...), externFunction), imported+uint32(i))
			count++
		}
	}
	if e.without != abi.ExportMemory {
		exports = append(append(exports, name(abi.ExportMemory)...), externMemory, 0)
		count++
	}
	data := slices.Concat([]byte{1, 0}, i32(emitManifest), []byte{opEnd}, name(e.manifest))
	out := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, content []byte) {
		out = append(appendU32(append(out, id), uint32(len(content))), content...)
	}
	section(sectionType, firstOf(e.types, emitTypes))
	if imported > 0 {
		section(sectionImport, append(appendU32(nil, imported), imports...))
	}
	if e.importsRaw != nil {
		section(sectionImport, e.importsRaw)
	}
	section(sectionFunction, append(appendU32(nil, uint32(len(functions))), declared...))
	if e.tables != nil {
		section(sectionTable, e.tables)
	}
	section(sectionMemory, append([]byte{1}, firstOf(e.memory, []byte{0, 4})...))
	if e.global > 0 {
		section(sectionGlobal, append(appendU32(nil, uint32(e.global)), e.globals...))
	}
	section(sectionExport, append(appendU32(nil, uint32(count)), append(exports, e.exports...)...))
	if e.start > 0 {
		section(sectionStart, appendU32(nil, uint32(e.start)))
	}
	if e.elements != nil {
		section(sectionElement, e.elements)
	}
	if e.dataCount > 0 {
		section(sectionCount, appendU32(nil, uint32(e.dataCount)))
	}
	section(sectionCode, append(appendU32(nil, uint32(len(functions))), code...))
	section(sectionData, firstOf(e.data, data))
	return out
}

// manifestOf is the manifest of a guest with one plugin without attributes.
func manifestOf(plugin string, more ...abi.Attribute) string {
	return manifestWith(abi.Plugin{Name: plugin, Version: "1", Kind: abi.KindRouting, Wants: []string{}, Attributes: more})
}

func manifestWith(plugins ...abi.Plugin) string {
	text, err := json.Marshal(abi.Manifest{Plugins: plugins})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func name(text string) []byte { return append(appendU32(nil, uint32(len(text))), text...) }

func i32(value int64) []byte { return appendS64([]byte{0x41}, int64(int32(value))) }

func i64(value int64) []byte { return appendS64([]byte{opI64Const}, value) }

func call(function uint32) []byte { return appendU32([]byte{opCall}, function) }

// store writes a u32 to a constant address.
func store(address, value int64) []byte {
	return slices.Concat(i32(address), i32(value), []byte{0x36, 2, 0})
}

// weigh is a decide that gives constant weights and says nothing else.
func weigh(weights ...int64) []byte {
	code := slices.Concat(store(emitFrame+abi.PickOff, 0), store(emitFrame+abi.TTLCapOff, -1), store(emitFrame+abi.Scope4Off, 0))
	for i, weight := range weights {
		code = append(code, store(emitFrame+abi.WeightsOff+4*int64(i), weight)...)
	}
	return append(code, i32(0)...)
}

// loop repeats code for ever.
func loop(code ...byte) []byte {
	return slices.Concat([]byte{opLoop, typeEmpty}, code, []byte{opBr, 0, opEnd})
}

const (
	opDrop   = 0x1a
	opMemLen = 0x3f
)

// The emitter itself: a good guest is admitted, runs, and is not changed by a second look.
func TestEmittedGuestIsAdmitted(t *testing.T) {
	wasm := emitted{}.bytes()
	before := bytes.Clone(wasm)
	first, err := admit(wasm, 16, startFuel)
	if err != nil {
		t.Fatal(err)
	}
	second, err := admit(wasm, 16, startFuel)
	if err != nil || !bytes.Equal(first, second) || !bytes.Equal(wasm, before) {
		t.Errorf("admit twice: got %d and %d bytes, %v; want equal ones and the input as it was", len(first), len(second), err)
	}
}
