package policy

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// stood is the facts of candidates written as one letter each: u up, ? unknown, x dead, d drained; and their shares, 100 where there is no other.
func stood(letters string, shares ...uint8) *Facts {
	f := &Facts{}
	for i, letter := range letters {
		share := uint8(100)
		if i < len(shares) {
			share = shares[i]
		}
		state := map[rune]Health{'u': Up, '?': Unknown, 'x': Down, 'd': Down}[letter]
		if letter == 'd' {
			share = 0
		}
		f.Health, f.Shares = append(f.Health, state), append(f.Shares, share)
	}
	return f
}

// Protects who is live, and what the chain is told of each candidate: failing open takes what is drained before what is dead; a panic takes the dead
// and leaves the drained, which do not count at all.
func TestWhoIsLive(t *testing.T) {
	for _, c := range []struct {
		letters string
		panic   uint8
		weights []uint32
		told    string // health of each, as plugins see it
		open    bool
		panics  bool
	}{
		{"u?xd", 0, []uint32{1, 1, 0, 0}, "u?xx", false, false},
		{"xx", 0, []uint32{1, 1}, "uu", true, false},
		{"xd", 0, []uint32{0, 1}, "xu", true, false},
		{"dd", 0, []uint32{1, 1}, "uu", true, false},
		{"uxx", 33, []uint32{1, 0, 0}, "uxx", false, false},
		{"uxx", 34, []uint32{1, 1, 1}, "uuu", false, true},
		{"uux", 100, []uint32{1, 1, 1}, "uuu", false, true},
		{"uu", 100, []uint32{1, 1}, "uu", false, false},
		{"uddd", 100, []uint32{1, 0, 0, 0}, "uxxx", false, false},
		{"uxdd", 50, []uint32{1, 0, 0, 0}, "uxxx", false, false},
		{"uxdd", 51, []uint32{1, 1, 0, 0}, "uuxx", false, true},
		{"xd", 100, []uint32{0, 1}, "xu", true, false},
	} {
		p, f := candidates(len(c.letters), FailOpen), stood(c.letters)
		p.PanicThreshold = c.panic
		var d Decision
		if !d.Start(p, f.Health, f.Shares) || !slices.Equal(d.Weights, c.weights) || d.FailOpen != c.open || d.Panic != c.panics {
			t.Errorf("%s, panic-threshold=%d: got %+v, want %v, fail open %v, panic %v", c.letters, c.panic, d, c.weights, c.open, c.panics)
		}
		told := ""
		for i := range c.letters {
			told += map[Health]string{Up: "u", Unknown: "?", Down: "x"}[d.TakenAs(i, f)]
		}
		if told != c.told {
			t.Errorf("%s, panic-threshold=%d: the chain is told %s, want %s", c.letters, c.panic, told, c.told)
		}
		if d.TakenAs(0, &Facts{}) != Up {
			t.Error("without health: got a candidate that is not up")
		}
	}
	secret := candidates(3, FailOpen)
	secret.PanicThreshold, secret.FailClosed = 100, true
	var d Decision
	if f := stood("uxx"); !d.Start(secret, f.Health, f.Shares) || d.Panic {
		t.Error("a policy that fails closed panics")
	}
}

// Protects the only candidates for a client, which are down: those that are drained answer before the dead.
func TestReopenDrained(t *testing.T) {
	f := stood("uxdd")
	var d Decision
	d.Start(candidates(4, FailOpen), f.Health, f.Shares)
	given := []uint32{0, 9, 9, 0}
	if !d.Multiply(given) {
		t.Fatal("weight for what is down only is not idle")
	}
	d.Reopen(given, f)
	if want := []uint32{0, 0, 1, 0}; !slices.Equal(d.Weights, want) || d.TakenAs(1, f) != Down || d.TakenAs(2, f) != Up {
		t.Errorf("got %v, told %v %v; want %v, the drained one as up", d.Weights, d.TakenAs(1, f), d.TakenAs(2, f), want)
	}
}

// Protects shares: each candidate's part is its weight times its share, to one part in 2^31 of the largest; what has weight and share keeps some; and
// nobody's share counts in a decision that does not believe in health.
func TestSettleShares(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		count := 1 + random.IntN(6)
		weights, f := make([]uint32, count), &Facts{Health: make([]Health, count)}
		var exact []float64
		largest := 0.0
		for i := range count {
			weights[i] = uint32(random.Uint64() >> random.IntN(64))
			f.Shares = append(f.Shares, uint8(1+random.IntN(100)))
			exact = append(exact, float64(weights[i])*float64(f.Shares[i]))
			largest = max(largest, exact[i])
		}
		d := Decision{Weights: slices.Clone(weights)}
		d.Settle(&Policy{}, f)
		most := float64(slices.Max(d.Weights))
		for i, got := range d.Weights {
			if (got == 0) != (weights[i] == 0) {
				t.Fatalf("%v × %v: got %v", weights, f.Shares, d.Weights)
			}
			if want := exact[i] * most / largest; largest > 0 && math.Abs(float64(got)-want) > 2 {
				t.Fatalf("%v × %v: got %v, want candidate %d near %.1f", weights, f.Shares, d.Weights, i, want)
			}
		}
		for _, blind := range []Decision{{Weights: slices.Clone(weights), FailOpen: true}, {Weights: slices.Clone(weights), Panic: true}} {
			if blind.Settle(&Policy{}, f); !slices.Equal(blind.Weights, weights) {
				t.Fatalf("%+v: shares counted: got %v, want %v", blind, blind.Weights, weights)
			}
		}
	}
	d := Decision{Weights: []uint32{90, 10, 0}}
	if d.Settle(&Policy{}, &Facts{Shares: []uint8{50, 100, 30}}); !slices.Equal(d.Weights, []uint32{45, 10, 0}) {
		t.Errorf("got %v, want 45 10 0, as people write it", d.Weights)
	}
}

// Protects how long a decision holds: until the next flip, not less than min-ttl, and not longer than a plugin said.
func TestSettleTTL(t *testing.T) {
	for _, c := range []struct{ flip, minTTL, said, want uint32 }{
		{0, 30, NoTTLCap, NoTTLCap}, {10, 0, NoTTLCap, 10}, {10, 30, NoTTLCap, 30}, {40, 30, NoTTLCap, 40}, {40, 30, 5, 5}, {0, 30, 5, 5},
	} {
		d := Decision{TTLCap: c.said}
		if d.Settle(&Policy{MinTTL: c.minTTL}, &Facts{Flip: c.flip}); d.TTLCap != c.want {
			t.Errorf("%+v: got %d", c, d.TTLCap)
		}
	}
}
