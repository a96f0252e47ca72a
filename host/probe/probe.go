// Package probe runs the probes of all checks when they are due, has health plugins judge what they saw, and tells the health table.
//
// Plane: control. Floor: 5. Journey of a probe: steps 1 (due, jittered, bounded), 3 (the verdict) and 4 (Table.Judge).
// One goroutine (Run) begins what is due. Attempts share another, or have one each if they may wait for more than the network; it judges at the end,
// so that a verdict counts at once.
// Time is counted from New on by the monotonic clock: a clock that is set changes nothing but what people read.
package probe

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/probe/attempt"
)

// Options configure a Scheduler. Table, Plugins and Log are required.
type Options struct {
	Table    *health.Table // of which it is the only one to call Judge
	Plugins  *plugin.Host
	Log      *slog.Logger
	Terms    func(*config.Config) plugin.Terms // what attributes may name; nil: nothing
	Attempts attempt.Options
	Metrics  *metrics.Probes // nil: none are kept
	StateDir string          // remembers verdicts between starts; "": nothing is remembered

	Now    func() time.Time                                                              // what people read; nil: time.Now
	Prober func(name string, c *config.Check, o attempt.Options) (attempt.Prober, error) // nil: attempt.New
}

// One waking serves many: a probe may begin by earlyMost earlier than planned, and by 1/earlyShare of its interval. With 10,000 targets at 10 s
// that is a waking every 50 ms with 50 attempts; one every 2 ms took twice as much processor time.
const (
	earlyMost  = 50 * time.Millisecond
	earlyShare = 40
	tick       = 2 * time.Millisecond // the shortest sleep
)

// Scheduler owns all probes. Run is called once; everything else by anybody at any time.
type Scheduler struct {
	options Options
	began   time.Time     // everything that is a Duration here counts from then
	wake    chan struct{} // holds a wish: something is due earlier than Run knows
	flights sync.WaitGroup
	memory  memory

	mu        sync.Mutex // guards what follows and all checks, targets and users
	ctx       context.Context
	loop      *attempt.Loop
	closed    bool
	config    *config.Config
	checks    map[string]*check
	appointed map[string]*check // of the latest Appoint, until checks are put in force, if it had no errors; of these only the chairs matter
	targets   map[targetKey]*target
	users     map[health.Key]*user
	claim     uint64 // of the table, when users was made
	mark      uint64 // of the latest refresh
	due       dueHeap
	hosts     map[string]*host
	queue     []ticket // due, and there are as many attempts under way as may be
	underWay  int
	overrun   uint64
	latest    time.Duration // the greatest lateness
	rounds    rounds
	worker    *plugin.Worker
	evidence  plugin.Evidence
	recent    []plugin.Attempt // of evidence
	random    *rand.Rand
	dirty     bool // the state file lacks something
}

// New returns a Scheduler without checks; it starts nothing. Verdicts of an earlier process are read from the state directory.
func New(options Options) *Scheduler {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Metrics == nil {
		options.Metrics = new(metrics.Probes)
	}
	if options.Prober == nil {
		options.Prober = attempt.New
	}
	s := &Scheduler{
		options: options, began: time.Now(), wake: make(chan struct{}, 1), memory: newMemory(&options),
		config: config.Default(), checks: map[string]*check{}, targets: map[targetKey]*target{},
		users: map[health.Key]*user{}, hosts: map[string]*host{}, worker: options.Plugins.NewWorker(),
		random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
	}
	s.memory.recall()
	return s
}

// elapsed is the time of the scheduler.
func (s *Scheduler) elapsed() time.Duration { return time.Since(s.began) }

// Run probes until ctx is done, and returns when every attempt has ended and the state is written.
func (s *Scheduler) Run(ctx context.Context) {
	s.mu.Lock()
	s.ctx, s.loop = ctx, attempt.NewLoop(ctx)
	s.mu.Unlock()
	saved := make(chan struct{})
	stop, stopSaving := context.WithCancel(context.Background())
	go func() {
		defer close(saved)
		s.saveLoop(stop)
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(s.step())
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.loop.Wait()
	s.flights.Wait()
	stopSaving()
	<-saved
}

// Close frees what a Scheduler holds that does not run, or does no longer.
func (s *Scheduler) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, c := range s.checks {
		c.retire()
	}
	s.checks = map[string]*check{}
	s.worker.Close()
}

// Configure puts the checks of a configuration in force and returns what is wrong with them. Checks that are the same as before go on; of one
// that probes the same in another way, the verdicts stay. It is called again when plugins have changed.
func (s *Scheduler) Configure(cfg *config.Config) (diags diag.List) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	defer s.poke()
	s.config = cfg
	s.declareLocked(cfg)
	diags = s.convokeLocked(cfg)
	s.refreshLocked()
	return diags
}

// poke has Run look again at what is due.
func (s *Scheduler) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // it will anyway
	}
}

// idle is how long Run sleeps when nothing is due.
const idle = time.Second

// step begins what is due and returns how long nothing else will be.
func (s *Scheduler) step() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.Table.Claim() != s.claim {
		s.refreshLocked()
	}
	now := s.elapsed()
	for len(s.due) > 0 && s.due[0].due <= now+s.due[0].early() {
		t := s.due.pop()
		if t.check.config.Kind == config.CheckPush {
			s.silentLocked(t, now)
		} else {
			s.admitLocked(t)
		}
	}
	if len(s.due) == 0 {
		return idle
	}
	return min(idle, max(tick, s.due[0].due-now))
}
