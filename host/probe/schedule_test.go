package probe

import (
	"context"
	"fmt"
	"log/slog"

	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/probe/attempt"
	"signpost/host/wire"
)

// world is what probes see in a test: endpoints that answer as the test says, in no time or after a while of the test's clock.
type world struct {
	mu       sync.Mutex
	bad      map[string]string        // endpoints that fail, and how
	slow     map[string]time.Duration // how long attempts take
	begun    map[string][]time.Time
	flying   map[string]int
	most     int // attempts under way at once
	under    int
	overlaps int // attempts that began while another of the endpoint was under way
	closed   int
}

func newWorld() *world {
	return &world{bad: map[string]string{}, slow: map[string]time.Duration{}, begun: map[string][]time.Time{}, flying: map[string]int{}}
}

func (w *world) set(endpoint, fault string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bad[endpoint] = fault; fault == "" {
		delete(w.bad, endpoint)
	}
}

func (w *world) count(endpoint string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.begun[endpoint])
}

// Attempt answers for the endpoint.
func (w *world) Attempt(ctx context.Context, endpoint string) attempt.Result {
	w.mu.Lock()
	w.begun[endpoint] = append(w.begun[endpoint], time.Now())
	if w.flying[endpoint]++; w.flying[endpoint] > 1 {
		w.overlaps++
	}
	w.under++
	w.most = max(w.most, w.under)
	fault, took := w.bad[endpoint], w.slow[endpoint]
	w.mu.Unlock()
	if took > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(took):
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying[endpoint]--
	w.under--
	if fault != "" {
		return attempt.Result{Text: fault, Took: took}
	}
	return attempt.Result{OK: true, Text: "fine", Took: max(took, time.Millisecond)}
}

// Close counts.
func (w *world) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed++
}

// bench is a scheduler at work in a test's bubble. Its plugin host has no plugins: the host's own rule judges.
type bench struct {
	*Scheduler
	t     *testing.T
	world *world
	table *health.Table
	cfg   *config.Config
	stop  func()
}

// checkOf is a check as the parser makes it.
func checkOf(kind string, change func(*config.Check)) config.Check {
	c := config.Check{Kind: kind, Interval: 10 * time.Second, Fall: 3, Rise: 3, OnUnknown: config.UnknownUp, Judge: config.DefaultJudge}
	if change != nil {
		change(&c)
	}
	return c
}

func start(t *testing.T, checks map[string]config.Check, change func(*Options)) *bench {
	b := &bench{t: t, world: newWorld(), table: health.NewTable(nil), cfg: config.Default()}
	b.cfg.Checks, b.cfg.Probing.StartWait = checks, 5*time.Second
	plugins, err := plugin.New(context.Background(), plugin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	<-plugins.Ready()
	o := Options{Table: b.table, Plugins: plugins, Log: slog.New(slog.DiscardHandler)}
	o.Prober = func(string, *config.Check, attempt.Options) (attempt.Prober, error) { return b.world, nil }
	if change != nil {
		change(&o)
	}
	b.Scheduler = New(o)
	b.Configure(b.cfg)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Run(ctx)
	}()
	b.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
		b.Close()
		plugins.Close()
	})
	t.Cleanup(b.stop)
	return b
}

// serve makes a policy of a name, whose candidates are "ID CHECK ENDPOINT…", one of the table's.
func (b *bench) serve(name string, candidates ...string) *policy.Policy {
	p := &policy.Policy{Owner: name, Type: wire.TypeA}
	for _, text := range candidates {
		fields := strings.Fields(text)
		p.IDs, p.Checks, p.Endpoints = append(p.IDs, fields[0]), append(p.Checks, fields[1]), append(p.Endpoints, fields[2:])
	}
	b.table.Replace("public", nil, []*policy.Policy{p})
	b.Refresh()
	return p
}

