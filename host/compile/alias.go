package compile

import (
	"slices"
	"strings"

	"signpost/host/wire"
)

// aliasPathMax is the most names that an ALIAS leads through, its own and the last included: no query follows it further.
const aliasPathMax = 16

// aliasWalk visits all names that ALIASes lead to, each once, and finds circles among them: Tarjan's strongly connected components. It keeps
// its own stack, since a zone may have a chain of a million.
type aliasWalk struct {
	*stage
	seen map[*node]*aliasVisit
	open []*aliasVisit // whose component is not known yet
}

// aliasVisit is a name on the way.
type aliasVisit struct {
	node        *node
	leads       []*record // its ALIAS or CNAME records
	next        int       // of leads
	order, low  int
	closed      bool // its component is known
	least, most int  // names that its ways lead through behind it, on the shortest and the longest one
	component   *aliasVisit
}

// checkAliases reports each circle that has an ALIAS in it, printed whole, and ways that are too long.
func (s *stage) checkAliases() {
	w := aliasWalk{stage: s, seen: map[*node]*aliasVisit{}}
	for _, n := range s.aliases {
		if w.seen[n] == nil {
			w.from(n)
		}
		v := w.seen[n]
		switch r := v.leads[0]; {
		case 1+v.least > aliasPathMax:
			s.diags.Warnf(s.place(r), "ALIAS at %s leads through more than %d names: queries for it fail", s.ownerText(n), aliasPathMax)
		case 1+v.most > aliasPathMax && r.note != 0:
			s.diags.Warnf(s.place(r), "a candidate of the ALIAS at %s leads through more than %d names, which counts as down", s.ownerText(n), aliasPathMax)
		}
	}
}

// from visits what n leads to.
func (w *aliasWalk) from(n *node) {
	path := []*aliasVisit{w.enter(n)}
	for len(path) > 0 {
		v := path[len(path)-1]
		if v.next < len(v.leads) {
			target := w.resolve(w.bytesOf(v.leads[v.next]))
			v.next++
			switch t := w.seen[target]; {
			case target == nil:
				v.least = 0
			case t == nil:
				path = append(path, w.enter(target))
			case t.closed:
				v.past(t)
			default:
				v.low = min(v.low, t.order)
			}
			continue
		}
		path = path[:len(path)-1]
		if v.low == v.order {
			w.close(v)
		}
		if len(path) > 0 {
			before := path[len(path)-1]
			before.low = min(before.low, v.low)
			if v.closed {
				before.past(v)
			}
		}
	}
}

// unreached is more names than any way has.
const unreached = 1 << 30

func (w *aliasWalk) enter(n *node) *aliasVisit {
	v := &aliasVisit{node: n, leads: w.leads(n), order: len(w.seen), low: len(w.seen), least: unreached}
	if len(v.leads) == 0 {
		v.least = 0
	}
	w.seen[n] = v
	w.open = append(w.open, v)
	return v
}

// past notes that a way leads on to a name whose own ways are known.
func (v *aliasVisit) past(to *aliasVisit) {
	v.least, v.most = min(v.least, 1+to.least), max(v.most, 1+to.most)
}

// close ends the component that v began.
func (w *aliasWalk) close(v *aliasVisit) {
	first := len(w.open) - 1
	for w.open[first] != v {
		first--
	}
	members := w.open[first:]
	w.open = w.open[:first]
	for _, m := range members {
		m.closed, m.component = true, v
		if m.least == unreached { // nothing but a circle
			m.least = 0
		}
	}
	w.reportCircle(members)
}

// reportCircle prints the shortest circle through the ALIAS among members, a component, that stands first in the file. CNAMEs alone may go in a
// circle: that is legal, if useless.
func (w *aliasWalk) reportCircle(members []*aliasVisit) {
	var start *aliasVisit
	var first *record
	for _, m := range members {
		for _, r := range m.leads {
			to := w.seen[w.resolve(w.bytesOf(r))]
			inside := to != nil && to.component == m.component
			if inside && r.typ == wire.TypeALIAS && (first == nil || r.file < first.file || r.file == first.file && r.line < first.line) {
				start, first = m, r
			}
		}
	}
	if first == nil {
		return
	}
	to := w.seen[w.resolve(w.bytesOf(first))]
	came := map[*aliasVisit]*aliasVisit{to: nil}
	for queue := []*aliasVisit{to}; came[start] == nil && start != to; queue = queue[1:] {
		for _, r := range queue[0].leads {
			next := w.seen[w.resolve(w.bytesOf(r))]
			if next == nil || next.component != start.component {
				continue
			}
			if _, been := came[next]; !been {
				came[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	names := []string{w.ownerText(start.node)}
	if start != to {
		for at := came[start]; at != nil; at = came[at] {
			names = append(names, w.ownerText(at.node))
		}
	}
	names = append(names, w.ownerText(start.node))
	slices.Reverse(names)
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
