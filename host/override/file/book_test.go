package file

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signpost/host/health"
	"signpost/host/override"
	"signpost/host/policy"
	"signpost/host/wire"
)

// desk is a Book with a table of app.example.com A eu-1, eu-2, us-1, a log and a clock.
type desk struct {
	*Book
	t     *testing.T
	table *health.Table
	file  string
	log   bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func newDesk(t *testing.T, file string) *desk {
	t.Helper()
	d := &desk{t: t, file: file, now: time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)}
	clock := func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.now
	}
	d.table = health.NewTable(clock)
	d.table.Replace("public", nil, []*policy.Policy{{Owner: "app.example.com.", Type: wire.TypeA, IDs: []string{"eu-1", "eu-2", "us-1"}, Checks: []string{"", "", ""}}})
	d.Book = New(Options{Table: d.table, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Now: clock})
	d.Follow(file)
	return d
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

// write is what a person does to the file, and waits until it was seen twice.
func (d *desk) write(text string) {
	d.t.Helper()
	if err := os.WriteFile(d.file, []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
	if d.Look() {
		d.t.Error("the first look believed a new text at once")
	}
	if !d.Look() {
		d.t.Error("the second look did not believe the text")
	}
}

// states are "id=state" of all candidates.
func (d *desk) states() string {
	var list []string
	for _, c := range d.table.List(health.Query{}) {
		list = append(list, c.ID+"="+c.State.String())
	}
	return strings.Join(list, " ")
}

func (d *desk) want(step, states string) {
	d.t.Helper()
	if got := d.states(); got != states {
		d.t.Errorf("%s: got %s, want %s", step, got, states)
	}
}

// say changes an override and returns why it is not in the file.
func (d *desk) say(pattern string, o health.Override) error {
	d.t.Helper()
	var err error
	if o.Pattern, err = override.ParsePattern(pattern); err != nil {
		d.t.Fatal(err)
	}
	outcome, err := d.Set(o)
	if err != nil {
		d.t.Fatal(err)
	}
	return outcome.Unsaved
}

func (d *desk) logged(text string) {
	d.t.Helper()
	if !strings.Contains(d.log.String(), text) {
		d.t.Errorf("got log %s, want %s", d.log.String(), text)
	}
	d.log.Reset()
}

func down(reason string) health.Override {
	return health.Override{Force: health.ForceDown, Reason: reason, By: "ann"}
}

// Protects overrides over a restart: owner, reason, end and how far a drain is.
func TestRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "overrides.yaml")
	d := newDesk(t, file)
	if err := errors.Join(d.say("*/eu-*", down("works")), d.say("app.example.com/A/us-1", health.Override{
		Force: health.ForceDrain, Reason: "kernel: 6.12 # new", By: "bob@host", Over: 20 * time.Second, Until: d.now.Add(2 * time.Hour),
	})); err != nil {
		t.Error(err)
	}
	d.logged(`level=WARN msg="override app.example.com/A/us-1: drain" by=bob@host reason="kernel: 6.12 # new" candidates=1 until=`)
	again := newDesk(t, file)
	again.pass(10 * time.Second)
	again.Tick()
	list := again.table.List(health.Query{})
	if got := list[2]; got.Share != 50 || got.Override.By != "bob@host" || got.Override.Reason != "kernel: 6.12 # new" ||
		!got.Override.Until.Equal(d.now.Add(2*time.Hour)) || list[0].Override.Reason != "works" || !list[0].Override.At.Equal(d.now) {
		t.Errorf("got %+v, want what was said before the restart", list)
	}
	again.want("restarted", "eu-1=down eu-2=down us-1=up")
	if !again.Look() || again.Status().Stale || again.Status().Trouble != nil {
		t.Errorf("got %+v", again.Status())
	}
	if err := again.say("*/eu-*", health.Override{By: "bob"}); err != nil {
		t.Error(err)
	}
	newDesk(t, file).want("taken back", "eu-1=up eu-2=up us-1=up")
}

