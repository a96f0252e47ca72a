package compile

import (
	"strings"

	"signpost/host/wire"
)

// aliasPathMax is the most names that an ALIAS leads through, its own and the last included: no query follows it further.
const aliasPathMax = 16

// checkAlias follows the ALIAS at n through the zone and reports a cycle, printed whole, at its first name in the file.
func (s *stage) checkAlias(n *node) {
	path := []*node{n}
	for at := n; ; {
		if len(path) > aliasPathMax {
			s.diags.Warnf(s.place(s.leads(n)), "ALIAS at %s leads through more than %d names: queries for it fail", s.ownerText(n), aliasPathMax)
			return
		}
		r := s.leads(at)
		if r == nil {
			return
		}
		at = s.resolve(s.bytesOf(r))
		if at == nil {
			return
		}
		for i, seen := range path {
			if seen == at {
				if i == 0 && s.firstOf(path) {
					s.diags.Errorf(s.place(s.leads(n)), "ALIAS cycle: %s", s.pathText(append(path, at)))
				}
				return
			}
		}
		path = append(path, at)
	}
}

// leads is a node's ALIAS or CNAME record, or nil. Of several (a routed CNAME) it is the first.
func (s *stage) leads(n *node) *record {
	for at := n.first; at != 0; {
		r := s.records.at(at - 1)
		if r.typ == wire.TypeALIAS || r.typ == wire.TypeCNAME {
			return r
		}
		at = r.next
	}
	return nil
}

// firstOf tells whether the first node of a cycle is the one whose ALIAS stands first in the file, so that a cycle is told once. CNAMEs are
// left out: a cycle of CNAMEs alone is legal, if useless.
func (s *stage) firstOf(cycle []*node) bool {
	for _, n := range cycle[1:] {
		if r := s.leads(n); r.typ == wire.TypeALIAS && r.line < s.leads(cycle[0]).line {
			return false
		}
	}
	return true
}

func (s *stage) pathText(path []*node) string {
	var b strings.Builder
	for i, n := range path {
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(s.ownerText(n))
	}
	return b.String()
}