// state is what decisions see of candidates.
func state(p *policy.Policy) string {
	var words []string
	for _, slot := range p.Slots {
		words = append(words, slot.Health().String())
	}
	return strings.Join(words, " ")
}

func (b *bench) expect(step string, p *policy.Policy, want string) {
	b.t.Helper()
	synctest.Wait()
	if got := state(p); got != want {
		b.t.Errorf("%s: got %s, want %s", step, got, want)
	}
}

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// Protects the promise of fall and rise: the verdict changes with the third attempt that says so, not before, and within a tick of it.
func TestFallAndRise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"web": checkOf(config.CheckTCP, func(c *config.Check) { c.FastInterval = time.Second })}, nil)
		p := b.serve("app.example.com.", "a web 192.0.2.1", "b web 192.0.2.2")
		b.expect("after one round", p, "up up")
		pass(time.Minute)
		b.world.set("192.0.2.1", "connect refused")
		before := b.world.count("192.0.2.1")
		for b.world.count("192.0.2.1") < before+1 {
			pass(100 * time.Millisecond)
		}
		b.expect("one failure", p, "up up")
		pass(time.Second - 200*time.Millisecond + tick)
		pass(time.Second + 100*time.Millisecond)
		if got := b.world.count("192.0.2.1") - before; got < 2 {
			t.Errorf("got %d attempts in two fast intervals", got)
		}
		for b.world.count("192.0.2.1") < before+3 {
			b.expect("two failures", p, "up up")
			pass(50 * time.Millisecond)
		}
		b.expect("three failures", p, "down up")
		if got := b.table.List(health.Query{ID: "a"})[0].Why; got != "connect refused (3/3)" {
			t.Errorf("got the reason %q", got)
		}
		b.world.set("192.0.2.1", "")
		pass(10*time.Second + 3*time.Second)
		b.expect("back", p, "up up")
	})
}

// Protects that no attempt of a target overlaps another, and that limits hold, while many are slow.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"web": checkOf(config.CheckTCP, func(c *config.Check) { c.Interval = time.Second })}, nil)
		limited := *b.cfg
		limited.Probing.Concurrency, limited.Probing.ConcurrencyPerHost = 7, 2
		b.Configure(&limited)
		var candidates []string
		for i := range 40 {
			endpoint := fmt.Sprintf("192.0.2.%d", i)
			b.world.slow[endpoint] = 1500 * time.Millisecond
			candidates = append(candidates, fmt.Sprintf("c%d web %s", i, endpoint))
		}
		b.serve("app.example.com.", candidates...)
		pass(time.Minute)
		b.world.mu.Lock()
		defer b.world.mu.Unlock()
		if b.world.most != 7 || b.world.overlaps != 0 {
			t.Errorf("got %d at once and %d overlaps, want 7 and none", b.world.most, b.world.overlaps)
		}
		least := 1000
		for _, begun := range b.world.begun {
			least = min(least, len(begun))
		}
		if len(b.world.begun) != 40 || least < 6 { // 60 s / 1.5 s * 7 places / 40
			t.Errorf("got %d endpoints, one with %d attempts: somebody starves", len(b.world.begun), least)
		}
		if late := b.options.Metrics.Late.Load(); late == 0 {
			t.Error("no probe was late")
		}
	})
}

// Protects the pace: after the first round targets are spread, each a whole interval from its last probe, and none is late.
func TestSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}, nil)
		var candidates []string
		for i := range 1000 {
			candidates = append(candidates, fmt.Sprintf("c%d web 10.0.%d.%d", i, i/250, i%250))
		}
		b.serve("app.example.com.", candidates...)
		pass(100 * time.Second)
		b.world.mu.Lock()
		defer b.world.mu.Unlock()
		perSecond := map[int64]int{}
		for endpoint, begun := range b.world.begun {
			for i, at := range begun {
				if i >= 2 {
					perSecond[at.Unix()]++
					if gap := at.Sub(begun[i-1]); (gap - 10*time.Second).Abs() > 2*earlyMost {
						t.Fatalf("%s: got %v between two probes, want 10 s", endpoint, gap)
					}
				}
			}
		}
		most := 0
		for _, count := range perSecond {
			most = max(most, count)
		}
		if most > 200 {
			t.Errorf("got %d probes in one second of 1,000 in 10", most)
		}
		if late := b.options.Metrics.Late.Load(); late != 0 {
			t.Errorf("got %d late probes", late)
		}
	})
}

