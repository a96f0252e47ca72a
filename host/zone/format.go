package zone

import (
	"encoding/binary"

	"signpost/host/wire"
)

// The arena, all numbers little-endian, nothing aligned:
//
//	node   flags u16 · RRset count u16 · name length u8 · name without the origin, lower case · RRsets
//	RRset  type u16 · flags u16 · record count u16 · signature count u16 · size u32 (of all of this) · data length u32 · data
//	       [flagSigned]     length u32 · RRSIG records
//	       [flagNames]      count u16 · fixups: position u16, target u16
//	       [flagAdditional] length u32 · additional sets
//	       [flagRouted]     instead of data: policy u32 · one RRset per candidate
//	set    length u16 · record count u16 · signature length u16 · signature count u16 · name u16 · flags u16 · records · RRSIG records
//
// Data is resource records as RFC 1035 §4.1.3 puts them on the wire, each owned by a pointer to the question's name, so
// an answer to the name itself is a copy. Emit mends the pointers where the owner stands elsewhere. A fixup is a
// compression pointer inside the data, at a position, to a target: fixupOwner|r means the last r labels of the owner's name,
// any other number an offset in this same data. An additional set's name is such an offset, too: the target in the data whose
// addresses it holds.
const (
	nodeFlagsOff   = 0
	nodeCountOff   = 2
	nodeNameLenOff = 4
	nodeNameOff    = 5

	rrTypeOff     = 0
	rrFlagsOff    = 2
	rrCountOff    = 4
	rrSigCountOff = 6
	rrSizeOff     = 8
	rrDataLenOff  = 12
	rrDataOff     = 16

	setHeaderLen = 12
	fixupLen     = 4
	fixupOwner   = 0x8000

	// recordHeadLen is a record's pointer to its owner, type, class, TTL and data length.
	recordHeadLen = 12
)

// RRset flags.
const (
	flagSigned     = 1 << iota // RRSIG records follow the data
	flagNames                  // the data holds compression pointers
	flagSelf                   // some of them point into the data, so its records must keep their order
	flagAdditional             // addresses of the targets follow
	flagRouted                 // a policy chooses among candidates
)

// setRequired marks glue without which a referral is useless (RFC 9471).
const setRequired = 1

// selfOffMax bounds the offsets in the data that a pointer may name, so that the data may begin anywhere in the first 8 KiB of a
// message and every pointer still fits its 14 bits.
const selfOffMax = wire.PointerMax / 2

// RRset is a set of records of one owner and type: a view of the arena, nil for none. Its end is not marked: only its
// own lengths bound it.
type RRset []byte

// Type of the records.
func (s RRset) Type() uint16 { return binary.LittleEndian.Uint16(s[rrTypeOff:]) }

// Count is how many records there are; of a routed set, how many candidates.
func (s RRset) Count() int { return int(binary.LittleEndian.Uint16(s[rrCountOff:])) }

// SigCount is how many RRSIG records cover the set.
func (s RRset) SigCount() int { return int(binary.LittleEndian.Uint16(s[rrSigCountOff:])) }

// Routed tells whether a policy chooses among candidates; only Policy and Candidate may be asked of a routed set.
func (s RRset) Routed() bool { return s.flags()&flagRouted != 0 }

// HasAdditional tells whether addresses of the set's targets follow it.
func (s RRset) HasAdditional() bool { return s.flags()&flagAdditional != 0 }

// Policy is the number of a routed set's policy in its zone.
func (s RRset) Policy() int { return int(binary.LittleEndian.Uint32(s[rrDataOff:])) }

// Candidate is the RRset of a routed set's candidate i.
func (s RRset) Candidate(i int) RRset {
	candidate := s[rrDataOff+4:]
	for range i {
		candidate = candidate.next()
	}
	return candidate
}

// TTL of the records, in seconds.
func (s RRset) TTL() uint32 {
	if s.Routed() {
		s = s.Candidate(0)
	}
	return binary.BigEndian.Uint32(s[rrDataOff+6:])
}

func (s RRset) flags() uint16 { return binary.LittleEndian.Uint16(s[rrFlagsOff:]) }

// Next is the candidate behind s, which must not be the last of its routed set.
func (s RRset) Next() RRset { return s.next() }

func (s RRset) next() RRset { return s[binary.LittleEndian.Uint32(s[rrSizeOff:]):] }

func (s RRset) dataLen() int { return int(binary.LittleEndian.Uint32(s[rrDataLenOff:])) }

// Data is the records, as packed: for readers that know what the pointers in it mean (wire data without names).
func (s RRset) Data() []byte { return s[rrDataOff : rrDataOff+s.dataLen()] }

// trailer finds the parts behind the data. Absent ones are nil.
func (s RRset) trailer() (sigs, fixups, additional []byte) {
	flags := s.flags()
	rest := s[rrDataOff+s.dataLen():]
	if flags&flagSigned != 0 {
		length := binary.LittleEndian.Uint32(rest)
		sigs, rest = rest[4:4+length], rest[4+length:]
	}
	if flags&flagNames != 0 {
		length := fixupLen * int(binary.LittleEndian.Uint16(rest))
		fixups, rest = rest[2:2+length], rest[2+length:]
	}
	if flags&flagAdditional != 0 {
		length := binary.LittleEndian.Uint32(rest)
		additional = rest[4 : 4+length]
	}
	return sigs, fixups, additional
}
