package plugin

import (
	"sync"
	"sync/atomic"
	"time"
)

// strikeMax strikes within strikeWindow open a plugin's breaker: it is not called any more, except once every retryAfter. When that call goes
// well the breaker closes.
const (
	strikeMax    = 10
	strikeWindow = time.Minute
	retryAfter   = time.Minute
)

// Trip says that a plugin was taken out of service, or is back.
type Trip struct {
	Plugin  string
	Open    bool   // out of service
	Reason  string // of the last failure
	Strikes uint64 // since the plugin was loaded
}

// breaker remembers what went wrong with one plugin. Workers strike, anybody reads.
//
//	closed → open    strikeMax strikes within strikeWindow
//	open   → open    retryAfter later one call is let through; it fails
//	open   → closed  it goes well
type breaker struct {
	open    atomic.Bool
	retryAt atomic.Int64 // while open: when a call is let through, in nanoseconds since 1970
	strikes atomic.Uint64

	mu     sync.Mutex // guards what follows; taken when something changes only
	recent [strikeMax]time.Time
	next   int // in recent: the oldest
	reason string
	told   bool // that it is open
}

// strike counts one failure at a time and opens the breaker when it is the last of strikeMax within strikeWindow.
func (b *breaker) strike(now time.Time, reason string) {
	b.strikes.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reason = reason
	b.recent[b.next] = now
	b.next = (b.next + 1) % strikeMax
	if oldest := b.recent[b.next]; !b.open.Load() && !oldest.IsZero() && now.Sub(oldest) < strikeWindow {
		b.retryAt.Store(now.Add(retryAfter).UnixNano())
		b.open.Store(true)
	}
}

// retry tells whether the caller may try a call although the breaker is open: one caller each retryAfter. A time that is further away than that
// was set before the clock was set back.
func (b *breaker) retry(now time.Time) bool {
	at := b.retryAt.Load()
	due := now.UnixNano() >= at || now.Add(retryAfter).UnixNano() < at
	return due && b.retryAt.CompareAndSwap(at, now.Add(retryAfter).UnixNano())
}

// forgo gives back what retry allowed: there was nothing to try with.
func (b *breaker) forgo(now time.Time) { b.retryAt.Store(now.UnixNano()) }

// close puts the plugin back into service: after a call that retry allowed went well.
func (b *breaker) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recent, b.next = [strikeMax]time.Time{}, 0
	b.open.Store(false)
}

// report returns the state if it is another than the one it returned last.
func (b *breaker) report() (trip Trip, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	open := b.open.Load()
	changed = open != b.told
	b.told = open
	return Trip{Open: open, Reason: b.reason, Strikes: b.strikes.Load()}, changed
}

func (b *breaker) lastReason() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reason
}
