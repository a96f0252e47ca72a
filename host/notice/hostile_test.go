package notice

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signpost/host/event"
	"signpost/host/policy"
	"signpost/host/testbed"
)

// Protects the word that a sink takes notices again: it is said when one was taken, a repetition too, and not when there was nothing to send.
func TestTakenAgain(t *testing.T) {
	t.Parallel()
	var well atomic.Bool
	got := receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		if !well.Load() {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	teller, counts, log := tell(t, Options{Refresh: 5 * time.Millisecond, Standing: func() []event.Event {
		if !well.Load() {
			return nil
		}
		return []event.Event{down(1)}
	}}, got.webhook("alertmanager"))
	defer teller.Close()
	teller.Tell([]event.Event{down(1)})
	testbed.Await(t, "a failure", func() bool { return fmt.Sprint(counts.Sinks()) == "map[alertmanager:{0 1}]" })
	teller.Tell([]event.Event{change(2, policy.Up, policy.Up)}) // which is no alert
	testbed.Await(t, "an empty queue", func() bool { return teller.sinks[0].queue.len() == 0 })
	teller.Tell([]event.Event{down(3)})
	testbed.Await(t, "another failure", func() bool { return fmt.Sprint(counts.Sinks()) == "map[alertmanager:{0 2}]" })
	if strings.Contains(log.String(), "takes them again") {
		t.Errorf("got log %s, though nothing was ever taken", log)
	}
	well.Store(true)
	testbed.Await(t, "the word", func() bool { return strings.Contains(log.String(), "takes them again") })
}

// Protects the log from what a receiver says: no more of it than the beginning of a line, cut between characters, and nothing that moves a cursor.
func TestRefusalText(t *testing.T) {
	for said, want := range map[string]string{
		strings.Repeat("ä", 150) + "\nmore":       strings.Repeat("ä", saidLenMax/2),
		"x" + strings.Repeat("ä", 150):            "x" + strings.Repeat("ä", saidLenMax/2-1),
		"\x1b[2J\xff gone\r\ninfo  all is well":   `\x1b[2J gone\r`,
		"\n\n  spaced \u202e evil \u009b31m\x00 ": `spaced \u202e evil \u009b31m\x00`,
	} {
		r := refusalOf(&http.Response{StatusCode: 400, Status: "400 Bad Request"}, []byte(said), time.Now())
		if r.said != want {
			t.Errorf("%.20q: got %q, want %q", said, r.said, want)
		}
	}
}
