package compile

import "signpost/host/wire"

// link finds out how names stand to each other: cuts, what lies below them, wildcards.
func (s *stage) link() {
	for number := range uint32(s.nodes.count) {
		n := s.nodes.at(number)
		hash, others := false, false
		for at := n.first; at != 0; {
			r := s.records.at(at - 1)
			hash = hash || r.typ == wire.TypeNSEC3
			others = others || r.typ != wire.TypeNSEC3 && r.typ != wire.TypeRRSIG
			switch r.typ {
			case wire.TypeNS:
				if number != 0 {
					n.flags |= isCut
				}
			case wire.TypeDNAME:
				n.flags |= hasDNAME
			case wire.TypeCNAME:
				n.flags |= hasCNAME
			}
			at = r.next
		}
		if name := s.name(n); len(name) >= 2 && name[0] == 1 && name[1] == '*' {
			s.nodes.at(n.parent).flags |= hasStar
		} else if hash && !others {
			n.flags |= isHash
		}
	}
	for number := range uint32(s.nodes.count) {
		n := s.nodes.at(number)
		if number != 0 {
			s.nodes.at(n.parent).flags &^= isHash // a name with names below it exists, whatever it owns
		}
		if s.cutAbove(n) != nil {
			n.flags |= isOccluded
		}
	}
}

// cutAbove is the nearest cut or DNAME above n, or nil. The depth of a name bounds the walk.
func (s *stage) cutAbove(n *node) *node {
	for n.labels > 0 {
		n = s.nodes.at(n.parent)
		if n.flags&(isCut|hasDNAME) != 0 {
			return n
		}
	}
	return nil
}

// resolve finds the node that answers for an absolute name in the zone: its own, or the wildcard that stands for it; nil when neither
// exists or the name is not in the zone.
func (s *stage) resolve(name []byte) *node {
	relative, inside := s.relative(name)
	if !inside {
		return nil
	}
	number := s.find(relative)
	if number != none {
		return s.nodes.at(number)
	}
	for len(relative) > 0 {
		relative = relative[1+relative[0]:]
		if number = s.find(relative); number == none {
			continue
		}
		encloser := s.nodes.at(number)
		if encloser.flags&hasStar == 0 || encloser.flags&(isOccluded|isCut|hasDNAME) != 0 {
			return nil
		}
		number = s.find(append([]byte{1, '*'}, relative...))
		return s.nodes.at(number)
	}
	return nil
}
