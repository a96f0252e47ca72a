package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signpost/host/policy"
	"signpost/host/testbed"
	"signpost/sdk/abi"
)

// trapWhenDown is a decide that traps while candidate 0 has weight 0.
func trapWhenDown() []byte {
	check := slices.Concat(i32(emitFrame+abi.CandidatesOff), []byte{0x28, 2, 0, 0x45, opIf, typeEmpty, opUnreachable, opEnd})
	return append(check, weigh(5, 5)...)
}

// After a failure the worker goes on with a spare, as if nothing had been.
func TestRecovery(t *testing.T) {
	h := testHost(t)
	mustLoad(t, h, "guest", emitted{decide: trapWhenDown()}.bytes())
	p := mustRoute(t, h, plainSpec(2, "guest"))
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	bad := policy.Facts{Health: []policy.Health{policy.Down, policy.Up}}
	for range strikeMax - 1 {
		if w.Decide(p, &bad, &d); !d.Fallback || weightsOf(&d) != "0 1" {
			t.Fatalf("trap: got %+v, want the fallback 0 1", d)
		}
		testbed.Await(t, "a spare", func() bool {
			w.Decide(p, &policy.Facts{}, &d)
			return !d.Fallback
		})
		if weightsOf(&d) != "5 5" {
			t.Fatalf("after the trap: got %+v, want 5 5", d)
		}
	}
	if info := infoOf(t, h, "guest"); info.Broken || info.Strikes != strikeMax-1 || info.LastError != "decide: unreachable" {
		t.Errorf("got %+v, want %d strikes and no open breaker", info, strikeMax-1)
	}
	w.Decide(p, &bad, &d)
	decisions := infoOf(t, h, "guest").Decisions
	w.Decide(p, &policy.Facts{}, &d)
	if info := infoOf(t, h, "guest"); !d.Fallback || !info.Broken || info.Decisions != decisions {
		t.Errorf("strike %d: got %+v and %+v, want an open breaker and no more calls", strikeMax, d, info)
	}
	mustLoad(t, h, "guest", emitted{decide: weigh(7, 7)}.bytes())
	w.Decide(mustRoute(t, h, plainSpec(2, "guest")), &bad, &d)
	if info := infoOf(t, h, "guest"); d.Fallback || weightsOf(&d) != "0 7" || info.Broken || info.Strikes != 0 {
		t.Errorf("another file: got %+v and %+v, want 0 7 and a closed breaker", d, info)
	}
}

func TestBreaker(t *testing.T) {
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		between time.Duration
		count   int
		open    bool
	}{
		{"few", time.Millisecond, strikeMax - 1, false},
		{"enough", time.Millisecond, strikeMax, true},
		{"enough in just the window", (strikeWindow - 1) / (strikeMax - 1), strikeMax, true},
		{"slowly for ever", strikeWindow / (strikeMax - 2), 1000, false},
	} {
		var b breaker
		for i := range c.count {
			b.strike(start.Add(time.Duration(i)*c.between), "reason")
		}
		if b.open.Load() != c.open || b.strikes.Load() != uint64(c.count) {
			t.Errorf("%s: got open %v after %d strikes, want %v after %d", c.name, b.open.Load(), b.strikes.Load(), c.open, c.count)
		}
	}
}

// A replaced module serves the policies that were made with it, and is freed when nothing refers to them.
func TestReplace(t *testing.T) {
	h := testHost(t)
	w := h.NewWorker()
	defer w.Close()
	mustLoad(t, h, "guest", emitted{decide: weigh(1, 2)}.bytes())
	old := mustRoute(t, h, plainSpec(2, "guest"))
	mustLoad(t, h, "guest", emitted{decide: weigh(3, 4)}.bytes())
	next := mustRoute(t, h, plainSpec(2, "guest"))
	var d policy.Decision
	for range 3 {
		if w.Decide(old, &policy.Facts{}, &d); weightsOf(&d) != "1 2" {
			t.Errorf("old policy: got %+v, want 1 2", d)
		}
		if w.Decide(next, &policy.Facts{}, &d); weightsOf(&d) != "3 4" {
			t.Errorf("new policy: got %+v, want 3 4", d)
		}
	}
	old = nil
	testbed.Await(t, "the old module to be retired", func() bool { runtime.GC(); return h.retirements.Load() == 1 })
	if w.Decide(next, &policy.Facts{}, &d); weightsOf(&d) != "3 4" || len(w.seats) != 2 || w.seats[0].in != nil {
		t.Errorf("got %+v and seats %+v, want 3 4 and no instance of the old module", d, w.seats)
	}
	h.Remove("guest")
	if w.Decide(next, &policy.Facts{}, &d); weightsOf(&d) != "3 4" {
		t.Errorf("removed: got %+v, want 3 4", d)
	}
	if _, diags := h.Route(plainSpec(2, "guest"), Terms{}); len(diags) != 1 || diags[0].Text != `unknown plugin "guest": not built in, and plugins/guest.wasm is missing or does not load` {
		t.Errorf("removed: got %v, want an unknown plugin", diags)
	}
}

