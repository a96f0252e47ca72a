package probe

import (
	"context"
	"time"
)

// rounds counts the targets of which nothing was seen yet and that are probed.
type rounds struct {
	missing int
	done    chan struct{} // closed when none is missing; nil: none is
	awaited int           // who waits
}

func (r *rounds) begin(t *target) {
	t.missing = true
	r.missing++
	if r.done == nil {
		r.done = make(chan struct{})
	}
}

func (r *rounds) end(t *target) {
	if !t.missing {
		return
	}
	t.missing = false
	if r.missing--; r.missing == 0 {
		close(r.done)
		r.done = nil
	}
}

// Await waits until something was seen of every target that the table's candidates have, or ctx is done: then who is answered next is
// answered from knowledge. It does not wait beyond probing.start-wait after New. waits is called before it waits, if it has to; nil: nothing is.
func (s *Scheduler) Await(ctx context.Context, waits func(atMost time.Duration)) {
	s.mu.Lock()
	if s.options.Table.Claim() != s.claim {
		s.refreshLocked()
	}
	done, left := s.rounds.done, s.config.Probing.StartWait-s.elapsed()
	if done == nil || left <= 0 {
		s.mu.Unlock()
		s.poke()
		return
	}
	s.rounds.awaited++
	s.mu.Unlock()
	s.poke()
	if waits != nil {
		waits(left)
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.rounds.awaited--
	s.mu.Unlock()
}

// Waiting tells of how many targets Await waits for something to be seen, and of how many it was; both are 0 while nobody waits.
func (s *Scheduler) Waiting() (seen, of int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rounds.awaited == 0 {
		return 0, 0
	}
	for _, t := range s.targets {
		if t.host != nil {
			of++
		}
	}
	return of - s.rounds.missing, of
}

// Knows tells whether verdicts of an earlier process are at hand that are not too old.
func (s *Scheduler) Knows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.memory.known) > 0
}

// Refresh takes over the candidates that the table has now. What is known of their endpoints counts when it returns.
func (s *Scheduler) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.Table.Claim() != s.claim {
		s.refreshLocked()
		s.poke()
	}
}
