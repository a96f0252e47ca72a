// Package circle finds where things that lead to each other go in a circle.
//
// Plane: control. Floor: 0. Journey of an edit: step 3 (names that ALIASes lead to).
package circle

import "slices"

// Walk visits what its starts lead to, each once: Tarjan's strongly connected components. It keeps its own stack, since a chain may have a
// million links. Leads and Close are required.
type Walk[N comparable] struct {
	// Leads lists what n leads to. It is called once for each n.
	Leads func(n N) []N
	// Close is called for each component, after those that it leads to. One of several members goes in circles; one alone does if it leads to itself.
	Close func(members []N)

	seen map[N]*visit[N]
	open []*visit[N] // whose component is not known yet
}

// visit is one that is on the way.
type visit[N comparable] struct {
	of         N
	leads      []N
	next       int // of leads
	order, low int
	component  *visit[N] // nil: not known yet
}

// From visits n and all behind it, if that was not done before.
func (w *Walk[N]) From(n N) {
	if w.seen == nil {
		w.seen = make(map[N]*visit[N])
	}
	if w.seen[n] != nil {
		return
	}
	path := []*visit[N]{w.enter(n)}
	for len(path) > 0 {
		v := path[len(path)-1]
		if v.next < len(v.leads) {
			target := v.leads[v.next]
			v.next++
			switch t := w.seen[target]; {
			case t == nil:
				path = append(path, w.enter(target))
			case t.component == nil:
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
		}
	}
}

func (w *Walk[N]) enter(n N) *visit[N] {
	v := &visit[N]{of: n, leads: w.Leads(n), order: len(w.seen), low: len(w.seen)}
	w.seen[n] = v
	w.open = append(w.open, v)
	return v
}

// close ends the component that v began.
func (w *Walk[N]) close(v *visit[N]) {
	first := len(w.open) - 1
	for w.open[first] != v {
		first--
	}
	members := make([]N, 0, len(w.open)-first)
	for _, m := range w.open[first:] {
		m.component = v
		members = append(members, m.of)
	}
	w.open = w.open[:first]
	w.Close(members)
}

// Together tells whether two are members of one component that is closed.
func (w *Walk[N]) Together(a, b N) bool {
	x, y := w.seen[a], w.seen[b]
	return x != nil && y != nil && x.component != nil && x.component == y.component
}

// Way is the shortest way inside a closed component, both ends included.
func (w *Walk[N]) Way(from, to N) []N {
	came := map[N]N{from: from}
	for queue := []N{from}; len(queue) > 0; queue = queue[1:] {
		for _, n := range w.seen[queue[0]].leads {
			if _, been := came[n]; !been && w.Together(n, from) {
				came[n] = queue[0]
				queue = append(queue, n)
			}
		}
	}
	way := []N{to}
	for at := to; at != from; way = append(way, at) {
		at = came[at]
	}
	slices.Reverse(way)
	return way
}
