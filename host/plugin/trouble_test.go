package plugin

import (
	"runtime"
	"testing"
	"time"

	"signpost/host/loan"
)

// A burst of strikes borrows a processor for a while; slow ones, and the same ones noticed again, do not.
func TestTrouble(t *testing.T) {
	usual := runtime.GOMAXPROCS(0)
	trouble := newTrouble(new(loan.Processors))
	defer trouble.end()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	expect := func(when string, want int) {
		t.Helper()
		if got := runtime.GOMAXPROCS(0); got != want {
			t.Errorf("%s: got %d processors, want %d", when, got, want)
		}
	}
	strikes := uint64(0)
	for range 20 {
		strikes++
		now = now.Add(troubleLasts/(troubleFrom-1) + time.Millisecond)
		trouble.note(strikes, now)
		trouble.note(strikes, now)
	}
	expect("slow strikes", usual)
	now = now.Add(time.Minute)
	trouble.note(strikes+troubleFrom-1, now)
	expect("few strikes", usual)
	trouble.note(strikes+troubleFrom, now.Add(troubleLasts))
	expect("a burst", usual+1)
	trouble.note(strikes+2*troubleFrom, now.Add(troubleLasts))
	expect("more of it", usual+1)
	trouble.end()
	expect("after it", usual)
	trouble.end()
	expect("after its end", usual)
}
