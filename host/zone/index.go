package zone

import "signpost/host/wire"

// Index is an open-addressing hash table of names: eight bytes a slot, the hash's tag above a value that is never zero. A tag's first bits
// are its place, so a table grows or shrinks by copying its slots in order, without hashing or touching a name again. Tags do collide:
// whoever reads a slot compares the name that its value stands for.
type Index struct {
	slots  []uint64
	origin uint64 // hash of the zone's origin
	shift  uint8  // a tag's place is tag >> shift
	count  int
}

// NewIndex returns an index of names below origin, with room for count of them.
func NewIndex(origin []byte, count int) *Index {
	x := &Index{origin: hashName(origin)}
	x.Reserve(max(count, 1))
	return x
}

// Hash of a name, given without the origin, in lower case.
func (x *Index) Hash(relative []byte) uint64 {
	if len(relative) > 0 && len(relative) <= 1+int(relative[0]) { // one label: most names of a large zone
		var label [64 + slackLen]byte
		return hashLabel(x.origin, label[:], copy(label[:], relative))
	}
	var name wire.Name
	var sums [wire.LabelCountMax + 1]uint64
	copy(name.Buf[:], relative)
	for off := 0; off < len(relative); off += 1 + int(relative[off]) {
		name.Off[name.Labels] = uint8(off)
		name.Labels++
	}
	hashesFrom(x.origin, &name, &sums)
	return sums[name.Labels]
}

// Place is where the search for a hash begins; Slot takes it and those that follow.
func (x *Index) Place(hash uint64) uint32 { return uint32(hash>>32) >> x.shift }

// Slot returns the value at a place and whether its tag is that of hash. Zero ends a search.
func (x *Index) Slot(place uint32, hash uint64) (value uint32, same bool) {
	slot := x.slots[int(place)&(len(x.slots)-1)]
	return uint32(slot), slot>>32 == hash>>32
}

// Add puts a value that is not zero behind a hash that Slot did not find.
func (x *Index) Add(hash uint64, value uint32) {
	x.Reserve(x.count + 1)
	x.put(hash>>32<<32 | uint64(value))
	x.count++
}

func (x *Index) put(slot uint64) {
	place := int(slot>>32) >> x.shift
	for x.slots[place&(len(x.slots)-1)] != 0 {
		place++
	}
	x.slots[place&(len(x.slots)-1)] = slot
}

// Reserve makes room for count names at a load of at most three quarters.
func (x *Index) Reserve(count int) {
	if count*4 > len(x.slots)*3 {
		x.resize(count)
	}
}

// resize makes the table the smallest power of two that holds count names.
func (x *Index) resize(count int) {
	before := x.slots
	bits := 2
	for 3<<bits < count*4 {
		bits++
	}
	x.slots, x.shift = make([]uint64, 1<<bits), uint8(32-bits)
	for _, slot := range before {
		if slot != 0 {
			x.put(slot)
		}
	}
}

// settle replaces each value by what of returns for it, and gives back room that is not needed.
func (x *Index) settle(of func(value uint32) uint32) {
	if x.count*4 < len(x.slots) {
		x.resize(x.count)
	}
	for i, slot := range x.slots {
		if slot != 0 {
			x.slots[i] = slot>>32<<32 | uint64(of(uint32(slot)))
		}
	}
}
