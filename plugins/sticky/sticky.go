// Package sticky answers each client network always alike: shares by weight, kept by a weighted rendezvous hash.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
// Every network ranks all candidates, by a hash of the network and the candidate's id and by the weight; the first live one answers.
// So a changed weight, a new candidate, or one that goes down moves only the clients whom that share belongs to, and the order of lines and
// the types of records do not matter (W. Wang and C. Ravishankar, "Hash-based virtual hierarchies", 1999, have the logarithm).
package sticky

import (
	"math"
	"slices"

	"signpost/sdk"
)

// Plugin returns the plugin.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("sticky", "1.0.0", "one answer for each client network, shared by weight and kept")
	p.WantClient()
	weight := p.Int("weight", 0, 65535, "share of the networks; 0: only while no candidate with a weight is live").Default("1")
	bits4 := p.Int("bits4", 0, 32, "length of an IPv4 network").Shared().Default("24")
	bits6 := p.Int("bits6", 0, 128, "length of an IPv6 network").Shared().Default("56")
	p.Configure(func(c *sdk.Policy) sdk.Decide {
		shares, seeds, ages := make([]float64, c.Len()), make([]uint64, c.Len()), make([]float64, c.Len())
		for i := range shares {
			shares[i], seeds[i] = 1/float64(weight.Of(c, i)), hashOf(c.ID(i))
		}
		equal := slices.Repeat([]float64{1}, c.Len())
		v4, v6 := uint8(bits4.Of(c, 0)), uint8(bits6.Of(c, 0))
		if c.Len() == 1 {
			v4, v6 = 0, 0
		}
		return func(f *sdk.Facts, d *sdk.Decision) {
			network := keyOf(f.Client(), v4, v6)
			if rank(ages, network, seeds, shares); !d.Lowest(f, ages) {
				rank(ages, network, seeds, equal)
				d.Lowest(f, ages)
			}
			d.Holds(v4, v6)
		}
	})
	return p
}

// rank sets the rank of each candidate for a network: a number that both always have together, exponentially distributed, times the candidate's
// share, which is one by its weight. The lowest of several is each one's as often as its part of the weights. Weight 0 makes it +Inf: no rank.
//
// The logarithm is written out, to 12 digits: a candidate costs the guest 23 ns with it and 60 with math.Log, which is a call. It takes the
// exponent off so that 0.7 to 1.4 is left, and there log x = 2 artanh((x-1)/(x+1)), whose series is short.
//
//go:noinline
func rank(ranks []float64, network uint64, seeds []uint64, shares []float64) {
	const rootOfHalf, one = 0x3fe6a09e667f3bcd, 0x3ff << 52 // as bits
	for i, seed := range seeds {
		uniform := float64(mix(network^seed)>>11|1) / (1 << 53)
		bits := math.Float64bits(uniform) + (one - rootOfHalf)
		exponent := float64(int64(bits>>52) - 0x3ff)
		x := math.Float64frombits(bits&(1<<52-1) + rootOfHalf)
		y := (x - 1) / (x + 1)
		q := y * y
		series := 1 + q*(1.0/3+q*(1.0/5+q*(1.0/7+q*(1.0/9+q*(1.0/11+q*(1.0/13+q*(1.0/15)))))))
		ranks[i] = -(exponent*math.Ln2 + 2*y*series) * shares[i]
	}
}

// keyOf is a hash of the client's network, cut to v4 or v6 bits.
//
//go:noinline
func keyOf(client sdk.Network, v4, v6 uint8) uint64 {
	if client.Family == 4 {
		client = client.Cut(v4)
	} else {
		client = client.Cut(v6)
	}
	high, low := client.Halves()
	return mix(mix(high+uint64(client.Family)) ^ low)
}

// hashOf is FNV-1a, spread.
func hashOf(id string) uint64 {
	hash := uint64(14695981039346656037)
	for i := range len(id) {
		hash = (hash ^ uint64(id[i])) * 1099511628211
	}
	return mix(hash)
}

// mix is the finaliser of SplitMix64: a permutation in which every bit depends on every bit.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
