package plugin

// Costs in fuel. One unit is about one instruction, 0.5 ns on the machine where they were measured (2.5 ns for the worst one found).
const (
	costEntry  = 8      // of a function call, besides one per local
	costImport = 200    // of a call into the host
	costPage   = 32_768 // growing copies: 0.3 ms a page at worst, the collector's work included
	bulkShift  = 4      // bulk memory operations: 16 bytes a unit
)

// chargeKind is what pays at an insertion.
type chargeKind uint8

const (
	chargeFixed chargeKind = iota // entry or loop header
	chargeBytes                   // by the operand on top of the stack, in bytes
	chargeEntries
	chargePages
)

// charge is one place where a function pays.
type charge struct {
	at     int // offset in the module, before which to insert
	cost   int // fixed part
	kind   chargeKind
	parent int // index of the charge that pays for this one if it is small; noParent: it always stands
}

// noParent marks charges that always stand: at the entry and at loop headers, so that every cycle pays.
const noParent = -1

// segmentMin is what the code behind a block must cost to be paid where it begins; less is paid with what is around the block. A Go function
// that loops is one loop around a br_table and all its pieces, of which a jump runs one: paid by the header, each would cost as much as all.
const segmentMin = 24

// meter is the state of one function's scan. Its slices are used again for the next one.
type meter struct {
	locals  int
	charges []charge
	open    []int  // for each open block the index in charges that its instructions are paid by
	plain   []bool // for each open block: not a loop, not an if
	within  []int  // for each open block the number of loops around it, itself included
	blocks  int
	paid    int // segments that pay by themselves: one block more each
	loops   int
	targets int
}

func (a *admission) codeSection() {
	count := a.bounded("function bodies", functionMax, 3)
	if count != len(a.functions)-a.importCount {
		a.in.failf("%d function bodies for %d functions", count, len(a.functions)-a.importCount)
		return
	}
	a.out = appendU32(a.out, uint32(count))
	whole := a.in.end
	var body []byte
	for i := range count {
		length := a.bounded("bytes of one function", bodyLenMax, 1)
		if a.in.err != nil {
			break
		}
		a.in.end = a.in.at + length
		body = a.function(a.types[a.functions[a.importCount+i]], body[:0])
		if a.in.err != nil {
			break
		}
		a.in.end = whole
		a.out = appendU32(a.out, uint32(len(body)))
		a.out = append(a.out, body...)
	}
	a.in.end = whole
}

// function scans one body and appends its rewritten form to dst: two locals more, and code at each charge.
func (a *admission) function(t signature, dst []byte) []byte {
	groups := a.in.count(2)
	start, declared := a.in.at, 0
	for range groups {
		n := a.in.u32()
		a.valueType(a.in.byte())
		if n > localMax || declared+int(n) > localMax {
			a.in.failf("more than %d locals in a function", localMax)
			return nil
		}
		declared += int(n)
	}
	code := a.in.at
	locals := declared + len(t.params)
	m := &a.meter
	*m = meter{locals: locals, charges: append(m.charges[:0], charge{at: code, cost: costEntry + locals, parent: noParent}),
		open: append(m.open[:0], 0), plain: append(m.plain[:0], false), within: append(m.within[:0], 0)}
	a.instructions()
	m.merge()
	a.checkComplexity(locals)
	if a.in.err != nil {
		return nil
	}
	dst = appendU32(dst, uint32(groups)+2)
	dst = append(dst, a.in.bytes[start:code]...)
	dst = append(dst, 1, typeI64, 1, typeI32)
	from := code
	for _, c := range m.charges {
		if c.cost == 0 && c.kind == chargeFixed {
			continue // merged
		}
		dst = append(dst, a.in.bytes[from:c.at]...)
		dst = a.pay(dst, c, uint32(locals))
		from = c.at
	}
	return append(dst, a.in.bytes[from:a.in.end]...)
}

// merge has small segments paid with what is around them. A charge's parent stands before it, and whoever comes to the one has passed the other.
func (m *meter) merge() {
	for i := len(m.charges) - 1; i >= 0; i-- {
		if c := &m.charges[i]; c.kind == chargeFixed && c.parent != noParent && c.cost < segmentMin {
			m.charges[c.parent].cost += c.cost
			c.cost = 0
		} else if c.parent != noParent {
			m.paid++
		}
	}
}

// checkComplexity refuses what wazero would compile for seconds, minutes or gigabytes: its time grows with the square of the blocks
// and worse with nested loops, its memory with the values that meet at the end of a block.
func (a *admission) checkComplexity(locals int) {
	m := &a.meter
	blocks := m.blocks + m.paid
	joins := (locals + 1) * (blocks + m.targets)
	a.joins += joins
	a.knots += blocks * blocks
	if joins > joinMax || a.joins > joinModuleMax || a.knots > knotModuleMax ||
		blocks > blockMax || m.loops > loopMax || m.targets > targetMax {
		a.in.failf("a function too complex to compile safely: %d locals, %d blocks, %d loops, %d branch targets", locals, m.blocks, m.loops, m.targets)
	}
}

