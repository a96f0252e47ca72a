package load

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signpost/host/testbed"
	"signpost/host/zone"
)

// zoneText is a zone of extra+1 names; the serial tells its versions apart.
func zoneText(serial, extra int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$TTL 300\n@ IN SOA ns1 hostmaster %d 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n", serial)
	for i := range extra {
		fmt.Fprintf(&b, "h%d IN A 192.0.2.%d\n", i, i%250+1)
	}
	return b.String()
}

// follower is a Loader at work.
type follower struct {
	*Loader
	t      *testing.T
	dir    string
	store  *zone.Store
	log    *testbed.Log
	loaded chan *Status
	last   *Status
}

// follow starts a Loader on dir and stops it with the test.
func follow(t *testing.T, dir string, change ...func(*Options)) *follower {
	t.Helper()
	f := &follower{t: t, dir: dir, store: new(zone.Store), log: new(testbed.Log), loaded: make(chan *Status, 10_000)}
	options := Options{
		Dir: dir, Store: f.store, Rescan: time.Hour,
		Log:    slog.New(slog.NewTextHandler(f.log, nil)),
		Loaded: func(s *Status) { f.loaded <- s },
	}
	for _, c := range change {
		c(&options)
	}
	f.Loader = New(options)
	ctx, cancel := context.WithCancel(context.Background())
	if err := f.Start(ctx); err != nil {
		cancel()
		t.Fatalf("Start(%s): %v", dir, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() {
			t.Logf("log:\n%s", f.log)
		}
	})
	f.last = <-f.loaded
	return f
}

// walker is a Loader that was started and goes on step by step, by a clock that stands still otherwise.
type walker struct {
	*Loader
	t   *testing.T
	log *testbed.Log
	now time.Time
}

func walk(t *testing.T, dir string, change ...func(*Options)) *walker {
	t.Helper()
	w := &walker{t: t, log: new(testbed.Log), now: time.Now().Add(time.Minute)} // so that no file is new
	options := Options{Dir: dir, Store: new(zone.Store), NoEvents: true, Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now }}
	for _, c := range change {
		c(&options)
	}
	w.Loader = New(options)
	must(t, w.Start(t.Context()))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", w.log)
		}
	})
	return w
}

// step looks at everything after a while, and finishes what is begun then.
func (w *walker) step(after time.Duration) {
	w.t.Helper()
	w.now, w.lookAt = w.now.Add(after), time.Time{}
	w.Loader.step(w.t.Context())
	for ; w.running > 0; w.running-- {
		w.finish(w.t.Context(), <-w.done)
	}
	w.report()
}

// awaitMax ends a test that waits for nothing: the race detector makes the built-in plugins take twenty seconds on a busy machine.
const awaitMax = 2 * time.Minute

// await waits until a status satisfies good; the statuses before it were skipped.
func (f *follower) await(what string, good func(*Status) bool) {
	f.t.Helper()
	deadline := time.After(awaitMax)
	for !good(f.last) {
		select {
		case f.last = <-f.loaded:
		case <-deadline:
			f.t.Fatalf("waited for %s, got %s", what, summary(f.last))
		}
	}
}

// awaitSerials waits until exactly these zones are served: "view/name serial".
func (f *follower) awaitSerials(want ...string) {
	f.t.Helper()
	text := strings.Join(want, ", ")
	f.await(text, func(s *Status) bool { return summary(s) == text })
}

// awaitDiagnostic waits until some diagnostic has the text.
func (f *follower) awaitDiagnostic(text string) {
	f.t.Helper()
	f.await("the diagnostic "+text, func(s *Status) bool { return hasDiagnostic(s, text) })
}

func hasDiagnostic(s *Status, text string) bool {
	for _, d := range s.Diagnostics {
		if strings.Contains(d.String(), text) {
			return true
		}
	}
	return false
}

func summary(s *Status) string {
	var parts []string
	for _, z := range s.Zones {
		state := fmt.Sprint(z.Serial)
		if z.Broken {
			state = "broken"
		}
		parts = append(parts, z.View+"/"+z.Name+" "+state)
	}
	return strings.Join(parts, ", ")
}

func (f *follower) generation() uint64 { return f.store.Load().Generation }

// write writes in place, as a simple editor does.
func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	must(t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(t, os.WriteFile(file, []byte(text), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
