package load

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signpost/host/testbed"
	"signpost/host/zone"
)

// Protects when an edit counts: one line is one moment. "+x" is an event on x, "x=3" a look that finds version 3 of x (0: gone; version 1
// is loaded), "due …" is what may be loaded then.
func TestSettler(t *testing.T) {
	type moment struct {
		ms     int
		event  string
		seen   map[string]int
		due    []string
		waited bool // due wants to be called again
	}
	for _, c := range []struct {
		name    string
		moments []moment
	}{
		{"one save", []moment{
			{0, "a", map[string]int{"a": 2}, nil, true},
			{9, "", map[string]int{"a": 2}, nil, true},
			{10, "", map[string]int{"a": 2}, []string{"a"}, false},
		}},
		{"a writer that goes on starts the wait again", []moment{
			{0, "a", map[string]int{"a": 2}, nil, true},
			{8, "a", map[string]int{"a": 2}, nil, true},
			{12, "", map[string]int{"a": 3}, nil, true},
			{21, "", map[string]int{"a": 3}, nil, true},
			{22, "", map[string]int{"a": 3}, []string{"a"}, false},
		}},
		{"an event without a difference has the file read", []moment{
			{0, "a", map[string]int{"a": 1}, nil, true},
			{10, "", map[string]int{"a": 1}, []string{"a"}, false},
		}},
		{"a difference without an event, older than the quiet time", []moment{
			{20, "", map[string]int{"a": 2}, []string{"a"}, false},
		}},
		{"settled files wait for others, but not for ever", []moment{
			{0, "a", map[string]int{"a": 2}, nil, true},
			{8, "b", map[string]int{"a": 2, "b": 2}, nil, true},
			{10, "b", map[string]int{"a": 2, "b": 3}, nil, true},
			{20, "b", map[string]int{"a": 2, "b": 4}, nil, true},
			{25, "b", map[string]int{"a": 2, "b": 5}, []string{"a"}, true},
		}},
		{"a file that vanishes and comes back was never gone", []moment{
			{0, "a", map[string]int{"a": 0}, nil, true},
			{50, "", map[string]int{"a": 0}, nil, true},
			{60, "a", map[string]int{"a": 2}, nil, true},
			{70, "", map[string]int{"a": 2}, []string{"a"}, false},
		}},
		{"a file that stays away is gone", []moment{
			{0, "a", map[string]int{"a": 0}, nil, true},
			{99, "", map[string]int{"a": 0}, nil, true},
			{100, "", map[string]int{"a": 0}, []string{"a"}, false},
		}},
		{"removals wait while others go on", []moment{
			{0, "a", map[string]int{"a": 0}, nil, true},
			{90, "b", map[string]int{"a": 0, "b": 0}, nil, true},
			{100, "", map[string]int{"a": 0, "b": 0}, nil, true},
			{190, "", map[string]int{"a": 0, "b": 0}, []string{"a", "b"}, false},
		}},
		{"a removal does not hold up an edit", []moment{
			{0, "a", map[string]int{"a": 0}, nil, true},
			{1, "b", map[string]int{"a": 0, "b": 2}, nil, true},
			{11, "", map[string]int{"a": 0, "b": 2}, []string{"b"}, true},
		}},
		{"an event of a file that no look has seen is nothing yet", []moment{
			{0, "a", nil, nil, false},
			{50, "", nil, nil, false},
		}},
	} {
		s := settler{quiet: 10 * time.Millisecond, patience: 15 * time.Millisecond, grace: 100 * time.Millisecond, pending: make(map[string]pending)}
		start := time.Unix(1_700_000_000, 0)
		version := func(n int) stamp {
			if n == 0 {
				return stamp{}
			}
			return stamp{size: int64(n), modNanos: start.UnixNano()}
		}
		for i, m := range c.moments {
			now := start.Add(time.Duration(m.ms) * time.Millisecond)
			if m.event != "" {
				s.touch(m.event, now)
			}
			for path, n := range m.seen {
				s.observe(path, version(n), version(1), now)
			}
			due, next := s.due(now)
			if !slices.Equal(due, m.due) || next.IsZero() == m.waited || m.waited && !next.After(now) {
				t.Errorf("%s: moment %d (%d ms): got due %q, next in %v, want due %q, waiting %v", c.name, i, m.ms, due, next.Sub(now), m.due, m.waited)
			}
		}
	}
}

