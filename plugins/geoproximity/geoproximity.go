// Package geoproximity answers with the live candidate that is nearest to the client on the globe, as Route 53's geoproximity routing does.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// A bias makes the area that a candidate serves larger or smaller, by Route 53's formula. Clients whose place is not known get any. Candidates at
// one place with one bias share equally, so a chain can share otherwise.
package geoproximity

import (
	"math"

	"signpost/sdk"
)

// site is where a candidate is, and what its distances are multiplied with.
type site struct {
	at     vector
	factor float64
}

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("geoproximity", "1.0.0", "the nearest one on the globe")
	p.WantGeo()
	region := p.Place("region", "where it is: a cloud's region as eu-west-1, one of signpost.yaml, or LATITUDE,LONGITUDE").Required()
	bias := p.Int("bias", -99, 99, "1 to 99 makes its area larger, -1 to -99 smaller")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		sites, ranks := make([]site, c.Len()), make([]float64, c.Len())
		together, unbiased := true, true // the client, or how far it is, does not matter
		for i := range sites {
			sites[i] = site{vectorOf(region.Of(c, i)), factorOf(bias.Of(c, i))}
			together = together && sites[i] == sites[0]
			unbiased = unbiased && sites[i].factor == sites[0].factor
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			if together {
				d.Holds(0, 0)
			}
			place := f.Place()
			if !place.Located || together {
				d.Equal(f)
				return
			}
			client := vectorOf(place.At)
			if unbiased {
				rank(ranks, &client, sites)
			} else {
				rankBiased(ranks, &client, sites)
			}
			d.Lowest(f, ranks)
		}
	})
	return p
}

// rank sets the square of the straight line to each site, which grows with the distance.
//
//go:noinline
func rank(ranks []float64, client *vector, sites []site) {
	for i := range sites {
		at := &sites[i].at
		x, y, z := client.x-at.x, client.y-at.y, client.z-at.z
		ranks[i] = x*x + y*y + z*z
	}
}

// rankBiased sets the biased distance of each site, of the great circle in radians. Half of the straight line between two places is the sine of half of
// it, and exact for near ones, where the arc cosine of the product is not. The arc sine is Abramowitz and
// Stegun 4.4.46, 2e-8 off at most, which is a foot on the ground: math.Asin is three calls deep, and calls are what a guest spends its time on.
//
//go:noinline
func rankBiased(ranks []float64, client *vector, sites []site) {
	for i := range sites {
		at := &sites[i].at
		x, y, z := client.x-at.x, client.y-at.y, client.z-at.z
		sine := math.Sqrt(x*x+y*y+z*z) / 2
		if sine > 1 {
			sine = 1 // rounding, at the other side of the globe; min is a call
		}
		p := -0.0012624911
		p = p*sine + 0.0066700901
		p = p*sine - 0.0170881256
		p = p*sine + 0.0308918810
		p = p*sine - 0.0501743046
		p = p*sine + 0.0889789874
		p = p*sine - 0.2145988016
		p = p*sine + 1.5707963050
		ranks[i] = 2 * (math.Pi/2 - math.Sqrt(1-sine)*p) * sites[i].factor
	}
}

// factorOf is what a bias multiplies distances with.
func factorOf(bias int64) float64 {
	if bias < 0 {
		return 1 / (1 + float64(bias)/100)
	}
	return 1 - float64(bias)/100
}

// vector is a place on a globe of radius 1.
type vector struct{ x, y, z float64 }

func vectorOf(c sdk.Coordinates) vector {
	sinLat, cosLat := math.Sincos(c.Latitude * math.Pi / 180)
	sinLon, cosLon := math.Sincos(c.Longitude * math.Pi / 180)
	return vector{cosLat * cosLon, cosLat * sinLon, sinLat}
}
