package policy

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

func candidates(count int, onAllDown OnAllDown) *Policy {
	return &Policy{IDs: make([]string, count), OnAllDown: onAllDown}
}

func TestStart(t *testing.T) {
	for _, c := range []struct {
		name      string
		health    []Health
		allDown   OnAllDown
		undecided bool
		want      []uint32
		outcome   Outcome
		failOpen  bool
	}{
		{"no checks", nil, FailOpen, true, []uint32{1, 1, 1}, Answer, false},
		{"unknown is live", []Health{Unknown, Up, Down}, FailOpen, true, []uint32{1, 1, 0}, Answer, false},
		{"fewer states than candidates", []Health{Down}, FailOpen, true, []uint32{0, 1, 1}, Answer, false},
		{"all down, fail open", []Health{Down, Down, Down}, FailOpen, true, []uint32{1, 1, 1}, Answer, true},
		{"all down, nodata", []Health{Down, Down, Down}, NoDataWhenDown, false, []uint32{0, 0, 0}, NoData, false},
		{"all down, servfail", []Health{Down, Down, Down}, ServFailWhenDown, false, []uint32{0, 0, 0}, ServFail, false},
		{"one up, servfail", []Health{Down, Up, Down}, ServFailWhenDown, true, []uint32{0, 1, 0}, Answer, false},
	} {
		d := Decision{Weights: []uint32{9, 9, 9, 9}, Total: 36, Fallback: true, TTLCap: 1, Scope4: 7, Pick: 5} // of an earlier use
		if got := d.Start(candidates(3, c.allDown), c.health, nil); got != c.undecided {
			t.Errorf("%s: got %v, want %v", c.name, got, c.undecided)
		}
		if !slices.Equal(d.Weights, c.want) || d.Outcome != c.outcome || d.FailOpen != c.failOpen {
			t.Errorf("%s: got %+v, want weights %v, outcome %d, fail open %v", c.name, d, c.want, c.outcome, c.failOpen)
		}
		if d.Fallback || d.Total != 0 || d.TTLCap != NoTTLCap || d.Scope4 != 0 || d.Pick != 1 {
			t.Errorf("%s: got %+v, want nothing of the earlier use", c.name, d)
		}
	}
}

func TestMultiply(t *testing.T) {
	const full = math.MaxUint32
	for _, c := range []struct {
		name             string
		have, step, want []uint32
	}{
		{"first step", []uint32{1, 1, 0}, []uint32{90, 10, 5}, []uint32{90, 10, 0}},
		{"second step", []uint32{90, 10}, []uint32{2, 3}, []uint32{180, 30}},
		{"no candidate is for this client", []uint32{4, 2}, []uint32{0, 0}, []uint32{0, 0}},
		{"only what is ruled out", []uint32{4, 0, 2}, []uint32{0, 9, 0}, []uint32{4, 0, 2}},
		{"already empty", []uint32{0, 0}, []uint32{0, 0}, []uint32{0, 0}},
		{"overflow keeps the ratio", []uint32{full, full / 2, 0}, []uint32{full, full, full}, []uint32{full - 1, full/2 - 1, 0}},
		{"overflow keeps the least", []uint32{full, 1}, []uint32{full, 1}, []uint32{full - 1, 1}},
		{"33 bits", []uint32{1 << 16, 3}, []uint32{1 << 16, 1}, []uint32{1 << 31, 1}},
	} {
		d := Decision{Weights: slices.Clone(c.have)}
		d.Multiply(c.step)
		if !slices.Equal(d.Weights, c.want) {
			t.Errorf("%s: %v × %v: got %v, want %v", c.name, c.have, c.step, d.Weights, c.want)
		}
	}
}

// Whatever plugins return: zero stays zero, nonzero stays at least 1, order is kept, and shares are right to one part in 2^31 of the largest.
func TestMultiplyProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	weight := func() uint32 { return uint32(random.Uint64()>>random.IntN(64)) * uint32(random.IntN(4)) / 3 }
	for range 20_000 {
		have, step := make([]uint32, 1+random.IntN(6)), make([]uint32, 6)
		products := make([]uint64, len(have))
		var largest uint64
		for i := range have {
			have[i], step[i] = weight(), weight()
			products[i] = uint64(have[i]) * uint64(step[i])
			largest = max(largest, products[i])
		}
		if largest == 0 {
			continue
		}
		d := Decision{Weights: slices.Clone(have)}
		d.Multiply(step[:len(have)])
		scale := float64(slices.Max(d.Weights)) / float64(largest)
		for i, got := range d.Weights {
			exact := float64(products[i]) * scale
			if (got == 0) != (products[i] == 0) || math.Abs(float64(got)-exact) > 2 {
				t.Fatalf("%v × %v: got %v, want weight %d near %.1f", have, step, d.Weights, i, exact)
			}
			for j := range d.Weights {
				if products[i] <= products[j] && got > d.Weights[j] {
					t.Fatalf("%v × %v: got %v, want the order of %v", have, step, d.Weights, products)
				}
			}
		}
	}
}

