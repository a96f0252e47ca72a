// Package splithorizon answers by who asks: the first candidate in the file whose clients the client is among.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// Candidates with the same clients are one choice and share equally, so a chain can share otherwise. While all of the first are down, the next ones
// whose clients match answer. Lines that no client would ever reach are refused. Views are each a choice of their own, also behind one that has
// their clients: a client that was at one is sent to the next.
package splithorizon

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("split-horizon", "1.0.0", "by the client's network; the first in the file wins")
	p.WantClient()
	clients := p.Networks("clients", "prefixes, addresses, collections, or * for everybody, joined by commas").Default("*")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		again := func(i int) bool { return i > 0 && !c.Views() && clients.Same(c, i-1, i) }
		h := &horizon{clients: clients, networks: clients.MapOf(c, func(i int) bool { return !again(i) }), groups: make([]group, c.Len())}
		for i := range h.groups {
			first := i
			if again(i) {
				first = h.groups[i-1].first
			} else if !c.Views() {
				first = h.place(c, i)
			}
			h.join(i, first)
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			found := h.networks.Find(f.Client())
			d.HoldsWithin(found.Scope)
			if !h.weigh(found, f.Open, d) && h.weigh(found, f.Down, d) {
				d.FailOpen()
			}
		}
	})
	return p
}

// horizon is one policy.
type horizon struct {
	clients  sdk.Networks
	networks *sdk.NetworkMap // of the candidates that do not have the clients of the one before them
	groups   []group         // by candidate
}

// group links the candidates that have the same clients.
type group struct {
	first int // the first one of them
	next  int // the next one; 0: none
	last  int // of the first one: the last one
}

// join adds a candidate to the group of first.
func (h *horizon) join(candidate, first int) {
	h.groups[candidate].first = first
	if first != candidate {
		h.groups[h.groups[first].last].next = candidate
	}
	h.groups[first].last = candidate
}

// weigh gives the candidates of the first choice that has the client and any which answers the same share. It returns false if there is none.
func (h *horizon) weigh(found sdk.Holders, answers func(candidate int) bool, d *sdk.Decision) bool {
	first, any := found.Least()
	if !any {
		return false
	}
	if first = h.groups[first].first; !h.answers(first, answers) {
		first = len(h.groups)
		for found.Next() {
			if i := found.Candidate; i < first && h.groups[i].first == i && h.answers(i, answers) {
				first = i
			}
		}
		if first == len(h.groups) {
			return false
		}
	}
	for i, more := first, true; more; i, more = h.groups[i].next, h.groups[i].next > 0 {
		if answers(i) {
			d.Weigh(i, 1)
		}
	}
	return true
}

// answers tells whether any candidate of the group does.
func (h *horizon) answers(first int, answers func(candidate int) bool) bool {
	for i, more := first, true; more; i, more = h.groups[i].next, h.groups[i].next > 0 {
		if answers(i) {
			return true
		}
	}
	return false
}

// place returns the first candidate of a candidate's group, and refuses the candidate if others before it have all of its clients. The first one
// of its own group is the least that has at least one of its networks, or else nobody gets to that one either.
//
//go:noinline
func (h *horizon) place(c *sdk.Policy, candidate int) (first int) {
	above := -1
	for _, network := range h.clients.Of(c, candidate) {
		found := h.networks.Find(network)
		least, _ := found.Least()
		switch {
		case least >= candidate:
			return candidate
		case h.clients.Same(c, least, candidate):
			return h.groups[least].first
		}
		above = least
	}
	if above >= 0 {
		h.clients.Refuse(c, candidate, "nobody gets here: "+c.ID(above)+", which stands before it, has all of these clients")
	}
	return candidate
}
