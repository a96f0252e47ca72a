package compile

import (
	"cmp"
	"slices"

	"signpost/host/wire"
)

// rrset is the records of one owner and type. RRSIG records belong to the set that they cover.
type rrset struct {
	typ        uint16
	ttl        uint32    // the smallest of its records' (RFC 2181 §5.2)
	records    []*record // at least one
	signatures []*record
}

// sets groups a node's records by type, in order of type. Signatures over a type that the node does not own go to s.stray. The result is
// valid until the next call.
func (s *stage) sets(n *node) []rrset {
	s.found = s.found[:0]
	signatures := s.signatures[:0]
	for at := n.first; at != 0; {
		r := s.records.at(at - 1)
		at = r.next
		if r.typ == wire.TypeRRSIG {
			signatures = append(signatures, r)
			continue
		}
		set := s.set(r.typ)
		if len(set.records) == 0 || r.ttl < set.ttl {
			set.ttl = r.ttl
		}
		set.records = append(set.records, r)
	}
	s.stray = s.stray[:0]
	for _, r := range signatures {
		if set := s.known(covered(s.bytesOf(r))); set != nil {
			set.signatures = append(set.signatures, r)
		} else {
			s.stray = append(s.stray, r)
		}
	}
	s.signatures = signatures
	if len(s.found) > 1 {
		slices.SortFunc(s.found, func(a, b rrset) int { return cmp.Compare(a.typ, b.typ) })
	}
	return s.found
}

// covered is the type that an RRSIG record's data signs.
func covered(data []byte) uint16 { return uint16(data[0])<<8 | uint16(data[1]) }

// known is the set of a type among those found so far, or nil.
func (s *stage) known(typ uint16) *rrset {
	for i := range s.found {
		if s.found[i].typ == typ {
			return &s.found[i]
		}
	}
	return nil
}

// set is the set of a type among those found so far, made if it is new. Buffers of earlier calls serve again.
func (s *stage) set(typ uint16) *rrset {
	if set := s.known(typ); set != nil {
		return set
	}
	if len(s.found) < cap(s.found) {
		s.found = s.found[:len(s.found)+1]
	} else {
		s.found = append(s.found, rrset{})
	}
	set := &s.found[len(s.found)-1]
	*set = rrset{typ: typ, records: set.records[:0], signatures: set.signatures[:0]}
	return set
}