// Protects those who edit the file: a mistake leaves everything as it was, a half-written file and one that is moved for a moment do too, and
// comments at the top stay.
func TestEdit(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
	d.write("# ours\n\n- pattern: \"*/eu-*\"\n  force: down\n")
	d.want("written", "eu-1=down eu-2=down us-1=up")
	d.logged(`msg="override */eu-*: down" by=overrides.yaml`)
	d.write("- pattern: \"*/eu-*\"\n  force: donw\n")
	d.want("a mistake", "eu-1=down eu-2=down us-1=up")
	d.logged(d.file + `:2:10: force: \"donw\" is not one of auto, up, down, drain (did you mean \"down\"?)`)
	if status := d.Status(); !status.Stale || len(status.Diagnostics) != 1 || len(status.Overrides) != 1 {
		t.Errorf("got %+v, want the mistake and one override", status)
	}
	d.write("# ours\n- pattern: app.example.com/eu-1\n  force: down\n- pattern: \"*/eu-9\"\n  force: up\n")
	d.want("another", "eu-1=down eu-2=up us-1=up")
	d.logged("gone from " + d.file)
	if status := d.Status(); status.Stale || len(status.Diagnostics) != 1 || status.Diagnostics[0].String() != d.file+":4:12: warning: */eu-9 matches no candidate; it waits for one" {
		t.Errorf("got %+v, want a warning of what matches nothing", status)
	}
	if err := os.Rename(d.file, d.file+"~"); err != nil {
		t.Fatal(err)
	}
	if d.Look() {
		t.Error("believed at once that the file is gone")
	}
	d.want("gone for a moment", "eu-1=down eu-2=up us-1=up")
	if err := os.Rename(d.file+"~", d.file); err != nil || !d.Look() {
		t.Error(err)
	}
	if err := d.say("*/us-1", down("x")); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(d.file)
	if err != nil || !strings.HasPrefix(string(text), "# ours\n- pattern: \"app.example.com/eu-1\"\n") || !strings.Contains(string(text), `- pattern: "*/us-1"`) {
		t.Errorf("got %s, %v", text, err)
	}
	if err := os.Remove(d.file); err != nil || d.Look() || !d.Look() {
		t.Error("the file that stays away was not believed", err)
	}
	d.want("removed", "eu-1=up eu-2=up us-1=up")
}

