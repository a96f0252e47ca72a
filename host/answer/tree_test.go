package answer

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"signpost/host/health"
	"signpost/host/policy"
	"signpost/host/wire"
)

// treeRounds is how many random zones TestTreeReference tries; each takes twenty milliseconds.
var treeRounds = flag.Int("tree-rounds", 60, "random zones that TestTreeReference tries")

// branch is a routed name as a user thinks of it.
type branch struct {
	name, kind, onAllDown string
	panic                 int // panic-threshold
	minTTL                uint32
	candidates            []twig
}

// twig is one candidate.
type twig struct {
	number int // weight or priority
	down   bool
	share  int // percent; 0: drained
	flip   uint32
	target *branch // nil: an address
	dead   bool    // the target has no address of the type at all
	blind  bool    // evaluate-target-health=no
}

// What a candidate or a name is good for.
const (
	dead = iota
	drained
	live
)

// good is Route 53's rule for a candidate, with what is drained between dead and live.
func (c *twig) good() int {
	own := live
	if c.share == 0 {
		own = drained
	}
	switch {
	case c.down || c.dead && !c.blind:
		return dead
	case c.blind || c.target == nil:
		return own
	}
	return min(own, c.target.good())
}

// good is its rule for a name: as good as the best of its candidates.
func (b *branch) good() (best int) {
	for i := range b.candidates {
		best = max(best, b.candidates[i].good())
	}
	return best
}

// flip is in how many seconds what the name is good for may change, 0 if nobody knows.
func (b *branch) flip() (soonest uint32) {
	sooner := func(seconds uint32) {
		if seconds != 0 && (soonest == 0 || seconds < soonest) {
			soonest = seconds
		}
	}
	for _, c := range b.candidates {
		sooner(c.flip)
		if c.target != nil && !c.down && !c.blind {
			sooner(c.target.flip())
		}
	}
	return soonest
}

// among are the candidates that are taken as up; trusted: for what they are, so that their shares count.
func (b *branch) among() (among []int, trusted bool, outcome policy.Outcome) {
	var by [live + 1][]int
	for i := range b.candidates {
		good := b.candidates[i].good()
		by[good] = append(by[good], i)
	}
	switch {
	case len(by[live]) == 0 && b.onAllDown != "open":
		return nil, true, map[string]policy.Outcome{"nodata": policy.NoData, "servfail": policy.ServFail}[b.onAllDown]
	case len(by[live]) > 0 && float64(len(by[live]))/float64(len(by[live])+len(by[dead])) < float64(b.panic)/100:
		return append(by[live], by[dead]...), false, policy.Answer
	case len(by[live]) > 0:
		return by[live], true, policy.Answer
	case len(by[drained]) > 0:
		return by[drained], false, policy.Answer
	}
	return by[dead], false, policy.Answer
}

// shares is what each candidate gets, of 1 together.
func (b *branch) shares() ([]float64, policy.Outcome) {
	among, trusted, outcome := b.among()
	largest, smallest := 0, 1<<30
	for _, i := range among {
		largest, smallest = max(largest, b.candidates[i].number), min(smallest, b.candidates[i].number)
	}
	shares, total := make([]float64, len(b.candidates)), 0.0
	for _, i := range among {
		c := &b.candidates[i]
		switch {
		case b.kind == "weighted" && largest > 0:
			shares[i] = float64(c.number)
		case b.kind == "failover" && c.number > smallest:
		default:
			shares[i] = 1
		}
		if trusted {
			shares[i] *= float64(c.share) / 100
		}
		total += shares[i]
	}
	for i := range shares {
		if total > 0 {
			shares[i] /= total
		}
	}
	return shares, outcome
}

