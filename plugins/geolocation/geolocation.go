// Package geolocation answers by where the client is, as Route 53's geolocation routing does, with networks' owners beside.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// A candidate names regions; the smallest region that the client is in and that has a live candidate wins: an autonomous system, a
// subdivision, a country, a continent, the default. An autonomous system counts as smaller than any area because whoever names one means
// that network wherever it is. Candidates with the same region share equally, so a chain can share otherwise.
package geolocation

import (
	"cmp"
	"slices"

	"signpost/sdk"
)

// region is a region as a number that sorts by kind: the kind in the highest byte, then a code or a number.
type region uint64

// Kinds of regions, the smallest first.
const (
	system region = iota << 56
	subdivision
	country
	continent
	everywhere
	kindCount = iota
)

// served is one region of one candidate.
type served struct {
	region    region
	candidate int
}

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("geolocation", "1.0.0", "by where the client is; the smallest region wins")
	p.WantGeo()
	a := attributes{
		continent:   p.Text("continent", "continents: AF AN AS EU NA OC SA, joined by commas"),
		country:     p.Text("country", "countries: two-letter codes of ISO 3166-1, joined by commas"),
		subdivision: p.Text("subdivision", "subdivisions of the one country: what stands behind the hyphen in ISO 3166-2, joined by commas"),
		asn:         p.Text("asn", "numbers of autonomous systems, joined by commas"),
		everywhere:  p.Bool("default", "clients of all regions that no candidate names, and of unknown ones"),
	}
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		var all []served
		for i := range c.Len() {
			all = a.read(c, i, all)
		}
		slices.SortStableFunc(all, func(a, b served) int { return cmp.Compare(a.region, b.region) })
		constant := len(all) > 0 && all[0].region == everywhere
		return func(f *sdk.Facts, d *sdk.Decision) {
			if constant {
				d.Holds(0, 0)
			}
			for _, here := range regionsOf(f.Place()) {
				at, _ := slices.BinarySearchFunc(all, here, func(s served, r region) int { return cmp.Compare(s.region, r) })
				found := false
				for ; at < len(all) && all[at].region == here; at++ {
					if i := all[at].candidate; f.Open(i) {
						d.Weigh(i, 1)
						found = true
					}
				}
				if found {
					return
				}
			}
		}
	})
	return p
}

// regionsOf returns the regions that a place is in, the smallest first. One that is not known is a code that no candidate has.
func regionsOf(p sdk.Place) [kindCount]region {
	return [...]region{
		system | region(p.ASN),
		subdivision | region(number(p.Country))<<16 | region(number(p.Subdivision)),
		country | region(number(p.Country)),
		continent | region(number(p.Continent)),
		everywhere,
	}
}

func number(c sdk.Code) uint32 {
	return uint32(c[0])<<24 | uint32(c[1])<<16 | uint32(c[2])<<8 | uint32(c[3])
}
