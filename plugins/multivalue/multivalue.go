// Package multivalue answers with several live candidates, each time others, as Route 53's multivalue answer routing does.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// Eight is Route 53's number, and what fits beside a long name in a response that no path cuts off.
package multivalue

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("multivalue", "1.0.0", "up to 8 live values, drawn anew each time")
	answers := p.Int("answers", 1, 8, "how many of them at most").Shared().Default("8")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		most := int(answers.Of(c, 0))
		return func(f *sdk.Facts, d *sdk.Decision) {
			d.Equal(f)
			d.Pick(most)
		}
	})
	return p
}
