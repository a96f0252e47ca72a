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

// Where nobody lends, work is done all the same.
func TestNothingToLend(t *testing.T) {
	processors, done := runtime.GOMAXPROCS(0), 0
	var p *Processors
	p.Take()
	p.Do(func() { done = runtime.GOMAXPROCS(0) })
	p.GiveBack()
	if done != processors {
		t.Errorf("got work with %d processors, want it with %d", done, processors)
	}
}
