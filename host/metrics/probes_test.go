package metrics

import (
	"fmt"
	"testing"
	"time"
)

// Protects the number of series: however many checks there are, few names are kept, and nothing counted is lost.
func TestProbesAreBounded(t *testing.T) {
	var p Probes
	for i := range 10_000 {
		p.Probed(fmt.Sprintf("check%d", i), i%2 == 0, time.Millisecond)
		p.Changed(fmt.Sprintf("check%d", i), 1)
	}
	counts := p.Checks()
	if len(counts) != ChecksMax+1 {
		t.Errorf("got %d names, want %d", len(counts), ChecksMax+1)
	}
	var passed, failed, changed uint64
	for _, c := range counts {
		passed, failed, changed = passed+c.Passed, failed+c.Failed, changed+c.Transitions[1]
	}
	if passed != 5000 || failed != 5000 || changed != 10_000 {
		t.Errorf("got %d passed, %d failed, %d changed, want 5000, 5000, 10000", passed, failed, changed)
	}
	for check, want := range map[string]string{"check0": "check0", "check39": "check39", "check40": OtherChecks, "new": OtherChecks} {
		if got := p.Label(check); got != want {
			t.Errorf("label of %s: got %s, want %s", check, got, want)
		}
	}
}

// Protects the histogram: a probe is in the first bucket whose bound it does not exceed.
func TestProbeBuckets(t *testing.T) {
	var p Probes
	for _, took := range []time.Duration{0, 10 * time.Millisecond, 11 * time.Millisecond, time.Second, 5 * time.Second, time.Minute} {
		p.Probed("web", true, took)
	}
	if got, want := p.Checks()["web"].Took, [...]uint64{2, 1, 1, 1, 1}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Protects the counts of notices by sink.
func TestNotices(t *testing.T) {
	var n Notices
	if len(n.Sinks()) != 0 {
		t.Errorf("got %v, want nothing yet", n.Sinks())
	}
	n.Told("webhook", true)
	n.Told("webhook", false)
	n.Told("exec", true)
	if got, want := fmt.Sprint(n.Sinks()), "map[exec:{1 0} webhook:{1 1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
