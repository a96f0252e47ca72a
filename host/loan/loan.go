// Package loan lets long work of the control plane go on beside the answers: with a processor more than the workers have, on threads that give way.
//
// Plane: control. Floor: 0. Journey of an edit: steps 2 and 3.
// See RATIONALE.md "Why does a reload lend itself a processor?". It starts one goroutine for each Do, which ends before Do does.
package loan

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// Processors are the Go runtime's, and how often its collector runs: of those that share it, one at a time changes either. With as many processors
// as workers, a packet that arrives while the compiler holds one and the collector another waits until the scheduler takes one away: 10 ms.
// With one more all the time, idle threads look for work that is not there: 5 to 10 % more time per query.
//
// A nil Processors is nobody's and lends nothing: where nobody waits for answers, all work may take what there is.
type Processors struct {
	mu     sync.Mutex
	lent   int // works that hold the loan
	before int // processors without it
	gc     int // the collector's percentage without it
}

// gcPercent lets large work finish before the collector runs: its cycles keep a processor busy for 1 to 4 ms each, five of them in
// the second that a million records take, and queries wait for it. It costs 25 MB at the peak of that reload.
const gcPercent = 400

// Take begins a loan. GiveBack ends it, once for each Take.
func (p *Processors) Take() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent++; p.lent == 1 {
		p.before = runtime.GOMAXPROCS(0)
		runtime.GOMAXPROCS(p.before + 1)
		p.gc = debug.SetGCPercent(gcPercent)
		debug.SetGCPercent(relaxed(p.gc))
	}
}

// GiveBack ends what Take began.
func (p *Processors) GiveBack() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent--; p.lent == 0 {
		runtime.GOMAXPROCS(p.before)
		debug.SetGCPercent(p.gc)
	}
}

// relaxed is the collector's percentage during a loan: never less than without it. A negative one is never.
func relaxed(percent int) int {
	if percent < 0 {
		return percent
	}
	return max(percent, gcPercent)
}

// Count is how many there are without the loan: so many workers share them.
func (p *Processors) Count() int {
	if p == nil {
		return runtime.GOMAXPROCS(0)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent > 0 {
		return p.before
	}
	return runtime.GOMAXPROCS(0)
}

// Collect sets the collector's percentage while nothing is lent.
func (p *Processors) Collect(percent int) {
	if p == nil {
		debug.SetGCPercent(percent)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent > 0 {
		p.gc = percent
		percent = relaxed(percent)
	}
	debug.SetGCPercent(percent)
}

// Do works on a loan, on a thread that gives way, and returns when that is done.
func (p *Processors) Do(work func()) {
	if p == nil {
		work()
		return
	}
	p.Take()
	defer p.GiveBack()
	done := make(chan struct{})
	go func() {
		defer close(done)
		GiveWay()
		work()
	}()
	<-done
}
