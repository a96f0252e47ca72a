// Package notice tells others about health: webhooks, in formats of their own, and programs.
//
// Plane: control. Floor: 5. Journey of a probe: behind step 4.
// Each sink has a goroutine and a bounded queue, so that none waits for another, and nobody who tells waits for any.
package notice

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/event"
	"signpost/host/metrics"
)

const (
	queueMax   = 1000                   // notices that wait for one sink; the oldest make room
	batchMax   = 100                    // notices of one request
	gatherWait = 300 * time.Millisecond // for more notices, before a webhook gets a request
	closeWait  = 2 * time.Second        // for what waits, at the end
	sayWait    = time.Minute            // between two lines of the log about one sink that fails
)

// Options configure a Teller. Log and Metrics are required.
type Options struct {
	ExecDir  string // holds the programs that notices may run; "": they may run none
	Instance string // who tells: the name of this machine
	Version  string
	Log      *slog.Logger
	Metrics  *metrics.Notices
	Standing func() []event.Event // all that is wrong at the moment, for who forgets what is not repeated; nil: nothing

	Pause   time.Duration    // before the second try of a notice, doubled for each further one; 0: 1 s
	Refresh time.Duration    // between two repetitions of what stands; 0: 1 min
	Now     func() time.Time // nil: time.Now
}

// Teller tells the sinks of a configuration. Tell and Tick are for one goroutine at a time, Configure for another.
type Teller struct {
	options Options
	flaps   flaps

	mu     sync.Mutex // guards what follows
	sinks  []*sink
	closed bool
	ending sync.WaitGroup // sinks that were taken away
}

// New returns a Teller without sinks.
func New(o Options) *Teller {
	if o.Pause == 0 {
		o.Pause = time.Second
	}
	if o.Refresh == 0 {
		o.Refresh = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Teller{options: o, flaps: flaps{of: map[string]*flapper{}}}
}

// Configure makes the sinks those of n. One that stays keeps what waits in it; one that goes gets 2 s for that.
func (t *Teller) Configure(n config.Notices) (diags diag.List) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	var next []*sink
	keep := func(same func(*sink) bool) bool {
		for i, s := range t.sinks {
			if s != nil && same(s) {
				next = append(next, s)
				t.sinks[i] = nil
				return true
			}
		}
		return false
	}
	for _, w := range n.Webhooks {
		if !keep(func(s *sink) bool { return s.webhook != nil && sameWebhook(s.webhook.config, w) }) {
			next = append(next, t.startWebhook(w))
		}
	}
	for _, e := range n.Exec {
		if t.options.ExecDir == "" {
			diags.Warnf(diag.Pos{File: config.FileName}, "notices.exec: %s is not run: the server was started without --exec-dir", e.Command)
			continue
		}
		if !keep(func(s *sink) bool { return s.program != nil && reflect.DeepEqual(s.program.config, e) }) {
			next = append(next, t.startProgram(e))
		}
	}
	for _, s := range t.sinks {
		if s != nil {
			t.ending.Go(s.close)
		}
	}
	t.sinks = next
	return diags
}

// sameWebhook compares what matters to the sink.
func sameWebhook(a, b config.Webhook) bool {
	return a.URL.String() == b.URL.String() && a.Format == b.Format && a.Secret == b.Secret && a.Token == b.Token &&
		a.Timeout == b.Timeout && a.Attempts == b.Attempts
}

// Tell has every sink told. It does not wait. Candidates that change too often are told as flapping, once.
func (t *Teller) Tell(events []event.Event) {
	now := t.options.Now()
	var list []event.Event
	for i := range events {
		list = t.flaps.add(list, &events[i], now)
	}
	t.put(list)
}

// Tick tells which candidates flap no more. It is to be called every minute or so.
func (t *Teller) Tick() { t.put(t.flaps.settle(t.options.Now())) }

func (t *Teller) put(list []event.Event) {
	if len(list) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.sinks {
		s.queue.put(list, t.options.Metrics)
	}
}

// Close gives the sinks 2 s for what waits, and ends them.
func (t *Teller) Close() {
	t.mu.Lock()
	t.closed = true
	sinks := t.sinks
	t.sinks = nil
	t.mu.Unlock()
	for _, s := range sinks {
		t.ending.Go(s.close)
	}
	t.ending.Wait()
}

// sink is somebody who is told.
type sink struct {
	name    string // for the log
	kind    string // for metrics
	queue   queue
	webhook *webhook // one of these is set
	program *program

	log     *slog.Logger
	metrics *metrics.Notices
	now     func() time.Time
	closing chan struct{}      // closed: no more pauses
	cancel  context.CancelFunc // ends what is under way
	ended   chan struct{}

	// What follows is run's.
	failing bool
	saidAt  time.Time
	lost    int // notices given up since then
}

func (t *Teller) start(s *sink, run func(context.Context)) *sink {
	ctx, cancel := context.WithCancel(context.Background())
	s.log, s.metrics, s.now = t.options.Log, t.options.Metrics, t.options.Now
	s.cancel, s.closing, s.ended = cancel, make(chan struct{}), make(chan struct{})
	s.queue.wake = make(chan struct{}, 1)
	go func() {
		defer close(s.ended)
		run(ctx)
	}()
	return s
}

// close lets the sink tell what waits, for 2 s, and ends it.
func (s *sink) close() {
	close(s.closing)
	late := time.AfterFunc(closeWait, s.cancel)
	<-s.ended
	late.Stop()
	s.cancel()
	waiting, _ := s.queue.take(queueMax)
	s.metrics.Dropped.Add(uint64(len(waiting)))
	if left := len(waiting) + s.lost; left > 0 {
		s.log.Warn(fmt.Sprintf("notices: %s was not told of %s", s.name, diag.Count(left, "change", "changes")))
	}
}

// isClosing tells whether close was called.
func (s *sink) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// pause waits, unless the sink is closing.
func (s *sink) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
}

// report notes whether the sink took so many notices. Of one that fails it says so at most once a minute.
func (s *sink) report(count int, err error) {
	for range count {
		s.metrics.Told(s.kind, err == nil)
	}
	now := s.now()
	if err == nil {
		if s.failing {
			s.log.Info(fmt.Sprintf("notices: %s takes them again", s.name), "lost", s.lost)
		}
		s.failing, s.lost = false, 0
		return
	}
	s.lost += count
	if !s.failing || now.Sub(s.saidAt) >= sayWait {
		s.log.Error(fmt.Sprintf("notices: %s was not told: %v", s.name, err), "lost", s.lost)
		s.saidAt = now
	}
	s.failing = true
}
