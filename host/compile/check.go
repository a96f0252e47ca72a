package compile

import (
	"encoding/binary"

	"signpost/host/diag"
	"signpost/host/rrdata"
	"signpost/host/wire"
)

// check finds what the records of the zone say against each other or against the protocol. An error keeps the zone from being
// served; a warning is served as it stands.
func (s *stage) check() {
	for i := range s.outside {
		s.diags.Errorf(s.place(&s.outside[i]), "%s is outside the zone %s", s.outsideNames[i], nameText(s.origin))
	}
	s.outside, s.outsideNames = nil, nil
	for number := range uint32(s.nodes.count) {
		n := s.nodes.at(number)
		if n.first == 0 {
			continue
		}
		s.dropDuplicates(n)
		sets := s.sets(n)
		s.checkTogether(n, sets)
		for i := range sets {
			s.checkSet(n, &sets[i])
		}
		for _, r := range s.stray {
			s.diags.Warnf(s.place(r), "RRSIG covers %s, which %s does not own", rrdata.TypeName(covered(s.bytesOf(r))), s.ownerText(n))
		}
		s.checkPlace(n, sets)
	}
	s.checkAliases()
	s.checkApex()
}

// checkApex wants one SOA and an NS at the zone's own name.
func (s *stage) checkApex() {
	apex := s.nodes.at(0)
	var soa, ns bool
	for _, set := range s.sets(apex) {
		soa = soa || set.typ == wire.TypeSOA
		ns = ns || set.typ == wire.TypeNS
		if set.typ != wire.TypeSOA {
			continue
		}
		for _, extra := range set.records[1:] {
			s.diags.Errorf(s.place(extra), "a second SOA; the first is at line %d, and a zone has one (RFC 1035 section 5.2)", set.records[0].line)
		}
		s.serve(set.records[0], len(set.signatures) > 0)
	}
	where := diag.Pos{File: s.src.Path}
	switch {
	case !soa && s.records.count == 0 && s.diags.Errors() > 0: // nothing could be read, which was said
		return
	case !soa:
		s.diags.Errorf(where, "no SOA record at %s", nameText(s.origin))
		return
	}
	if !ns {
		s.diags.Warnf(where, "no NS record at %s: resolvers need one", nameText(s.origin))
	}
}

// serve sets the serial that the zone is served with, in the SOA's data.
func (s *stage) serve(soa *record, signed bool) {
	data := s.bytesOf(soa)
	at := data[len(data)-20:]
	s.serial = binary.BigEndian.Uint32(at)
	if s.src.Serial == nil || s.diags.Errors() > 0 {
		return
	}
	served := s.src.Serial(s.serial)
	if served != s.serial && signed {
		s.diags.Warnf(s.place(soa), "serial: auto would serve %d and break the signature of the SOA; %d of the file is served", served, s.serial)
		return
	}
	s.serial = served
	binary.BigEndian.PutUint32(at, served)
}

// checkTogether finds types that may not stand beside each other at one name.
func (s *stage) checkTogether(n *node, sets []rrset) {
	var cname, dname, alias, other *record
	for i := range sets {
		first := sets[i].records[0]
		switch typ := sets[i].typ; {
		case typ == wire.TypeCNAME:
			cname = first
		case typ == wire.TypeNSEC || typ == wire.TypeKEY:
		default:
			if other == nil {
				other = first
			}
			switch typ {
			case wire.TypeDNAME:
				dname = first
			case wire.TypeALIAS:
				alias = first
			}
		}
		if extra := sets[i].records[1:]; len(extra) > 0 && singular(sets[i].typ) && first.note == 0 {
			s.diags.Errorf(s.place(extra[0]), "a second %s at %s; the first is at line %d, and a name has one", rrdata.TypeName(first.typ), s.ownerText(n), first.line)
		}
	}
	if cname != nil || alias != nil {
		s.leaving(n)
	}
	if cname != nil && other != nil {
		s.diags.Errorf(s.place(cname), "CNAME at %s beside %s at line %d: a name with a CNAME owns nothing else (RFC 1034 section 3.6.2)",
			s.ownerText(n), rrdata.TypeName(other.typ), other.line)
	}
	if dname != nil && n.flags&isCut != 0 {
		s.diags.Errorf(s.place(dname), "DNAME at %s beside NS: a delegated name is not redirected (RFC 6672 section 2.3)", s.ownerText(n))
	}
	if alias != nil {
		s.aliases = append(s.aliases, n)
		for i := range sets {
			if t := sets[i].typ; t == wire.TypeA || t == wire.TypeAAAA {
				s.diags.Errorf(s.place(alias), "ALIAS at %s beside %s at line %d: the ALIAS's target gives the addresses", s.ownerText(n), rrdata.TypeName(t), sets[i].records[0].line)
			}
		}
	}
}

