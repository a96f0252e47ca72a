package load

import (
	"context"
	"strings"
	"testing"
	"time"

	"signpost/plugins"
)

// aliasText is a zone with a name that leads elsewhere.
func aliasText(serial int, to string) string {
	return zoneText(serial, 0) + "www IN ALIAS " + to + "\n"
}

// Protects what is served from a circle that only the refusal of another one closes: the versions that stay are looked at, too.
func TestCircleWithWhatStays(t *testing.T) {
	dir := t.TempDir()
	write(t, aliasText(1, "www.c.example."), dir, "a.example.zone")
	write(t, zoneText(1, 1), dir, "b.example.zone")
	write(t, aliasText(1, "ns1.b.example."), dir, "c.example.zone")
	w := walk(t, dir)
	write(t, aliasText(2, "www.b.example."), dir, "a.example.zone")
	write(t, aliasText(2, "www.a.example."), dir, "b.example.zone")
	write(t, aliasText(2, "www.a.example."), dir, "c.example.zone")
	w.step(time.Second)
	if got, want := summary(w.Status()), "public/a.example. 1, public/b.example. 1, public/c.example. 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, want := range []string{
		"a.example.zone:5:1: ALIAS cycle over several zones: www.a.example. → www.b.example. → www.a.example.",
		"c.example.zone:5:1: ALIAS cycle over several zones: www.c.example. → www.a.example. → www.c.example.",
	} {
		if !hasDiagnostic(w.Status(), want) {
			t.Errorf("got %v, want %s", w.Status().Diagnostics, want)
		}
	}
	write(t, zoneText(2, 1), dir, "b.example.zone")
	w.step(time.Second)
	w.step(time.Second)
	w.step(time.Second)
	if got, want := summary(w.Status()), "public/a.example. 2, public/b.example. 2, public/c.example. 2"; got != want {
		t.Errorf("after the edit of b: got %s, want %s", got, want)
	}
}

// Protects innocent names from a circle that is there at the start, also when part of it waits for the plugins: its zones are served, and are not taken
// for old.
func TestCircleAtTheStart(t *testing.T) {
	dir := t.TempDir()
	write(t, zoneText(1, 0)+"www IN ALIAS www.b.example. ;@ weighted id=b weight=1\n", dir, "a.example.zone")
	write(t, aliasText(1, "www.a.example."), dir, "b.example.zone")
	f := follow(t, dir, withComingPlugins(t))
	good := func(s *Status) bool {
		return summary(s) == "public/a.example. 1, public/b.example. 1" && s.Diagnostics.Errors() == 2 && !s.Zones[0].Stale && !s.Zones[1].Stale
	}
	if !good(f.last) {
		t.Errorf("at the start: got %s, %v", summary(f.last), f.last.Diagnostics)
	}
	f.await("the plugins", func(s *Status) bool { return !s.Zones[0].Pending })
	if !good(f.last) {
		t.Errorf("with the plugins: got %s, %v", summary(f.last), f.last.Diagnostics)
	}
	write(t, aliasText(2, "www.a.example."), dir, "b.example.zone")
	f.await("a refusal", func(s *Status) bool { return s.Zones[1].Stale })
	f.awaitSerials("public/a.example. 1", "public/b.example. 1")
	write(t, zoneText(3, 0), dir, "b.example.zone")
	f.awaitSerials("public/a.example. 1", "public/b.example. 3")
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
}

// Protects a zone that a circle keeps as it is from a plugin that only its refused text goes with.
func TestCircleKeepsPlugin(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "tilt.wasm")
	write(t, routedText(1, "tilt id=a share=4"), dir, "a.example.zone")
	write(t, aliasText(1, "www.a.example."), dir, "b.example.zone")
	w := walk(t, dir, withPlugins(t, nil))
	w.pluginsArrived(context.Background())
	w.step(0)
	write(t, tilt(t, shareName, `"name":"slice"`), dir, "plugins", "tilt.wasm")
	write(t, routedText(2, "tilt id=a slice=5")+"www IN ALIAS www.b.example.\n", dir, "a.example.zone")
	for range 6 {
		w.step(time.Second)
	}
	for _, want := range []string{"ALIAS cycle over several zones", "plugins/tilt.wasm: plugin tilt: 1 policy needs the old version, which stays"} {
		if !hasDiagnostic(w.Status(), want) {
			t.Errorf("got %v, want %s", w.Status().Diagnostics, want)
		}
	}
	if got := strings.Count(w.log.String(), `msg="plugins/tilt.wasm: plugin tilt`); got != 1 {
		t.Errorf("got the plugin %d times in the log, want it once", got)
	}
	write(t, zoneText(2, 0), dir, "b.example.zone")
	for range 6 {
		w.step(time.Second)
	}
	if s := w.Status(); len(s.Diagnostics) > 0 || summary(s) != "public/a.example. 2, public/b.example. 2" {
		t.Errorf("without the circle: got %s, %v", summary(s), s.Diagnostics)
	}
}

// Protects every publish from zones with a circle in another view: they are not compiled again for it.
func TestCircleOfAnotherView(t *testing.T) {
	dir := t.TempDir()
	write(t, "views:\n  inside: { clients: 10.0.0.0/8 }\n  public: {}\n", dir, "signpost.yaml")
	write(t, aliasText(1, "www.b.example."), dir, "a.example.zone")
	write(t, aliasText(1, "www.a.example."), dir, "b.example.zone")
	write(t, zoneText(1, 0), dir, "inside", "a.example.zone")
	w := walk(t, dir, withPlugins(t, plugins.Builtin()))
	write(t, zoneText(2, 0), dir, "inside", "a.example.zone")
	w.step(time.Second)
	if n := len(w.settler.pending); n > 0 {
		t.Errorf("after an edit in the other view: got %d files demanded, want none", n)
	}
	write(t, zoneText(2, 0), dir, "c.example.zone")
	w.step(time.Second)
	if n := len(w.settler.pending); n != 2 {
		t.Errorf("after a new zone in the view: got %d files demanded, want both of the circle", n)
	}
}
