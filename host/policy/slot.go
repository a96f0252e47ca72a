package policy

import (
	"sync/atomic"
	"time"
)

// Slot is the live health of one candidate, in one word, so that a worker reads it without lock. The zero value is Unknown.
// Writer: health.Table. Readers: any.
type Slot struct{ word atomic.Uint64 }

// healthBits is the low part of the word; the seconds since 1970 of the latest change stand above it.
const healthBits = 8

// Health is the state now.
func (s *Slot) Health() Health { return Health(s.word.Load() & (1<<healthBits - 1)) }

// Load returns the state and since when it is so, as one reading.
func (s *Slot) Load() (state Health, since time.Time) {
	word := s.word.Load()
	return Health(word & (1<<healthBits - 1)), time.Unix(int64(word>>healthBits), 0)
}

// Store sets the state. Only health.Table may call it: a change counts from the next epoch on.
func (s *Slot) Store(state Health, since time.Time) {
	s.word.Store(uint64(since.Unix())<<healthBits | uint64(state))
}
