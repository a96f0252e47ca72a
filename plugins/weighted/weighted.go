// Package weighted shares the answers between candidates in proportion to their weights, as Route 53's weighted routing does.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// A candidate of weight 0 answers only while no candidate with a weight is live; those of weight 0 then share equally, and so do all
// when every weight is 0. The weight is required, as in Route 53: one that was forgotten beside 90 and 10 would be a silent guess.
package weighted

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("weighted", "1.0.0", "one answer, drawn by weight")
	weight := p.Int("weight", 0, 255, "share of the answers; 0: only while no candidate with a weight is live").Required()
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		weights := make([]uint32, c.Len())
		for i := range weights {
			weights[i] = uint32(weight.Of(c, i))
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			weighed := false
			for i, weight := range weights {
				if weight > 0 && f.Open(i) {
					d.Weigh(i, weight)
					weighed = true
				}
			}
			if !weighed {
				d.Equal(f)
			}
		}
	})
	return p
}