// pay appends the code of one charge. The rest is left in the first extra local (i64): reading it there instead of in the global again
// saves a memory access. The operand of a bulk operation is kept in the second one (i32).
func (a *admission) pay(dst []byte, c charge, local uint32) []byte {
	if c.kind != chargeFixed {
		dst = appendU32(append(dst, opLocalTee), local+1)
	}
	dst = appendU32(append(dst, opGlobalGet), a.globalCount)
	if c.kind == chargeFixed {
		dst = appendS64(append(dst, opI64Const), int64(c.cost))
	} else {
		dst = append(appendU32(append(dst, opLocalGet), local+1), opI64Extend)
	}
	switch c.kind {
	case chargeBytes:
		dst = append(dst, opI64Const, bulkShift, opI64ShrU)
	case chargePages:
		dst = append(appendS64(append(dst, opI64Const), costPage), opI64Mul)
	}
	dst = append(dst, opI64Sub)
	dst = appendU32(append(dst, opLocalTee), local)
	dst = appendU32(append(dst, opGlobalSet), a.globalCount)
	dst = appendU32(append(dst, opLocalGet), local)
	return append(dst, opI64Const, 0, opI64LtS, opIf, typeEmpty, opUnreachable, opEnd)
}

// instructions walks a body up to its end.
func (a *admission) instructions() {
	m, in := &a.meter, &a.in
	for len(m.open) > 0 {
		if in.at >= in.end {
			in.failf("unexpected end of a function")
			return
		}
		payer := &m.charges[m.open[len(m.open)-1]]
		payer.cost++
		at := in.at
		op := in.bytes[at]
		in.at++
		switch opcodes[op] {
		case none:
			a.control(op)
		case index:
			a.indexed(op, in.u32(), payer)
		case memArg:
			in.u32()
			in.u32()
		case indexPair: // call_indirect
			payer.cost += costEntry
			in.u32()
			in.u32()
		case signed32:
			in.skipSigned(32)
		case signed64:
			in.skipSigned(64)
		case blockType:
			a.block(op)
		case labels:
			targets := in.count(1)
			for range targets + 1 {
				in.u32()
			}
			m.targets += targets + 1
		case zeroByte:
			a.zero(1)
			if op == opMemoryGrow {
				m.charges = append(m.charges, charge{at: at, kind: chargePages, parent: noParent})
			}
		case fourBytes:
			in.take(4)
		case eightBytes:
			in.take(8)
		case refType:
			a.valueType(in.byte())
		case types:
			a.valueTypes("types", 1)
		case prefixed:
			a.prefixedOp(at)
		default:
			in.failf("opcode %#x%s is not allowed", op, refusedName(op))
		}
	}
	if in.err == nil && in.at != in.end {
		in.failf("bytes after the end of a function")
	}
}

func (a *admission) control(op byte) {
	m := &a.meter
	switch op {
	case opEnd:
		last := len(m.open) - 1
		plain := m.plain[last]
		m.open, m.within, m.plain = m.open[:last], m.within[:last], m.plain[:last]
		if plain {
			around := &m.open[last-1]
			m.charges = append(m.charges, charge{at: a.in.at, parent: *around})
			*around = len(m.charges) - 1
		}
	case opElse, opReturn:
		m.targets++
	}
}

func (a *admission) indexed(op byte, value uint32, payer *charge) {
	switch op {
	case opBr, opBrIf:
		a.meter.targets++
	case opCall:
		payer.cost += costEntry
		if uint64(value) < uint64(a.importCount) {
			payer.cost += costImport
		}
	case opLocalGet, opLocalSet, opLocalTee:
		if int64(value) >= int64(a.meter.locals) {
			a.in.failf("unknown local %d", value) // the next ones are the meter's
		}
	case opGlobalGet, opGlobalSet:
		if value >= a.globalCount {
			a.in.failf("unknown global %d", value) // the next one is the fuel
		}
	}
}

// block opens a block. A loop's instructions are paid by its header at each pass, those of other blocks by what is around them, and those behind a
// block, where jumps out of it arrive, by themselves.
func (a *admission) block(op byte) {
	m, in := &a.meter, &a.in
	if t := in.byte(); t >= 0x80 || t < 0x40 { // a type's index, not one type or none
		in.at--
		in.skipSigned(33)
	} else if t != typeEmpty {
		a.valueType(t)
	}
	m.blocks++
	payer, around := m.open[len(m.open)-1], m.within[len(m.within)-1]
	if op == opLoop {
		payer = len(m.charges)
		m.charges = append(m.charges, charge{at: in.at, parent: noParent})
		m.loops++
		around++
	}
	if len(m.open) == depthMax || around > loopDepthMax {
		in.failf("blocks nested deeper than %d, or loops deeper than %d", depthMax, loopDepthMax)
	}
	m.open, m.within, m.plain = append(m.open, payer), append(m.within, around), append(m.plain, op == opBlock)
}

func (a *admission) prefixedOp(at int) {
	m, in := &a.meter, &a.in
	op := in.u32()
	kind := refused
	if op < uint32(len(prefixedOpcodes)) {
		kind = prefixedOpcodes[op]
	}
	switch kind {
	case none:
	case index:
		in.u32()
	case indexPair:
		in.u32()
		in.u32()
	case zeroByte:
		a.zero(1)
	case zeroPair:
		a.zero(2)
	case indexZero:
		in.u32()
		a.zero(1)
	default:
		in.failf("opcode 0xfc %d is not allowed", op)
	}
	switch op {
	case opMemoryInit, opMemoryCopy, opMemoryFill:
		m.charges = append(m.charges, charge{at: at, kind: chargeBytes, parent: noParent})
	case opTableInit, opTableCopy:
		m.charges = append(m.charges, charge{at: at, kind: chargeEntries, parent: noParent})
	}
}

// zero reads indexes of the only memory.
func (a *admission) zero(count int) {
	for range count {
		if a.in.byte() != 0 {
			a.in.failf("a second memory")
		}
	}
}
