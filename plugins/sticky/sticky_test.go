package sticky

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"signpost/sdk"
)

const clients = 100_000

// winners is who answers each of the first n networks 10.0.0.0/24, 10.0.1.0/24, …: the index of the candidate.
func winners(t *testing.T, n int, down []int, candidates ...string) []int {
	t.Helper()
	trial, problems := sdk.Try(Plugin(), candidates...)
	if trial == nil {
		t.Fatal(problems)
	}
	list := make([]int, n)
	for i := range list {
		client := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(10 + i>>16), byte(i >> 8), byte(i), 0}), 24)
		list[i] = slices.Index(trial.Decide(sdk.Given{Client: client, Down: down}).Weights, 1)
	}
	return list
}

func shares(list []int, count int) []float64 {
	shares := make([]float64, count)
	for _, winner := range list {
		shares[winner] += 1 / float64(len(list))
	}
	return shares
}

// Protects the shares: of 100,000 networks each candidate has as many as its weight says, within five standard deviations.
func TestShares(t *testing.T) {
	for _, weights := range [][]int{{1, 1}, {90, 10}, {1, 2, 3, 4, 5, 6, 7, 8}, {255, 1}, {65535, 1, 65535}, {5, 0, 5}} {
		var lines []string
		total := 0
		for i, weight := range weights {
			lines = append(lines, fmt.Sprintf("id=c%d weight=%d", i, weight))
			total += weight
		}
		for i, got := range shares(winners(t, clients, nil, lines...), len(weights)) {
			want := float64(weights[i]) / float64(total)
			if off := math.Abs(got - want); off > 5*math.Sqrt(want*(1-want)/clients) {
				t.Errorf("weights %v: candidate %d has %.4f of the networks, want %.4f", weights, i, got, want)
			}
		}
	}
}

// Protects the point of the policy: a change moves the share that it is about and nothing else.
func TestOnlyTheShareMoves(t *testing.T) {
	before := winners(t, clients, nil, "id=a weight=3", "id=b weight=4", "id=c weight=3")
	for _, c := range []struct {
		name  string
		down  []int
		lines []string
		to    func(was, is int) bool // which moves may be
		moved float64                // share of the networks
	}{
		{"nothing", nil, []string{"id=a weight=3", "id=b weight=4", "id=c weight=3"}, func(was, is int) bool { return false }, 0},
		{"all weights doubled", nil, []string{"id=a weight=6", "id=b weight=8", "id=c weight=6"}, func(was, is int) bool { return false }, 0},
		{"a raised from 3 of 10 to 13 of 20", nil, []string{"id=a weight=13", "id=b weight=4", "id=c weight=3"}, func(was, is int) bool { return is == 0 }, 0.35},
		{"b lowered from 4 of 10 to 1 of 7", nil, []string{"id=a weight=3", "id=b weight=1", "id=c weight=3"}, func(was, is int) bool { return was == 1 }, 0.4 - 1.0/7},
		{"a new one with 1 of 11", nil, []string{"id=a weight=3", "id=b weight=4", "id=c weight=3", "id=d weight=1"}, func(was, is int) bool { return is == 3 }, 1.0 / 11},
		{"c down", []int{2}, []string{"id=a weight=3", "id=b weight=4", "id=c weight=3"}, func(was, is int) bool { return was == 2 }, 0.3},
	} {
		moved := 0
		for i, is := range winners(t, clients, c.down, c.lines...) {
			if was := before[i]; was != is {
				moved++
				if !c.to(was, is) {
					t.Fatalf("%s: network %d went from %d to %d", c.name, i, was, is)
				}
			}
		}
		got := float64(moved) / clients
		t.Logf("%s: %.4f of the networks move, %.4f must", c.name, got, c.moved)
		if math.Abs(got-c.moved) > 5*math.Sqrt(c.moved*(1-c.moved)/clients) {
			t.Errorf("%s: %.4f of the networks move, want %.4f", c.name, got, c.moved)
		}
	}
}

// Protects the logarithm in rank against the library's, over a million numbers.
func TestLogarithm(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	seeds, shares, ranks := make([]uint64, 1000), make([]float64, 1000), make([]float64, 1000)
	for range 1000 {
		for i := range seeds {
			seeds[i], shares[i] = random.Uint64(), random.Float64()
		}
		network := random.Uint64()
		rank(ranks, network, seeds, shares)
		for i, got := range ranks {
			uniform := float64(mix(network^seeds[i])>>11|1) / (1 << 53)
			if want := -math.Log(uniform) * shares[i]; math.Abs(got-want) > 1e-12*max(1e-3, want) {
				t.Fatalf("%v: got %v, want %v", uniform, got, want)
			}
		}
	}
}
