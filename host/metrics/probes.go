package metrics

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// ChecksMax is how many checks are counted under their names. All later ones are counted together, as OtherChecks: whoever stores the metrics
// pays for each name.
const ChecksMax = 40

// OtherChecks stands for the checks beyond ChecksMax. No check can have this name.
const OtherChecks = "(others)"

// ProbeBounds are the upper ends of the histogram of how long probes took, in seconds; the last bucket has the rest.
var ProbeBounds = [...]float64{0.01, 0.1, 1, 5}

// HealthWordCount is the number of states that a candidate can be in.
const HealthWordCount = 3

// CheckCount is what happened to one check since the start.
type CheckCount struct {
	Passed, Failed uint64                       // probes
	Took           [len(ProbeBounds) + 1]uint64 // all of them, by bucket
	TookSum        time.Duration
	Transitions    [HealthWordCount]uint64 // of candidates that use it, by the policy.Health that they changed to
}

// Probes counts probes and what came of them. The zero value is ready. Writers: probe, and host for the transitions.
type Probes struct {
	Late atomic.Uint64 // probes that began more than a tenth of their interval late

	mu     sync.Mutex
	checks map[string]*CheckCount
}

// Probed counts one probe of a check.
func (p *Probes) Probed(check string, passed bool, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.countLocked(check)
	if passed {
		c.Passed++
	} else {
		c.Failed++
	}
	bucket := 0
	for bucket < len(ProbeBounds) && took.Seconds() > ProbeBounds[bucket] {
		bucket++
	}
	c.Took[bucket]++
	c.TookSum += took
}

// Changed counts that a candidate of the check changed to a state, a policy.Health.
func (p *Probes) Changed(check string, to int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.countLocked(check).Transitions[to]++
}

// countLocked finds the counts of a check. The first ChecksMax names have their own for as long as the process runs.
func (p *Probes) countLocked(check string) *CheckCount {
	label := p.labelLocked(check)
	c := p.checks[label]
	if c == nil {
		if p.checks == nil {
			p.checks = map[string]*CheckCount{}
		}
		c = new(CheckCount)
		p.checks[label] = c
	}
	return c
}

func (p *Probes) labelLocked(check string) string {
	if p.checks[check] == nil && len(p.checks) >= ChecksMax {
		return OtherChecks
	}
	return check
}

// Checks returns the counts by the name under which they are kept.
func (p *Probes) Checks() map[string]CheckCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := make(map[string]CheckCount, len(p.checks))
	for name, c := range p.checks {
		counts[name] = *c
	}
	return counts
}

// Label is the name under which a check is counted. One that was not heard of takes a name that is left.
func (p *Probes) Label(check string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.countLocked(check)
	return p.labelLocked(check)
}

// Notices counts what became of notices, by where they went. The zero value is ready; host gives the names, of which there are few.
type Notices struct {
	Dropped atomic.Uint64 // for want of room: nothing was sent

	mu    sync.Mutex
	sinks map[string]NoticeCount
}

// NoticeCount is what happened to notices of one kind of sink.
type NoticeCount struct {
	Sent   uint64
	Failed uint64 // given up
}

// Told counts a notice that a sink of that kind (webhook, exec) took, or did not take however often it was tried.
func (n *Notices) Told(sink string, sent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sinks == nil {
		n.sinks = map[string]NoticeCount{}
	}
	c := n.sinks[sink]
	if sent {
		c.Sent++
	} else {
		c.Failed++
	}
	n.sinks[sink] = c
}

// Sinks returns the counts by kind of sink.
func (n *Notices) Sinks() map[string]NoticeCount {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.sinks)
}
