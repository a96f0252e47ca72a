package workshop

import (
	"fmt"
	"slices"
	"strings"

	"signpost/host/plugin"
	"signpost/host/policy"
)

// scene is a policy and what is decided about it, one after the other: what fuzzing draws, and shrinks when it found something.
type scene struct {
	spec  policy.Spec
	facts []policy.Facts
}

// result is what came out of one decision.
type result struct {
	decision policy.Decision
	problem  string // of the plugin; "": none
}

// same tells whether two results give the same answers for as long; scopes may differ.
func (r *result) same(other *result) bool {
	a, b := &r.decision, &other.decision
	return r.problem == other.problem && a.Outcome == b.Outcome && a.Pick == b.Pick && a.TTLCap == b.TTLCap && slices.Equal(a.Weights, b.Weights)
}

// equal is same, with the scopes.
func (r *result) equal(other *result) bool {
	return r.same(other) && r.decision.Scope4 == other.decision.Scope4 && r.decision.Scope6 == other.decision.Scope6
}

// decideOn runs one decision.
func decideOn(worker *plugin.Worker, p *policy.Policy, f *policy.Facts) *result {
	r := &result{decision: policy.Decision{Explain: true}}
	worker.Decide(p, f, &r.decision)
	if r.decision.Fallback {
		r.problem = r.decision.Steps[len(r.decision.Steps)-1].Problem
	}
	return r
}

// shrinkTries bounds the time to make a find small: each try starts an instance, 5 ms for a Go guest.
const shrinkTries = 200

// play runs a scene on an instance of its own and returns the results; nil if the policy is refused.
func (f *fuzzer) play(s *scene) []*result {
	p, _ := f.bench.host.Route(&s.spec, f.terms)
	if p == nil {
		return nil
	}
	worker := f.bench.host.NewWorker()
	defer worker.Close()
	defer f.bench.host.Forgive(f.bench.About.Name)
	results := make([]*result, len(s.facts))
	for i := range s.facts {
		results[i] = decideOn(worker, p, &s.facts[i])
		if results[i].problem != "" {
			return results[:i+1]
		}
	}
	return results
}

// alone plays one decision of a scene.
func (f *fuzzer) alone(s *scene, i int) *result {
	results := f.play(&scene{s.spec, s.facts[i : i+1]})
	if results == nil {
		return nil
	}
	return results[0]
}

// shrinkable is a scene, or a docket.
type shrinkable[T any] interface {
	smaller(yield func(T) bool) // those with one thing less
}

// shrink makes one smaller for as long as bad holds.
func shrink[T shrinkable[T]](one T, bad func(T) bool) T {
	tries := 0
	for progress := true; progress; {
		progress = false
		for smaller := range one.smaller {
			if tries++; tries > shrinkTries {
				return one
			}
			if bad(smaller) {
				one, progress = smaller, true
				break
			}
		}
	}
	return one
}

// smaller yields scenes with one thing less.
func (s *scene) smaller(yield func(*scene) bool) {
	for half := len(s.facts) / 2; half > 0; half /= 2 { // earlier decisions: many at once first
		for at := 0; at+half <= len(s.facts); at += half {
			if !yield(&scene{s.spec, slices.Delete(slices.Clone(s.facts), at, at+half)}) {
				return
			}
		}
	}
	for i := range s.spec.Candidates {
		if len(s.spec.Candidates) > 1 && !yield(s.without(i)) {
			return
		}
	}
	for i := range s.spec.Candidates {
		for j := range s.spec.Candidates[i].Attrs {
			spec := s.spec
			spec.Candidates = slices.Clone(spec.Candidates)
			spec.Candidates[i].Attrs = slices.Delete(slices.Clone(spec.Candidates[i].Attrs), j, j+1)
			if !yield(&scene{spec, s.facts}) {
				return
			}
		}
	}
	for i := range s.facts {
		for _, simpler := range simplerFacts(&s.facts[i]) {
			facts := slices.Clone(s.facts)
			facts[i] = simpler
			if !yield(&scene{s.spec, facts}) {
				return
			}
		}
	}
}

// without returns the scene without a candidate.
func (s *scene) without(candidate int) *scene {
	less := &scene{s.spec, slices.Clone(s.facts)}
	less.spec.Candidates = slices.Delete(slices.Clone(less.spec.Candidates), candidate, candidate+1)
	for i := range less.facts {
		f := &less.facts[i]
		if candidate < len(f.Health) {
			f.Health = slices.Delete(slices.Clone(f.Health), candidate, candidate+1)
		}
		if candidate < len(f.Latency) {
			f.Latency = slices.Delete(slices.Clone(f.Latency), candidate, candidate+1)
		}
	}
	return less
}

// simplerFacts returns facts with one kind less.
func simplerFacts(f *policy.Facts) (list []policy.Facts) {
	if f.Health != nil {
		simpler := *f
		simpler.Health = nil
		list = append(list, simpler)
	}
	for i, h := range f.Health {
		if h != policy.Up {
			simpler := *f
			simpler.Health = slices.Clone(f.Health)
			simpler.Health[i] = policy.Up
			list = append(list, simpler)
		}
	}
	if len(writePlace(f)) > 0 {
		simpler := *f
		simpler.Place, simpler.PlaceBits = policy.Facts{}.Place, clientBits(f.Client)
		list = append(list, simpler)
	}
	if f.Latency != nil {
		simpler := *f
		simpler.Latency, simpler.LatencyBits = nil, clientBits(f.Client)
		list = append(list, simpler)
	}
	if f.Client.IsValid() {
		simpler := *f
		simpler.Client = policy.Facts{}.Client
		list = append(list, simpler)
	}
	return list
}

// text writes the scene as a golden case. wants are the lines for each decision.
func (s *scene) text(name string, wants [][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "case %s\n", name)
	c := Case{Spec: s.spec}
	for i := range s.spec.Candidates {
		fmt.Fprintln(&b, writeNote(s.spec.Chain, &s.spec.Candidates[i]))
	}
	for i := range s.facts {
		for _, line := range writeGiven(c.ids(), &s.facts[i]) {
			fmt.Fprintln(&b, strings.TrimSpace("given "+line))
		}
		for _, want := range wants[i] {
			fmt.Fprintln(&b, "want "+want)
		}
	}
	return b.String()
}
