package policy

import (
	"math"
	"slices"
)

// Shares appends to dst the probability of each candidate to be in an answer, aligned with IDs. With one candidate an answer that is its
// weight over the total, exactly. With several (Pick) it is the chance to be among the first so many of a weighted draw without replacement,
// to at least ten digits (TestSharesOfPick).
func (d *Decision) Shares(dst []float64) []float64 {
	live, same := 0, true
	var first uint32
	for _, weight := range d.Weights {
		if weight == 0 {
			continue
		}
		if live == 0 {
			first = weight
		}
		same = same && weight == first
		live++
	}
	base := len(dst)
	for _, weight := range d.Weights {
		var share float64
		switch {
		case d.Total == 0 || weight == 0:
		case d.Pick >= live:
			share = 1
		case d.Pick <= 1:
			share = float64(weight) / float64(d.Total)
		case same:
			share = float64(d.Pick) / float64(live)
		}
		dst = append(dst, share)
	}
	if d.Total != 0 && d.Pick > 1 && d.Pick < live && !same {
		d.integrate(dst[base:])
	}
	return dst
}

// integrate fills in the shares of a draw of several candidates with different weights. Such a draw takes candidates in the order in which
// exponential clocks of rates Weights ring, so candidate i is in it if fewer than Pick of the others rang before:
//
//	P(i) = ∫ w e^{-wt} P(fewer than Pick others rang by t) dt, over t from 0 to ∞
//
// With t = e^x the integrand falls to zero at both ends at least as fast as e^x, and is analytic in a strip around the real line, for
// which the trapezoid rule converges faster than any power of its step: 1/8 leaves less than 1e-12. How many rang by t is a sum of
// independent yes and no; the counts before and behind i are built up from both sides, so that no division can lose digits.
func (d *Decision) integrate(shares []float64) {
	const step, below, above = 0.125, -37, 3.7 // e^-37 is 1e-16; a clock of rate w rang by e^3.7/w but once in 3e17 times
	var weights []float64                      // of those that have one
	var at []int
	for i, weight := range d.Weights {
		if weight > 0 {
			weights, at = append(weights, float64(weight)/float64(d.Total)), append(at, i)
		}
	}
	before := make([]float64, (len(weights)+1)*d.Pick) // [i*Pick+n]: n of the first i rang
	behind := make([]float64, d.Pick)                  // n of those behind i rang
	slowest := slices.Min(weights)
	for x := float64(below); x < above-math.Log(slowest); x += step {
		t := math.Exp(x)
		clear(before)
		before[0] = 1
		for i, weight := range weights {
			ring(before[(i+1)*d.Pick:][:d.Pick], before[i*d.Pick:][:d.Pick], -math.Expm1(-weight*t))
		}
		clear(behind)
		behind[0] = 1
		for i := len(weights) - 1; i >= 0; i-- {
			density := weights[i] * t * math.Exp(-weights[i]*t) * step
			shares[at[i]] += density * fewer(before[i*d.Pick:][:d.Pick], behind)
			ring(behind, behind, -math.Expm1(-weights[i]*t))
		}
	}
}

// ring adds one clock, which rang with probability p, to the distribution from of how many rang; to may be from.
func ring(to, from []float64, p float64) {
	for n := len(from) - 1; n > 0; n-- {
		to[n] = from[n]*(1-p) + from[n-1]*p
	}
	to[0] = from[0] * (1 - p)
}

// fewer is the probability that two independent counts add up to less than their length.
func fewer(a, b []float64) float64 {
	sum, upTo := 0.0, 0.0
	for n := range b {
		upTo += b[n]
		sum += a[len(a)-1-n] * upTo
	}
	return sum
}
