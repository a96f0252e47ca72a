package compile

import (
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zone"
)

// addressed lists the types whose target's addresses go into the additional section (RFC 1035 §3.3, RFC 2230 §2, RFC 2782, RFC 9460 §4.1).
func addressed(typ uint16) bool {
	switch typ {
	case wire.TypeNS, wire.TypeMX, wire.TypeSRV, wire.TypeSVCB, wire.TypeHTTPS, wire.TypeKX, wire.TypeMB:
		return true
	}
	return false
}

// additional finds the addresses of a set's targets that stand in this zone. Routed addresses are left out: which of them a client
// gets is decided when it asks for them.
func (s *stage) additional(n *node, set *rrset) []zone.Additional {
	var out []zone.Additional
	for i, r := range set.records {
		data := s.bytesOf(r)
		spans := rrdata.AppendNames(s.spans[:0], r.typ, data)
		s.spans = spans
		for _, span := range spans {
			target := s.target(n, data[span.Off:span.Off+span.Len], r.typ)
			if target == nil {
				continue
			}
			required := n.flags&isCut != 0 && set.typ == wire.TypeNS && s.below(target, n)
			types := [...]uint16{wire.TypeA, wire.TypeAAAA, r.typ}
			count := 2
			if aliasMode(r.typ, data) {
				count = 3 // the target's own bindings, too
			}
			for _, typ := range types[:count] {
				if addresses := s.addresses(target, typ); addresses != nil {
					out = append(out, zone.Additional{Record: i, NameOff: int(span.Off), Required: required, Addresses: addresses})
				}
			}
		}
	}
	return out
}

// aliasMode tells whether a SVCB or HTTPS record only leads to another name's (RFC 9460 §2.4.2).
func aliasMode(typ uint16, data []byte) bool {
	return (typ == wire.TypeSVCB || typ == wire.TypeHTTPS) && data[0] == 0 && data[1] == 0
}

// target is the node whose addresses a name in the data stands for. SVCB's "." is its owner (RFC 9460 §2.5.2) and has no name to
// point at.
func (s *stage) target(n *node, name []byte, typ uint16) *node {
	if len(name) == 1 && (typ == wire.TypeSVCB || typ == wire.TypeHTTPS) {
		return nil
	}
	return s.resolve(name)
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