func TestNarrow(t *testing.T) {
	var d Decision
	d.Start(candidates(2, FailOpen), nil, nil)
	d.Narrow(0, 0, 0, NoTTLCap)
	d.Narrow(3, 16, 48, 30)
	d.Narrow(0, 24, 32, 60)
	if d.Pick != 3 || d.Scope4 != 24 || d.Scope6 != 48 || d.TTLCap != 30 {
		t.Errorf("got pick %d, scopes %d %d, cap %d; want 3, 24 48, 30", d.Pick, d.Scope4, d.Scope6, d.TTLCap)
	}
}

// Candidates that are the only ones for a client answer although they are down and others are up, as far as the policy says so; what the chain
// ruled out stays out.
func TestReopen(t *testing.T) {
	health := []Health{Down, Up, Down}
	for _, c := range []struct {
		word    OnAllDown
		weights []uint32
		outcome Outcome
	}{
		{FailOpen, []uint32{1, 0, 0}, Answer},
		{NoDataWhenDown, []uint32{0, 0, 0}, NoData},
		{ServFailWhenDown, []uint32{0, 0, 0}, ServFail},
	} {
		var d Decision
		d.Start(candidates(3, c.word), health, nil)
		given := []uint32{7, 0, 0}
		if !d.Multiply(given) {
			t.Fatalf("%s: %v on %v is not idle", c.word, given, d.Weights)
		}
		d.Reopen(given, &Facts{Health: health})
		d.Finish()
		if !slices.Equal(d.Weights, c.weights) || d.Outcome != c.outcome || d.FailOpen != (c.outcome == Answer) {
			t.Errorf("%s: got %+v, want %v, outcome %d", c.word, d, c.weights, c.outcome)
		}
	}
	closed := candidates(3, FailOpen)
	closed.FailClosed = true
	var d Decision
	d.Start(closed, health, nil)
	if d.Multiply([]uint32{7, 0, 0}) || d.Weights[0] != 0 {
		t.Errorf("fails closed: got %+v, want no weight for what is down", d)
	}
}

func TestFallBack(t *testing.T) {
	health := []Health{Up, Down, Unknown, Up}
	var d Decision
	d.Start(candidates(4, FailOpen), health, nil)
	d.Multiply([]uint32{9, 9, 0, 4})
	d.Narrow(2, 16, 16, 5)
	d.FallBack()
	d.Finish()
	if want := []uint32{9, 0, 0, 4}; !slices.Equal(d.Weights, want) || d.Total != 13 || !d.Fallback || d.Pick != 2 || d.Scope4 != 16 || d.TTLCap != 5 {
		t.Errorf("got %+v, want %v and what else the chain said", d, want)
	}
	down := []Health{Down, Down, Down}
	d.Start(candidates(3, FailOpen), down, nil)
	d.FallBack()
	if want := []uint32{1, 1, 1}; !slices.Equal(d.Weights, want) || !d.FailOpen {
		t.Errorf("all down: got %+v, want %v, failing open", d, want)
	}
}

func TestFinish(t *testing.T) {
	d := Decision{Weights: slices.Repeat([]uint32{math.MaxUint32}, CandidateMax)}
	if d.Finish(); d.Total != CandidateMax*math.MaxUint32 || d.Outcome != Answer {
		t.Errorf("got total %d, outcome %d; want %d, Answer", d.Total, d.Outcome, uint64(CandidateMax*math.MaxUint32))
	}
	d = Decision{Weights: []uint32{0, 0}}
	if d.Finish(); d.Total != 0 || d.Outcome != NoData || d.Draw(5) != -1 || len(d.DrawPick(5, nil)) != 0 {
		t.Errorf("no weight: got %+v, want NoData and no draw", d)
	}
}

// The share of each candidate in the numbers that Draw can get is its weight: counted exactly at every border of the 2^64 numbers.
func TestDrawIsExact(t *testing.T) {
	for _, weights := range [][]uint32{{90, 10}, {1, 0, 2}, {255, 255, 255}, {0, 7}, {math.MaxUint32, 1, math.MaxUint32}} {
		d := Decision{Weights: weights}
		d.Finish()
		var before uint64
		for i, weight := range weights {
			if weight == 0 {
				continue
			}
			// The first number of candidate i is ceil(before × 2^64 / total): the borders are as exact as 64 bits can be.
			first, rest := bits.Div64(before, 0, d.Total)
			if rest > 0 {
				first++
			}
			last := uint64(math.MaxUint64)
			if end := before + uint64(weight); end < d.Total {
				next, rest := bits.Div64(end, 0, d.Total)
				last = next
				if rest == 0 {
					last--
				}
			}
			for _, random := range []uint64{first, first + 1, first + (last-first)/2, last - 1, last} {
				high, low := bits.Mul64(random, d.Total)
				if low < -d.Total%d.Total {
					continue // of the uneven rest: drawn again
				}
				if got := d.Draw(random); got != i || high < before {
					t.Errorf("%v: Draw(%#x): got %d, want %d", weights, random, got, i)
				}
			}
			before += uint64(weight)
		}
	}
}

