package workshop

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"signpost/host/plugin"
	"signpost/host/policy"
)

// Measurement is what decisions about one policy cost.
type Measurement struct {
	Name       string  `json:"name"` // of the golden case
	Chain      string  `json:"chain"`
	Candidates int     `json:"candidates"`
	Decisions  int     `json:"decisions"`
	Failed     int     `json:"failed"`            // decisions that the plugin did not make: equal weights stand in for it
	Problem    string  `json:"problem,omitempty"` // of the last one that failed
	MeanNanos  float64 `json:"meanNanos"`
	P50Nanos   int64   `json:"p50Nanos"` // without the reading of the clock around it
	P99Nanos   int64   `json:"p99Nanos"`
	FuelP50    uint64  `json:"fuelP50"`
	FuelMost   uint64  `json:"fuelMost"`
	FuelLimit  uint64  `json:"fuelLimit"`
	Memory     int     `json:"memory"`     // bytes of the instances, after the first decisions
	MemoryMost int     `json:"memoryMost"` // at the end: more means that decisions allocate
}

const (
	measureCases   = 8
	measureFacts   = 256
	measureSamples = 1 << 18
	measureWarm    = 2_000
)

// Measure times decisions about the policies of golden, or about one that is drawn, for so long each. Facts are drawn.
func (b *Bench) Measure(ctx context.Context, golden *Golden, each time.Duration) ([]Measurement, error) {
	if err := b.Routing(); err != nil {
		return nil, err
	}
	u := newUrn(rand.New(rand.NewPCG(1, 2)), &b.About, golden)
	terms := termsOf(golden)
	u.regions = terms.Regions.Names()
	var list []Measurement
	if golden != nil {
		for i := range golden.Cases {
			c := &golden.Cases[i]
			if len(c.Refused) > 0 || len(list) == measureCases || ctx.Err() != nil {
				continue
			}
			if p, _ := b.host.Route(&c.Spec, terms); p != nil {
				list = append(list, b.measure(p, u, c.Name, each))
			}
		}
	}
	for range hopelessAfter {
		if len(list) > 0 || ctx.Err() != nil {
			return list, ctx.Err()
		}
		spec := u.spec()
		if p, _ := b.host.Route(&spec, terms); p != nil {
			list = append(list, b.measure(p, u, "drawn at random", each))
		}
	}
	return nil, errAllRefused
}

// measure times one policy.
func (b *Bench) measure(p *policy.Policy, u *urn, name string, each time.Duration) Measurement {
	m := Measurement{Name: name, Chain: strings.Join(p.Chain, "+"), Candidates: len(p.IDs),
		FuelLimit: uint64(len(p.Chain)) * b.Module.Limits.DecisionFuel(len(p.IDs))}
	facts := make([]policy.Facts, measureFacts)
	for i := range facts {
		facts[i] = u.facts(len(p.IDs))
	}
	worker := b.host.NewWorker()
	defer worker.Close()
	var d policy.Decision
	for i := range measureWarm {
		worker.Decide(p, &facts[i%measureFacts], &d)
	}
	m.Memory = worker.Memory()
	m.sample(worker, p, facts, each/2)
	begin := time.Now()
	rounds := 0
	for rounds == 0 || time.Since(begin) < each/2 {
		for i := range facts {
			worker.Decide(p, &facts[i], &d)
			m.count(&d)
		}
		rounds++
		m.MemoryMost = max(m.MemoryMost, worker.Memory())
	}
	m.MeanNanos = float64(time.Since(begin)) / float64(rounds*measureFacts)
	for _, info := range b.host.Plugins() {
		if m.Failed > 0 && info.Name == b.About.Name {
			m.Problem = info.LastError
			b.host.Forgive(info.Name)
		}
	}
	return m
}

// count notes one decision.
func (m *Measurement) count(d *policy.Decision) {
	m.Decisions++
	if d.Fallback {
		m.Failed++
	}
}

// sample times single decisions.
func (m *Measurement) sample(worker *plugin.Worker, p *policy.Policy, facts []policy.Facts, most time.Duration) {
	var d policy.Decision
	var took []time.Duration
	var fuel []uint64
	for begin := time.Now(); len(took) < measureSamples; {
		before := time.Now()
		worker.Decide(p, &facts[len(took)%measureFacts], &d)
		after := time.Now()
		m.count(&d)
		took, fuel = append(took, after.Sub(before)), append(fuel, d.Fuel)
		if after.Sub(begin) > most {
			break
		}
	}
	slices.Sort(took)
	slices.Sort(fuel)
	clock := clockCost()
	m.P50Nanos = int64(max(took[len(took)/2]-clock, 0))
	m.P99Nanos = int64(max(took[len(took)*99/100]-clock, 0))
	m.FuelP50, m.FuelMost = fuel[len(fuel)/2], fuel[len(fuel)-1]
}

// clockCost is what reading the clock adds to a sample.
func clockCost() time.Duration {
	costs := make([]time.Duration, 10_000)
	for i := range costs {
		before := time.Now()
		costs[i] = time.Since(before)
	}
	slices.Sort(costs)
	return costs[len(costs)/2]
}
