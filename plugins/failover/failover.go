// Package failover answers with the first candidate in order that is live, as Route 53's failover routing does with two.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// Several candidates may stand on one step of the order: they share equally, so that a chain such as failover+weighted can share
// otherwise. Route 53 refuses a second primary; here it is the only way to write an active pair with a spare.
package failover

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("failover", "1.0.0", "the first in order that is live")
	role := p.Word("role", []string{"primary", "secondary"}, "primary, or secondary: only while no primary is live")
	priority := p.Int("priority", 0, 65535, "place in the order, the lowest first: role for more than two steps")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		ranks, first := make([]float64, c.Len()), sdk.NoRank
		for i := range ranks {
			ranks[i] = float64(role.Of(c, i))
			switch {
			case role.Set(c, i) == priority.Set(c, i):
				c.Refuse(i, "a candidate has either a role, as in role=primary, or a priority, as in priority=1")
			case role.Set(c, i) != role.Set(c, 0):
				c.Refuse(i, "role on some lines and priority on others: which of them comes first?")
			case priority.Set(c, i):
				ranks[i] = float64(priority.Of(c, i))
			}
			first = min(first, ranks[i])
		}
		if first > 0 && role.Set(c, 0) {
			c.Refuse(0, "no candidate has role=primary")
		}
		return func(f *sdk.Facts, d *sdk.Decision) { d.Lowest(f, ranks) }
	})
	return p
}
