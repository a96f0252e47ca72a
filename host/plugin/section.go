package plugin

import (
	"signpost/sdk/abi"
)

// bounded reads the length of a vector and refuses more than most.
func (a *admission) bounded(what string, most, size int) int {
	count := a.in.count(size)
	if count > most {
		a.in.failf("%d %s are more than %d", count, what, most)
		return 0
	}
	return count
}

func (a *admission) typeSection() {
	for range a.bounded("types", typeMax, 3) {
		if form := a.in.byte(); form != 0x60 {
			a.in.failf("type of form %#x is not allowed", form)
		}
		params := a.valueTypes("parameters", paramMax)
		results := a.valueTypes("results", resultMax)
		if a.in.err != nil {
			return
		}
		a.types = append(a.types, signature{params, results})
	}
}

func (a *admission) valueTypes(what string, most int) string {
	list := a.in.take(a.bounded(what, most, 1))
	for _, t := range list {
		a.valueType(t)
	}
	return string(list)
}

func (a *admission) valueType(t byte) {
	switch t {
	case typeI32, typeI64, typeF32, typeF64, typeFuncRef, typeExternRef:
	default:
		a.in.failf("value type %#x is not allowed%s", t, map[byte]string{0x7b: " (SIMD)"}[t])
	}
}

func (a *admission) importSection() {
	for range a.bounded("imports", functionMax, 4) {
		module, name := a.in.name(), a.in.name()
		kind := a.in.byte()
		if a.in.err != nil {
			return
		}
		if kind != externFunction || module != wasiModule || wasiFunctions[name].call == nil {
			a.in.failf("import %.60q.%.60q is not offered: a plugin has no clock, files, network or environment", module, name)
			return
		}
		a.addFunction()
		a.importCount++
	}
}

func (a *admission) addFunction() {
	t := a.in.u32()
	if uint64(t) >= uint64(len(a.types)) {
		a.in.failf("function of unknown type %d", t)
		return
	}
	a.functions = append(a.functions, t)
}

func (a *admission) functionSection() {
	for range a.bounded("functions", functionMax, 1) {
		a.addFunction()
	}
}

func (a *admission) tableSection() {
	entries := uint64(0)
	a.tableCount = a.bounded("tables", tableMax, 3)
	for range a.tableCount {
		if t := a.in.byte(); t != typeFuncRef && t != typeExternRef {
			a.in.failf("table of type %#x is not allowed", t)
		}
		low, _ := a.in.limits() // no table grows: the opcode is refused
		entries += uint64(low)
	}
	if entries > tableEntryMax {
		a.in.failf("tables of %d entries are larger than %d", entries, tableEntryMax)
	}
}

// memorySection lowers the maximum to the limit, so that one runtime serves modules of different limits.
func (a *admission) memorySection() {
	if count := a.in.count(2); count != 1 {
		a.in.failf("%d memories instead of one", count)
		return
	}
	low, high := a.in.limits()
	if low > a.memoryPages {
		a.in.failf("memory of %d KiB is more than the limit of %d KiB", uint64(low)*pageLen>>10, uint64(a.memoryPages)*pageLen>>10)
	}
	a.hasMemory = true
	a.out = append(a.out, 1, 1)
	a.out = appendU32(a.out, low)
	a.out = appendU32(a.out, min(high, a.memoryPages))
}

func (a *admission) globalSection() {
	count := a.bounded("globals", globalMax, 4)
	start := a.in.at
	for range count {
		a.valueType(a.in.byte())
		if mutable := a.in.byte(); mutable > 1 {
			a.in.failf("mutability %d is not allowed", mutable)
		}
		a.constant()
	}
	if a.in.err != nil {
		return
	}
	a.globalCount = uint32(count)
	a.out = appendU32(a.out, a.globalCount+1)
	a.out = append(a.out, a.in.bytes[start:a.in.at]...)
	a.out = append(a.out, typeI64, 1, opI64Const)
	a.out = append(appendS64(a.out, int64(a.startFuel)), opEnd)
}

// constant reads a constant expression: one instruction and end.
func (a *admission) constant() {
	switch op := a.in.byte(); op {
	case 0x41:
		a.in.skipSigned(32)
	case opI64Const:
		a.in.skipSigned(64)
	case 0x43:
		a.in.take(4)
	case 0x44:
		a.in.take(8)
	case opGlobalGet, opRefFunc:
		a.in.u32()
	case opRefNull:
		a.in.byte()
	default:
		a.in.failf("opcode %#x is not allowed in a constant", op)
	}
	if a.in.byte() != opEnd {
		a.in.failf("constant of more than one instruction")
	}
}

func (a *admission) exportSection() {
	count := a.bounded("exports", functionMax, 3)
	start := a.in.at
	for range count {
		name := a.in.name()
		kind, index := a.in.byte(), a.in.u32()
		if a.in.err != nil {
			return
		}
		if name == fuelExport || kind > 3 || kind == 3 && index >= a.globalCount {
			a.in.failf("export %.60q is not allowed", name)
			return
		}
		a.exportNames[name] = true
		switch kind {
		case externFunction:
			if uint64(index) >= uint64(len(a.functions)) {
				a.in.failf("export %.60q of unknown function %d", name, index)
				return
			}
			a.exports[name] = index
		case externMemory:
			a.sawMemory = a.sawMemory || name == abi.ExportMemory
		}
	}
	a.out = appendU32(a.out, uint32(count)+1)
	a.out = append(a.out, a.in.bytes[start:a.in.at]...)
	a.out = appendU32(a.out, uint32(len(fuelExport)))
	a.out = append(a.out, fuelExport...)
	a.out = append(a.out, 3)
	a.out = appendU32(a.out, a.globalCount)
}

// elementSection only checks that no length lies; wazero checks the rest.
func (a *admission) elementSection() {
	for range a.bounded("element segments", segmentMax, 2) {
		flags := a.in.u32()
		if flags > 7 {
			a.in.failf("element segment of kind %d", flags)
			return
		}
		active, named, expressions := flags&1 == 0, flags&2 != 0, flags&4 != 0
		if active {
			if named {
				a.in.u32()
			}
			a.constant()
		}
		if named || !active {
			a.in.byte() // element kind or reference type
		}
		entries := a.bounded("elements", tableEntryMax, 1)
		for range entries {
			if !a.in.more() {
				break
			}
			if expressions {
				a.constant()
			} else {
				a.in.u32()
			}
		}
	}
}

func (a *admission) dataSection() {
	for range a.bounded("data segments", segmentMax, 2) {
		switch flags := a.in.u32(); flags {
		case 0:
			a.constant()
		case 1:
		case 2:
			a.in.u32()
			a.constant()
		default:
			a.in.failf("data segment of kind %d", flags)
			return
		}
		a.in.take(a.in.count(1))
	}
}
