package compile

import (
	"slices"

	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zone"
)

// addressed lists the types whose target's addresses go into the additional section (RFC 1035 §3.3, RFC 1183 §3.3, RFC 2230 §2,
// RFC 2782, RFC 9460 §4.1).
func addressed(typ uint16) bool {
	switch typ {
	case wire.TypeNS, wire.TypeMX, wire.TypeSRV, wire.TypeSVCB, wire.TypeHTTPS, wire.TypeKX, wire.TypeMB, wire.TypeRT:
		return true
	}
	return false
}

// addressedMax bounds the records whose targets are looked at: names of later ones lie farther into the data than a pointer reaches.
const addressedMax = 1024

// additional finds the addresses of a set's targets that stand in this zone, each name's once. Routed addresses are left out: which of
// them a client gets is decided when it asks for them. The result is valid until the next call.
func (s *stage) additional(n *node, set *rrset) []zone.Additional {
	out := s.extra[:0]
	s.targets = s.targets[:0]
	for i, r := range set.records[:min(len(set.records), addressedMax)] {
		data := s.bytesOf(r)
		s.spans = rrdata.AppendNames(s.spans[:0], r.typ, data)
		for _, span := range s.spans {
			name := data[span.Off : span.Off+span.Len]
			target := s.target(n, set, name)
			if target == nil || slices.ContainsFunc(s.targets, func(seen []byte) bool { return sameName(seen, name) }) {
				continue
			}
			s.targets = append(s.targets, name)
			required := n.flags&isCut != 0 && set.typ == wire.TypeNS && s.below(target, n)
			types := [...]uint16{wire.TypeA, wire.TypeAAAA, r.typ}
			count := 2
			if target != n && aliasMode(r.typ, data) {
				count = 3 // the target's own bindings, too
			}
			for _, typ := range types[:count] {
				if addresses := s.addresses(len(out), target, typ, required); addresses != nil {
					out = append(out, zone.Additional{Record: i, NameOff: int(span.Off), Required: required, Addresses: addresses})
				}
			}
		}
	}
	s.extra = out
	return out
}

// sameName compares two wire names without case.
func sameName(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if wire.Lower(a[i]) != wire.Lower(b[i]) {
			return false
		}
	}
	return true
}

// aliasMode tells whether a SVCB or HTTPS record only leads to another name's (RFC 9460 §2.4.2).
func aliasMode(typ uint16, data []byte) bool {
	return (typ == wire.TypeSVCB || typ == wire.TypeHTTPS) && data[0] == 0 && data[1] == 0
}

// target is the node whose addresses go with a name in a set's data, or nil. SVCB's "." is its owner (RFC 9460 §2.5.2) and has no name to
// point at. What lies below a cut is glue: it goes with NS records alone, since the child's own answer may differ (RFC 2181 §5.4.1).
// What lies below a DNAME does not exist.
func (s *stage) target(n *node, set *rrset, name []byte) *node {
	if len(name) == 1 && (set.typ == wire.TypeSVCB || set.typ == wire.TypeHTTPS) {
		return nil
	}
	target := s.resolve(name)
	if target == nil || target.flags&(isCut|isOccluded) == 0 {
		return target
	}
	if above := s.cutAbove(target); set.typ != wire.TypeNS || above != nil && above.flags&hasDNAME != 0 {
		return nil
	}
	return target
}

// below tells whether n is at or below the cut.
func (s *stage) below(n, cut *node) bool {
	for {
		if n == cut {
			return true
		}
		if n.labels == 0 {
			return false
		}
		n = s.nodes.at(n.parent)
	}
}

// optionalLenMax bounds the bytes of a set of addresses that comes along but need not: a hundred thousand MX records that share a target of
// thousands of addresses would need gigabytes.
const optionalLenMax = 4096

// recordHeadLen is what a packed record takes besides its data.
const recordHeadLen = 12

// addresses is a node's simple set of a type whose data has no compressed names; nil when there is none, or when it is not required and long.
// number counts the sets that are in use at a time.
func (s *stage) addresses(number int, n *node, typ uint16, required bool) *zone.Set {
	if number == len(s.addressSets) {
		s.addressSets = append(s.addressSets, new(zone.Set))
	}
	set := s.addressSets[number]
	*set = zone.Set{Type: typ, Records: set.Records[:0], Signatures: set.Signatures[:0]}
	length := 0
	for at := n.first; at != 0; {
		r := s.records.at(at - 1)
		at = r.next
		data := s.bytesOf(r)
		switch {
		case r.typ == typ && r.note != 0:
			return nil
		case r.typ == typ:
			if len(set.Records) == 0 || r.ttl < set.TTL {
				set.TTL = r.ttl
			}
			set.Records = append(set.Records, data)
		case r.typ == wire.TypeRRSIG && covered(data) == typ:
			set.Signatures = append(set.Signatures, zone.Signature{TTL: r.ttl, Data: data})
		default:
			continue
		}
		if length += recordHeadLen + len(data); length > optionalLenMax && !required {
			return nil
		}
	}
	if len(set.Records) == 0 {
		return nil
	}
	return set
}
