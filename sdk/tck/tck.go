// Command tck is the conformance kit's policy in Go: it uses all that an SDK offers, as those in the other languages beside it do.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// Its test builds the policy in each language and compares what the real host makes of them. README.md says how it is used.
package main

import "signpost/sdk"

// A guest's main does not run.
func main() {}

var _ = sdk.Serve(Plugin())

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

	p.Configure(func(c *sdk.Policy) sdk.Decide {
		candidates := make([]candidate, c.Len())
		for i := range candidates {
			k := &candidates[i]
			k.base = uint32(share.Of(c, i)) + uint32(ratio.Of(c, i)*1000) + 10_000*uint32(role.Of(c, i)) + uint32(c.RecordType())
			if share.Set(c, i) {
				k.base += 100_000
			}
			k.drained, k.note = drain.Of(c, i), note.Of(c, i)
			k.base += 1000 * uint32(len(k.note))
			k.at, k.placed, k.networks = at.Of(c, i), at.Set(c, i), nets.Of(c, i)
			if k.note == "bad" {
				note.Refuse(c, i, `note "`+k.note+`" is bad`)
			}
			if c.ID(i) == "cursed" && !share.Set(c, i) {
				c.Refuse(i, "no share for the cursed")
			}
		}
		picked := int(limit.Of(c, 0))
		codes := newCodes()
		return func(f *sdk.Facts, d *sdk.Decision) {
			client, place := f.Client(), f.Place()
			for i := range candidates {
				if k := &candidates[i]; !k.drained && (f.Open(i) || f.Down(i)) {
					d.Weigh(i, k.near(f, i, &place)+holding(k.networks, &client)+codes.match(&place))
				}
			}
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
	base     uint32
	drained  bool
	note     string
	at       sdk.Coordinates
	placed   bool
	networks []sdk.Network
}

// near is the candidate's weight but for networks and codes. Like the functions below it must not become a part of its caller: in Go's code
// every jump of a function that has a loop passes the loop's head, and pays fuel for all that is inside.
//
//go:noinline
func (k *candidate) near(f *sdk.Facts, i int, place *sdk.Place) uint32 {
	weight := k.base + f.Weight(i)<<20
	if micros, known := f.Latency(i); known {
		weight += micros
	}
	if place.Located && k.placed {
		weight += degrees(place.At.Latitude-k.at.Latitude) + degrees(place.At.Longitude-k.at.Longitude)
	}
	return weight
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

// holding is what the networks are worth that a client is in.
//
//go:noinline
func holding(networks []sdk.Network, client *sdk.Network) (weight uint32) {
	for i := range networks {
		weight += 200_000 * holds(&networks[i], client)
	}
	return weight
}

// holds is 1 if client is inside of network, where family 0 is everybody.
//
//go:noinline
func holds(network, client *sdk.Network) uint32 {
	if network.Family == 0 {
		return 1
	}
	if network.Family != client.Family || network.Bits > client.Bits {
		return 0
	}
	whole := network.Bits / 8
	if string(network.Address[:whole]) != string(client.Address[:whole]) {
		return 0
	}
	if mask := ^(byte(0xff) >> (network.Bits % 8)); mask != 0 && (network.Address[whole]^client.Address[whole])&mask != 0 {
		return 0
	}
	return 1
}