// A module that fails to load leaves the one of that name in place.
func TestLoadFailureChangesNothing(t *testing.T) {
	h := testHost(t)
	mustLoad(t, h, "guest", emitted{decide: weigh(1, 2)}.bytes())
	before := h.Plugins()
	for _, wasm := range [][]byte{nil, emitted{describe: []byte{opUnreachable}}.bytes(), emitted{manifest: manifestOf("other")}.bytes()} {
		if err := h.Load(context.Background(), "guest", wasm, Limits{}); err == nil {
			t.Error("got no error from a bad module")
		}
	}
	if after := h.Plugins(); len(after) != 1 || after[0].SHA256 != before[0].SHA256 {
		t.Errorf("got %v, want %v", after, before)
	}
}

// resources is what versions of plugins could leave behind.
type resources struct {
	heap, code uint64 // bytes
	mappings   int    // of code
	goroutines int
}

// resourcesNow counts after the collector had its chance. Mappings are counted where the system lists them.
func resourcesNow() (r resources) {
	var stats runtime.MemStats
	for range 3 { // code is unmapped by a finalizer of what a cleanup frees
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	r.heap, r.goroutines = stats.HeapAlloc, runtime.NumGoroutine()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return r
	}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		var start, end uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &start, &end); err == nil && len(fields) == 5 && strings.Contains(fields[1], "x") { // no file
			r.mappings++
			r.code += end - start
		}
	}
	return r
}

// 1,000 versions of a plugin, each with policies and decisions, every third with a failure and every fifth refused, leave nothing behind: no
// instance, goroutine, memory or mapped code.
func TestNothingLeaks(t *testing.T) {
	h := testHost(t)
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	cycle := func(i int) {
		mustLoad(t, h, "guest", emitted{decide: append(trapWhenDown(), append([]byte{opDrop}, weigh(int64(i)+1, 2)...)...), memory: []byte{0, 10}}.bytes())
		p := mustRoute(t, h, plainSpec(2, "guest"))
		if w.Decide(p, &policy.Facts{}, &d); d.Weights[0] != uint32(i)+1 {
			t.Fatalf("version %d: got %+v, want weight %d", i, d, i+1)
		}
		if i%3 == 0 {
			w.Decide(p, &policy.Facts{Health: []policy.Health{policy.Down, policy.Up}}, &d)
		}
		if i%5 == 0 {
			c := h.Begin()
			refusing := emitted{config: []byte{opUnreachable}, memory: []byte{0, 10}, decide: weigh(int64(i))}
			if err := c.Load(context.Background(), "guest", refusing.bytes(), Limits{Memory: 1 << 20}); err != nil {
				t.Fatal(err)
			}
			if next, diags := c.Reroute(p); next != nil || len(diags) != 1 {
				t.Fatalf("version %d: got %v %v, want it refused", i, next, diags)
			}
			c.Drop()
		}
	}
	versions := 1000
	if testing.Short() {
		versions = 100
	}
	for i := range 30 {
		cycle(i)
	}
	before := resourcesNow()
	for i := range versions {
		cycle(i)
	}
	h.Remove("guest")
	loads := uint64(30 + 6 + versions + versions/5)
	testbed.Await(t, "all modules to be retired", func() bool { runtime.GC(); return h.retirements.Load() == loads })
	w.sweep()
	testbed.Await(t, "no open instance: the background may be about to close one", func() bool { return h.instances.Load() == 0 })
	after := resourcesNow()
	testbed.Await(t, "no more code than before", func() bool {
		after = resourcesNow()
		return after.mappings <= before.mappings+20 && after.code <= before.code+4<<20
	})
	if after.heap > before.heap+4<<20 || after.goroutines > before.goroutines {
		t.Errorf("after %d versions: got %+v, want at most 4 MiB and no goroutine more than %+v", versions, after, before)
	}
	h.mu.Lock()
	seats := len(h.seats)
	h.mu.Unlock()
	t.Logf("%d versions: %+v before, %+v after; %d seats were enough", versions, before, after, seats)
}

