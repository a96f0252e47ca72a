// Package geolocation answers by where the client is, as Route 53's geolocation routing does, with networks' owners beside.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// A candidate names regions; the smallest region that the client is in and that has a live candidate wins: an autonomous system, a
// subdivision, a country, a continent, the default. If all that are for the client are down, those of the smallest region answer. An autonomous system counts as smaller than any area because whoever names one means
// that network wherever it is. Candidates with the same region share equally, so a chain can share otherwise.
package geolocation

import "signpost/sdk"

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
		var all regions
		for i := range c.Len() {
			a.read(c, i, &all)
		}
		kinds := all.kinds()
		constant := len(all) > 0 && all[0].region == everywhere
		return func(f *sdk.Facts, d *sdk.Decision) {
			if constant {
				d.Holds(0, 0)
			}
			here := regionsOf(f.Place())
			for kind := range here {
				if len(kinds[kind]) > 0 && kinds[kind].weigh(here[kind], f, d) {
					return
				}
			}
			for kind := range here {
				if len(kinds[kind]) > 0 && kinds[kind].reopen(here[kind], f, d) {
					return
				}
			}
		}
	})
	return p
}

// served is one region of one candidate.
type served struct {
	region    region
	candidate int
}

// regions are those of all candidates, sorted.
type regions []served

// add keeps the order. Sorting at the end costs a guest more: the library's sort is a large function.
//
//go:noinline
func (r *regions) add(s served) {
	at := r.find(s.region)
	*r = append(*r, s)
	copy((*r)[at+1:], (*r)[at:])
	(*r)[at] = s
}

// kinds parts the regions by kind.
func (r regions) kinds() (kinds [kindCount]regions) {
	for kind := range kinds {
		kinds[kind] = r[r.find(region(kind)<<56):r.find(region(kind+1)<<56)]
	}
	return kinds
}

// weigh gives the open candidates of a region the same share. It returns false if there is none.
//
//go:noinline
func (r regions) weigh(here region, f *sdk.Facts, d *sdk.Decision) (found bool) {
	for at := r.find(here); at < len(r) && r[at].region == here; at++ {
		if i := r[at].candidate; f.Open(i) {
			d.Weigh(i, 1)
			found = true
		}
	}
	return found
}

// reopen gives the candidates of a region that are down the same share, when no open candidate is for this client.
//
//go:noinline
func (r regions) reopen(here region, f *sdk.Facts, d *sdk.Decision) (found bool) {
	for at := r.find(here); at < len(r) && r[at].region == here; at++ {
		if i := r[at].candidate; f.Down(i) {
			d.Weigh(i, 1)
			d.FailOpen()
			found = true
		}
	}
	return found
}

// find returns where the region stands, or would.
//
//go:noinline
func (r regions) find(here region) int {
	low, high := 0, len(r)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if r[middle].region < here {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
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
