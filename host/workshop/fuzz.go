package workshop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
)

// FuzzOptions say for how long and from where.
type FuzzOptions struct {
	Duration time.Duration // 0: until Policies
	Policies int           // 0: until Duration
	Seed     uint64        // the same one draws the same
	Golden   *Golden       // its policies, values and clients are drawn more often; nil: none
}

// FuzzReport is what fuzzing saw.
type FuzzReport struct {
	Seed      uint64 `json:"seed"`
	Policies  int    `json:"policies"`  // accepted; checks of a health plugin
	Refused   int    `json:"refused"`   // policies that the plugin or the host refused
	Decisions int    `json:"decisions"` // verdicts of a health plugin
	NoData    int    `json:"nodata"`    // decisions that no candidate is for the client
	FuelMost  uint64 `json:"fuelMost"`  // of a decision
	FuelLimit uint64 `json:"fuelLimit"` // of that decision
	Finds     []Find `json:"finds"`
}

// Find is a claim that does not hold.
type Find struct {
	What   string `json:"what"`
	Detail string `json:"detail"`
	Golden string `json:"golden"` // a case that shows it
}

// What a Find is about. Each is looked for until it was found once.
const (
	findConfigure = "configure fails"
	findDecide    = "decide fails"
	findState     = "a decision depends on what was decided before"
	findUnwanted  = "a decision depends on facts that the plugin does not want"
	findScope     = "two clients of one scope get different answers"
)

const (
	batchLen      = 24   // decisions about a policy, in one order and in the other
	hopelessAfter = 5000 // policies that are refused before any is accepted
)

// failure is the first diagnostic that is about the plugin instead of the policy: it trapped, or its SDK caught a panic. "": none is.
func failure(diags diag.List) string {
	for _, d := range diags {
		if strings.Contains(d.Text, "the plugin failed on this policy") || strings.Contains(d.Text, "the plugin panicked") {
			return d.Text
		}
	}
	return ""
}

// errAllRefused tells that no policy could be drawn.
var errAllRefused = errors.New("the plugin refuses every policy that was drawn: give it some in golden.txt")

// fuzzer is a fuzzing at work.
type fuzzer struct {
	bench  *Bench
	urn    *urn
	terms  plugin.Terms
	used   *plugin.Worker // its instance has decided everything so far
	report *FuzzReport
	found  map[string]bool
}

// Fuzz tries what the plugin's manifest claims on random policies and facts: it never fails, remembers nothing, does not depend on what it does
// not want, and what it says of its scope is true. Of a health plugin it tries the first two, on random checks and histories. It ends early when ctx is done.
func (b *Bench) Fuzz(ctx context.Context, o FuzzOptions) (*FuzzReport, error) {
	if err := b.Triable(); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	f := &fuzzer{bench: b, urn: newUrn(random, &b.About, o.Golden), terms: termsOf(o.Golden), used: b.host.NewWorker(),
		report: &FuzzReport{Seed: o.Seed, Finds: []Find{}}, found: map[string]bool{}}
	f.urn.regions = f.terms.Regions.Names()
	defer func() { f.used.Close() }()
	begin := time.Now()
	for ctx.Err() == nil {
		if o.Duration > 0 && time.Since(begin) >= o.Duration || o.Policies > 0 && f.report.Policies >= o.Policies {
			break
		}
		if f.report.Policies == 0 && f.report.Refused >= hopelessAfter && len(f.report.Finds) == 0 {
			return nil, errAllRefused
		}
		if b.Judges() {
			f.check()
		} else {
			f.policy()
		}
	}
	return f.report, nil
}

// policy draws one policy and decides about it.
func (f *fuzzer) policy() {
	s := &scene{spec: f.urn.spec()}
	p, diags := f.bench.host.Route(&s.spec, f.terms)
	if p == nil {
		f.report.Refused++
		if text := failure(diags); text != "" && !f.found[findConfigure] {
			f.foundConfigure(s, text)
		}
		return
	}
	f.report.Policies++
	count := len(s.spec.Candidates)
	for range batchLen {
		s.facts = append(s.facts, f.urn.facts(count))
	}
	results := make([]*result, batchLen)
	for i := range s.facts {
		results[i] = f.decide(p, &s.facts[i])
		if results[i].problem != "" {
			f.foundDecide(s, i, results[i])
			return
		}
	}
	f.shuffled(s, p, results)
	for i := range s.facts {
		f.unwanted(s, p, i, results[i])
		f.scope(s, p, i, results[i])
	}
}

