package sdk

import (
	"math"

	"signpost/sdk/abi"
)

// Facts is what a decision may depend on.
type Facts struct{ raw abi.Facts }

// Len returns how many candidates there are.
func (f *Facts) Len() int { return int(f.raw.CandidateCount) }

// Open tells whether the candidate can get a share: it is not down, and no plugin before this one in the chain has ruled it out.
func (f *Facts) Open(candidate int) bool { return f.raw.Candidates[candidate].Weight != 0 }

// Weight returns the candidate's share as the plugins before this one left it, 0 if it is not open. The host multiplies with it: a plugin
// that does not compare shares has no use for it.
func (f *Facts) Weight(candidate int) uint32 { return f.raw.Candidates[candidate].Weight }

// Down tells whether the candidate's check says so. While all are down, all are told to be up.
func (f *Facts) Down(candidate int) bool { return f.raw.Candidates[candidate].Health == abi.HealthDown }

// Client returns the client's network, to a plugin that called WantClient.
func (f *Facts) Client() Network { return Network{f.raw.Family, f.raw.PrefixLen, f.raw.Address} }

// Code is a code of geography: a continent, a country or a subdivision, upper-case letters and digits. The zero Code is unknown.
type Code [4]byte

// CodeOf returns the code that text spells, in any case; false if it is none: 1 to 4 letters and digits.
func CodeOf(text string) (code Code, ok bool) {
	if len(text) == 0 || len(text) > len(code) {
		return Code{}, false
	}
	for i := range len(text) {
		switch b := text[i]; {
		case b >= 'a' && b <= 'z':
			code[i] = b - 'a' + 'A'
		case b >= 'A' && b <= 'Z' || b >= '0' && b <= '9':
			code[i] = b
		default:
			return Code{}, false
		}
	}
	return code, true
}

// Place is where a network is, as far as is known.
type Place struct {
	Continent   Code        // AF AN AS EU NA OC SA
	Country     Code        // ISO 3166-1 alpha-2
	Subdivision Code        // ISO 3166-2, what stands behind the country's hyphen
	ASN         uint32      // number of the autonomous system; 0: unknown
	Located     bool        // At is known
	At          Coordinates //
}

// Coordinates are degrees north and east.
type Coordinates struct{ Latitude, Longitude float64 }

// Place returns where the client's network is, to a plugin that called WantGeo.
func (f *Facts) Place() Place {
	raw := &f.raw
	return Place{
		Continent: Code{raw.Continent[0], raw.Continent[1]}, Country: Code{raw.Country[0], raw.Country[1]}, Subdivision: raw.Subdivision,
		ASN: raw.ASN, Located: raw.Located != 0, At: Coordinates{raw.Latitude, raw.Longitude},
	}
}

// Latency returns the round trip in microseconds between the client's network and the candidate's place, to a plugin that called
// WantLatency; false if it is not known.
func (f *Facts) Latency(candidate int) (micros uint32, known bool) {
	c := &f.raw.Candidates[candidate]
	return c.LatencyMicros, c.LatencySource != abi.LatencyUnknown
}

// Decision is what Decide fills. It begins with weight 0 for all candidates, which means: none is for this client.
type Decision struct{ raw abi.Result }

// Weigh gives the candidate its share of the answers: weight divided by the sum of all weights.
func (d *Decision) Weigh(candidate int, weight uint32) { d.raw.Weights[candidate] = weight }

// Equal gives every open candidate the same share.
//
//go:noinline
func (d *Decision) Equal(f *Facts) {
	for i := range f.Len() {
		if f.Open(i) {
			d.Weigh(i, 1)
		}
	}
}

// Lowest gives the open candidates of the lowest rank the same share, and the others none. A rank of NoRank gets nothing. It returns false
// if no open candidate has a rank; then it did nothing.
func (d *Decision) Lowest(f *Facts, ranks []float64) bool {
	lowest := f.lowest(ranks)
	if lowest == NoRank {
		return false
	}
	d.weighRank(f, ranks, lowest)
	return true
}

//go:noinline
func (f *Facts) lowest(ranks []float64) float64 {
	lowest := NoRank
	for i, rank := range ranks {
		if rank < lowest && f.raw.Candidates[i].Weight != 0 {
			lowest = rank
		}
	}
	return lowest
}

//go:noinline
func (d *Decision) weighRank(f *Facts, ranks []float64, lowest float64) {
	for i, rank := range ranks {
		if rank == lowest && f.raw.Candidates[i].Weight != 0 {
			d.raw.Weights[i] = 1
		}
	}
}

// NoRank is above all ranks.
const NoRank = math.MaxFloat64

// FailOpen says what happens if all that got weight are down: they answer as if they were up, because no other candidate is for this client
// (or on-all-down holds for them). Without it such a decision changes nothing.
func (d *Decision) FailOpen() { d.raw.Open = 1 }

// Pick sets how many different candidates answer together: 1 unless a plugin of the chain said otherwise.
func (d *Decision) Pick(count int) { d.raw.Pick = uint32(count) }

// Holds tells for which prefixes around the client the decision is the same, so that resolvers may keep it for all of them:
// v4 0..32 bits, v6 0..128. Without it, it holds for the network that the facts are about. A plugin that called WantClient must be right
// about it; of one that did not, the host takes no more bits than the facts are about.
func (d *Decision) Holds(v4, v6 uint8) { d.raw.Scope4, d.raw.Scope6 = v4, v6 }

// HoldsWithin is Holds for a length that only the client's own family can have.
func (d *Decision) HoldsWithin(bits uint8) { d.Holds(min(bits, 32), bits) }

// HoldsFor limits the answer's TTL.
func (d *Decision) HoldsFor(seconds uint32) { d.raw.TTLCap = seconds }
