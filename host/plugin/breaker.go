package plugin

import (
	"sync"
	"sync/atomic"
	"time"
)

// strikeMax strikes within strikeWindow open a plugin's breaker for good: only another module closes it.
const (
	strikeMax    = 10
	strikeWindow = time.Minute
)

// breaker remembers what went wrong with one plugin. Workers strike, anybody reads.
type breaker struct {
	open    atomic.Bool
	strikes atomic.Uint64

	mu     sync.Mutex // guards what follows; taken on a strike only
	recent [strikeMax]time.Time
	next   int // in recent: the oldest
	reason string
}

// strike counts one failure at a time and opens the breaker when it is the last of strikeMax within strikeWindow.
func (b *breaker) strike(now time.Time, reason string) {
	b.strikes.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reason = reason
	b.recent[b.next] = now
	b.next = (b.next + 1) % strikeMax
	if oldest := b.recent[b.next]; !oldest.IsZero() && now.Sub(oldest) < strikeWindow {
		b.open.Store(true)
	}
}

func (b *breaker) lastReason() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reason
}