// Handles of dropped policies are given to later ones, and a guest is told again what they mean.
func TestHandlesAreReused(t *testing.T) {
	h := testHost(t)
	// configure remembers the first candidate's weight attribute by policy: memory[1000 × policy…] would be the honest way; one cell for
	// the policy told last is enough to see that it is told at all.
	attribute := abi.Attribute{Name: "weight", Type: abi.TypeInt}
	cell := int64(emitBuffer + 60_000)
	config := slices.Concat(i32(cell), []byte{opLocalGet, 2, 0x28, 2, abi.PolicyHeadLen + abi.ConfigCandLen, 0x36, 2, 0}, i64(0))
	decide := slices.Concat(weigh(0), []byte{opDrop}, i32(emitFrame+abi.WeightsOff), i32(cell), []byte{0x28, 2, 0, 0x36, 2, 0}, i32(0))
	mustLoad(t, h, "guest", emitted{manifest: manifestOf("guest", attribute), config: config, decide: decide}.bytes())
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	m := h.loaded["guest"].module
	for i := range 300 {
		weight := string(rune('1' + i%9))
		p := mustRoute(t, h, weightedSpec([]string{"guest"}, weight))
		if w.Decide(p, &policy.Facts{}, &d); weightsOf(&d) != weight {
			t.Fatalf("policy %d: got %+v, want %s", i, d, weight)
		}
		if i%10 == 9 {
			p = nil
			testbed.Await(t, "handles to come back", func() bool {
				runtime.GC()
				h.mu.Lock()
				defer h.mu.Unlock()
				return len(m.handles) > 0
			})
		}
	}
	if m.handle > 20 {
		t.Errorf("got %d handles for 10 policies at a time, want them used again", m.handle)
	}
}

// A guest whose memory fills up is replaced without a strike.
func TestFullInstanceIsReplaced(t *testing.T) {
	h := testHost(t)
	decide := append(slices.Concat(i32(1), []byte{opMemoryGrow, 0, opDrop}), weigh(5, 6)...)
	mustLoad(t, h, "guest", emitted{decide: decide}.bytes()) // 4 pages of 16
	p := mustRoute(t, h, plainSpec(2, "guest"))
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	w.Decide(p, &policy.Facts{}, &d)
	first := w.seats[0].in
	testbed.Await(t, "another instance", func() bool {
		w.Decide(p, &policy.Facts{}, &d)
		if d.Fallback || weightsOf(&d) != "5 6" {
			t.Fatalf("got %+v, want 5 6", d)
		}
		return w.seats[0].in != first
	})
	if info := infoOf(t, h, "guest"); info.Strikes != 0 {
		t.Errorf("got %+v, want no strike", info)
	}
}

// Loading, routing and deciding at once, for the race detector.
func TestConcurrency(t *testing.T) {
	h := testHost(t)
	mustLoad(t, h, "guest", emitted{decide: weigh(1, 1)}.bytes())
	mustLoad(t, h, "moody", emitted{manifest: manifestOf("moody"), decide: trapWhenDown()}.bytes())
	var policies sync.Map
	policies.Store(0, mustRoute(t, h, plainSpec(2, "guest", "moody")))
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i := range 3 {
		wait.Go(func() {
			w := h.NewWorker()
			defer w.Close()
			var d policy.Decision
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				p, _ := policies.Load(0)
				facts := policy.Facts{Health: []policy.Health{policy.Up, policy.Up}}
				if n%1000 == i {
					facts.Health[0] = policy.Down
				}
				if w.Decide(p.(*policy.Policy), &facts, &d); d.Total == 0 {
					t.Errorf("got %+v, want an answer", d)
				}
			}
		})
	}
	for i := range 30 {
		mustLoad(t, h, "guest", emitted{decide: weigh(int64(i), 1)}.bytes())
		policies.Store(0, mustRoute(t, h, plainSpec(2, "guest", "moody")))
		h.Plugins()
		if i%10 == 0 {
			runtime.GC()
		}
	}
	close(stop)
	wait.Wait()
}

func TestCacheDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "code")
	for range 2 {
		h, err := New(context.Background(), Options{Builtin: emitted{}.bytes(), CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		<-h.Ready()
		if err := h.Err(); err != nil {
			t.Fatal(err)
		}
		h.Close()
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
		t.Errorf("got %v %v, want compiled code in the directory", entries, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(context.Background(), Options{CacheDir: filepath.Join(file, "below")}); err == nil || !strings.Contains(err.Error(), "keep compiled plugins in") {
		t.Errorf("got %v, want an error that names the directory", err)
	}
}

// A guest with a runtime gets the same clock and dice each time, and its last words explain a trap.
func TestWASI(t *testing.T) {
	h := testHost(t)
	const words, vector, text = 50_000, 50_100, "panic: out of cheese\nsecond line"
	say := slices.Concat(i32(2), i32(vector), i32(1), i32(words-100), call(0), []byte{opDrop})
	vectorBytes := []byte{words & 255, words >> 8, 0, 0, byte(len(text)), 0, 0, 0}
	manifest := manifestOf("guest")
	data := slices.Concat([]byte{3, 0}, i32(emitManifest), []byte{opEnd}, name(manifest), []byte{0}, i32(words), []byte{opEnd}, name(text),
		[]byte{0}, i32(vector), []byte{opEnd}, name(string(vectorBytes)))
	mustLoad(t, h, "guest", emitted{imports: [][2]string{{wasiModule, "fd_write"}}, importAs: typeWrite,
		data: data, decide: append(say, opUnreachable)}.bytes())
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	w.Decide(mustRoute(t, h, plainSpec(2, "guest")), &policy.Facts{}, &d)
	if got, want := infoOf(t, h, "guest").LastError, "decide: unreachable: panic: out of cheese"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
