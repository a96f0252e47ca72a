// Package simple answers with all live candidates together, as a name without annotations does with its records.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// It is for records that shall be told apart by a check or an id and otherwise stay one set. The host's draw puts them in another order
// each time.
package simple

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("simple", "1.0.0", "all live values, in another order each time")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		return func(f *sdk.Facts, d *sdk.Decision) {
			d.Equal(f)
			d.Pick(f.Len())
		}
	})
	return p
}
