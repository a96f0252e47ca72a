package answer

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"signpost/host/health"
	"signpost/host/policy"
)

// treeRounds is how many random zones TestTreeReference tries; each takes twenty milliseconds.
var treeRounds = flag.Int("tree-rounds", 60, "random zones that TestTreeReference tries")

// branch is a routed name as a user thinks of it.
type branch struct {
	name, kind, onAllDown string
	candidates            []twig
}

// twig is one candidate.
type twig struct {
	number int     // weight or priority
	down   bool    // by its own check
	target *branch // nil: an address
	dead   bool    // the target has no address of the type at all
	blind  bool    // evaluate-target-health=no
}

// up is Route 53's rule for a candidate.
func (c *twig) up() bool {
	if c.down {
		return false
	}
	return c.blind || !c.dead && (c.target == nil || c.target.live())
}

// live is its rule for a name.
func (b *branch) live() bool {
	return slices.ContainsFunc(b.candidates, func(c twig) bool { return c.up() })
}

// shares is what each candidate gets.
func (b *branch) shares() (shares []uint32, outcome policy.Outcome) {
	shares = make([]uint32, len(b.candidates))
	open := !b.live()
	if open && b.onAllDown != "open" {
		return nil, map[string]policy.Outcome{"nodata": policy.NoData, "servfail": policy.ServFail}[b.onAllDown]
	}
	var among []int
	for i := range b.candidates {
		if open || b.candidates[i].up() {
			among = append(among, i)
		}
	}
	numbers := func(i int) int { return b.candidates[i].number }
	largest, smallest := 0, 1<<30
	for _, i := range among {
		largest, smallest = max(largest, numbers(i)), min(smallest, numbers(i))
	}
	for _, i := range among {
		switch {
		case b.kind == "weighted" && largest > 0:
			shares[i] = uint32(numbers(i))
		case b.kind == "failover" && numbers(i) > smallest:
		default:
			shares[i] = 1
		}
	}
	return shares, policy.Answer
}

// randomTree makes names whose candidates are addresses, or names that were made before.
func randomTree(r *rand.Rand) (tree []*branch, text string) {
	var lines strings.Builder
	lines.WriteString("static A 192.0.2.200\nsix AAAA 2001:db8::1\n")
	for at := range 12 {
		b := &branch{name: fmt.Sprintf("n%d", at), kind: []string{"weighted", "weighted", "failover", "multivalue"}[r.IntN(4)]}
		b.onAllDown = []string{"open", "open", "nodata", "servfail"}[r.IntN(4)]
		alias := at > 3 && r.IntN(3) > 0
		for n := range 1 + r.IntN(4) {
			c := twig{number: []int{0, 0, 1, 7, 255}[r.IntN(5)], down: r.IntN(2) == 0}
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
			fmt.Fprintf(&lines, "%s %s ;@ %s id=%s-%d on-all-down=%s %s\n", b.name, data, b.kind, b.name, n, b.onAllDown, key)
		}
		tree = append(tree, b)
	}
	return tree, lines.String()
}

// Protects DESIGN's words about Route 53 in trees of any shape: weight 0, all weights 0, failover, fail open at each level, on-all-down, targets'
// health and its evaluate-target-health. The oracle is the rules as a user reads them; zones and health are random, with fixed seeds.
func TestTreeReference(t *testing.T) {
	for seed := range uint64(*treeRounds) {
		r := rand.New(rand.NewPCG(seed, 9))
		tree, text := randomTree(r)
		w, states := healthWorker(t, text)
		for _, b := range tree {
			for n, c := range b.candidates {
				if c.down {
					force(t, states, health.ForceDown, fmt.Sprintf("%s-%d", b.name, n))
				}
			}
		}
		for range 2 { // what is kept of the first time serves the second
			for _, at := range r.Perm(len(tree)) {
				b := tree[at]
				want, outcome := b.shares()
				got := tried(t, w, b)
				if outcome != policy.Answer {
					want = make([]uint32, len(b.candidates))
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: %s: got %v, want %v %v of %+v\n%s", seed, b.name, got, want, outcome, b.candidates, text)
				}
			}
		}
	}
}

// tried asks the way that clients do, then returns the weights of the worker's own decision.
func tried(t *testing.T, w *Worker, b *branch) []uint32 {
	t.Helper()
	ask(t, w, b.name+".example.com", "A")
	for _, p := range w.server.store.Load().Views[0].Zones[0].Policies {
		if !slices.Contains(p.IDs, b.name+"-0") {
			continue
		}
		for key, a := range w.aims {
			if key.policy == p && key.qtype == 1 {
				return slices.Clone(a.kept.Weights)
			}
		}
		return slices.Clone(w.kept[p].Weights)
	}
	t.Fatalf("%s has no policy", b.name)
	return nil
}
