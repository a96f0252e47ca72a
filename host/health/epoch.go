package health

import (
	"sync/atomic"
	"time"
)

// epochs numbers the states of a table. Each new number makes every worker decide anew, so candidates that flap must not make as many of them as
// they like: findings that come within a pace of the latest epoch wait for its end, and the first worker that begins a batch then moves on. Nobody
// needs a timer for it.
type epochs struct {
	epoch atomic.Uint64 // moves after each change of a word
	began time.Time
	pace  time.Duration
	moved atomic.Int64 // when it did, since began
	due   atomic.Int64 // when it is to, since began; 0: not
}

// Pace has findings of checks make at most one epoch in each pace; zero, as at first, is no limit. Operators do not wait. It is called before the
// table is used.
func (t *Table) Pace(pace time.Duration) { t.pace = pace }

// Epoch is the number of the present state. Who reads it before the words, and finds it unchanged later, has seen no older word than those of
// that epoch. A nil Table stays at epoch 1.
func (t *Table) Epoch() uint64 {
	if t == nil {
		return 1
	}
	if due := t.due.Load(); due != 0 {
		if now := t.sinceBegan(); now >= due && t.due.CompareAndSwap(due, 0) {
			t.moved.Store(now)
			t.epoch.Add(1)
		}
	}
	return t.epoch.Load()
}

// sinceBegan is never 0, which would be no time.
func (t *Table) sinceBegan() int64 { return max(1, int64(t.now().Sub(t.began))) }

// moveLocked begins another epoch, after a word was written: at once, or when it is due.
func (t *Table) moveLocked(paced bool) {
	now := t.sinceBegan()
	if moved := t.moved.Load(); paced && moved != 0 && moved <= now && now < moved+int64(t.pace) {
		t.due.Store(moved + int64(t.pace))
		return
	}
	t.moved.Store(now)
	t.due.Store(0)
	t.epoch.Add(1)
}
