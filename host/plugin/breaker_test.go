package plugin

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signpost/host/policy"
	"signpost/host/testbed"
)

// A plugin that is out of service is called once a minute, by clients' questions alone, and comes back when that goes well. Whoever wants to know
// is told once each time.
func TestBreakerTriesAgain(t *testing.T) {
	var mu sync.Mutex
	var trips []Trip
	told := func() int { mu.Lock(); defer mu.Unlock(); return len(trips) }
	h, err := New(context.Background(), Options{Tripped: func(trip Trip) { mu.Lock(); defer mu.Unlock(); trips = append(trips, trip) }})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	<-h.Ready()
	var clock atomic.Int64
	clock.Store(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).UnixNano())
	h.now = func() time.Time { return time.Unix(0, clock.Load()) }
	mustLoad(t, h, "guest", emitted{decide: trapWhenDown()}.bytes())
	p := mustRoute(t, h, plainSpec(2, "guest"))
	w, other := h.NewWorker(), h.NewWorker()
	defer w.Close()
	defer other.Close()
	bad := policy.Facts{Health: []policy.Health{policy.Down, policy.Up}}
	var d policy.Decision
	fail := func() (strikes uint64) { w.Decide(p, &bad, &d); return infoOf(t, h, "guest").Strikes }
	testbed.Await(t, "an open breaker", func() bool { fail(); return infoOf(t, h, "guest").Broken })
	testbed.Await(t, "to be told", func() bool { return told() == 1 })

	clock.Add(int64(retryAfter) - 1)
	if got := fail(); got != strikeMax || !d.Fallback {
		t.Errorf("just before a minute: got %d strikes and %+v, want %d", got, d, strikeMax)
	}
	clock.Add(1)
	d.Explain = true
	if got := fail(); got != strikeMax {
		t.Errorf("an explanation: got %d strikes, want %d", got, strikeMax)
	}
	d.Explain = false
	testbed.Await(t, "the call that is let through to fail", func() bool { return fail() == strikeMax+1 })
	for range 100 {
		if got := fail(); got != strikeMax+1 {
			t.Fatalf("after it: got %d strikes, want %d", got, strikeMax+1)
		}
	}

	clock.Add(int64(retryAfter))
	testbed.Await(t, "the plugin in service again", func() bool { w.Decide(p, &policy.Facts{}, &d); return !d.Fallback })
	if info := infoOf(t, h, "guest"); info.Broken || weightsOf(&d) != "5 5" {
		t.Errorf("got %+v and %+v, want a closed breaker and 5 5", info, d)
	}
	testbed.Await(t, "to be told", func() bool { return told() == 2 })
	other.Decide(p, &bad, &d)
	if info := infoOf(t, h, "guest"); info.Broken {
		t.Errorf("the first failure after that: got %+v, want a closed breaker", info)
	}
	want := []Trip{{"guest", true, "decide: unreachable", strikeMax}, {"guest", false, "decide: unreachable", strikeMax + 1}}
	mu.Lock()
	defer mu.Unlock()
	if len(trips) != 2 || trips[0] != want[0] || trips[1] != want[1] {
		t.Errorf("got told %+v, want %+v", trips, want)
	}
}

// Protects a plugin that is out of service from a clock that is set back, or ahead: one call is let through, and the next a minute later.
func TestBreakerAndTheClock(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, -2 * retryAfter, 24 * time.Hour} {
		var b breaker
		now := time.Unix(1_700_000_000, 0)
		for range strikeMax {
			b.strike(now, "trap")
		}
		if !b.open.Load() || b.retry(now) {
			t.Fatal("got no open breaker, want one that lets nothing through yet")
		}
		now = now.Add(jump)
		if !b.retry(now) {
			t.Errorf("clock moved by %v: got no call let through", jump)
		}
		if b.retry(now.Add(retryAfter - 1)) {
			t.Errorf("clock moved by %v: got a second call within %v", jump, retryAfter)
		}
		if !b.retry(now.Add(retryAfter)) {
			t.Errorf("clock moved by %v: got no call after %v", jump, retryAfter)
		}
	}
}
