package probe

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/policy"
)

// Protects a start that knows everything from probing all at once in each interval from then on.
func TestSpreadAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		checks := map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}
		remember := func(o *Options) { o.StateDir = dir }
		var candidates []string
		for i := range 1000 {
			candidates = append(candidates, fmt.Sprintf("c%d web 10.0.%d.%d", i, i/250, i%250))
		}
		first := start(t, checks, remember)
		first.serve("app.example.com.", candidates...)
		pass(25 * time.Second)
		first.stop()
		second := start(t, checks, remember)
		second.serve("app.example.com.", candidates...)
		began := time.Now()
		pass(45 * time.Second)
		perSecond, most := map[int64]int{}, 0
		for _, begun := range second.world.begun {
			for _, at := range begun {
				if at.Sub(began) > 11*time.Second {
					perSecond[at.Unix()]++
					most = max(most, perSecond[at.Unix()])
				}
			}
		}
		if most > 200 {
			t.Errorf("got %d probes in one second of 1,000 in 10", most)
		}
	})
}

// Protects checks whose interval becomes shorter: it holds from then on, and they do not all begin together in each.
func TestShorterInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := func(interval time.Duration) map[string]config.Check {
			return map[string]config.Check{"web": checkOf(config.CheckTCP, func(c *config.Check) { c.Interval = interval })}
		}
		b := start(t, of(time.Hour), nil)
		var candidates []string
		for i := range 100 {
			candidates = append(candidates, fmt.Sprintf("c%d web 10.0.0.%d", i, i))
		}
		b.serve("app.example.com.", candidates...)
		pass(2 * time.Hour)
		cfg := *b.cfg
		cfg.Checks = of(10 * time.Second)
		b.Configure(&cfg)
		pass(30 * time.Second)
		since, perSecond := time.Now(), map[int64]int{}
		pass(time.Minute)
		for endpoint, begun := range b.world.begun {
			count := 0
			for _, at := range begun {
				if at.After(since) {
					count++
					perSecond[at.Unix()]++
				}
			}
			if count < 5 || count > 7 {
				t.Errorf("%s: got %d probes in a minute, want 6", endpoint, count)
			}
		}
		for _, count := range perSecond {
			if count > 40 {
				t.Errorf("got %d of 100 probes in one second of 10", count)
			}
		}
	})
}

// Protects people and answers from verdicts that never were: a check that is made of one and of its opposite stays as it is when they change.
func TestCalculatedOfOpposites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := func(invert bool, atLeast int, names ...string) config.Check {
			return checkOf(config.CheckCalculated, func(c *config.Check) {
				c.Calculated, c.Judge, c.Invert = config.CalculatedCheck{Of: names, AtLeast: atLeast}, calculatedJudge, invert
			})
		}
		b := start(t, map[string]config.Check{
			"x":     checkOf(config.CheckTCP, func(c *config.Check) { c.Target, c.Interval, c.Fall, c.Rise = "192.0.2.11", time.Second, 1, 1 }),
			"not-x": of(true, 1, "x"), "far": of(false, 1, "not-x"), "either": of(false, 1, "x", "far"), "both": of(false, 2, "far", "x"),
		}, nil)
		p := b.serve("app.example.com.", "a either", "b both", "c x")
		b.expect("before", p, "up down up")
		changes := map[string]int{}
		b.table.Watch(func(c health.Change) {
			if c.ID != "" {
				changes[c.ID]++
			}
		})
		for range 4 {
			b.world.set("192.0.2.11", "gone")
			pass(5 * time.Second)
			b.expect("down", p, "up down down")
			b.world.set("192.0.2.11", "")
			pass(5 * time.Second)
			b.expect("up", p, "up down up")
		}
		if changes["a"] != 0 || changes["b"] != 0 || changes["c"] != 8 {
			t.Errorf("got the changes %v, want 8 of c alone", changes)
		}
	})
}

// Protects the schedule from checks that are made of the same two, which are made of the same two, and so on: each is looked at once.
func TestCalculatedDiamonds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const layers = 40
		checks := map[string]config.Check{}
		for _, side := range []string{"a", "b"} {
			checks[side+"0"] = checkOf(config.CheckTCP, func(c *config.Check) { c.Target, c.FastInterval = "192.0.2.11", time.Second })
			for i := 1; i < layers; i++ {
				checks[fmt.Sprint(side, i)] = checkOf(config.CheckCalculated, func(c *config.Check) {
					c.Calculated.Of, c.Calculated.AtLeast, c.Judge = []string{fmt.Sprint("a", i-1), fmt.Sprint("b", i-1)}, 1, calculatedJudge
				})
			}
		}
		b := start(t, checks, nil)
		p := b.serve("app.example.com.", fmt.Sprint("a a", layers-1))
		b.expect("before", p, "up")
		if got := b.table.List(health.Query{})[0].Flip; got != 12 { // an interval, then two fast ones
			t.Errorf("up: got a flip in %d s", got)
		}
		b.world.set("192.0.2.11", "gone")
		pass(40 * time.Second)
		b.expect("down", p, "down")
		b.world.set("192.0.2.11", "")
		pass(40 * time.Second)
		b.expect("up again", p, "up")
	})
}

// Protects probes that wait for room from waiting for ever, when there is less room than before and the first in the queue goes.
func TestLessRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(target string, path string) config.Check {
			return checkOf(config.CheckHTTP, func(c *config.Check) { c.Target, c.HTTP.Path, c.Interval = target, path, 10*time.Second })
		}
		checks := map[string]config.Check{"other": slow("192.0.2.2", "/"), "more": slow("192.0.2.3", "/")}
		var candidates []string
		for i := range 4 {
			name := fmt.Sprintf("web%d", i)
			checks[name] = slow("192.0.2.1", "/"+name)
			candidates = append(candidates, fmt.Sprintf("c%d %s", i, name))
		}
		b := start(t, checks, nil)
		b.world.slow["192.0.2.1"], b.world.slow["192.0.2.2"], b.world.slow["192.0.2.3"] = time.Second, time.Minute, time.Minute
		cfg := *b.cfg
		cfg.Probing.Concurrency, cfg.Probing.ConcurrencyPerHost = 3, 1
		b.Configure(&cfg)
		b.serve("other.example.com.", "a other", "b more")
		p := b.serve("app.example.com.", candidates...)
		synctest.Wait()
		cfg2 := cfg
		cfg2.Probing.Concurrency = 2
		b.Configure(&cfg2)
		pass(1500 * time.Millisecond)
		b.mu.Lock()
		var rest []string
		for _, ticket := range b.hosts["192.0.2.1"].waiting { // neither the one that ended nor the one that left the host's queue
			for i, check := range p.Checks {
				if check == ticket.target.key.check {
					rest = append(rest, candidates[i])
				}
			}
		}
		b.mu.Unlock()
		if len(rest) != 2 {
			t.Fatalf("%d wait, want 2", len(rest))
		}
		b.table.Replace("public", []*policy.Policy{p}, nil)
		b.serve("app.example.com.", rest...)
		pass(5 * time.Minute)
		for _, target := range b.Targets() {
			if target.Attempts < 2 {
				t.Errorf("%s has %d attempts after five minutes", target.Check, target.Attempts)
			}
		}
	})
}