// Protects the operator whose disk does not work: the word counts at once, everybody is told, and it is written when that can be.
func TestUnsaved(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
	d.write("- {pattern: app.example.com/us-1, force: down}\n")
	if err := os.Chmod(d.file, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := d.say("*/eu-1", down("disk")); err == nil || !strings.Contains(err.Error(), "overrides.yaml is read-only") {
		t.Errorf("got %v, want that the file is read-only", err)
	}
	d.want("not written", "eu-1=down eu-2=up us-1=down")
	d.logged("level=ERROR")
	if status := d.Status(); status.Unsaved != 1 || status.Trouble == nil {
		t.Errorf("got %+v", status)
	}
	d.write("- pattern: app.example.com/us-1\n  froce: up\n") // a mistake: it is not overwritten
	if err := d.say("*/eu-2", down("disk")); err == nil || !strings.Contains(err.Error(), `overrides.yaml:2:3: unknown key "froce" (did you mean "force"?)`) {
		t.Errorf("got %v, want the mistake", err)
	}
	if err := d.say("*/us-1", down("disk")); err == nil {
		t.Error("want the mistake")
	}
	if err := d.say("*/us-1", health.Override{}); err == nil {
		t.Error("want the mistake")
	}
	if err := os.Chmod(d.file, 0o600); err != nil {
		t.Fatal(err)
	}
	d.want("a mistake as well", "eu-1=down eu-2=down us-1=down")
	d.write("- {pattern: app.example.com/us-1, force: up}\n")
	d.want("mended", "eu-1=down eu-2=down us-1=up")
	d.logged("overrides are written again")
	again := newDesk(t, d.file)
	again.want("written", "eu-1=down eu-2=down us-1=up")
	if info, err := os.Stat(d.file); err != nil || info.Mode().Perm() != 0o600 || d.Status().Unsaved != 0 || d.Status().Trouble != nil {
		t.Errorf("got %v, %v, %+v; want the mode kept", info.Mode(), err, d.Status())
	}

	nowhere := newDesk(t, "")
	if err := nowhere.say("*/eu-1", down("x")); !errors.Is(err, errNoPlace) {
		t.Errorf("got %v, want that there is no place", err)
	}
	nowhere.want("memory", "eu-1=down eu-2=up us-1=up")
	parent := filepath.Join(t.TempDir(), "parent")
	if err := os.WriteFile(parent, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	unread := newDesk(t, filepath.Join(parent, "overrides.yaml"))
	if err := unread.say("*/eu-1", down("x")); err == nil || !unread.Status().Stale {
		t.Errorf("got %v, %+v; want that the file cannot be read", err, unread.Status())
	}
	unread.want("unread", "eu-1=down eu-2=up us-1=up")
	if err := os.Remove(parent); err != nil {
		t.Fatal(err)
	}
	unread.Look()
	if status := unread.Status(); status.Trouble != nil || status.Stale {
		t.Errorf("got %+v, want it written", status)
	}
}

// Protects the end: it is told, the file that was written here loses the entry, one that a person wrote keeps its form.
func TestEnd(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
	short := down("short")
	short.Until = d.now.Add(time.Minute)
	if err := errors.Join(d.say("*/eu-1", short), d.say("*/eu-2", down("long"))); err != nil {
		t.Error(err)
	}
	d.pass(time.Minute)
	d.Tick()
	d.Look()
	d.want("ended", "eu-1=up eu-2=down us-1=up")
	d.logged(`msg="override */eu-1: its time is over, it said down" by=ann reason=short`)
	if text, err := os.ReadFile(d.file); err != nil || strings.Contains(string(text), "eu-1") {
		t.Errorf("got %s, %v; want no eu-1", text, err)
	}
	const byHand = "- pattern: app.example.com/eu-1\n  force: down\n  until: 2026-11-22T14:02:00Z\n"
	d.write(byHand)
	d.want("by hand", "eu-1=down eu-2=up us-1=up")
	d.pass(time.Minute)
	d.Tick()
	d.Look()
	d.want("ended by hand", "eu-1=up eu-2=up us-1=up")
	if text, err := os.ReadFile(d.file); err != nil || string(text) != byHand {
		t.Errorf("got %s, %v; want it as it was", text, err)
	}
}

// Protects against typing mistakes: what matches nothing, what nobody said, and what is over already change nothing.
func TestRefused(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
	over := down("x")
	over.Until = d.now
	for _, c := range []struct {
		pattern string
		o       health.Override
		want    string
	}{
		{"app.example.com/eu1", down("x"), `app.example.com. has no candidate "eu1" (did you mean "eu-1"?); it has eu-1, eu-2, us-1`},
		{"*/asia-*", down("x"), `no candidate of * matches "asia-*"; there are eu-1, eu-2, us-1`},
		{"*/eu-1", health.Override{}, "no override has the pattern */eu-1; there are no overrides"},
		{"*/eu1", health.Override{}, `* has no candidate "eu1" (did you mean "eu-1"?); it has eu-1, eu-2, us-1`},
		{"*/eu-1", over, "is over already"},
	} {
		var refusal *override.Refusal
		c.o.Pattern, _ = override.ParsePattern(c.pattern)
		if _, err := d.Set(c.o); !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.pattern, err, c.want)
		}
	}
	if _, err := os.Stat(d.file); err == nil || d.Status().Unsaved != 0 {
		t.Errorf("a refused change was written: %v, %+v", err, d.Status())
	}
}

