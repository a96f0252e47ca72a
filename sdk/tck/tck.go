// Command tck is the conformance kit's policy in Go: it uses all that an SDK offers, as those in the other languages beside it do.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// Its test builds the policy in each language and compares what the real host makes of them. README.md says how it is used.
package main

import "signpost/sdk"

// A guest's main does not run.
func main() {}

var _ = sdk.Serve(Plugin(), Judge())

// Plugin is the policy. It is no use but to be wrong wherever an SDK is: each fact and each attribute adds to the weights a number of its own.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("tck", "1.0.0", `uses "everything"`)
	p.WantClient()
	p.WantGeo()
	p.WantLatency()
	share := p.Int("share", -5, 1000, "added as it is").Default("7")
	ratio := p.Float("ratio", 0, 1.5, "added in thousandths").Required()
	drain := p.Bool("drain", "no weight")
	role := p.Word("role", []string{"primary", "secondary", "spare"}, "added in tens of thousands").Default("secondary")
	note := p.Text("note", "its bytes are counted; bad is refused")
	at := p.Place("at", "distance in whole degrees to the client")
	nets := p.Networks("nets", "whether the client is in one")
	limit := p.Int("limit", 1, 9, "how many answer").Default("2").Shared()
	wait := p.Duration("wait", 0, sdk.Hour, "added in milliseconds")

	p.Configure(func(c *sdk.Policy) sdk.Decide {
		candidates := make([]candidate, c.Len())
		for i := range candidates {
			k := &candidates[i]
			k.base = uint32(share.Of(c, i)) + uint32(ratio.Of(c, i)*1000) + 10_000*uint32(role.Of(c, i)) + uint32(c.RecordType())
			k.base += uint32(wait.Of(c, i) / sdk.Millisecond)
			if share.Set(c, i) {
				k.base += 100_000
			}
			k.drained, k.note = drain.Of(c, i), note.Of(c, i)
			k.base += 1000 * uint32(len(k.note))
			k.at, k.placed = at.Of(c, i), at.Set(c, i)
			if k.note == "crash" {
				panic("told to crash")
			}
			if k.note == "bad" {
				note.Refuse(c, i, `note "`+k.note+`" is bad`)
			}
			if c.ID(i) == "cursed" && !share.Set(c, i) {
				c.Refuse(i, "no share for the cursed")
			}
		}
		picked := int(limit.Of(c, 0))
		networks, inside := nets.Map(c), make([]uint32, c.Len())
		codes := newCodes()
		return func(f *sdk.Facts, d *sdk.Decision) {
			client, place := f.Client(), f.Place()
			clear(inside)
			for found := networks.Find(client); found.Next(); {
				inside[found.Candidate] += 200_000
			}
			weigh(candidates, inside, codes.match(&place), f, &place, d)
			d.Pick(picked)
			if client.Family != 0 {
				d.HoldsWithin(client.Bits)
			}
			if candidates[0].note == "brief" {
				d.HoldsFor(30)
			}
		}
	})
	return p
}

// candidate is what is kept of one candidate.
type candidate struct {
	base    uint32
	drained bool
	note    string
	at      sdk.Coordinates
	placed  bool
}

// weigh gives all candidates their weights. Like the functions below it must not become a part of its caller: in Go's code every jump of a
// function passes the head of one loop around all of it, and pays fuel for the small pieces inside.
//
//go:noinline
func weigh(candidates []candidate, inside []uint32, same uint32, f *sdk.Facts, place *sdk.Place, d *sdk.Decision) {
	for i := range candidates {
		if weight, ok := candidates[i].near(f, i, place); ok {
			d.Weigh(i, weight+inside[i]+same)
		}
	}
}

// near is the candidate's weight but for networks and codes; false if it has none.
//
//go:noinline
func (k *candidate) near(f *sdk.Facts, i int, place *sdk.Place) (weight uint32, ok bool) {
	if k.drained || !f.Open(i) && !f.Down(i) {
		return 0, false
	}
	weight = k.base + f.Weight(i)<<20
	if micros, known := f.Latency(i); known {
		weight += micros
	}
	if place.Located && k.placed {
		weight += degrees(place.At.Latitude-k.at.Latitude) + degrees(place.At.Longitude-k.at.Longitude)
	}
	return weight, true
}

// degrees is the size of a difference, in whole degrees.
func degrees(difference float64) uint32 { return uint32(max(difference, -difference)) }

// codes are those that add to weights.
type codes struct{ germany, europe, bavaria sdk.Code }

func newCodes() (c codes) {
	c.germany, _ = sdk.CodeOf("de")
	c.europe, _ = sdk.CodeOf("EU")
	c.bavaria, _ = sdk.CodeOf("by")
	return c
}

//go:noinline
func (c *codes) match(place *sdk.Place) uint32 {
	weight := place.ASN % 1000
	if place.Country == c.germany {
		weight += 400_000
	}
	if place.Continent == c.europe {
		weight += 800_000
	}
	if place.Subdivision == c.bavaria {
		weight += 1_600_000
	}
	return weight
}
