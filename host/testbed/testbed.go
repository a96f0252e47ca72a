// Package testbed is what the tests of several packages stand on: waiting for what another goroutine brings about, a log that may be read while it
// is written, and a disk that is soon full.
//
// Plane: none. Floor: 0.
package testbed

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must come. It is long because the machine may be busy; nothing waits for it when all is well.
const patience = 20 * time.Second

// Await waits until good holds; what is the words for the failure.
func Await(t testing.TB, what string, good func() bool) {
	t.Helper()
	for deadline := time.After(patience); !good(); {
		select {
		case <-deadline:
			t.Fatalf("waited %v for %s", patience, what)
		case <-time.After(time.Millisecond):
		}
	}
}

// Log is what others write while a test reads it. The zero Log is empty.
type Log struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
