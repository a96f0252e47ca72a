package plugin

import (
	"context"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"signpost/host/policy"
)

// threadTime is the processor time of this thread, so that a busy machine does not count.
func threadTime(b *testing.B) time.Duration {
	const ofThread = 1 // RUSAGE_THREAD
	var usage syscall.Rusage
	if err := syscall.Getrusage(ofThread, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkHostile prints how long a hostile call holds its worker, at worst: by the clock, and in processor time. The budget is 10 ms. The worker's
// instance is started and told the policy within that time, and the memory limit is that of a file in plugins/.
func BenchmarkHostile(b *testing.B) {
	for _, c := range hostileGuests() {
		b.Run(strings.ReplaceAll(c.name, " ", "-"), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			h := testHost(b)
			if err := h.Load(context.Background(), "guest", c.guest.bytes(), Limits{Memory: 16 << 20}); err != nil {
				b.Fatal(err)
			}
			p := mustRoute(b, h, plainSpec(3, "guest"))
			var d policy.Decision
			var worst, worstThread time.Duration
			for b.Loop() {
				h.Forgive("guest")
				w := h.NewWorker()
				began, thread := time.Now(), threadTime(b)
				w.Decide(p, &policy.Facts{}, &d)
				worstThread = max(worstThread, threadTime(b)-thread)
				worst = max(worst, time.Since(began))
				if !d.Fallback {
					b.Fatalf("got %+v, want the fallback", d)
				}
				w.Close()
			}
			b.ReportMetric(float64(worst)/1e6, "worst-ms")
			b.ReportMetric(float64(worstThread)/1e6, "worst-cpu-ms")
		})
	}
}