// singular tells whether a name has at most one record of the type.
func singular(typ uint16) bool {
	return typ == wire.TypeCNAME || typ == wire.TypeDNAME || typ == wire.TypeALIAS
}

// dropDuplicates takes records out that say what an earlier one of the same name and type says (RFC 2181 §5.2).
func (s *stage) dropDuplicates(n *node) {
	s.kept++
	at := n.first - 1
	if s.records.at(at).next == 0 {
		return
	}
	kept := append(s.signatures[:0], s.records.at(at))
	var seen map[string]*record // of large sets
	for {
		r := s.records.at(at)
		if r.next == 0 {
			break
		}
		next := s.records.at(r.next - 1)
		if first := s.earlier(kept, &seen, next); first != nil {
			s.diags.Warnf(s.place(next), "%s %s stands twice with the same data; the first is at line %d", s.ownerText(n), rrdata.TypeName(next.typ), first.line)
			r.next = next.next
			continue
		}
		s.kept++
		kept = append(kept, next)
		at = r.next - 1
	}
	n.last = at + 1
	s.signatures = kept
}

// earlier is the record of kept that says what r says, or nil. Large sets are looked up in seen, which it keeps.
func (s *stage) earlier(kept []*record, seen *map[string]*record, r *record) *record {
	const few = 16
	if len(kept) < few {
		for _, k := range kept {
			if k.typ == r.typ && k.dataLen == r.dataLen && s.key(k) == s.key(r) {
				return k
			}
		}
		return nil
	}
	if *seen == nil {
		*seen = map[string]*record{}
	}
	for _, k := range kept[len(*seen):] {
		(*seen)[s.key(k)] = k
	}
	return (*seen)[s.key(r)]
}

// key is the same for two records of a name that say the same: names in the data compare without case (RFC 4343). Two candidates may
// say the same.
func (s *stage) key(r *record) string {
	key := append([]byte{byte(r.typ >> 8), byte(r.typ)}, s.bytesOf(r)...)
	s.spans = rrdata.AppendNames(s.spans[:0], r.typ, key[2:])
	for _, span := range s.spans {
		wire.LowerName(key[2:][span.Off : span.Off+span.Len])
	}
	if r.note != 0 {
		key = append(key, s.notes[r.note-1].value("id")...)
		key = append(key, byte(r.dataLen>>8), byte(r.dataLen))
	}
	return string(key)
}

// checkSet finds mistakes inside one RRset.
func (s *stage) checkSet(n *node, set *rrset) {
	first := set.records[0]
	for _, r := range set.records[1:] {
		if r.ttl != first.ttl {
			s.diags.Warnf(s.place(r), "TTL %d differs from %d at line %d of the same name and type; the smallest is served (RFC 2181 section 5.2)", r.ttl, first.ttl, first.line)
			break
		}
	}
	if set.typ == wire.TypeSOA && n.labels > 0 {
		s.diags.Errorf(s.place(first), "SOA at %s, but the zone is %s", s.ownerText(n), nameText(s.origin))
	}
	if set.typ == wire.TypeNSEC3PARAM {
		s.checkIterations(first)
	}
	if set.typ == rrdata.TypeTXT {
		for _, r := range set.records {
			s.checkText(r)
		}
	}
	if !rrdata.HasNames(set.typ) || wire.Signing(set.typ) {
		return
	}
	for _, r := range set.records {
		s.checkTargets(n, r)
	}
}

// checkIterations bounds the work that a query for a name that does not exist can cause (RFC 9276 §3.1). RFC 5155 §10.3 lets no zone use
// more than 2,500 iterations; validators of today ignore zones far below that.
func (s *stage) checkIterations(param *record) {
	const most, wise = 2500, 0
	switch iterations := binary.BigEndian.Uint16(s.bytesOf(param)[2:]); {
	case iterations > most:
		s.diags.Errorf(s.place(param), "NSEC3 with %d iterations: more than %d are not served (RFC 5155 section 10.3)", iterations, most)
	case iterations > wise:
		s.diags.Warnf(s.place(param), "NSEC3 with %d iterations: each one costs work for every name that does not exist; 0 is enough (RFC 9276 section 3.1)", iterations)
	}
}
