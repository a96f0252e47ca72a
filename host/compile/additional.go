package compile

import (
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

// additional finds the addresses of a set's targets that stand in this zone, each name's once. Routed addresses are left out: which of
// them a client gets is decided when it asks for them.
func (s *stage) additional(n *node, set *rrset) []zone.Additional {
	var out []zone.Additional
	var seen map[string]bool
	for i, r := range set.records {
		data := s.bytesOf(r)
		s.spans = rrdata.AppendNames(s.spans[:0], r.typ, data)
		for _, span := range s.spans {
			name := data[span.Off : span.Off+span.Len]
			target := s.target(n, set, name)
			if target == nil || seen[nameKey(name)] {
				continue
			}
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[nameKey(name)] = true
			required := n.flags&isCut != 0 && set.typ == wire.TypeNS && s.below(target, n)
			for _, typ := range s.wanted(n, target, r) {
				if addresses := s.addresses(target, typ); addresses != nil {
					out = append(out, zone.Additional{Record: i, NameOff: int(span.Off), Required: required, Addresses: addresses})
				}
			}
		}
	}
	return out
}

// nameKey is the same for names that differ in case only.
func nameKey(name []byte) string {
	lower := append([]byte(nil), name...)
	wire.LowerName(lower)
	return string(lower)
}

// wanted lists the types of a target's sets that go with a record: addresses, and of a SVCB or HTTPS that only leads elsewhere the
// target's own bindings.
func (s *stage) wanted(n, target *node, r *record) []uint16 {
	types := []uint16{wire.TypeA, wire.TypeAAAA}
	if target != n && aliasMode(r.typ, s.bytesOf(r)) {
		types = append(types, r.typ)
	}
	return types
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

// addresses is a node's simple set of a type whose data has no compressed names, or nil.
func (s *stage) addresses(n *node, typ uint16) *zone.Set {
	var set *zone.Set
	for at := n.first; at != 0; {
		r := s.records.at(at - 1)
		at = r.next
		switch {
		case r.typ == typ && r.note != 0:
			return nil
		case r.typ == typ:
			if set == nil {
				set = &zone.Set{Type: typ, TTL: r.ttl}
			}
			set.TTL = min(set.TTL, r.ttl)
			set.Records = append(set.Records, s.bytesOf(r))
		}
	}
	for at := n.first; at != 0 && set != nil; {
		r := s.records.at(at - 1)
		at = r.next
		if data := s.bytesOf(r); r.typ == wire.TypeRRSIG && uint16(data[0])<<8|uint16(data[1]) == typ {
			set.Signatures = append(set.Signatures, zone.Signature{TTL: r.ttl, Data: data})
		}
	}
	return set
}
