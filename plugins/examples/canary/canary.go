// Command canary is an example of a plugin in Go: some percent of the client networks, always the same ones, see a candidate.
//
// Plane: both. Floor: 2. Journey of a query: step 4, inside the guest.
package main

import (
	"strconv"

	"signpost/sdk"
)

// A plugin's main does not run.
func main() {}

var _ = sdk.Serve(Plugin())

// sliceCount is how many slices all client networks fall into: hundredths of a percent.
const sliceCount = 10_000

// isRest stands for the end of the slices of a candidate that has none of its own.
const isRest = -1

// Plugin is the policy. Networks fall into slices by a hash; each candidate with a percentage takes the next slices, in the order of the zone
// file, and the others share what is left. So a larger percentage only adds networks.
func Plugin() *sdk.Plugin {
	p := sdk.Routing("canary", "1.0.0", "some percent of the client networks, always the same ones, see a candidate")
	p.WantClient()
	percent := p.Float("percent", 0, 100, "percent of the client networks that see this candidate; without it, all others do")
	salt := p.Text("salt", "any text; another one chooses other networks").Shared()

	p.Configure(func(c *sdk.Policy) sdk.Decide {
		ends, until := make([]int32, c.Len()), int32(0) // where a candidate's slices end
		rest := false
		for i := range ends {
			if !percent.Set(c, i) {
				ends[i], rest = isRest, true
				continue
			}
			until += int32(percent.Of(c, i)*100 + 0.5)
			ends[i] = until
			if until > sliceCount {
				percent.Refuse(c, i, "percent: with this candidate "+strconv.Itoa(int(until/100))+" % of the networks are given away")
			}
		}
		if !rest {
			c.Refuse(0, "a candidate without percent must be there for everybody else")
		}
		seed := spread(salt.Of(c, 0))
		return func(f *sdk.Facts, d *sdk.Decision) {
			client := f.Client()
			slice := sliceOf(client.Cut(cut(client.Family)), seed)
			if chosen := find(ends, slice); chosen >= 0 && f.Open(chosen) && client.Family != 0 {
				d.Weigh(chosen, 1)
			} else {
				weighRest(ends, d)
			}
			d.Holds(cut(4), cut(6))
		}
	})
	return p
}

// cut is the length of a network that is one client: what a site has.
func cut(family uint8) uint8 {
	if family == 4 {
		return 24
	}
	return 56
}

// find returns the candidate whose slice it is, -1 if it is nobody's.
//
//go:noinline
func find(ends []int32, slice int32) int {
	for i, end := range ends {
		if slice < end {
			return i
		}
	}
	return -1
}

// weighRest shares the answers between the candidates without percent.
//
//go:noinline
func weighRest(ends []int32, d *sdk.Decision) {
	for i, end := range ends {
		if end == isRest {
			d.Weigh(i, 1)
		}
	}
}

// sliceOf is the slice of a network.
func sliceOf(network sdk.Network, seed uint64) int32 {
	high, low := network.Halves()
	return int32(mix(mix(high+uint64(network.Family)+seed)^low) % sliceCount)
}

// mix is the finaliser of SplitMix64: a permutation in which every bit depends on every bit.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// spread is a hash of a text.
func spread(text string) uint64 {
	hash := uint64(len(text))
	for i := range len(text) {
		hash = mix(hash ^ uint64(text[i]))
	}
	return hash
}
