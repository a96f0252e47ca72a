package plugin

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"signpost/host/policy"
)

// route53 is the rule in Amazon's words: by weight among the healthy; a weight of 0 only if all nonzero ones are unhealthy; if none is
// healthy, all are.
func route53(weights []uint32, health []policy.Health) []uint32 {
	if !slices.ContainsFunc(health, func(h policy.Health) bool { return h != policy.Down }) {
		health = make([]policy.Health, len(weights))
	}
	want, nonzero := make([]uint32, len(weights)), false
	for i, weight := range weights {
		if health[i] != policy.Down {
			want[i] = weight
			nonzero = nonzero || weight > 0
		}
	}
	for i := range want {
		if !nonzero && health[i] != policy.Down {
			want[i] = 1
		}
	}
	return want
}

// The real guest gives Route 53's distribution for random policies and health.
func TestWeightedIsRoute53(t *testing.T) {
	h := realHost()
	w := h.NewWorker()
	defer w.Close()
	random := rand.New(rand.NewPCG(7, 8))
	var d policy.Decision
	for range 300 {
		count := 1 + random.IntN(12)
		weights, texts := make([]uint32, count), make([]string, count)
		for i := range weights {
			weights[i] = uint32(random.IntN(256)) * uint32(random.IntN(2))
			texts[i] = strconv.Itoa(int(weights[i]))
		}
		p := mustRoute(t, h, weightedSpec([]string{"weighted"}, texts...))
		for range 10 {
			health := make([]policy.Health, count)
			for i := range health {
				health[i] = policy.Health(random.IntN(3))
			}
			w.Decide(p, &policy.Facts{Health: health}, &d)
			if want := route53(weights, health); !slices.Equal(d.Weights, want) || d.Fallback || d.Pick != 1 || d.Scope4 != 0 || d.TTLCap != policy.NoTTLCap {
				t.Fatalf("weights %v, health %v: got %+v, want %v", weights, health, d, want)
			}
		}
	}
	if info := infoOf(t, h, "weighted"); info.Strikes != 0 || !info.Builtin || len(info.SHA256) != 64 || info.Decisions < 3000 {
		t.Errorf("got %+v, want a built-in without strikes", info)
	}
}

// 100,000 draws of the sample policy: 90/10 within five standard deviations.
func TestWeightedShares(t *testing.T) {
	h := realHost()
	w := h.NewWorker()
	defer w.Close()
	random := rand.New(rand.NewPCG(9, 10))
	p := mustRoute(t, h, weightedSpec([]string{"weighted"}, "90", "10"))
	var d policy.Decision
	var counts [2]int
	for range 100_000 {
		w.Decide(p, &policy.Facts{}, &d)
		counts[d.Draw(random.Uint64())]++
	}
	if counts[0] < 89_525 || counts[0] > 90_475 {
		t.Errorf("got %v of 100,000, want 90,000 and 10,000 within 475", counts)
	}
}

func TestDecideAllocs(t *testing.T) {
	h := realHost()
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	facts := policy.Facts{Health: []policy.Health{policy.Up, policy.Down, policy.Up}}
	for _, weights := range [][]string{{"90", "10"}, {"1", "2", "3", "4", "5", "6", "7", "8"}} {
		p := mustRoute(t, h, weightedSpec([]string{"weighted"}, weights...))
		w.Decide(p, &facts, &d)
		for module := h.builtins["weighted"].module; len(module.spare) == 0; { // the background's allocations count as well
			<-time.After(time.Millisecond)
		}
		if got := testing.AllocsPerRun(1000, func() { w.Decide(p, &facts, &d) }); got != 0 {
			t.Errorf("%d candidates: got %v allocations a decision, want 0", len(weights), got)
		}
		if d.Fallback {
			t.Errorf("%d candidates: fell back: %+v", len(weights), infoOf(t, h, "weighted"))
		}
	}
}

// A Go guest outlives the failure of one of its instances, its memory filling up with policies, and its limits: 40,000 policies on one worker.
func TestManyPolicies(t *testing.T) {
	h := realHost()
	w := h.NewWorker()
	defer w.Close()
	spec := weightedSpec([]string{"weighted"}, "3", "2", "1")
	strikes := infoOf(t, h, "weighted").Strikes
	var d policy.Decision
	for i := range 40_000 {
		p := mustRoute(t, h, spec)
		if w.Decide(p, &policy.Facts{}, &d); d.Fallback || d.Weights[0] != 3 {
			t.Fatalf("policy %d: got %+v, %+v", i, d, infoOf(t, h, "weighted"))
		}
	}
	if got := infoOf(t, h, "weighted").Strikes; got != strikes {
		t.Errorf("got %d strikes, want none", got-strikes)
	}
}

// Protects fresh instances after many reloads: the host's numbers of policies grow until a collection frees old ones, and a guest may keep a
// table by number. One that is told a large number first spends its fuel on the way there, on each policy, until the breaker opens.
func TestPolicyNumbersStaySmall(t *testing.T) {
	h := realHost()
	m := h.builtins["weighted"].module
	h.mu.Lock()
	before := m.handle
	m.handle, m.handles = 300_000, nil
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		m.handle, m.handles = before, nil
		h.mu.Unlock()
	}()
	strikes := infoOf(t, h, "weighted").Strikes
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	first := mustRoute(t, h, weightedSpec([]string{"weighted"}, "3", "2"))
	second := mustRoute(t, h, weightedSpec([]string{"weighted"}, "5", "4"))
	for range 3 {
		for p, want := range map[*policy.Policy]uint32{first: 3, second: 5} {
			if w.Decide(p, &policy.Facts{}, &d); d.Fallback || d.Weights[0] != want {
				t.Errorf("got %+v, %+v, want the weight %d", d, infoOf(t, h, "weighted"), want)
			}
		}
	}
	if got := infoOf(t, h, "weighted").Strikes; got != strikes {
		t.Errorf("got %d strikes, want none", got-strikes)
	}
}