// Protects the clockwork: overrides end within a second of their time, and a saved file counts within two.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
		d.Book = New(Options{Table: health.NewTable(nil), Log: slog.New(slog.NewTextHandler(&d.log, nil))})
		d.table = d.options.Table
		d.table.Replace("public", nil, []*policy.Policy{{Owner: "app.example.com.", Type: wire.TypeA, IDs: []string{"eu-1", "us-1"}, Checks: []string{"", ""}}})
		d.Follow(d.file)
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { d.Run(ctx) })
		short := down("short")
		short.Until = time.Now().Add(90 * time.Second)
		if err := d.say("*/eu-1", short); err != nil {
			t.Error(err)
		}
		after := func(wait time.Duration, step, states string) {
			t.Helper()
			<-time.After(wait)
			synctest.Wait()
			d.want(step, states)
		}
		after(89*time.Second, "before the end", "eu-1=down us-1=up")
		after(2*time.Second, "after the end", "eu-1=up us-1=up")
		if err := os.WriteFile(d.file, []byte("- {pattern: '*/us-1', force: down}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		after(2*time.Second, "edited", "eu-1=up us-1=down")
		cancel()
		run.Wait()
	})
}

// Protects a drain from a time of day that somebody mistyped, or that another machine's clock says: it begins when the file says so, once, and the
// line is told.
func TestTimeToCome(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
	drain := "- pattern: app.example.com/eu-1\n  force: drain\n  over: 10m\n  at: 2027-11-22T14:00:00Z\n"
	d.write(drain)
	if got := d.Status().Diagnostics; len(got) != 1 || got.Errors() > 0 || got[0].Pos.Line != 4 || got[0].Pos.Col != 7 || !strings.Contains(got[0].Text, "is yet to come") {
		t.Errorf("got %v, want one warning of line 4, column 7", got)
	}
	share := func(step string, want uint8) {
		t.Helper()
		d.Tick()
		if got := d.table.List(health.Query{ID: "eu-1"})[0].Share; got != want {
			t.Errorf("%s: got %d %% of its weight, want %d", step, got, want)
		}
	}
	d.pass(5 * time.Minute)
	share("half of the time is over", 50)
	d.write(drain + "- pattern: app.example.com/us-1\n  force: down\n")
	share("the file is read again", 50)
	d.pass(5 * time.Minute)
	share("the time is over", 0)
}

// Protects the log's reader from guessing whether a file that had mistakes counts again: one line says so, for each time that it was mended.
func TestMendedIsTold(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
	const good, told = "- pattern: app.example.com/eu-1\n  force: down\n", "has no mistakes any more"
	for round := range 2 {
		d.write(good)
		d.write("- pattern: app.example.com/eu-1\n  force: dwon\n")
		if got := strings.Count(d.log.String(), told); got != round {
			t.Errorf("round %d, before it is mended: got %d lines, want %d", round, got, round)
		}
		d.write(good)
		d.write(good + "# more\n")
		if got := strings.Count(d.log.String(), told); got != round+1 {
			t.Errorf("round %d: got %d lines, want %d", round, got, round+1)
		}
	}
}

// Protects the log from two lines for one command: that a candidate is down, who says so and why, is told as any change of its health. What changes
// nothing, or is about several, has a line of its own.
func TestOneLineForOneCandidate(t *testing.T) {
	d := newDesk(t, filepath.Join(t.TempDir(), "overrides.yaml"))
	for _, c := range []struct {
		pattern string
		force   health.Force
		lines   int
	}{
		{"app.example.com/eu-1", health.ForceDown, 0},
		{"app.example.com/eu-1", health.ForceDown, 1},
		{"app.example.com/eu-1", health.ForceUp, 0},
		{"app.example.com/us-1", health.ForceDrain, 1},
		{"app.example.com/eu-*", health.ForceDown, 1},
		{"app.example.com/eu-*", health.Auto, 1},
	} {
		pattern, err := override.ParsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		d.log.Reset()
		if _, err := d.Set(health.Override{Pattern: pattern, Force: c.force, Reason: "drill", By: "ann", Over: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(d.log.String(), "msg=\"override "); got != c.lines {
			t.Errorf("%s %v: got %d lines, want %d:\n%s", c.pattern, c.force, got, c.lines, d.log.String())
		}
	}
}