// Protects that one probe serves all who share an endpoint, and that targets go with the last of them.
func TestShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}, nil)
		one := b.serve("one.example.com.", "a web 192.0.2.1", "both web 192.0.2.1 192.0.2.2")
		two := b.serve("two.example.com.", "a web 192.0.2.1")
		b.expect("first", one, "up up")
		b.expect("first", two, "up")
		if got := b.world.count("192.0.2.1"); got != 1 {
			t.Errorf("got %d attempts for three candidates", got)
		}
		b.world.set("192.0.2.1", "gone")
		pass(40 * time.Second)
		b.expect("one of two endpoints", one, "down up")
		if got := one.Slots[1].Standing().Share; got != 50 {
			t.Errorf("got a share of %d %% with one of two endpoints", got)
		}
		b.world.set("192.0.2.2", "gone")
		pass(40 * time.Second)
		b.expect("both", one, "down down")
		b.table.Replace("public", []*policy.Policy{one}, nil)
		b.Refresh()
		if list := b.Targets(); len(list) != 1 || list[0].UserCount != 1 || list[0].State != policy.Down {
			t.Errorf("got %+v, want the one that is left", list)
		}
		three := b.serve("three.example.com.", "a web 192.0.2.1")
		if got := state(three); got != "down" {
			t.Errorf("a new candidate of a known endpoint is %s", got)
		}
	})
}

// Protects the clock: what people's clock does changes nothing.
func TestClockSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		step := time.Duration(0)
		b := start(t, map[string]config.Check{"web": checkOf(config.CheckTCP, func(c *config.Check) { c.Interval = time.Second })}, func(o *Options) {
			o.Now = func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return time.Now().Add(step)
			}
		})
		p := b.serve("app.example.com.", "a web 192.0.2.1")
		pass(2 * time.Second) // the first one comes at once, and the second at a time of its own
		for _, d := range []time.Duration{24 * time.Hour, -48 * time.Hour, 0} {
			mu.Lock()
			step = d
			mu.Unlock()
			before := b.world.count("192.0.2.1")
			pass(10 * time.Second)
			if got := b.world.count("192.0.2.1") - before; got < 9 || got > 11 {
				t.Errorf("the clock %v off: got %d attempts in 10 s at 1 s", d, got)
			}
			b.expect("clock", p, "up")
		}
	})
}

// Protects checks that are changed: another threshold keeps what was seen, another question asks anew, and until it is answered the verdict stays.
func TestChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}, nil)
		b.world.set("192.0.2.1", "gone")
		p := b.serve("app.example.com.", "a web 192.0.2.1")
		b.expect("first", p, "down")
		next := *b.cfg
		next.Checks = map[string]config.Check{"web": checkOf(config.CheckTCP, func(c *config.Check) { c.Rise = 1 })}
		b.Configure(&next)
		b.expect("another rise", p, "down")
		if got := b.Targets()[0].Recent; got != "-" {
			t.Errorf("got the history %q, want one failure", got)
		}
		b.world.set("192.0.2.1", "")
		b.world.slow["192.0.2.1"] = time.Second
		again := next
		again.Checks = map[string]config.Check{"web": checkOf(config.CheckTCP, func(c *config.Check) { c.TCP.Port = 81 })}
		b.Configure(&again)
		b.expect("another port, not probed yet", p, "down")
		pass(2 * time.Second)
		b.expect("another port", p, "up")
		if b.world.closed != 2 {
			t.Errorf("got %d probers closed, want the two that were replaced", b.world.closed)
		}
	})
}

