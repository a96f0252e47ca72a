package policy

import (
	"math"
	"math/bits"
	"net/netip"
	"slices"

	"signpost/host/geo"
)

// Health is the state of one candidate.
type Health uint8

// A candidate without check is Up. Unknown, before the first verdict, counts as live.
const (
	Unknown Health = iota
	Up
	Down
)

// HealthWords are the names of the states, by Health.
var HealthWords = [...]string{Unknown: "unknown", Up: "up", Down: "down"}

// String returns the name of the state.
func (h Health) String() string { return HealthWords[h] }

// Facts is what a decision may depend on. A fact that no plugin of the chain wants is never read.
type Facts struct {
	Client netip.Prefix // the network asked for: the EDNS client subnet, or else the source address; the zero Prefix if neither
	Health []Health     // aligned with Policy.IDs; nil: all up. What is drained is down
	Shares []uint8      // percent of its weight that each gets, aligned with Health; nil: all get all. 0 of one that is down: it is only drained
	Flip   uint32       // seconds until the health of a candidate may change at the earliest; 0: nobody knows
	FlipBy int          // that candidate

	Place       geo.Place     // of Client
	PlaceBits   uint8         // length of the prefix around Client in which all is at Place
	Latency     []geo.Latency // aligned with Policy.IDs; nil: none is known
	LatencyBits uint8         // length of the prefix around Client for which Latency holds
}

// NoTTLCap is the TTLCap of a decision that holds as long as its records' TTL says.
const NoTTLCap = math.MaxUint32

// Outcome tells what to do with a decision.
type Outcome uint8

// Answer: draw. NoData: no candidate is for this client, or all are down and the policy says nodata. ServFail: all are down and the policy says servfail.
const (
	Answer Outcome = iota
	NoData
	ServFail
)

// Decision is a distribution over the candidates of a policy. The caller owns it and may use it again: its buffers are kept.
type Decision struct {
	Weights        []uint32 // aligned with Policy.IDs
	Total          uint64   // sum of Weights; zero unless Outcome is Answer
	Pick           int      // how many different candidates answer, at least 1; more than have weight means all of those
	Scope4, Scope6 uint8    // prefix length for which it holds, by client family
	TTLCap         uint32   // seconds; NoTTLCap: none
	Fuel           uint64   // what the chain's guests spent on it
	Outcome        Outcome
	FailOpen       bool // all candidates, or all that are for this client, are down and were taken as up
	AllDown        bool // of an Outcome that is no answer: so it is because all candidates, or all that are for this client, are down
	Panic          bool // too few candidates are live, so the dead ones were taken as up
	Fallback       bool // a plugin failed and changed nothing: alone, it left the live candidates equal weights

	// Steps is what each plugin of the chain did, for explaining; recorded only if Explain was set before the decision was begun.
	Explain bool
	Steps   []Step

	failClosed bool      // as the policy's
	onAllDown  OnAllDown // of the policy
	reopened   bool      // it was begun anew
	undrained  bool      // it fails open to what is drained; the dead stay down
}

// Step is what one plugin of a chain did to a decision.
type Step struct {
	Given          []uint32 // what it said, aligned with Policy.IDs; nil if it failed
	Weights        []uint32 // after it, aligned with Policy.IDs
	Pick           int      // 0: no opinion
	Scope4, Scope6 uint8    // that its facts or itself asked for
	TTLCap         uint32   // seconds; NoTTLCap: none
	Fuel           uint64
	Problem        string // why it failed; "": it did not
}

// Multiply applies the weights that one plugin of the chain gave. Zero stays zero; what both sides gave weight keeps at least 1.
// Products are exact until one needs more than 32 bits; then all are divided by the same power of two.
// All zero means that no candidate is for this client. A plugin that gives weight only to candidates which have none left
// (because it did not look at health) changes nothing: an answer from a live candidate is better than none, unless the policy fails closed or
// the candidates are down themselves. idle tells that this was so.
func (d *Decision) Multiply(step []uint32) (idle bool) {
	var largest uint64
	var given uint32
	for i, weight := range d.Weights {
		given |= step[i]
		largest = max(largest, uint64(weight)*uint64(step[i]))
	}
	if largest == 0 && given != 0 && !d.failClosed && !d.reopened {
		return true
	}
	shift := max(bits.Len64(largest)-32, 0)
	for i, weight := range d.Weights {
		product := uint64(weight) * uint64(step[i])
		scaled := product >> shift
		if scaled == 0 && product != 0 {
			scaled = 1
		}
		d.Weights[i] = uint32(scaled)
	}
	return false
}

// Narrow applies what else one plugin of the chain said: the longest scope and the shortest TTL win, and the last plugin that picks.
// A pick of zero is no opinion.
func (d *Decision) Narrow(pick int, scope4, scope6 uint8, ttlCap uint32) {
	if pick > 0 {
		d.Pick = pick
	}
	d.Scope4, d.Scope6, d.TTLCap = max(d.Scope4, scope4), max(d.Scope6, scope6), min(d.TTLCap, ttlCap)
}

// FallBack goes on without a plugin that failed: it changes nothing, so that alone it leaves the live candidates equal weights, and in a chain
// what the others rule out stays so. A policy that fails closed chooses none.
func (d *Decision) FallBack() {
	d.Fallback = true
	if d.failClosed {
		clear(d.Weights)
		d.Outcome = ServFail
	}
}

// Finish sums the weights and sets the outcome.
func (d *Decision) Finish() {
	d.Total = 0
	for _, weight := range d.Weights {
		d.Total += uint64(weight)
	}
	switch {
	case d.Outcome != Answer:
	case d.Total == 0:
		d.Outcome = NoData
	case d.reopened && d.onAllDown == NoDataWhenDown:
		d.Outcome = NoData
	case d.reopened && d.onAllDown == ServFailWhenDown:
		d.Outcome = ServFail
	}
	if d.reopened && d.Outcome != Answer {
		clear(d.Weights)
		d.Total, d.FailOpen, d.AllDown = 0, false, true
	}
}

// Draw returns the index of one candidate, with probability Weights[i]/Total over uniformly random bits; -1 when Total is zero.
func (d *Decision) Draw(random uint64) int {
	if d.Total == 0 {
		return -1
	}
	mark := below(random, d.Total)
	for i, weight := range d.Weights {
		if mark < uint64(weight) {
			return i
		}
		mark -= uint64(weight)
	}
	return -1 // not reached while Total is the sum of Weights
}

// DrawPick appends the indexes of Pick different candidates to dst, fewer when fewer have weight: a weighted draw without replacement.
func (d *Decision) DrawPick(random uint64, dst []int) []int {
	first, total := len(dst), d.Total
	for len(dst)-first < d.Pick && total > 0 {
		mark := below(random, total)
		random = mix(random)
		for i, weight := range d.Weights {
			if slices.Contains(dst[first:], i) {
				continue
			}
			if mark < uint64(weight) {
				dst = append(dst, i)
				total -= uint64(weight)
				break
			}
			mark -= uint64(weight)
		}
	}
	return dst
}

// below maps random bits to 0..limit-1 without bias (Lemire: a product whose low half falls into the uneven rest is drawn again).
// The redraw is a permutation of the same bits, so one number is enough; it happens once in 2^64/limit times.
func below(random, limit uint64) uint64 {
	high, low := bits.Mul64(random, limit)
	if low < limit {
		uneven := -limit % limit
		for low < uneven {
			random = mix(random)
			high, low = bits.Mul64(random, limit)
		}
	}
	return high
}

// mix is the finaliser of SplitMix64: a permutation of the 64-bit numbers that passes tests of randomness.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
