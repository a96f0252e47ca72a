package compile

import (
	"bytes"

	"signpost/host/rrdata"
	"signpost/host/wire"
)

// checkTargets looks at the names in a record's data.
func (s *stage) checkTargets(n *node, r *record) {
	data := s.bytesOf(r)
	s.spans = rrdata.AppendNames(s.spans[:0], r.typ, data)
	for _, span := range s.spans {
		s.checkName(r, data[span.Off:span.Off+span.Len])
	}
	if n.flags&isOccluded != 0 || len(s.spans) == 0 {
		return
	}
	switch r.typ {
	case wire.TypeNS, wire.TypeMX, wire.TypeSRV:
		span := s.spans[0]
		s.checkHost(n, r, data[span.Off:span.Off+span.Len])
	}
}

// checkHost wants the target of NS, MX or SRV to have addresses if this zone should know them (RFC 2181 §10.3).
func (s *stage) checkHost(n *node, r *record, name []byte) {
	relative, inside := s.relative(name)
	if !inside || len(name) == 1 {
		return
	}
	typ := rrdata.TypeName(r.typ)
	number := s.find(relative)
	if number == none {
		switch {
		case s.resolve(name) != nil:
		case s.delegated(name) && !(r.typ == wire.TypeNS && n.flags&isCut != 0 && s.endsIn(name, n)):
		case r.typ == wire.TypeNS && n.flags&isCut != 0 && s.endsIn(name, n):
			s.diags.Warnf(s.place(r), "%s is below the delegation and has no glue: nobody can reach it", nameText(name))
		default:
			s.diags.Warnf(s.place(r), "%s target %s does not exist in this zone", typ, nameText(name))
		}
		return
	}
	target := s.nodes.at(number)
	if target.flags&hasCNAME != 0 {
		s.diags.Warnf(s.place(r), "%s target %s is a CNAME; it must be a name with addresses (RFC 2181 section 10.3)", typ, nameText(name))
		return
	}
	if !s.hasAddress(target) && target.flags&(isCut|isOccluded|hasDNAME) == 0 {
		s.diags.Warnf(s.place(r), "%s target %s has no address", typ, nameText(name))
	}
	if target.flags&(isCut|isOccluded) != 0 && r.typ == wire.TypeNS && !s.hasAddress(target) && (target == n || s.below(target, n)) {
		s.diags.Warnf(s.place(r), "%s is below the delegation and has no glue: nobody can reach it", nameText(name))
	}
}

func (s *stage) hasAddress(n *node) bool {
	for at := n.first; at != 0; {
		r := s.records.at(at - 1)
		if r.typ == wire.TypeA || r.typ == wire.TypeAAAA || r.typ == wire.TypeALIAS {
			return true
		}
		at = r.next
	}
	return false
}

// delegated tells whether a name without a node lies below a cut or DNAME.
func (s *stage) delegated(name []byte) bool {
	relative, _ := s.relative(name)
	for len(relative) > 0 {
		relative = relative[1+relative[0]:]
		if number := s.find(relative); number != none {
			n := s.nodes.at(number)
			return n.flags&(isCut|hasDNAME|isOccluded) != 0
		}
	}
	return false
}

// endsIn tells whether an absolute name is at or below n.
func (s *stage) endsIn(name []byte, n *node) bool {
	relative, inside := s.relative(name)
	suffix := s.name(n)
	return inside && bytes.HasSuffix(relative, suffix) && (len(relative) == len(suffix) || wire.StartsLabel(relative, len(relative)-len(suffix)))
}

// doubled tells whether an absolute name ends in the origin twice, as "www.example.com" without its last dot does.
func (s *stage) doubled(name []byte) bool {
	relative, inside := s.relative(name)
	bare := s.origin[:len(s.origin)-1]
	if !inside || s.originLabels < 2 || !bytes.HasSuffix(relative, bare) {
		return false
	}
	return wire.StartsLabel(relative, len(relative)-len(bare))
}

// checkPlace finds records where they cannot be seen or mean nothing.
func (s *stage) checkPlace(n *node, sets []rrset) {
	first := s.records.at(n.first - 1)
	if s.doubled(append(append(s.owner[:0], s.name(n)...), s.origin...)) {
		s.diags.Warnf(s.place(first), "%s ends with the zone's name twice: is a dot missing at its end?", s.ownerText(n))
	}
	for i := range sets {
		set := &sets[i]
		r := set.records[0]
		switch {
		case n.flags&(isCut|isOccluded) != 0 && r.note != 0 && (set.typ == wire.TypeA || set.typ == wire.TypeAAAA):
			s.diags.Warnf(s.place(r), "%s %s is glue, about which no policy decides: it is left out of referrals", s.ownerText(n), rrdata.TypeName(set.typ))
		case n.flags&isOccluded != 0 && set.typ != wire.TypeA && set.typ != wire.TypeAAAA && !wire.Signing(set.typ):
			above := s.cutAbove(n)
			what := "delegation"
			if above.flags&hasDNAME != 0 {
				what = "DNAME"
			}
			s.diags.Warnf(s.place(r), "%s %s is never seen: it lies below the %s at %s", s.ownerText(n), rrdata.TypeName(set.typ), what, s.ownerText(above))
		case n.flags&isCut != 0 && n.flags&isOccluded == 0 && hiddenAtCut(set.typ):
			s.diags.Warnf(s.place(r), "%s %s is never seen: the name is delegated", s.ownerText(n), rrdata.TypeName(set.typ))
		case set.typ == wire.TypeDS && n.flags&isCut == 0:
			s.diags.Warnf(s.place(r), "DS at %s, which is not delegated", s.ownerText(n))
		}
	}
}

// hiddenAtCut tells whether a delegating zone cannot show a set at the cut itself; addresses may be glue.
func hiddenAtCut(typ uint16) bool {
	switch typ {
	case wire.TypeNS, wire.TypeDS, wire.TypeA, wire.TypeAAAA, wire.TypeNSEC, wire.TypeNSEC3, wire.TypeRRSIG, wire.TypeDNAME:
		return false
	}
	return true
}
