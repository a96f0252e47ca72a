package plugin

import (
	"time"

	"signpost/host/loan"
)

// Each strike leaves garbage, of a new instance and of the stack that the old one grew: up to 3 MB. Until its breaker opens a plugin can strike as
// fast as it is asked, and the collector would run every few of them. So troubleFrom strikes within troubleLasts borrow a processor for that long, and
// with it the collector's patience. Slower strikes borrow nothing: they may go on for ever.
const (
	troubleFrom  = 3
	troubleLasts = time.Second
)

// trouble is a loan for a burst of strikes. The background goroutine owns it.
type trouble struct {
	processors *loan.Processors
	over       *time.Timer // the loan is to be given back
	lent       bool
	since      time.Time // the strikes that are counted begin here
	before     uint64    // strikes until then
	seen       uint64    // strikes until now
}

func newTrouble(processors *loan.Processors) *trouble {
	t := &trouble{processors: processors, over: time.NewTimer(troubleLasts)}
	t.over.Stop()
	return t
}

// note takes notice of all strikes until now.
func (t *trouble) note(strikes uint64, now time.Time) {
	if strikes == t.seen {
		return
	}
	if since := now.Sub(t.since); since > troubleLasts || since < 0 {
		t.since, t.before = now, t.seen
	}
	t.seen = strikes
	if !t.lent && strikes-t.before >= troubleFrom {
		t.processors.Take()
		t.lent = true
		t.over.Reset(troubleLasts)
	}
}

// end gives back what was borrowed.
func (t *trouble) end() {
	t.over.Stop()
	if t.lent {
		t.processors.GiveBack()
		t.lent = false
	}
}
