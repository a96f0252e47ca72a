// Package splithorizon answers by who asks: the first candidate in the file whose clients the client is among.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// Candidates with the same clients are one choice and share equally, so a chain can share otherwise. While all of the first are down, the next ones
// whose clients match answer. Lines that no client would ever reach are refused. Views are each a choice of their own, also behind one that has
// their clients: a client that was at one is sent to the next.
package splithorizon

import (
	"slices"

	"signpost/sdk"
)

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("split-horizon", "1.0.0", "by the client's network; the first in the file wins")
	p.WantClient()
	clients := p.Networks("clients", "prefixes, addresses, collections, or * for everybody, joined by commas").Default("*")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		networks, lists := clients.Map(c), make([][]sdk.Network, c.Len())
		groups := make([]int, c.Len()) // by candidate: the first one with the same clients
		for i := range groups {
			lists[i] = clients.Of(c, i)
			for groups[i] < i && (c.Views() || !slices.Equal(lists[groups[i]], lists[i])) {
				groups[i]++
			}
		}
		for i := range groups {
			if c.Views() {
				break
			}
			if above, ok := shadow(networks, groups, lists[i], groups[i]); ok {
				clients.Refuse(c, i, "nobody gets here: "+c.ID(above)+", which stands before it, has all of these clients")
			}
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			first := len(groups)
			d.HoldsWithin(networks.Each(f.Client(), func(i int, _ uint8) bool {
				if f.Open(i) {
					first = min(first, groups[i])
				}
				return true
			}))
			for i, group := range groups {
				if group == first && f.Open(i) {
					d.Weigh(i, 1)
				}
			}
		}
	})
	return p
}

// shadow finds a candidate of an earlier group that has the last of the networks, if all of them are taken.
func shadow(networks *sdk.NetworkMap, groups []int, own []sdk.Network, group int) (above int, taken bool) {
	for _, network := range own {
		taken = false
		networks.Each(network, func(i int, _ uint8) bool {
			if groups[i] < group {
				above, taken = i, true
			}
			return !taken
		})
		if !taken {
			return 0, false
		}
	}
	return above, taken
}
