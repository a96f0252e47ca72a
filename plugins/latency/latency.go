// Package latency answers with the live candidate that is the shortest time away from the client, as Route 53's latency routing does.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// The times are the host's: measured, or guessed from the distance. A candidate without one is only answered while none has one, and
// then all are equal. Candidates in one region share equally, so a chain can share otherwise.
package latency

import "signpost/sdk"

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("latency", "1.0.0", "the one with the shortest round trip to the client")
	p.WantLatency()
	region := p.Place("region", "where it is: a cloud's region as eu-west-1, one of signpost.yaml, or LATITUDE,LONGITUDE").Required()
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		micros, together := make([]float64, c.Len()), true // then the client does not matter
		for i := range micros {
			together = together && region.Of(c, i) == region.Of(c, 0)
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			rank(micros, f)
			if !d.Lowest(f, micros) {
				d.Equal(f)
			}
			if together {
				d.Holds(0, 0)
			}
		}
	})
	return p
}

// rank sets the round trip of each candidate that has one.
//
//go:noinline
func rank(micros []float64, f *sdk.Facts) {
	for i := range micros {
		micros[i] = sdk.NoRank
		if m, known := f.Latency(i); known {
			micros[i] = float64(m)
		}
	}
}
