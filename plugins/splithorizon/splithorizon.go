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
		h := &horizon{clients, clients.MapOf(c, func(i int) bool { return !again(i) }), make([]int, c.Len()), make([]bool, c.Len())}
		for i := range h.groups {
			if again(i) {
				h.groups[i] = h.groups[i-1]
			} else {
				h.place(c, i)
			}
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
	groups   []int           // by candidate: the first one with the same clients
	answers  []bool          // by group, of one decision
}

// weigh gives the candidates of the first choice that has the client and any which answers the same share. It returns false if there is none.
func (h *horizon) weigh(found sdk.Holders, answers func(candidate int) bool, d *sdk.Decision) bool {
	clear(h.answers)
	for i, group := range h.groups {
		h.answers[group] = h.answers[group] || answers(i)
	}
	first := len(h.groups)
	for found.Next() {
		if group := h.groups[found.Candidate]; group < first && h.answers[group] {
			first = group
		}
	}
	for i, group := range h.groups {
		if group == first && answers(i) {
			d.Weigh(i, 1)
		}
	}
	return first < len(h.groups)
}

// place finds the group of a candidate, and refuses the candidate if groups before its own have all of its clients.
//
//go:noinline
func (h *horizon) place(c *sdk.Policy, candidate int) {
	h.groups[candidate] = candidate
	if c.Views() {
		return
	}
	own := h.clients.Of(c, candidate)
	above := -1
	for _, network := range own {
		if above = h.holder(c, network, candidate); above < 0 {
			return
		}
	}
	if above >= 0 {
		h.clients.Refuse(c, candidate, "nobody gets here: "+c.ID(above)+", which stands before it, has all of these clients")
	}
}

// holder returns a candidate before this one that has all of the network; -1 if there is none, or one of the same group, which it then joins.
//
//go:noinline
func (h *horizon) holder(c *sdk.Policy, network sdk.Network, candidate int) (above int) {
	above = -1
	for found := h.networks.Find(network); found.Next(); {
		switch i := found.Candidate; {
		case i >= candidate:
		case h.clients.Same(c, i, candidate):
			h.groups[candidate] = h.groups[i]
			return -1
		default:
			above = i
		}
	}
	return above
}
