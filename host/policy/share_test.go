package policy

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sharesByHand is the chance of each candidate to be among the first pick, summed over every set of those that may come before: exact, and
// slow beyond a dozen candidates.
func sharesByHand(weights []uint32, pick int) []float64 {
	shares := make([]float64, len(weights))
	chance := make([]float64, 1<<len(weights)) // of each set to be the first so many
	chance[0] = 1
	for set := range chance {
		drawn, rest := 0, 0.0
		for i, weight := range weights {
			if set>>i&1 == 1 {
				drawn++
			} else {
				rest += float64(weight)
			}
		}
		if drawn == pick || rest == 0 {
			continue
		}
		for i, weight := range weights {
			if set>>i&1 == 0 {
				p := chance[set] * float64(weight) / rest
				shares[i] += p
				chance[set|1<<i] += p
			}
		}
	}
	return shares
}

func decisionOf(weights []uint32, pick int) *Decision {
	d := &Decision{Weights: weights, Pick: pick}
	d.Finish()
	return d
}

var sharesOfPick = []struct {
	name    string
	weights []uint32
	pick    int
}{
	{"one of two", []uint32{90, 10}, 1},
	{"two of three", []uint32{3, 2, 1}, 2},
	{"zeros", []uint32{0, 5, 0, 1, 1}, 2},
	{"all equal", []uint32{7, 7, 7, 7, 7}, 3},
	{"all of them", []uint32{1, 2, 3}, 3},
	{"more than there are", []uint32{1, 0, 3}, 8},
	{"nothing", []uint32{0, 0}, 2},
	{"far apart", []uint32{1, math.MaxUint32, 1000, 65536, 3}, 3},
	{"one giant", []uint32{math.MaxUint32, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 8},
	{"eight of twelve", []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 8},
	{"many shapes", []uint32{255, 1, 17, 130, 64, 2, 99, 255, 8, 40, 3}, 5},
}

// Protects the percentages that explain and diff print: they agree with the sum over all orders to ten digits.
func TestSharesOfPick(t *testing.T) {
	for _, c := range sharesOfPick {
		want := sharesByHand(c.weights, c.pick)
		for i, got := range decisionOf(c.weights, c.pick).Shares(nil) {
			if math.Abs(got-want[i]) > 1e-12+1e-10*want[i] {
				t.Errorf("%s: candidate %d of %v, pick %d: got %.15g, want %.15g", c.name, i, c.weights, c.pick, got, want[i])
			}
		}
	}
}

// Protects the link between the percentages and the dice: two million draws give the shares within five standard deviations.
func TestSharesOfDraws(t *testing.T) {
	draws := 2_000_000
	if testing.Short() {
		draws = 100_000
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range sharesOfPick {
		d := decisionOf(c.weights, c.pick)
		counts := make([]int, len(c.weights))
		var picked []int
		for range draws {
			picked = d.DrawPick(random.Uint64(), picked[:0])
			for _, i := range picked {
				counts[i]++
			}
		}
		for i, share := range d.Shares(nil) {
			got := float64(counts[i]) / float64(draws)
			if sigma := math.Sqrt(share * (1 - share) / float64(draws)); math.Abs(got-share) > 5*sigma+1e-9 {
				t.Errorf("%s: candidate %d: %.5f of the draws, want %.5f ± %.5f", c.name, i, got, share, 5*sigma)
			}
		}
	}
}

// Protects large policies: the shares of 1,000 candidates add up to the pick, grow with the weight, and leave what dst held alone.
func TestSharesOfMany(t *testing.T) {
	weights := make([]uint32, 1000)
	for i := range weights {
		weights[i] = uint32(i*i + 1)
	}
	shares := decisionOf(weights, 8).Shares([]float64{42})
	sum := 0.0
	for i, share := range shares[1:] {
		sum += share
		if i > 0 && share <= shares[i] {
			t.Fatalf("candidate %d has %g, the lighter one before it %g", i, share, shares[i])
		}
	}
	if math.Abs(sum-8) > 1e-9 || shares[0] != 42 {
		t.Errorf("got a sum of %.12g and %g in front, want 8 and 42", sum, shares[0])
	}
}

func BenchmarkSharesOfMany(b *testing.B) {
	weights := make([]uint32, 1000)
	for i := range weights {
		weights[i] = uint32(i + 1)
	}
	d := decisionOf(weights, 8)
	for b.Loop() {
		d.Shares(nil)
	}
}
