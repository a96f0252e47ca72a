package main

import (
	"io"
	"sync"
	"time"
)

const (
	// spoolMax is how many bytes may wait for their reader; a load with a thousand diagnostics has a tenth of that.
	spoolMax = 1 << 20
	// spoolPatience is how long the end of the process waits for the reader.
	spoolPatience = time.Second
)

// spool writes what the server says, so that the server itself never waits: a log that goes into a pipe whose reader stands still (a pager, a
// stuck collector) must hold up neither an edit nor the end. What does not fit is dropped, and counted when the reader goes on.
//
// Its one goroutine ends with close, unless a write does not return; then it ends with the process.
type spool struct {
	dropped func(count int) // called by the goroutine

	mu      sync.Mutex // guards what follows
	queue   []utterance
	waiting int           // bytes in queue
	lost    int           // writes that did not fit since the last report
	closed  bool          // nothing more is taken
	wake    chan struct{} // there is something to do
	done    chan struct{} // the goroutine has ended
}

// utterance is one write.
type utterance struct {
	to   io.Writer
	text []byte
}

// newSpool starts the goroutine. dropped is told how many writes were lost.
func newSpool(dropped func(count int)) *spool {
	s := &spool{dropped: dropped, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// to returns a writer that hands everything to the spool and never fails. What is written to several of them keeps its order.
func (s *spool) to(w io.Writer) io.Writer { return spooled{s, w} }

type spooled struct {
	spool *spool
	to    io.Writer
}

// Write takes a copy.
func (w spooled) Write(p []byte) (int, error) {
	w.spool.put(utterance{w.to, append([]byte(nil), p...)})
	return len(p), nil
}

func (s *spool) put(u utterance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.waiting+len(u.text) > spoolMax {
		s.lost++
		return
	}
	s.queue = append(s.queue, u)
	s.waiting += len(u.text)
	s.stir()
}

// stir wakes the goroutine.
func (s *spool) stir() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// run writes until the spool is closed and empty.
func (s *spool) run() {
	defer close(s.done)
	for {
		next, lost, ok := s.take()
		switch {
		case len(next) > 0:
			for _, u := range next {
				_, _ = u.to.Write(u.text) // nobody is left to be told
			}
			s.written(next)
		case lost > 0:
			s.dropped(lost)
		case !ok:
			return
		default:
			<-s.wake
		}
	}
}

// take returns what waits, or else how much was lost; ok is false when there will be nothing more.
func (s *spool) take() (next []utterance, lost int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, s.queue = s.queue, nil
	if len(next) == 0 {
		lost, s.lost = s.lost, 0
	}
	return next, lost, !s.closed
}

// written makes room.
func (s *spool) written(gone []utterance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range gone {
		s.waiting -= len(u.text)
	}
}

// close waits until all is written, but not for ever.
func (s *spool) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stir()
	select {
	case <-s.done:
	case <-time.After(spoolPatience):
	}
}
