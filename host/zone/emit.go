package zone

import (
	"encoding/binary"

	"signpost/host/wire"
)

// Owner is the name that owns what is emitted: the last Labels labels of Name, whose At says where they stand in the message.
type Owner struct {
	Name   *wire.Name
	Labels int
}

// Pointer is a compression pointer to the last labels labels of the owner.
func (o Owner) Pointer(labels int) uint16 { return 0xC000 | o.Name.At[o.Name.Labels-labels] }

// Emit copies the set's records to msg[off:limit] and returns the offset past them, or zero if they do not fit or off is too far
// for their compression pointers. signatures adds the RRSIG records. turn rotates the records: the one of that number, modulo
// the count, comes first, where compression allows. The count of records written is Count, plus SigCount with signatures.
func (s RRset) Emit(msg []byte, off, limit int, owner Owner, signatures bool, turn int) int {
	length := s.dataLen()
	if off+length > limit {
		return 0
	}
	flags := s.flags()
	data := s[rrDataOff : rrDataOff+length]
	cut := 0
	if count := s.Count(); count > 1 && flags&flagSelf == 0 {
		cut = cutAt(data, turn%count)
	}
	copy(msg[off:], data[cut:])
	copy(msg[off+length-cut:], data[:cut])
	end := off + length
	pointer := owner.Pointer(owner.Labels)
	direct := pointer == wire.OwnerPointer
	if !direct {
		ownBy(msg[off:end], pointer)
	}
	if flags&(flagNames|flagSigned) == 0 {
		return end
	}
	sigs, fixups, _ := s.trailer()
	if len(fixups) > 0 && !mend(msg, off, cut, length, fixups, owner) {
		return 0
	}
	if signatures && len(sigs) > 0 {
		if end+len(sigs) > limit {
			return 0
		}
		copy(msg[end:], sigs)
		if !direct {
			ownBy(msg[end:end+len(sigs)], pointer)
		}
		end += len(sigs)
	}
	return end
}

// EmitSignatures is Emit for the RRSIG records alone.
func (s RRset) EmitSignatures(msg []byte, off, limit int, owner Owner) int {
	sigs, _, _ := s.trailer()
	if off+len(sigs) > limit {
		return 0
	}
	copy(msg[off:], sigs)
	ownBy(msg[off:off+len(sigs)], owner.Pointer(owner.Labels))
	return off + len(sigs)
}

// cutAt is the offset of record number turn.
func cutAt(records []byte, turn int) int {
	off := 0
	for range turn {
		off += recordHeadLen + int(binary.BigEndian.Uint16(records[off+recordHeadLen-2:]))
	}
	return off
}

// ownBy sets the owner of each record.
func ownBy(records []byte, pointer uint16) {
	for off := 0; off < len(records); {
		binary.BigEndian.PutUint16(records[off:], pointer)
		off += recordHeadLen + int(binary.BigEndian.Uint16(records[off+recordHeadLen-2:]))
	}
}

// mend fills in the compression pointers of data that was copied to msg[start:], rotated by cut. It is false where the data
// starts too far into the message for pointers into itself.
func mend(msg []byte, start, cut, length int, fixups []byte, owner Owner) bool {
	for len(fixups) > 0 {
		position, target := int(binary.LittleEndian.Uint16(fixups)), binary.LittleEndian.Uint16(fixups[2:])
		fixups = fixups[fixupLen:]
		position -= cut
		if position < 0 {
			position += length
		}
		pointer := 0xC000 | uint16(start+int(target))
		if target&fixupOwner != 0 {
			pointer = owner.Pointer(int(target &^ fixupOwner))
		} else if start+int(target) > wire.PointerMax {
			return false
		}
		binary.BigEndian.PutUint16(msg[start+position:], pointer)
	}
	return true
}

// EmitAdditional writes the addresses of the set's targets to msg[off:limit]. start is where Emit wrote the data and turn how it
// was rotated. It returns the offset past what fitted, the count of records, and whether required glue was left out. Addresses of names
// that lie too far into the message for a pointer are left out, too.
func (s RRset) EmitAdditional(msg []byte, off, limit, start int, signatures bool, turn int) (end, count int, short bool) {
	_, _, sets := s.trailer()
	cut := 0
	if records := s.Count(); records > 1 && s.flags()&flagSelf == 0 {
		cut = cutAt(s.Data(), turn%records)
	}
	for len(sets) > 0 {
		set := additionalSet(sets)
		size := set.len()
		sets = sets[size:]
		position := set.nameOff() - cut
		if position < 0 {
			position += s.dataLen()
		}
		records := set[setHeaderLen : setHeaderLen+set.dataLen()]
		added := set.count()
		if signatures {
			records = set[setHeaderLen:size]
			added += set.sigCount()
		}
		if off+len(records) > limit || start+position > wire.PointerMax {
			short = short || set.required()
			continue
		}
		copy(msg[off:], records)
		ownBy(msg[off:off+len(records)], 0xC000|uint16(start+position))
		off += len(records)
		count += added
	}
	return off, count, short
}

// additionalSet is one address RRset of a target.
type additionalSet []byte

func (s additionalSet) dataLen() int   { return int(binary.LittleEndian.Uint16(s)) }
func (s additionalSet) count() int     { return int(binary.LittleEndian.Uint16(s[2:])) }
func (s additionalSet) sigLen() int    { return int(binary.LittleEndian.Uint16(s[4:])) }
func (s additionalSet) sigCount() int  { return int(binary.LittleEndian.Uint16(s[6:])) }
func (s additionalSet) nameOff() int   { return int(binary.LittleEndian.Uint16(s[8:])) }
func (s additionalSet) required() bool { return s[10]&setRequired != 0 }
func (s additionalSet) len() int       { return setHeaderLen + s.dataLen() + s.sigLen() }

// EmitNamed is Emit for a set whose owner does not stand in the message yet: node's name is written before the first record, ended
// by origin, a pointer to the zone's origin. It is for sets whose data has no compressed names (NSEC, NSEC3).
func (s RRset) EmitNamed(msg []byte, off, limit int, node Node, origin uint16, signatures bool) int {
	relative := node.Relative()
	records := s.Data()
	sigs, _, _ := s.trailer()
	if !signatures {
		sigs = nil
	}
	if off+len(relative)+len(records)+len(sigs) > limit || off > wire.PointerMax {
		return 0
	}
	start := off
	off += copy(msg[off:], relative)
	binary.BigEndian.PutUint16(msg[off:], origin)
	off += 2
	off += copy(msg[off:], records[2:])
	ownBy(msg[off-len(records)+cutAt(records, 1):off], 0xC000|uint16(start))
	end := off + copy(msg[off:], sigs)
	ownBy(msg[off:end], 0xC000|uint16(start))
	return end
}
