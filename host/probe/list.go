package probe

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"signpost/host/health"
	"signpost/host/policy"
)

// Target is what a check knows of an endpoint, for people.
type Target struct {
	Check, Kind, Endpoint string // Endpoint is "" where the check does not depend on one
	Probes                string // what is probed in place of the endpoint; "": the endpoint
	Judge                 string // the health plugin
	State                 policy.Health
	Share                 uint8     // percent of its weight that a candidate gets here
	Since                 time.Time // when the state became what it is
	Why                   string
	Last                  time.Time     // end of the latest attempt; zero: none
	LastError             string        // what that saw, if it failed
	NoData                bool          // that of a metric check got none, so State is what on-no-data makes it
	RTT                   time.Duration // smoothed
	Attempts, Failed      uint64
	Recent                string       // the latest attempts, the latest first: + passed, - failed
	Users                 []health.Key // at most usersMax
	UserCount             int
	Of                    []string // the checks that it is calculated from
}

// usersMax bounds the candidates that are listed for a target.
const usersMax = 100

// Targets describes everything that is probed, by check and endpoint.
func (s *Scheduler) Targets() []Target {
	s.mu.Lock()
	list := make([]Target, 0, len(s.targets))
	for _, t := range s.targets {
		list = append(list, t.describe())
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b Target) int {
		return cmp.Or(strings.Compare(a.Check, b.Check), strings.Compare(a.Endpoint, b.Endpoint))
	})
	return list
}

func (t *target) describe() Target {
	c := &t.check.config
	d := Target{
		Check: t.key.check, Kind: c.Kind, Endpoint: t.key.endpoint, Probes: c.Target, Judge: judgeOf(c), State: t.state(), Share: t.percent(),
		Since: t.since, Why: t.why(), Last: t.lastAt, RTT: t.rtt, Attempts: t.total, Failed: t.failed, NoData: t.last.NoData, UserCount: len(t.users), Of: c.Calculated.Of,
	}
	if t.total > 0 && !t.last.OK {
		d.LastError = t.last.Text
	}
	recent := make([]byte, len(t.history))
	for i, a := range t.history {
		recent[i] = '-'
		if a.ok {
			recent[i] = '+'
		}
	}
	d.Recent = string(recent)
	for _, u := range t.users[:min(len(t.users), usersMax)] {
		d.Users = append(d.Users, u.key)
	}
	return d
}

// Load is how busy the scheduler is.
type Load struct {
	Targets  int
	UnderWay int           // attempts
	Waiting  int           // due, and not begun for want of room
	Overrun  uint64        // attempts that took longer than their interval, so that the next was left out
	Latest   time.Duration // the greatest lateness of a probe
}

// Load tells how busy the scheduler is.
func (s *Scheduler) Load() Load {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := Load{Targets: len(s.targets), UnderWay: s.underWay, Waiting: len(s.queue), Overrun: s.overrun, Latest: s.latest}
	for _, h := range s.hosts {
		l.Waiting += len(h.waiting)
	}
	return l
}