// Protects endpoints and this machine from an interval that is made shorter: the probes that come earlier now are spread at once.
func TestShorterIntervalSpreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := checkOf(config.CheckTCP, func(c *config.Check) { c.Interval = time.Hour })
		b := start(t, map[string]config.Check{"web": slow}, nil)
		var candidates []string
		for i := range 200 {
			candidates = append(candidates, fmt.Sprintf("c%d web 192.0.2.%d", i, i))
		}
		b.serve("app.example.com.", candidates...)
		pass(time.Second)
		next := *b.cfg
		next.Checks = map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}
		changed := time.Now()
		b.Configure(&next)
		pass(next.Checks["web"].Interval + earlyMost)
		b.world.mu.Lock()
		defer b.world.mu.Unlock()
		together, all := map[time.Time]int{}, 0
		for _, begun := range b.world.begun {
			for _, at := range begun {
				if at.After(changed) {
					together[at]++
					all++
				}
			}
		}
		for _, count := range together {
			if count > 20 {
				t.Errorf("got %d probes at once of 200 in 10 s", count)
			}
		}
		if all < 195 {
			t.Errorf("got %d probes within the new interval, want one of each of 200", all)
		}
	})
}

// Protects the end: Run returns when attempts under way have, and nothing is begun after it.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}, nil)
		b.world.slow["192.0.2.1"] = time.Hour
		p := b.serve("app.example.com.", "a web 192.0.2.1")
		pass(time.Second)
		b.stop()
		if b.world.under != 0 || b.world.closed != 1 || state(p) != "unknown" {
			t.Errorf("got %d under way, %d closed, %s", b.world.under, b.world.closed, state(p))
		}
		if err := b.Push("x", Report{}); err == nil {
			t.Error("a report was taken after the end")
		}
		b.Refresh()
	})
}

// Protects the sum that tells whether a check is the same.
func TestSum(t *testing.T) {
	base := checkOf(config.CheckHTTP, nil)
	all, probes := sumOf(&base)
	moved := base
	moved.Pos.Line = 7
	if a, p := sumOf(&moved); a != all || p != probes {
		t.Error("a check in another line is another one")
	}
	slower := base
	slower.Interval *= 2
	if a, p := sumOf(&slower); a == all || p != probes {
		t.Error("another interval: want another check that probes the same")
	}
	other := base
	other.HTTP.Path = "/other"
	if a, p := sumOf(&other); a == all || p == probes {
		t.Error("another path: want another check that probes something else")
	}
}

// Protects a candidate whose check was edited while an attempt of the old one is under way: what that saw does not count, not even until the
// scheduler hears of the edit, and what the new check sees does.
func TestEditedCheckWhileProbing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"old": checkOf(config.CheckTCP, nil), "new": checkOf(config.CheckTCP, nil)}, nil)
		b.world.set("192.0.2.1", "gone")
		b.world.slow["192.0.2.1"] = 2500 * time.Millisecond
		before := b.serve("app.example.com.", "main old 192.0.2.1")
		b.Refresh()
		pass(2400 * time.Millisecond)
		after := &policy.Policy{Owner: before.Owner, Type: before.Type, IDs: before.IDs, Checks: []string{"new"}, Endpoints: before.Endpoints}
		b.table.Replace("public", []*policy.Policy{before}, []*policy.Policy{after})
		pass(200 * time.Millisecond)
		if got := after.Slots[0].Health(); got != policy.Unknown {
			t.Errorf("after the late attempt: got %v, want unknown", got)
		}
		b.Refresh()
		pass(3 * time.Second)
		if got := after.Slots[0].Health(); got != policy.Down {
			t.Errorf("after the new check's own: got %v, want down", got)
		}
	})
}