// Protects edits from a clock that is set back while one settles: when a file was touched goes with the clock that nobody sets.
func TestTouched(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name       string
		file, want time.Time
	}{
		{"a while ago", now.Add(-time.Minute), now.Add(-time.Minute)},
		{"in the future", now.Add(time.Hour), now},
	} {
		if got := (stamp{modNanos: c.file.UnixNano()}).touched(now); got != c.want { // both readings
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// Protects who waits in vain from doing so in silence: a file that never settles, or that somebody keeps open, is told once, and no longer
// when it was read.
func TestRestlessIsTold(t *testing.T) {
	dir := t.TempDir()
	file, quietFile := filepath.Join(dir, "example.com.zone"), filepath.Join(dir, "example.net.zone")
	now := time.Now().Add(time.Minute) // so that nothing is new at the start
	out := new(testbed.Log)
	l := New(Options{Dir: dir, Store: new(zone.Store), Log: slog.New(slog.NewTextHandler(out, nil)), NoEvents: true, Now: func() time.Time { return now }})
	text := "$TTL 300\n@ SOA ns1 h 1 1 1 1 1\n@ NS ns1\nns1 A 192.0.2.1\n"
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, text)
	write(quietFile, text)
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	step := func() {
		now, l.lookAt = now.Add(quiet-time.Millisecond), time.Time{}
		l.step(t.Context())
		for ; l.running > 0; l.running-- {
			l.finish(t.Context(), <-l.done)
		}
	}
	change := func() {
		text += ";\n"
		write(file, text)
		l.settler.touch("example.com.zone", now.Add(quiet-time.Millisecond)) // as an event has it
		step()
	}
	for began := now; now.Sub(began) < unrest-time.Second; {
		change()
	}
	if out.String() != "" || len(l.Status().Diagnostics) > 0 {
		t.Errorf("after %v: got the log %q and %v, want nothing", unrest-time.Second, out, l.Status().Diagnostics)
	}
	for range 200 {
		change()
	}
	want := "example.com.zone: warning: file keeps changing, so it is not read: it must be quiet for 12ms. Programs should write another file and rename it"
	if got := l.Status().Diagnostics; len(got) != 1 || got[0].String() != want || strings.Count(out.String(), "level=WARN") != 1 {
		t.Errorf("after %v: got %v and the log\n%s\nwant once %s", unrest+time.Second, got, out, want)
	}
	step()
	step()
	if got := l.Status().Diagnostics; len(got) != 0 {
		t.Errorf("at rest: got %v, want nothing", got)
	}
	l.busy["example.net.zone"], l.busy["gone.inc"] = now, now
	now = now.Add(busyUntold)
	step()
	if got := fmt.Sprint(l.Status().Diagnostics); got != "[example.net.zone: warning: file is still being written, so it is not read]" {
		t.Errorf("open for writing: got %v", got)
	}
}

// Protects who saves twice from being told that the file keeps changing: while its zone compiles it rests, and is not read.
func TestRestIsNoUnrest(t *testing.T) {
	s := settler{quiet: 10 * time.Millisecond, pending: make(map[string]pending)}
	now := time.Now()
	save := func(size int64) {
		s.touch("a", now)
		s.observe("a", stamp{size: size}, stamp{size: 1}, now)
	}
	save(2)
	now = now.Add(2 * unrest)
	save(3)
	if got := s.restless(now, unrest); len(got) > 0 {
		t.Errorf("after two saves in %v: got %q restless, want none", 2*unrest, got)
	}
}