// decide runs a decision on the used instance and counts it.
func (f *fuzzer) decide(p *policy.Policy, facts *policy.Facts) *result {
	r := decideOn(f.used, p, facts)
	f.report.Decisions++
	if r.decision.Outcome == policy.NoData {
		f.report.NoData++
	}
	if r.decision.Fuel > f.report.FuelMost {
		f.report.FuelMost, f.report.FuelLimit = r.decision.Fuel, f.bench.Module.Limits.DecisionFuel(len(p.IDs))
	}
	return r
}

// shuffled decides in another order, on an instance that has decided nothing.
func (f *fuzzer) shuffled(s *scene, p *policy.Policy, results []*result) {
	if f.found[findState] {
		return
	}
	worker := f.bench.host.NewWorker()
	defer worker.Close()
	var other []policy.Facts
	for _, i := range f.urn.Perm(batchLen) {
		other = append(other, s.facts[i])
		r := decideOn(worker, p, &s.facts[i])
		f.report.Decisions++
		if r.problem != "" {
			f.foundDecide(&scene{s.spec, other}, len(other)-1, r)
			return
		}
		if !r.equal(results[i]) {
			f.foundState(s.spec, r, results[i], s.facts[:i+1], other)
			return
		}
	}
}

// unwanted changes what the plugin does not want.
func (f *fuzzer) unwanted(s *scene, p *policy.Policy, i int, before *result) {
	if f.found[findUnwanted] {
		return
	}
	other := f.urn.unwanted(&s.facts[i], p.Wants, len(p.IDs))
	after := f.decide(p, &other)
	if after.problem != "" {
		f.foundDecide(&scene{s.spec, []policy.Facts{other}}, 0, after)
		return
	}
	if after.equal(before) || f.found[findState] {
		return
	}
	two := &scene{s.spec, []policy.Facts{s.facts[i], other}}
	one := f.alone(two, 0)
	if one.equal(f.alone(two, 1)) {
		f.foundState(s.spec, after, before, two.facts, append(slices.Clone(s.facts), other))
		return
	}
	f.found[findUnwanted] = true
	wants := f.wants(two, 0, one)
	f.add(findUnwanted, "", two, [][]string{wants, wants})
}

// scope looks for a client inside the scope of the decision that gets another answer.
func (f *fuzzer) scope(s *scene, p *policy.Policy, i int, before *result) {
	facts := &s.facts[i]
	bits := int(scopeOf(facts, &before.decision))
	if f.found[findScope] || f.found[findState] || p.Wants&policy.WantsClient == 0 || !facts.Client.IsValid() || bits >= facts.Client.Bits() {
		return
	}
	other := f.urn.inside(facts, bits, len(p.IDs))
	after := f.decide(p, &other)
	if after.problem != "" {
		f.foundDecide(&scene{s.spec, []policy.Facts{other}}, 0, after)
		return
	}
	if after.same(before) {
		return
	}
	small := &scene{s.spec, []policy.Facts{*facts, other}}
	if !f.badScope(small) {
		f.foundState(s.spec, after, before, small.facts, append(slices.Clone(s.facts), other))
		return
	}
	f.found[findScope] = true
	small = shrink(small, f.badScope)
	first := f.alone(small, 0)
	detail := fmt.Sprintf("the decision for %s says scope %d, and the one for %s in it differs", small.facts[0].Client,
		scopeOf(&small.facts[0], &first.decision), small.facts[1].Client)
	wants := f.wants(small, 0, first)
	f.add(findScope, detail, small, [][]string{wants, wants[:1]})
}

// badScope tells whether the second client of a scene is in the scope of the first one's decision and gets another.
func (f *fuzzer) badScope(s *scene) bool {
	if len(s.facts) != 2 || !s.facts[0].Client.IsValid() || !s.facts[1].Client.IsValid() {
		return false
	}
	a, b := f.alone(s, 0), f.alone(s, 1)
	if a == nil || b == nil || a.problem != "" || b.problem != "" || a.same(b) {
		return false
	}
	bits := int(scopeOf(&s.facts[0], &a.decision))
	one, two := &s.facts[0], &s.facts[1]
	return bits < one.Client.Bits() && sameWithin(one, two, bits, one.PlaceBits, one.Place == two.Place) &&
		sameWithin(one, two, bits, one.LatencyBits, slices.Equal(one.Latency, two.Latency))
}

