package probe

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"signpost/host/config"
	"signpost/host/policy"
)

// Protects verdicts from whatever is changed while probes are under way: checks that are renamed, get another kind, target or interval, are disabled,
// inverted, calculated of others; candidates that come and go; limits. When it is over, every candidate is what its endpoint is, and nothing is left.
func TestStormOfChanges(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { storm(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func storm(t *testing.T, random *rand.Rand) {
	b := start(t, nil, nil)
	endpoints := make([]string, 12)
	for i := range endpoints {
		endpoints[i] = fmt.Sprintf("192.0.2.%d", i)
		b.world.slow[endpoints[i]] = time.Duration(random.IntN(3000)) * time.Millisecond
	}
	var served *policy.Policy
	for range 100 {
		if random.IntN(3) > 0 {
			b.Configure(stormOfChecks(random, endpoints))
		}
		if random.IntN(3) > 0 {
			next := stormOfCandidates(random, endpoints)
			b.table.Replace("public", []*policy.Policy{served}, []*policy.Policy{next})
			served = next
			if random.IntN(2) > 0 {
				b.Refresh()
			}
		}
		for _, endpoint := range endpoints {
			fault := ""
			if random.IntN(2) > 0 {
				fault = "gone"
			}
			b.world.set(endpoint, fault)
		}
		pass(time.Duration(random.IntN(2000)) * time.Millisecond)
	}
	pass(10 * time.Minute)
	b.world.mu.Lock()
	bad := b.world.bad
	b.world.mu.Unlock()
	for i, id := range served.IDs {
		c := b.checks[served.Checks[i]]
		if c == nil {
			continue
		}
		if got, want := served.Slots[i].Health(), truth(b, c, served.Endpoints[i], bad); got != want {
			t.Errorf("%s with the check %s (%+v) of %s is %v, want %v", id, c.name, c.config, served.Endpoints[i], got, want)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	hosts := map[*host]int{}
	for _, target := range b.targets {
		if target.host != nil {
			hosts[target.host]++
		}
	}
	for name, h := range b.hosts {
		if hosts[h] != h.targets || h.targets == 0 && h.flying == 0 {
			t.Errorf("host %s has %d targets, %d are its own", name, h.targets, hosts[h])
		}
	}
	if b.rounds.missing != 0 {
		t.Errorf("%d are still missing", b.rounds.missing)
	}
}

// truth is what a candidate with a check of endpoints must be.
func truth(b *bench, c *check, endpoints []string, bad map[string]string) policy.Health {
	for _, endpoint := range endpoints {
		if good(b, c, endpoint, bad) {
			return policy.Up
		}
	}
	return policy.Down
}

func good(b *bench, c *check, endpoint string, bad map[string]string) bool {
	up := true
	switch {
	case c.config.Disabled:
	case c.config.Kind == config.CheckCalculated:
		count := 0
		for _, child := range c.config.Calculated.Of {
			if good(b, b.checks[child], endpoint, bad) {
				count++
			}
		}
		up = count >= c.config.Calculated.AtLeast
	case c.config.Kind == config.CheckPush: // nobody says anything
		up = false
	default:
		if c.config.Target != "" {
			endpoint = c.config.Target
		}
		up = bad[endpoint] == ""
	}
	return up != c.config.Invert
}

func stormOfChecks(random *rand.Rand, endpoints []string) *config.Config {
	cfg := config.Default()
	cfg.Checks = map[string]config.Check{}
	cfg.Probing.Concurrency, cfg.Probing.ConcurrencyPerHost = 1+random.IntN(8), 1+random.IntN(3)
	var names []string
	for i := range 6 {
		name := fmt.Sprintf("web%d", i)
		kinds := []string{config.CheckTCP, config.CheckHTTP, config.CheckTLS, config.CheckPush, config.CheckCalculated}
		kind := kinds[random.IntN(len(kinds))]
		if kind == config.CheckCalculated && len(names) == 0 || random.IntN(8) == 0 {
			continue
		}
		cfg.Checks[name] = checkOf(kind, func(c *config.Check) {
			c.Interval = time.Duration(1+random.IntN(10)) * time.Second
			c.Fall, c.Rise, c.Jitter = 1+random.IntN(3), 1+random.IntN(3), random.IntN(20)
			c.Disabled, c.Invert = random.IntN(6) == 0, random.IntN(6) == 0
			if random.IntN(3) == 0 {
				c.FastInterval = time.Second
			}
			switch {
			case kind == config.CheckPush:
				c.Push.Within = 5 * time.Second
			case kind == config.CheckCalculated:
				for _, child := range names {
					if random.IntN(2) == 0 {
						c.Calculated.Of = append(c.Calculated.Of, child)
					}
				}
				c.Calculated.AtLeast, c.Judge = random.IntN(len(c.Calculated.Of)+2), calculatedJudge
			case random.IntN(4) == 0:
				c.Target = endpoints[random.IntN(len(endpoints))]
			}
		})
		names = append(names, name)
	}
	return cfg
}

func stormOfCandidates(random *rand.Rand, endpoints []string) *policy.Policy {
	p := &policy.Policy{Owner: "app.example.com.", Type: 1}
	for i := range random.IntN(10) {
		p.IDs, p.Checks = append(p.IDs, fmt.Sprintf("c%d", i)), append(p.Checks, fmt.Sprintf("web%d", random.IntN(6)))
		var own []string
		for range 1 + random.IntN(2) {
			own = append(own, endpoints[random.IntN(len(endpoints))])
		}
		p.Endpoints = append(p.Endpoints, own)
	}
	return p
}