// randomTree makes names whose candidates are addresses, or names that were made before.
func randomTree(r *rand.Rand) (tree []*branch, text string) {
	var lines strings.Builder
	lines.WriteString("static A 192.0.2.200\nsix AAAA 2001:db8::1\n")
	for at := range 12 {
		b := &branch{name: fmt.Sprintf("n%d", at), kind: []string{"weighted", "weighted", "failover", "multivalue"}[r.IntN(4)]}
		b.onAllDown = []string{"open", "open", "nodata", "servfail"}[r.IntN(4)]
		b.panic, b.minTTL = []int{0, 0, 30, 50, 51, 100}[r.IntN(6)], []uint32{0, 7, 150}[r.IntN(3)]
		alias := at > 3 && r.IntN(3) > 0
		for n := range 1 + r.IntN(4) {
			c := twig{number: []int{0, 0, 1, 7, 255}[r.IntN(5)], down: r.IntN(3) == 0, share: []int{100, 100, 100, 50, 7, 1, 0}[r.IntN(7)]}
			c.flip = []uint32{0, 0, 3, 30, 200, 1000}[r.IntN(6)]
			key := map[string]string{"weighted": "weight=%d", "failover": "priority=%d", "multivalue": ""}[b.kind]
			if strings.Contains(key, "%") {
				key = fmt.Sprintf(key, c.number)
			}
			data := fmt.Sprintf("A 192.0.2.%d", 10*at+n)
			if alias {
				c.blind = r.IntN(4) == 0
				switch r.IntN(6) {
				case 0:
					data = "ALIAS static"
				case 1:
					data, c.dead = "ALIAS six", true
				default:
					c.target = tree[r.IntN(len(tree))]
					data = "ALIAS " + c.target.name
				}
				if c.blind {
					key += " evaluate-target-health=no"
				}
			}
			b.candidates = append(b.candidates, c)
			if b.minTTL != 150 { // half of $TTL is the default
				key += fmt.Sprintf(" min-ttl=%d", b.minTTL)
			}
			fmt.Fprintf(&lines, "%s %s ;@ %s id=%s-%d check=web on-all-down=%s panic-threshold=%d %s\n", b.name, data, b.kind, b.name, n, b.onAllDown, b.panic, key)
		}
		tree = append(tree, b)
	}
	return tree, lines.String()
}

// judge has the check of each candidate say what it is to say.
func (b *branch) judge(t *testing.T, table *health.Table) {
	t.Helper()
	for n, c := range b.candidates {
		f := health.Finding{Health: policy.Up, Share: uint8(c.share), Flip: time.Duration(c.flip) * time.Second}
		if c.down {
			f.Health = policy.Down
		}
		key := health.Key{View: "public", Name: b.name + ".example.com.", Type: wire.TypeA, ID: fmt.Sprintf("%s-%d", b.name, n)}
		if judge(table, key, f) {
			continue
		}
		if key.Type = wire.TypeALIAS; !judge(table, key, f) {
			t.Fatalf("there is no candidate %v", key)
		}
	}
}

// Protects DESIGN's words about Route 53 in trees of any shape: weight 0, all weights 0, failover, fail open at each level, on-all-down, targets'
// health and its evaluate-target-health; shares, drained candidates, panic and the TTL until the next flip. The oracle is the rules as a user reads them; zones and health are random, with fixed seeds.
func TestTreeReference(t *testing.T) {
	for seed := range uint64(*treeRounds) {
		r := rand.New(rand.NewPCG(seed, 9))
		tree, text := randomTree(r)
		w, states := healthWorker(t, text)
		for _, b := range tree {
			b.judge(t, states)
		}
		for range 2 { // what is kept of the first time serves the second
			for _, at := range r.Perm(len(tree)) {
				b := tree[at]
				want, outcome := b.shares()
				got := tried(t, w, b)
				if got.Outcome != outcome || !slices.EqualFunc(got.Shares(nil), want, near) && b.kind != "multivalue" || !sameZeros(got.Weights, want) {
					t.Fatalf("seed %d: %s: got %v %v, want %v %v of %+v\n%s", seed, b.name, got.Weights, got.Outcome, want, outcome, b.candidates, text)
				}
				ttl := uint32(policy.NoTTLCap)
				if flip := b.flip(); flip > 0 {
					ttl = max(flip, b.minTTL)
				}
				if got.TTLCap != ttl {
					t.Fatalf("seed %d: %s: got a TTL of at most %d, want %d of %+v\n%s", seed, b.name, got.TTLCap, ttl, b.candidates, text)
				}
			}
			if r.IntN(2) == 0 { // and back, in the next epoch
				b := tree[r.IntN(len(tree))]
				for i := range b.candidates {
					b.candidates[i].down, b.candidates[i].share = r.IntN(2) == 0, 100*r.IntN(2)
				}
				b.judge(t, states)
			}
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func sameZeros(weights []uint32, shares []float64) bool {
	return slices.EqualFunc(weights, shares, func(weight uint32, share float64) bool { return (weight == 0) == (share == 0) })
}

// tried asks the way that clients do, then returns the worker's own decision.
func tried(t *testing.T, w *Worker, b *branch) policy.Decision {
	t.Helper()
	ask(t, w, b.name+".example.com", "A")
	for _, p := range w.server.store.Load().Views[0].Zones[0].Policies {
		if !slices.Contains(p.IDs, b.name+"-0") {
			continue
		}
		for key, a := range w.aims {
			if key.policy == p && key.qtype == 1 {
				return a.kept.Decision
			}
		}
		return w.kept[p].Decision
	}
	t.Fatalf("%s has no policy", b.name)
	return policy.Decision{}
}