// sameWithin tells whether two may be clients of one scope: what is known for a network of so many bits is the same in it.
func sameWithin(one, two *policy.Facts, scope int, known uint8, same bool) bool {
	in := func(bits int) bool { return netip.PrefixFrom(one.Client.Addr(), bits).Contains(two.Client.Addr()) }
	return in(scope) && (same || !in(int(known)))
}

// foundConfigure reports a policy on which configure traps or runs out of fuel.
func (f *fuzzer) foundConfigure(s *scene, detail string) {
	f.found[findConfigure] = true
	s, detail = smallestFailure(s, detail, "policies", func(s *scene) diag.List {
		_, diags := f.bench.host.Route(&s.spec, f.terms)
		return diags
	})
	f.report.Finds = append(f.report.Finds, Find{findConfigure, detail, s.text(findConfigure, nil) + "want refused what is wrong with it\n"})
}

// smallestFailure makes a policy or a check small on which configure fails, and returns what is said of it then. detail is what was said of it
// behind others of its kind.
func smallestFailure[T shrinkable[T]](one T, detail, others string, configure func(T) diag.List) (T, string) {
	again := failure(configure(one))
	if again == "" {
		return one, detail + "; only after other " + others
	}
	one = shrink(one, func(smaller T) bool { return failure(configure(smaller)) != "" })
	return one, cmp.Or(failure(configure(one)), again)
}

// foundDecide reports a decision that failed.
func (f *fuzzer) foundDecide(s *scene, i int, r *result) {
	f.bench.host.Forgive(f.bench.About.Name)
	f.used.Close()
	f.used = f.bench.host.NewWorker()
	if f.found[findDecide] {
		return
	}
	f.found[findDecide] = true
	problem := func(s *scene) string {
		results := f.play(s)
		if len(results) == 0 {
			return ""
		}
		return results[len(results)-1].problem
	}
	bad := func(s *scene) bool { return problem(s) != "" }
	small := &scene{s.spec, s.facts[i : i+1]}
	if !bad(small) {
		small = &scene{s.spec, s.facts[:i+1]}
	}
	detail := r.problem
	if bad(small) {
		small = shrink(small, bad)
		detail = problem(small)
	}
	wants := make([][]string, len(small.facts))
	for i, r := range f.play(small) {
		wants[i] = f.wants(small, i, r) // the last is equal weights, which a failure never is as wanted
	}
	f.add(findDecide, f.bench.heading(&small.spec, small.facts, f.terms, detail), small, wants)
}

// foundState reports a decision that another history changes: one of two that end in it may show that.
func (f *fuzzer) foundState(spec policy.Spec, one, two *result, histories ...[]policy.Facts) {
	f.found[findState] = true
	bad := func(s *scene) bool {
		results := f.play(s)
		if len(results) == 0 || results[len(results)-1].problem != "" {
			return false
		}
		fresh := f.alone(s, len(s.facts)-1)
		return !fresh.equal(results[len(results)-1])
	}
	last := histories[0][len(histories[0])-1:]
	small := &scene{spec, last}
	detail := fmt.Sprintf("got %s, and %s after other decisions", strings.Join(f.wants(small, 0, one), ", "), strings.Join(f.wants(small, 0, two), ", "))
	for _, facts := range histories {
		if tried := (&scene{spec, facts}); bad(tried) {
			small = shrink(tried, bad)
			break
		}
	}
	if len(small.facts) == 1 {
		detail += "; only decisions about other policies show it"
	}
	wants := make([][]string, len(small.facts))
	for i := range small.facts {
		wants[i] = f.wants(small, i, f.alone(small, i))
	}
	f.add(findState, detail, small, wants)
}

// wants are the lines that a result fulfils.
func (f *fuzzer) wants(s *scene, i int, r *result) []string {
	c := Case{Spec: s.spec}
	return describeResult(c.ids(), &s.facts[i], &r.decision, false)
}

func (f *fuzzer) add(what, detail string, s *scene, wants [][]string) {
	f.report.Finds = append(f.report.Finds, Find{what, detail, s.text(what, wants)})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
