package probe

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/probe/attempt"
)

// check is one declared check, and how it is probed and judged.
type check struct {
	name   string
	config config.Check
	sum    sum            // of all that it says
	probes sum            // of what is probed, without when it is and what is made of it
	prober attempt.Prober // nil: it has no attempts
	fault  string         // what the prober lacks; faultPos is where it is named
	chair

	faultPos    diag.Pos
	perEndpoint bool // it depends on the candidate's endpoint
	underWay    int
	retired     bool // to be closed when nothing is under way
}

// sum identifies a definition.
type sum [sha256.Size]byte

// sumOf leaves out where the definition stands.
func sumOf(c *config.Check) (all, probes sum) {
	d := *c
	d.Pos, d.TargetPos, d.JudgePos = diag.Pos{}, diag.Pos{}, diag.Pos{}
	d.TLS.CA.Pos, d.TLS.Certificate.Pos, d.TLS.Key.Pos, d.Calculated.OfPos = diag.Pos{}, diag.Pos{}, diag.Pos{}, nil
	d.Attributes = slices.Clone(d.Attributes)
	for i := range d.Attributes {
		d.Attributes[i].KeyPos, d.Attributes[i].ValuePos = diag.Pos{}, diag.Pos{}
	}
	url := ""
	if d.Metric.URL != nil {
		url, d.Metric.URL = d.Metric.URL.String(), nil
	}
	all = digest(&d, url)
	d.Interval, d.FastInterval, d.Jitter, d.Fall, d.Rise, d.Connect, d.Respond, d.OnUnknown = 0, 0, 0, 0, 0, 0, 0, ""
	d.Judge, d.Attributes = "", nil
	return all, digest(&d, url)
}

func digest(c *config.Check, url string) sum {
	text, err := json.Marshal(c)
	if err != nil {
		panic("probe: a check is not JSON: " + err.Error()) // its fields are plain
	}
	return sha256.Sum256(append(text, url...))
}

// declareLocked makes the checks of a configuration, and keeps those that are as before.
func (s *Scheduler) declareLocked(cfg *config.Config) {
	next := make(map[string]*check, len(cfg.Checks))
	for _, name := range cfg.CheckNames() {
		c := cfg.Checks[name]
		all, probes := sumOf(&c)
		old := s.checks[name]
		if old != nil && old.sum == all && old.fault == "" {
			old.config = c // in other lines, perhaps
			next[name] = old
			continue
		}
		fresh := &check{name: name, config: c, sum: all, probes: probes}
		if Attempts(&c) {
			prober, err := s.options.Prober(name, &c, s.options.Attempts)
			fresh.prober = prober
			if err != nil {
				fresh.fault, fresh.faultPos = err.Error(), c.Pos
				if obstacle := (*attempt.Obstacle)(nil); errors.As(err, &obstacle) && obstacle.Pos.Line > 0 {
					fresh.faultPos = obstacle.Pos
				}
			}
		}
		if old != nil {
			old.retire()
		}
		next[name] = fresh
	}
	for name, old := range s.checks {
		if next[name] == nil {
			old.retire()
		}
	}
	s.checks = next
	perEndpoint := cfg.EndpointChecks()
	for name, c := range next {
		c.perEndpoint = perEndpoint[name]
	}
}

// faultsLocked are what the probers lack.
func (s *Scheduler) faultsLocked() (diags diag.List) {
	for _, name := range slices.Sorted(maps.Keys(s.checks)) {
		if c := s.checks[name]; c.fault != "" {
			diags.Errorf(c.faultPos, "checks.%s: %s", name, c.fault)
		}
	}
	return diags
}

// Attempts tells whether the server itself probes for a check: others report to a push check, and calculated ones are made of others.
func Attempts(c *config.Check) bool {
	return c.Kind != config.CheckPush && c.Kind != config.CheckCalculated && !c.Disabled
}

// retire closes a check that is no longer in force as soon as nothing of it is under way.
func (c *check) retire() {
	c.retired = true
	if c.underWay == 0 && c.prober != nil {
		c.prober.Close()
		c.prober = nil
	}
}
