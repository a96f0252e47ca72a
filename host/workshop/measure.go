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

// Measurement is what decisions about one policy cost, or verdicts about one check, whose candidate is the check.
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

// Measure times decisions about the policies of golden, or about one that is drawn, for so long each; of a health plugin, verdicts about checks.
// Facts and histories are drawn.
func (b *Bench) Measure(ctx context.Context, golden *Golden, each time.Duration) ([]Measurement, error) {
	if err := b.Triable(); err != nil {
		return nil, err
	}
	u := newUrn(rand.New(rand.NewPCG(1, 2)), &b.About, golden)
	terms := termsOf(golden)
	u.regions = terms.Regions.Names()
	var list []Measurement
	if golden != nil {
		for i := range golden.Cases {
			c := &golden.Cases[i]
			if len(c.Refused) > 0 || c.judged != b.Judges() || len(list) == measureCases || ctx.Err() != nil {
				continue
			}
			if s := b.subject(&c.Spec, terms, u); s != nil {
				list = append(list, b.measure(s, c.Name, each))
			}
		}
	}
	for range hopelessAfter {
		if len(list) > 0 || ctx.Err() != nil {
			return list, ctx.Err()
		}
		spec := b.draw(u)
		if s := b.subject(&spec, terms, u); s != nil {
			list = append(list, b.measure(s, "drawn at random", each))
		}
	}
	return nil, errAllRefused
}

// subject is what is measured: a policy or a check, and what it is asked about.
type subject struct {
	chain      string
	candidates int
	fuelLimit  uint64
	ask        func(worker *plugin.Worker, i int) (fuel uint64, failed bool) // about i of measureFacts
}

// draw is a policy, or a check for a plugin that judges.
func (b *Bench) draw(u *urn) policy.Spec {
	if b.Judges() {
		return u.check()
	}
	return u.spec()
}

// subject returns nil if the plugin refuses the policy or check.
func (b *Bench) subject(spec *policy.Spec, terms plugin.Terms, u *urn) *subject {
	if b.Judges() {
		return b.judged(spec, terms, u)
	}
	p, _ := b.host.Route(spec, terms)
	if p == nil {
		return nil
	}
	facts := make([]policy.Facts, measureFacts)
	for i := range facts {
		facts[i] = u.facts(len(p.IDs))
	}
	var d policy.Decision
	return &subject{strings.Join(p.Chain, "+"), len(p.IDs), uint64(len(p.Chain)) * b.Module.Limits.DecisionFuel(len(p.IDs)),
		func(worker *plugin.Worker, i int) (uint64, bool) {
			worker.Decide(p, &facts[i], &d)
			return d.Fuel, d.Fallback
		}}
}

// judged is subject for a check: all its attempts, as this server alone sees it.
func (b *Bench) judged(spec *policy.Spec, terms plugin.Terms, u *urn) *subject {
	j, _ := b.host.Judge(spec, terms)
	if j == nil {
		return nil
	}
	histories := make([]plugin.Evidence, measureFacts)
	for i := range histories {
		for histories[i] = u.evidence(); len(histories[i].Vantages) != 1; histories[i] = u.evidence() {
		}
	}
	var v plugin.Verdict
	return &subject{j.Plugin(), 1, b.Module.Limits.VerdictFuel(1), func(worker *plugin.Worker, i int) (uint64, bool) {
		worker.Judge(j, &histories[i], &v)
		return v.Fuel, v.Problem != ""
	}}
}

// measure times one policy.
func (b *Bench) measure(s *subject, name string, each time.Duration) Measurement {
	m := Measurement{Name: name, Chain: s.chain, Candidates: s.candidates, FuelLimit: s.fuelLimit}
	worker := b.host.NewWorker()
	defer worker.Close()
	for i := range measureWarm {
		s.ask(worker, i%measureFacts)
	}
	m.Memory = worker.Memory()
	m.sample(worker, s, each/2)
	begin := time.Now()
	rounds := 0
	for rounds == 0 || time.Since(begin) < each/2 {
		for i := range measureFacts {
			_, failed := s.ask(worker, i)
			m.count(failed)
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
func (m *Measurement) count(failed bool) {
	m.Decisions++
	if failed {
		m.Failed++
	}
}

// sample times single decisions.
func (m *Measurement) sample(worker *plugin.Worker, s *subject, most time.Duration) {
	var took []time.Duration
	var fuel []uint64
	for begin := time.Now(); len(took) < measureSamples; {
		before := time.Now()
		spent, failed := s.ask(worker, len(took)%measureFacts)
		after := time.Now()
		m.count(failed)
		took, fuel = append(took, after.Sub(before)), append(fuel, spent)
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
