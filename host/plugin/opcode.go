package plugin

// immediate is what follows an opcode.
type immediate uint8

const (
	refused immediate = iota
	none
	blockType
	index      // one u32
	indexPair  // two u32
	labels     // br_table
	types      // select with types
	memArg     // alignment and offset
	zeroByte   // the index of the only memory
	zeroPair   //
	indexZero  //
	signed32   // LEB128
	signed64   //
	fourBytes  //
	eightBytes //
	refType    //
	prefixed   // 0xfc
)

// Opcodes that the meter looks at.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opMemoryGrow   = 0x40
	opI64Const     = 0x42
	opI64LtS       = 0x53
	opI64Sub       = 0x7d
	opI64Mul       = 0x7e
	opI64ShrU      = 0x88
	opI64Extend    = 0xad // i64.extend_i32_u
	opRefNull      = 0xd0
	opRefFunc      = 0xd2
	opPrefix       = 0xfc
	typeEmpty      = 0x40
	typeI32        = 0x7f
	typeI64        = 0x7e
	typeF32        = 0x7d
	typeF64        = 0x7c
	typeFuncRef    = 0x70
	typeExternRef  = 0x6f

	// After opPrefix. table.grow (15) and table.fill (17) are refused: a table is not bounded by the memory limit.
	opMemoryInit = 8
	opMemoryCopy = 10
	opMemoryFill = 11
	opTableInit  = 12
	opTableCopy  = 14
)

// opcodes is the allow-list: WebAssembly 1.0 with sign extension, multiple values, bulk memory and reference types. SIMD, threads,
// exceptions, tail calls and garbage collection are refused, because nobody has measured what they cost.
var opcodes = func() (table [256]immediate) {
	set := func(first, last int, kind immediate) {
		for op := first; op <= last; op++ {
			table[op] = kind
		}
	}
	set(0x00, 0x01, none)      // unreachable, nop
	set(0x02, 0x04, blockType) // block, loop, if
	set(0x05, 0x05, none)      // else
	set(0x0b, 0x0b, none)      // end
	set(0x0c, 0x0d, index)     // br, br_if
	set(0x0e, 0x0e, labels)
	set(0x0f, 0x0f, none)      // return
	set(0x10, 0x10, index)     // call
	set(0x11, 0x11, indexPair) // call_indirect
	set(0x1a, 0x1b, none)      // drop, select
	set(0x1c, 0x1c, types)     // select
	set(0x20, 0x24, index)     // locals and globals
	set(0x25, 0x26, index)     // table.get, table.set
	set(0x28, 0x3e, memArg)
	set(0x3f, 0x40, zeroByte) // memory.size, memory.grow
	set(0x41, 0x41, signed32)
	set(0x42, 0x42, signed64)
	set(0x43, 0x43, fourBytes)
	set(0x44, 0x44, eightBytes)
	set(0x45, 0xc4, none)    // arithmetic
	set(0xd0, 0xd0, refType) // ref.null
	set(0xd1, 0xd1, none)    // ref.is_null
	set(0xd2, 0xd2, index)   // ref.func
	set(0xfc, 0xfc, prefixed)
	return table
}()

// prefixedOpcodes is the allow-list after opPrefix.
var prefixedOpcodes = [...]immediate{
	none, none, none, none, none, none, none, none, // saturating truncation
	opMemoryInit: indexZero, 9: index, opMemoryCopy: zeroPair, opMemoryFill: zeroByte,
	opTableInit: indexPair, 13: index, opTableCopy: indexPair, 15: refused, 16: index,
}

// refusedName explains the best known opcodes that are refused.
func refusedName(op byte) string {
	switch op {
	case 0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f:
		return " (exception handling)"
	case 0x12, 0x13, 0x15:
		return " (tail calls)"
	case 0xfb:
		return " (garbage collection)"
	case 0xfd:
		return " (SIMD)"
	case 0xfe:
		return " (threads)"
	}
	return ""
}
