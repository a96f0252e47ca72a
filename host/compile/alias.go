package compile

import (
	"strings"

	"signpost/host/circle"
	"signpost/host/wire"
)

// aliasPathMax is the most names that an ALIAS leads through, its own and the last included: no query follows it further.
const aliasPathMax = 16

// ways is how many names there are behind one, on the shortest and the longest way.
type ways struct{ least, most int }

// aliasWalk visits all names that ALIASes lead to and finds circles among them.
type aliasWalk struct {
	*stage
	circle.Walk[*node]
	ways map[*node]ways
}

// checkAliases reports each circle that has an ALIAS in it, printed whole, and ways that are too long.
func (s *stage) checkAliases() {
	w := aliasWalk{stage: s, ways: make(map[*node]ways)}
	w.Leads, w.Close = w.targets, w.close
	for _, n := range s.aliases {
		w.From(n)
		first, behind := s.leads(n)[0], w.ways[n]
		switch {
		case 1+behind.least > aliasPathMax:
			s.diags.Warnf(s.place(first), "ALIAS at %s leads through more than %d names: queries for it fail", s.ownerText(n), aliasPathMax)
		case 1+behind.most > aliasPathMax && first.note != 0:
			s.diags.Warnf(s.place(first), "a candidate of the ALIAS at %s leads through more than %d names, which counts as down", s.ownerText(n), aliasPathMax)
		}
	}
}

// targets lists the zone's names that n leads to.
func (w *aliasWalk) targets(n *node) (list []*node) {
	for _, r := range w.leads(n) {
		if to := w.resolve(w.bytesOf(r)); to != nil {
			list = append(list, to)
		}
	}
	return list
}

// close measures the ways of a component, and prints the shortest circle through the ALIAS in it that stands first in the file. CNAMEs alone may
// go in a circle: that is legal, if useless.
func (w *aliasWalk) close(members []*node) {
	const unreached = 1 << 30 // more names than any way has
	var start *node
	var first *record
	for _, m := range members {
		long := ways{least: unreached}
		leads := w.leads(m)
		for _, r := range leads {
			switch to := w.resolve(w.bytesOf(r)); {
			case to == nil:
				long.least = 0
			case !w.Together(m, to):
				long.least, long.most = min(long.least, 1+w.ways[to].least), max(long.most, 1+w.ways[to].most)
			case r.typ == wire.TypeALIAS && (first == nil || r.file < first.file || r.file == first.file && r.line < first.line):
				start, first = m, r
			}
		}
		if len(leads) == 0 || long.least == unreached { // or nothing but a circle
			long.least = 0
		}
		w.ways[m] = long
	}
	if first == nil {
		return
	}
	names := []string{w.ownerText(start)}
	for _, n := range w.Way(w.resolve(w.bytesOf(first)), start) {
		names = append(names, w.ownerText(n))
	}
	w.diags.Errorf(w.place(first), "ALIAS cycle: %s", strings.Join(names, " → "))
}

// leads lists a node's ALIAS or CNAME records.
func (s *stage) leads(n *node) (list []*record) {
	for at := n.first; at != 0; {
		r := s.records.at(at - 1)
		if r.typ == wire.TypeALIAS || r.typ == wire.TypeCNAME {
			list = append(list, r)
		}
		at = r.next
	}
	return list
}

// leaving tells of n's ALIAS or CNAME records that lead to names which the zone does not answer for.
func (s *stage) leaving(n *node) {
	if s.src.Leaves == nil {
		return
	}
	for _, r := range s.leads(n) {
		if to := s.resolve(s.bytesOf(r)); to == nil || to.flags&(isCut|isOccluded) != 0 {
			s.src.Leaves(append(append([]byte(nil), s.name(n)...), s.origin...), s.place(r))
		}
	}
}