// A chi-square test over many ratios, as a guard against a wrong border that the exact test does not visit.
func TestDrawShares(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, weights := range [][]uint32{{90, 10}, {1, 2, 3, 4}, {1, 255}, {7, 0, 7}} {
		d := Decision{Weights: weights}
		d.Finish()
		const draws = 200_000
		counts := make([]float64, len(weights))
		for range draws {
			counts[d.Draw(random.Uint64())]++
		}
		chi := 0.0
		for i, weight := range weights {
			want := draws * float64(weight) / float64(d.Total)
			if weight == 0 {
				if counts[i] != 0 {
					t.Errorf("%v: candidate %d of weight 0 was drawn", weights, i)
				}
				continue
			}
			chi += (counts[i] - want) * (counts[i] - want) / want
		}
		if chi > 25 { // p < 0.0001 for 3 degrees of freedom
			t.Errorf("%v: got %v of %d draws (chi-square %.1f), want them in proportion", weights, counts, draws, chi)
		}
	}
}

func TestDrawPick(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	d := Decision{Weights: []uint32{5, 0, 1, 1, 1}, Pick: 3}
	d.Finish()
	var buffer [8]int
	firsts := 0
	for range 10_000 {
		bits := random.Uint64()
		got := d.DrawPick(bits, buffer[:0])
		sorted := slices.Sorted(slices.Values(got))
		if len(got) != 3 || len(slices.Compact(sorted)) != 3 || slices.Contains(got, 1) {
			t.Fatalf("got %v, want 3 different candidates with weight", got)
		}
		if got[0] != d.Draw(bits) {
			t.Fatalf("got %v, want the first to be what Draw gives: %d", got, d.Draw(bits))
		}
		if got[0] == 0 {
			firsts++
		}
	}
	if firsts < 6050 || firsts > 6450 {
		t.Errorf("candidate 0 came first %d times of 10000, want 5/8 of them", firsts)
	}
	d.Pick = 9
	if got := d.DrawPick(1, nil); len(got) != 4 {
		t.Errorf("pick 9: got %v, want the 4 that have weight", got)
	}
}

func TestNoAllocations(t *testing.T) {
	p, health, step := candidates(8, FailOpen), make([]Health, 8), []uint32{1, 2, 3, 4, 5, 6, 7, 8}
	var d Decision
	var picks [8]int
	d.Start(p, health, nil)
	if got := testing.AllocsPerRun(100, func() {
		d.Start(p, health, nil)
		d.Multiply(step)
		d.Narrow(2, 1, 1, 1)
		d.Finish()
		d.DrawPick(uint64(d.Draw(77)), picks[:0])
		d.FallBack()
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkDraw8(b *testing.B) {
	d := Decision{Weights: []uint32{1, 2, 3, 4, 5, 6, 7, 8}}
	d.Finish()
	random := uint64(1)
	for b.Loop() {
		random = random*6364136223846793005 + 1442695040888963407
		d.Draw(random)
	}
}

// Protects secrets: a policy that fails closed never chooses what a plugin gave no weight, not for want of others and not when a plugin fails.
func TestFailClosed(t *testing.T) {
	closed := &Policy{IDs: []string{"a", "b"}, FailClosed: true}
	var d Decision
	if !d.Start(closed, []Health{Down, Up}, nil) {
		t.Fatal("a candidate that is up: got a decision without plugins")
	}
	d.Multiply([]uint32{1, 0})
	if d.Finish(); d.Outcome != NoData || d.Total != 0 {
		t.Errorf("weight for a candidate that is down only: got %v of %v, want none", d.Outcome, d.Weights)
	}
	if d.Start(closed, []Health{Down, Down}, nil) || d.Outcome != NoData {
		t.Errorf("all down: got %v, want no candidate", d.Outcome)
	}
	d.Start(closed, nil, nil)
	d.FallBack()
	if d.Finish(); d.Outcome != ServFail || !d.Fallback || d.Draw(0) != -1 {
		t.Errorf("a plugin failed: got %v of %v, want no candidate", d.Outcome, d.Weights)
	}
}
