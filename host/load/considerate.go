package load

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// considerateFrom is how many bytes of text make a batch work considerately: below it is done before anybody could notice.
const considerateFrom = 1 << 20

// processors lends the control plane a processor of its own while large zones compile, beyond those of the workers. With as many as
// workers, a packet that arrives while the compiler holds one and the collector another waits until the scheduler takes one away: 10 ms.
// With one more all the time, idle threads look for work that is not there: 5 to 10 % more time per query. See RATIONALE.md "Why does a
// reload lend itself a processor?".
type processors struct {
	mu     sync.Mutex
	lent   int // batches that hold the loan
	before int // processors without it
	gc     int // the collector's percentage without it
}

// gcPercent lets a large reload finish before the collector runs: its cycles keep a processor busy for 1 to 4 ms each, five of them in
// the second that a million records take, and queries wait for it. It costs 25 MB at the peak of that reload.
const gcPercent = 400

func (p *processors) lend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent++; p.lent == 1 {
		p.before = runtime.GOMAXPROCS(0)
		runtime.GOMAXPROCS(p.before + 1)
		p.gc = debug.SetGCPercent(gcPercent)
	}
}

func (p *processors) giveBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent--; p.lent == 0 {
		runtime.GOMAXPROCS(p.before)
		debug.SetGCPercent(p.gc)
	}
}

// large tells whether the batch is worth being considerate about.
func (b *batch) large() bool {
	size := int64(0)
	add := func(path string) {
		if info, err := os.Stat(fullPath(b.reader.dir, path)); err == nil {
			size += info.Size()
		}
	}
	for _, j := range b.jobs {
		add(j.path)
	}
	for _, j := range b.data {
		if j.file.Path != "" {
			add(j.file.Path)
		}
	}
	return size >= considerateFrom
}

// freeMemory gives memory back to the system, considerately while queries are answered.
func freeMemory(considerate bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if considerate {
			giveWay()
		}
		debug.FreeOSMemory()
	}()
	<-done
}
