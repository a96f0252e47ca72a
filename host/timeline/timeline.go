// Package timeline keeps what happened to health: the latest events in memory, and somewhat more in a file that a restart finds again.
//
// Plane: control. Floor: 5. Journey of a probe: behind step 4.
// A file that cannot be read or written costs a line of the log, never an event that is in memory.
package timeline

import (
	"log/slog"
	"sync"
	"time"

	"signpost/host/event"
	"signpost/host/policy"
)

// eventsMax is how many events are in memory: about 3 MB. The files have about as many.
const eventsMax = 4096

// Options configure a Timeline. Log is required.
type Options struct {
	Dir      string // the data directory that it is of
	StateDir string // where its file is; "": in memory alone
	Log      *slog.Logger
}

// Timeline is safe for concurrent use.
type Timeline struct {
	mu   sync.Mutex
	file *file         // nil: none
	ring []event.Event // the oldest at begin, once it is full
	at   int           // of the oldest
	seq  uint64        // of the latest
	read bool          // what the file has is here

	before map[string]event.Event // the latest of an earlier process about each candidate and policy that this one did not tell of, by Event.Key
}

// New returns a timeline. What an earlier process wrote is read when it is needed: it takes 30 ms, which a start has not.
func New(o Options) *Timeline {
	t := new(Timeline)
	if o.StateDir != "" {
		t.file = newFile(o.StateDir, o.Dir, o.Log)
	}
	return t
}

// loadLocked reads what an earlier process wrote, once.
func (t *Timeline) loadLocked() {
	if t.read || t.file == nil {
		return
	}
	t.read, t.before = true, map[string]event.Event{}
	for _, e := range t.file.load() {
		t.before[e.Key()] = e
		t.seq = max(t.seq+1, e.Seq)
		e.Seq = t.seq
		t.pushLocked(e)
	}
}

// News leaves out of events those that repeat what an earlier process told last: after a restart nobody wants to hear again what stands, of
// which so much is wrong as repeated says. What became otherwise in the meantime is told as a change from what it was.
func (t *Timeline) News(events []event.Event) (news []event.Event, repeated int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loadLocked()
	for i := range events {
		e := &events[i]
		last, known := t.before[e.Key()]
		delete(t.before, e.Key())
		if known && e.Same(&last) {
			if !e.Resolved {
				repeated++
			}
			continue
		}
		if known && e.Kind == event.Candidate && e.From == policy.Unknown.String() {
			e.From = last.To
		}
		news = append(news, *e)
	}
	return news, repeated
}

// Append adds events, in order, and numbers them where they stand.
func (t *Timeline) Append(events []event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loadLocked()
	for i := range events {
		t.seq++
		events[i].Seq = t.seq
		t.pushLocked(events[i])
	}
	if t.file != nil {
		t.file.append(events)
	}
}

// pushLocked puts one into the ring.
func (t *Timeline) pushLocked(e event.Event) {
	if len(t.ring) < eventsMax {
		t.ring = append(t.ring, e)
		return
	}
	t.ring[t.at] = e
	t.at = (t.at + 1) % eventsMax
}

// Close closes the file. What was appended is written.
func (t *Timeline) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.file != nil {
		t.file.close()
	}
}

// Page is what GET /timeline answers.
type Page struct {
	Events []event.Event `json:"events"` // in their order
	Last   uint64        `json:"last"`   // number of the latest event of all
	More   bool          `json:"more"`   // there are older ones that match, beyond the limit
}

// Query says which events are wanted. Its zero value means all. Patterns have * for any characters and ? for one.
type Query struct {
	Name, View, Check string    // patterns; "": any. The name without its last dot
	Since, Until      time.Time // zero: any
	After             uint64    // number of an event; only later ones
	Limit             int       // the latest so many; 0: as many as there are
}

// Find returns the events that q wants.
func (t *Timeline) Find(q Query) Page {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loadLocked()
	page := Page{Events: []event.Event{}, Last: t.seq}
	for i := len(t.ring) - 1; i >= 0; i-- {
		e := &t.ring[(t.at+i)%len(t.ring)]
		if e.Seq <= q.After {
			break
		}
		if !q.wants(e) {
			continue
		}
		if q.Limit > 0 && len(page.Events) == q.Limit {
			page.More = true
			break
		}
		page.Events = append(page.Events, *e)
	}
	for i, j := 0, len(page.Events)-1; i < j; i, j = i+1, j-1 {
		page.Events[i], page.Events[j] = page.Events[j], page.Events[i]
	}
	return page
}
