package load

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signpost/host/testbed"
)

// Protects serial: auto: never backwards, the file's serial where it is ahead, one more for each other content (RFC 1982).
func TestServedNext(t *testing.T) {
	sum := func(c byte) (s hexSum) { s[0] = c; return s }
	for _, c := range []struct {
		name         string
		before, read served
		want         uint32
	}{
		{"first time", served{}, served{Sum: sum(1), File: 7}, 7},
		{"same content", served{sum(1), 7, 9}, served{Sum: sum(1), File: 7}, 9},
		{"changed, serial did not", served{sum(1), 7, 7}, served{Sum: sum(2), File: 7}, 8},
		{"changed again", served{sum(2), 7, 8}, served{Sum: sum(3), File: 7}, 9},
		{"changed with a serial ahead", served{sum(3), 7, 9}, served{Sum: sum(4), File: 20}, 20},
		{"changed with a serial that was served already", served{sum(3), 7, 9}, served{Sum: sum(4), File: 8}, 10},
		{"wraps", served{sum(1), 4294967295, 4294967295}, served{Sum: sum(2), File: 4294967295}, 0},
		{"ahead across the wrap", served{sum(1), 4294967290, 4294967295}, served{Sum: sum(2), File: 3}, 3},
	} {
		c.read.Served = c.read.File
		if got := c.before.next(c.read); got.Served != c.want || got.Sum != c.read.Sum {
			t.Errorf("%s: %v.next(%v): got %v, want serial %d", c.name, c.before, c.read, got, c.want)
		}
	}
}

// Protects the memory over a restart, and that a spoilt file is no reason not to start.
func TestSerialsFile(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	want := served{Sum: hexSum{1, 2, 3}, File: 1, Served: 5}
	recalled := func(zones string) *serials {
		s := newSerials(filepath.Join(dir, "state"), zones, log)
		s.recall()
		return s
	}
	s := recalled("/zones")
	s.set("example.com.zone", want)
	s.save("/zones")
	if got := recalled("/zones").zones["example.com.zone"]; got != want {
		t.Errorf("after a restart: got %v, want %v", got, want)
	}
	if got := recalled("/other").zones; len(got) != 0 {
		t.Errorf("another directory: got %v, want nothing", got)
	}
	if err := writeWhole(s.file, []byte("{")); err != nil {
		t.Fatal(err)
	}
	if got := recalled("/zones").zones; len(got) != 0 {
		t.Errorf("spoilt file: got %v, want nothing", got)
	}
}

// Protects the memory from a disk that is full for a while: what could not be written is written with the next change, and said once.
func TestSerialsAfterFault(t *testing.T) {
	var log testbed.Log
	state := filepath.Join(t.TempDir(), "state")
	write(t, "in the way", state)
	s := newSerials(state, "/zones", slog.New(slog.NewTextHandler(&log, nil)))
	want := served{File: 1, Served: 5}
	s.set("example.com.zone", want)
	s.save("/zones")
	s.set("example.net.zone", want)
	s.save("/zones")
	if got := strings.Count(log.String(), "remember serials: "); got != 1 {
		t.Errorf("got %d warnings, want 1:\n%s", got, log.String())
	}
	must(t, os.Remove(state))
	s.save("/zones")
	again := newSerials(state, "/zones", slog.New(slog.DiscardHandler))
	again.recall()
	if len(again.zones) != 2 || again.zones["example.com.zone"] != want {
		t.Errorf("after a restart: got %v, want both zones with %v", again.zones, want)
	}
}
