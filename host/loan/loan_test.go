package loan

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// percent is the collector's now.
func percent() int {
	now := debug.SetGCPercent(100)
	debug.SetGCPercent(now)
	return now
}

// However loans overlap, there is one processor more during them, and all is as before in the end. What the collector is told meanwhile holds then.
func TestLoansOverlap(t *testing.T) {
	processors, collector := runtime.GOMAXPROCS(0), percent()
	defer debug.SetGCPercent(collector)
	var p Processors
	expect := func(when string, wantProcessors, wantPercent int) {
		t.Helper()
		if got := p.Count(); got != processors {
			t.Errorf("%s: got a count of %d processors, want %d", when, got, processors)
		}
		if got := runtime.GOMAXPROCS(0); got != wantProcessors || percent() != wantPercent {
			t.Errorf("%s: got %d processors and %d percent, want %d and %d", when, got, percent(), wantProcessors, wantPercent)
		}
	}
	p.Collect(70)
	expect("before", processors, 70)
	p.Take()
	p.Do(func() { expect("two loans", processors+1, gcPercent) })
	p.Collect(60)
	expect("one loan", processors+1, gcPercent)
	p.GiveBack()
	expect("after", processors, 60)
}

// Whoever asked for less collection than a loan brings keeps that, also when it is asked for meanwhile.
func TestCollectsNoMoreThanAsked(t *testing.T) {
	collector := percent()
	defer debug.SetGCPercent(collector)
	var p Processors
	for _, asked := range []int{-1, gcPercent + 400} {
		p.Collect(asked)
		p.Do(func() {
			if got := percent(); got != asked {
				t.Errorf("loan with %d percent: got %d", asked, got)
			}
		})
		p.Collect(100)
		p.Do(func() {
			p.Collect(asked)
			if got := percent(); got != asked {
				t.Errorf("%d percent during a loan: got %d", asked, got)
			}
		})
		if got := percent(); got != asked {
			t.Errorf("after it: got %d percent, want %d", got, asked)
		}
	}
}

// Where nobody lends, work is done all the same.
func TestNothingToLend(t *testing.T) {
	processors, collector, done := runtime.GOMAXPROCS(0), percent(), 0
	defer debug.SetGCPercent(collector)
	var p *Processors
	if p.Collect(70); percent() != 70 || p.Count() != processors {
		t.Errorf("got %d percent and %d processors, want 70 and %d", percent(), p.Count(), processors)
	}
	p.Take()
	p.Do(func() { done = runtime.GOMAXPROCS(0) })
	p.GiveBack()
	if done != processors {
		t.Errorf("got work with %d processors, want it with %d", done, processors)
	}
}
