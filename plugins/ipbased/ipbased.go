// Package ipbased answers by the client's network, and the longest prefix wins, as Route 53's IP-based routing does.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// A network that is longer than what is known of the client's does not match it: the client may be outside. Candidates with the same network share
// equally. While all candidates of the longest one are down, the next longest answers; while all that are for the client are, the longest one does.
package ipbased

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("ip-based", "1.0.0", "by the client's network; the longest prefix wins")
	p.WantClient()
	networks := p.Networks("networks", "prefixes, addresses, collections, or * for all others, joined by commas").Required()
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		clients := networks.Map(c)
		return func(f *sdk.Facts, d *sdk.Decision) {
			found := clients.Find(f.Client())
			d.HoldsWithin(found.Scope)
			if !weigh(found, f.Open, d) && weigh(found, f.Down, d) {
				d.FailOpen()
			}
		}
	})
	return p
}

// weigh gives the candidates of the longest prefix that has any which answer the same share. It returns false if there is none.
func weigh(found sdk.Holders, answers func(candidate int) bool, d *sdk.Decision) (weighed bool) {
	for longest := uint8(0); found.Next() && (!weighed || found.Bits == longest); {
		if answers(found.Candidate) {
			d.Weigh(found.Candidate, 1)
			weighed, longest = true, found.Bits
		}
	}
	return weighed
}
