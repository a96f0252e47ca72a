package answer

import (
	"slices"

	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
)

// Trace is what a worker notes about one query while it answers it, for whoever explains answers, and what it takes instead of drawing.
// Everything in it stays valid after the query.
type Trace struct {
	Take []int           // candidates of the first decisions, in their order; later decisions take their first candidate with weight
	Down map[string]bool // ids of candidates that count as down, whatever their health
	Key  string          // name of the key that the query counts as signed with; "": none

	View *zone.View // in which the question's name was found; nil: in none
	// Views are the decisions by which the client's views were chosen, in the order in which they were asked; Taken is the number of the view.
	// None if there is one view for everybody, or while the views' own clients stand in for the policy.
	Views []Fork
	Hops  []Hop // the names that the answer leads through, the question's first
	// Scope is the longest scope of the decisions, for the family of the client subnet option. The response says 0 instead when it is negative.
	Scope uint8
}

// Hop is one name on the way of an answer.
type Hop struct {
	Name     []byte // wire form, lower case
	Hit      zone.Hit
	View     *zone.View // in which it was found; nil: in none
	Forks    []Fork     // of its routed set; several only for type ANY, none if it is not routed or its plugins are not ready
	decision int        // number of its first fork
}

// Fork is one decision on the way of an answer, and what was taken of it.
type Fork struct {
	Set      zone.RRset
	Policy   *policy.Policy
	Facts    policy.Facts // that the chain could see
	Decision policy.Decision
	Taken    int // candidate; -1 when the decision is no answer
}

// Trace has the worker note what it does in t from now on, and choose as it says; nil ends it. It must not be called during Respond. A worker
// that traces allocates and calls plugins for each decision.
func (w *Worker) Trace(t *Trace) {
	w.trace = t
	w.called.Explain = t != nil
}

// found notes a name that was looked up.
func (t *Trace) found(name *wire.Name, hit *zone.Hit, view *zone.View) {
	t.Hops = append(t.Hops, Hop{Name: slices.Clone(name.Bytes()), Hit: *hit, View: view, decision: t.decisions()})
}

// decisions counts those that were made.
func (t *Trace) decisions() int {
	if len(t.Hops) == 0 {
		return 0
	}
	last := &t.Hops[len(t.Hops)-1]
	return last.decision + len(last.Forks)
}

// decided notes a decision about set.
func (t *Trace) decided(set zone.RRset, p *policy.Policy, facts *policy.Facts, d *policy.Decision) {
	hop := &t.Hops[len(t.Hops)-1]
	hop.Forks = append(hop.Forks, forkOf(set, p, facts, d, -1))
}

// chose notes a decision about views.
func (t *Trace) chose(p *policy.Policy, facts *policy.Facts, d *policy.Decision, taken int) {
	t.Views = append(t.Views, forkOf(nil, p, facts, d, taken))
}

// forkOf copies what the next decision overwrites.
func forkOf(set zone.RRset, p *policy.Policy, facts *policy.Facts, d *policy.Decision, taken int) Fork {
	fork := Fork{Set: set, Policy: p, Facts: *facts, Decision: *d, Taken: taken}
	fork.Facts.Health = slices.Clone(facts.Health)
	fork.Facts.Shares = slices.Clone(facts.Shares)
	fork.Facts.Latency = slices.Clone(facts.Latency)
	fork.Decision.Weights = slices.Clone(d.Weights)
	return fork
}

// take chooses a candidate of the decision that was noted last.
func (t *Trace) take() int {
	hop := &t.Hops[len(t.Hops)-1]
	fork := &hop.Forks[len(hop.Forks)-1]
	fork.Taken = slices.IndexFunc(fork.Decision.Weights, func(w uint32) bool { return w > 0 })
	if number := t.decisions() - 1; number < len(t.Take) {
		fork.Taken = t.Take[number]
	}
	return fork.Taken
}
