package metrics

import (
	"sync"
	"sync/atomic"
)

// lineLen keeps two workers' counters apart: processors of today fetch cache lines of 64 bytes in pairs.
const lineLen = 128

// Block is one worker's counters. Add and Flush belong to its one owner; Set reads what Flush published.
type Block struct {
	_         [lineLen]byte
	counts    [CounterCount]uint64
	_         [lineLen]byte
	published [CounterCount]atomic.Uint64
	_         [lineLen]byte
}

// Inc counts one. It costs an addition in the owner's own cache line.
func (b *Block) Inc(c Counter) { b.counts[c]++ }

// Add counts n.
func (b *Block) Add(c Counter, n int) { b.counts[c] += uint64(n) }

// Flush publishes the counts. A worker calls it once per batch, before it waits. Only counters that moved are stored: an atomic store
// costs 20 cycles, a batch moves six to ten of them.
func (b *Block) Flush() {
	for i := range b.counts {
		if n := b.counts[i]; n != b.published[i].Load() {
			b.published[i].Store(n)
		}
	}
}

// Totals are the sums over all workers since the process started.
type Totals [CounterCount]uint64

// Set is all blocks of the process. It is safe for concurrent use; the zero value is ready.
type Set struct {
	Control Control

	mu      sync.Mutex
	blocks  map[*Block]struct{} // in use
	retired Totals              // the counts of blocks given back
	views   map[string]*atomic.Uint64
}

// View returns the counter of the queries that a view of that name answered. It counts on when the view was away for a while.
func (s *Set) View(name string) *atomic.Uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.views == nil {
		s.views = map[string]*atomic.Uint64{}
	}
	if s.views[name] == nil {
		s.views[name] = new(atomic.Uint64)
	}
	return s.views[name]
}

// Views returns the counts of View by name.
func (s *Set) Views() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]uint64, len(s.views))
	for name, count := range s.views {
		counts[name] = count.Load()
	}
	return counts
}

// NewBlock returns a block for a new worker.
func (s *Set) NewBlock() *Block {
	b := new(Block)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blocks == nil {
		s.blocks = map[*Block]struct{}{}
	}
	s.blocks[b] = struct{}{}
	return b
}

// Retire keeps the counts of a worker that ended and forgets its block. The worker must have flushed and must not use the block again.
func (s *Set) Retire(b *Block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, inUse := s.blocks[b]; !inUse {
		return
	}
	delete(s.blocks, b)
	b.addTo(&s.retired)
}

// Totals sums what has been flushed. Each counter never falls from one call to the next; two counters may be a batch apart.
func (s *Set) Totals() Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.retired
	for b := range s.blocks {
		b.addTo(&sum)
	}
	return sum
}

func (b *Block) addTo(sum *Totals) {
	for i := range b.published {
		sum[i] += b.published[i].Load()
	}
}
