package probe

import (
	"context"

	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/policy"
)

// Protects on-unknown: what counts before the first verdict.
func TestUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{
			"web":  checkOf(config.CheckTCP, nil),
			"wary": checkOf(config.CheckTCP, func(c *config.Check) { c.OnUnknown = config.UnknownDown }),
			"off":  checkOf(config.CheckTCP, func(c *config.Check) { c.Disabled = true }),
			"not":  checkOf(config.CheckTCP, func(c *config.Check) { c.Invert = true }),
		}, nil)
		b.world.slow["192.0.2.1"] = time.Second
		p := b.serve("app.example.com.", "a web 192.0.2.1", "b wary 192.0.2.1", "c off 192.0.2.1", "d not 192.0.2.1")
		b.expect("before", p, "unknown down up unknown")
		if list := b.table.List(health.Query{ID: "b"}); list[0].Verdict != policy.Unknown {
			t.Errorf("got the verdict %v, want unknown", list[0].Verdict)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b.Await(ctx, func(time.Duration) {
			if seen, of := b.Waiting(); seen != 0 || of != 3 {
				t.Errorf("got %d of %d, want 0 of 3", seen, of)
			}
		})
		b.expect("after", p, "up up up down")
	})
}

// Protects calculated checks: judged when all children are known, then with each change of one, in the same moment.
func TestCalculated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := func(atLeast int, names ...string) config.Check {
			return checkOf(config.CheckCalculated, func(c *config.Check) {
				c.Calculated = config.CalculatedCheck{Of: names, AtLeast: atLeast}
				c.Interval, c.Judge = time.Second, calculatedJudge
			})
		}
		fixed := func(target string) config.Check {
			return checkOf(config.CheckTCP, func(c *config.Check) { c.Target, c.Interval = target, time.Second })
		}
		b := start(t, map[string]config.Check{
			"x": fixed("192.0.2.11"), "y": fixed("192.0.2.12"), "web": checkOf(config.CheckTCP, func(c *config.Check) { c.Interval = time.Second }),
			"any": of(1, "x", "y"), "all": of(2, "any", "web"), "none": of(0, "x"), "never": of(3, "x", "y"),
		}, nil)
		b.world.slow["192.0.2.12"] = 100 * time.Millisecond
		p := b.serve("app.example.com.", "a all 192.0.2.1", "b all 192.0.2.2", "c none", "d never")
		b.expect("y is not known", p, "unknown unknown up unknown")
		pass(100 * time.Millisecond)
		b.expect("all are", p, "up up up down")
		b.world.set("192.0.2.11", "gone")
		b.world.set("192.0.2.2", "gone")
		pass(4 * time.Second)
		b.expect("one of any, and the second web", p, "up down up down")
		b.world.set("192.0.2.12", "gone")
		pass(4 * time.Second)
		b.expect("none of any", p, "down down up down")
		if got := b.table.List(health.Query{ID: "b"})[0].Why; got != "0 of 2 up, at least 2 needed; down: any, web" {
			t.Errorf("got the reason %q", got)
		}
	})
}

// Protects push checks: reports count, silence is a failure, again and again.
func TestPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]config.Check{"beat": checkOf(config.CheckPush, func(c *config.Check) {
			c.Push = config.PushCheck{Within: time.Minute, Token: "secret"}
			c.Fall, c.Rise = 2, 1
		})}, nil)
		p := b.serve("app.example.com.", "a beat")
		b.expect("nothing heard", p, "unknown")
		if err := b.Push("beat", Report{Token: "wrong"}); err != ErrPushToken {
			t.Errorf("got %v", err)
		}
		if err := b.Push("beet", Report{}); err == nil || !strings.Contains(err.Error(), `did you mean "beat"`) {
			t.Errorf("got %v", err)
		}
		for range 10 {
			if err := b.Push("beat", Report{Token: "secret"}); err != nil {
				t.Error(err)
			}
			pass(59 * time.Second)
			b.expect("beating", p, "up")
		}
		pass(2 * time.Second)
		b.expect("silent once", p, "up")
		pass(10 * time.Second)
		b.expect("silent twice", p, "down")
		if err := b.Push("beat", Report{Token: "secret"}); err != nil {
			t.Error(err)
		}
		b.expect("heard", p, "up")
		for range 2 {
			_ = b.Push("beat", Report{Token: "secret", Down: true, Text: "read-only"})
		}
		b.expect("said so", p, "down")
	})
}

// Protects the state file: what was down is down after a restart before anything was probed; too old, of another check, or damaged, it says nothing.
func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		checks := map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}
		remember := func(o *Options) { o.StateDir = dir }
		first := start(t, checks, remember)
		first.world.set("192.0.2.1", "gone")
		p := first.serve("app.example.com.", "a web 192.0.2.1", "b web 192.0.2.2")
		pass(25 * time.Second)
		first.expect("first", p, "down up")
		before := first.Targets()
		_, down := p.Slots[0].Load()
		first.stop()

		pass(30 * time.Second)
		second := start(t, checks, remember)
		if !second.Knows() {
			t.Fatal("the second knows nothing")
		}
		second.world.slow["192.0.2.1"], second.world.slow["192.0.2.2"] = time.Hour, time.Hour
		p = second.serve("app.example.com.", "a web 192.0.2.1", "b web 192.0.2.2")
		if got := state(p); got != "down up" {
			t.Errorf("after a restart: got %s, want down up", got)
		}
		if _, since := p.Slots[0].Load(); !since.Equal(down) {
			t.Errorf("after a restart: down since %v, want %v, when it went down", since, down)
		}
		began := time.Now()
		second.Await(t.Context(), nil)
		if time.Since(began) != 0 {
			t.Error("a start that knows everything waited")
		}
		after := second.Targets()
		for i := range before {
			if a, b := before[i], after[i]; a.Recent != b.Recent || !a.Since.Equal(b.Since) || a.Attempts != b.Attempts || a.Why != b.Why {
				t.Errorf("got %+v, want %+v", b, a)
			}
		}
		second.stop()

		pass(2 * time.Minute)
		third := start(t, checks, remember)
		third.world.slow["192.0.2.1"], third.world.slow["192.0.2.2"] = time.Second, time.Second
		p = third.serve("app.example.com.", "a web 192.0.2.1", "b web 192.0.2.2")
		if got := state(p); got != "unknown unknown" {
			t.Errorf("after two minutes: got %s, want that nothing is known", got)
		}
	})
}
