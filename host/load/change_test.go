package load

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/plugins"
)

// tilt is the guest that host/plugin keeps as a witness of ABI v1, with texts of its manifest replaced: old, new, old, new. A shorter text is
// filled up with spaces.
func tilt(t *testing.T, texts ...string) string {
	t.Helper()
	wasm, err := os.ReadFile("../plugin/testdata/v1/v1.wasm")
	must(t, err)
	for i := 0; i < len(texts); i += 2 {
		padded := texts[i+1] + strings.Repeat(" ", len(texts[i])-len(texts[i+1]))
		if bytes.Count(wasm, []byte(texts[i])) != 1 {
			t.Fatalf("%q is not in the guest once", texts[i])
		}
		wasm = bytes.Replace(wasm, []byte(texts[i]), []byte(padded), 1)
	}
	return string(wasm)
}

// Parts of the guest's manifest.
const (
	shareMax  = `"max":1000`
	shareName = `"name":"share"`
	tiltHead  = `"name":"tilt","version":"1.0.0","kind":"routing","doc":"every fact and attribute moves the weight"`
)

// withPlugins gives a Loader a plugin host without built-ins.
func withPlugins(t *testing.T, builtin []byte) func(*Options) {
	t.Helper()
	h, err := plugin.New(context.Background(), plugin.Options{Builtin: builtin, CacheDir: os.Getenv("CACHE_DIRECTORY")})
	must(t, err)
	t.Cleanup(h.Close)
	<-h.Ready()
	return func(o *Options) { o.Plugins = h }
}

// withComingPlugins gives a Loader a plugin host whose built-ins compile meanwhile.
func withComingPlugins(t *testing.T) func(*Options) {
	t.Helper()
	h, err := plugin.New(context.Background(), plugin.Options{Builtin: plugins.Builtin()})
	must(t, err)
	t.Cleanup(h.Close)
	return func(o *Options) { o.Plugins = h }
}

func routedText(serial int, note string) string {
	return zoneText(serial, 0) + "app IN A 192.0.2.1 ;@ " + note + "\n"
}

// weight asks the served policy of a zone.
func (f *follower) weight(origin string) string {
	f.t.Helper()
	for _, v := range f.store.Load().Views {
		for _, z := range v.Zones {
			if NameText(z.Origin) == origin && len(z.Policies) == 1 && !z.Pending {
				w := f.options.Plugins.NewWorker()
				defer w.Close()
				var d policy.Decision
				w.Decide(z.Policies[0], &policy.Facts{}, &d)
				return fmt.Sprint(d.Weights, d.Fallback)
			}
		}
	}
	return "no policy"
}

func (f *follower) awaitWeight(origin, want string) {
	f.t.Helper()
	f.await("weight "+want+" of "+origin, func(*Status) bool { return f.weight(origin) == want })
}

// A new version that does not accept a policy in service is not loaded, and says where; when the zone no longer minds, it is.
func TestNewVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "tilt.wasm")
	write(t, routedText(1, "tilt id=a share=90"), dir, "example.com.zone")
	write(t, routedText(1, "tilt id=a share=7"), dir, "example.net.zone")
	f := follow(t, dir, withPlugins(t, nil))
	f.awaitWeight("example.com.", "[100090] false")
	write(t, tilt(t, shareMax, `"max":10`), dir, "plugins", "tilt.wasm")
	f.awaitDiagnostic("plugins/tilt.wasm: plugin tilt: 1 policy needs the old version, which stays")
	f.awaitDiagnostic("example.com.zone:5:39: tilt: share 90 is outside 0..10 (says the new plugins/tilt.wasm; the old version stays)")
	if failed := f.last.Failed; len(failed) != 1 || failed[0].Path != "plugins/tilt.wasm" || !failed[0].Serving {
		t.Errorf("failed: got %+v, want the plugin's file, of which an earlier version serves", failed)
	}
	if got := f.weight("example.com.") + f.weight("example.net."); got != "[100090] false[100007] false" {
		t.Errorf("while it is refused: got %s, want the answers of the old version", got)
	}
	write(t, routedText(2, "tilt id=a share=11"), dir, "example.net.zone") // fine with the old version, and not with the new one
	f.awaitWeight("example.net.", "[100011] false")
	if !hasDiagnostic(f.last, "the old version stays") {
		t.Errorf("after another zone's edit: got %v, want the plugin still refused", f.last.Diagnostics)
	}
	write(t, routedText(3, "tilt id=a share=9"), dir, "example.net.zone")
	f.awaitWeight("example.net.", "[100009] false")
	write(t, routedText(2, "tilt id=a share=8"), dir, "example.com.zone")
	f.awaitWeight("example.com.", "[100008] false")
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
	write(t, routedText(3, "tilt id=a share=90"), dir, "example.com.zone")
	f.awaitDiagnostic("example.com.zone:5:39: tilt: share 90 is outside 0..10")
}

// A version that needs another annotation comes with it, in whichever order the two are saved.
func TestNewVersionWithItsZone(t *testing.T) {
	renamed := []string{shareName, `"name":"slice"`}
	for _, c := range []struct {
		name  string
		saves func(t *testing.T, f *follower, dir string)
	}{
		{"plugin first", func(t *testing.T, f *follower, dir string) {
			write(t, tilt(t, renamed...), dir, "plugins", "tilt.wasm")
			f.awaitDiagnostic(`example.com.zone:5:33: tilt: unknown key "share" (says the new plugins/tilt.wasm; the old version stays)`)
			write(t, routedText(2, "tilt id=a slice=5"), dir, "example.com.zone")
		}},
		{"zone first", func(t *testing.T, f *follower, dir string) {
			write(t, routedText(2, "tilt id=a slice=5"), dir, "example.com.zone")
			f.awaitDiagnostic(`example.com.zone:5:33: tilt: unknown key "slice"`)
			write(t, tilt(t, renamed...), dir, "plugins", "tilt.wasm")
		}},
		{"at once", func(t *testing.T, f *follower, dir string) {
			write(t, tilt(t, renamed...), dir, "plugins", "tilt.wasm")
			write(t, routedText(2, "tilt id=a slice=5"), dir, "example.com.zone")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, tilt(t), dir, "plugins", "tilt.wasm")
			write(t, routedText(1, "tilt id=a share=4"), dir, "example.com.zone")
			f := follow(t, dir, withPlugins(t, nil))
			f.awaitWeight("example.com.", "[100004] false")
			c.saves(t, f, dir)
			f.awaitWeight("example.com.", "[100005] false")
			f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
		})
	}
}

// A new version serves every zone at once, zones that it does not concern stay what they are, and a file that is the same is not loaded again.
func TestNewVersionIsOnePublish(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "tilt.wasm")
	write(t, routedText(1, "tilt id=a share=4"), dir, "example.com.zone")
	write(t, routedText(1, "tilt id=a share=5"), dir, "example.net.zone")
	write(t, routedText(1, "weighted id=a weight=5"), dir, "example.org.zone")
	f := follow(t, dir, withPlugins(t, plugins.Builtin()))
	f.awaitWeight("example.com.", "[100004] false")
	f.awaitWeight("example.org.", "[5] false")
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
	before := f.store.Load()
	write(t, tilt(t, shareMax, `"max":100`), dir, "plugins", "tilt.wasm")
	f.await("a generation", func(s *Status) bool { return s.Generation == before.Generation+1 })
	same, other := 0, 0
	for i, z := range f.store.Load().Views[0].Zones {
		if z == before.Views[0].Zones[i] {
			same++
		} else {
			other++
		}
	}
	if same != 1 || other != 2 {
		t.Errorf("got %d zones as they were and %d others, want 1 and 2", same, other)
	}
	write(t, tilt(t, shareMax, `"max":100`), dir, "plugins", "tilt.wasm")
	f.Reload()
	f.await("the reload", func(*Status) bool { return strings.Contains(f.log.String(), "reload: nothing changed") })
	if got := f.generation(); got != before.Generation+1 {
		t.Errorf("the same file again: got generation %d, want %d", got, before.Generation+1)
	}
}

// A plugin whose file goes stays as long as policies need it; a built-in of its name takes over if it can.
func TestPluginFileGoes(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "tilt.wasm")
	write(t, tilt(t, tiltHead, `"name":"weighted","version":"2","kind":"routing","doc":""`), dir, "plugins", "weighted.wasm")
	write(t, routedText(1, "tilt id=a share=4"), dir, "example.com.zone")
	write(t, routedText(1, "weighted id=a share=3"), dir, "example.net.zone")
	f := follow(t, dir, withPlugins(t, plugins.Builtin()))
	f.awaitWeight("example.com.", "[100004] false")
	f.awaitWeight("example.net.", "[100003] false")
	must(t, os.Remove(filepath.Join(dir, "plugins", "tilt.wasm")))
	f.awaitDiagnostic("plugins/tilt.wasm: plugin tilt: 1 policy needs the old version, which stays")
	f.awaitDiagnostic(`example.com.zone:5:23: unknown plugin "tilt": not built in, and plugins/tilt.wasm is missing or does not load (plugins/tilt.wasm is gone; the plugin stays loaded)`)
	must(t, os.Remove(filepath.Join(dir, "plugins", "weighted.wasm")))
	f.awaitDiagnostic(`example.net.zone:5:37: weighted: unknown key "share" (plugins/weighted.wasm is gone; the plugin stays loaded)`)
	if got := f.weight("example.com.") + f.weight("example.net."); got != "[100004] false[100003] false" {
		t.Errorf("without their files: got %s, want the answers as before", got)
	}
	write(t, routedText(2, "weighted id=a weight=2"), dir, "example.net.zone")
	f.awaitWeight("example.net.", "[2] false")
	write(t, routedText(2, "weighted id=a weight=1"), dir, "example.com.zone")
	f.awaitWeight("example.com.", "[1] false")
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
	if got := len(f.options.Plugins.Plugins()); strings.Contains(fmt.Sprint(f.options.Plugins.Plugins()), "{tilt ") {
		t.Errorf("got tilt among %d plugins, want it gone", got)
	}
}

// In a chain only the plugin that refuses is held back.
func TestNewVersionsInAChain(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "tilt.wasm")
	write(t, tilt(t, tiltHead, `"name":"other","version":"1","kind":"routing","doc":""`, shareName, `"name":"slice"`), dir, "plugins", "other.wasm")
	write(t, routedText(1, "tilt+other id=a share=90 slice=2"), dir, "example.com.zone")
	f := follow(t, dir, withPlugins(t, nil))
	f.awaitWeight("example.com.", fmt.Sprintf("[%d] false", 100090*100002>>2))
	write(t, tilt(t, shareMax, `"max":10`), dir, "plugins", "tilt.wasm")
	write(t, tilt(t, tiltHead, `"name":"other","version":"2","kind":"routing","doc":""`, shareName, `"name":"slice"`), dir, "plugins", "other.wasm")
	f.awaitDiagnostic("example.com.zone:5:45: tilt: share 90 is outside 0..10 (says the new plugins/tilt.wasm; the old version stays)")
	f.await("the other one", func(*Status) bool {
		return strings.Contains(fmt.Sprint(f.options.Plugins.Plugins()), "{other 2 ")
	})
	if hasDiagnostic(f.last, "plugins/other.wasm") {
		t.Errorf("got %v, want nothing about the other plugin", f.last.Diagnostics)
	}
}

// The fuel of a built-in plugin is what signpost.yaml says, at once when it changes; the other keys bind files only.
func TestFuelOfBuiltins(t *testing.T) {
	dir := t.TempDir()
	write(t, routedText(1, "weighted id=a weight=4"), dir, "example.com.zone")
	f := follow(t, dir, withPlugins(t, plugins.Builtin()))
	f.awaitWeight("example.com.", "[4] false")
	write(t, "plugins:\n  weighted: { fuel: 1000 }\n", dir, "signpost.yaml")
	f.await("a plugin without fuel for one candidate", func(*Status) bool { return f.fuel() == 1000+4000 })
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
	write(t, "plugins:\n  weighted: { memory: 1MiB }\n  waited: { fuel: 1000 }\n", dir, "signpost.yaml")
	f.awaitDiagnostic("signpost.yaml:2:3: warning: plugins.weighted: there is no plugins/weighted.wasm; of a built-in plugin only the fuel can be changed")
	f.awaitDiagnostic("signpost.yaml:3:3: warning: plugins.waited says nothing: there is no plugins/waited.wasm, and no built-in plugin of that name")
	f.await("the usual fuel", func(*Status) bool { return f.fuel() == 200_000+4000 })
}

// fuel is what the served policy may spend on a decision.
func (f *follower) fuel() uint64 {
	p := f.store.Load().Views[0].Zones[0].Policies[0]
	if p == nil {
		return 0
	}
	return f.options.Plugins.DecisionFuel(p)
}

// A directory with plugins is routed at the start, also when the built-in ones were ready before its own were loaded.
func TestOwnPluginsAfterBuiltins(t *testing.T) {
	own := tilt(t, tiltHead, `"name":"weighted","version":"1","kind":"routing","doc":""`)
	for range 8 {
		dir := t.TempDir()
		write(t, own, dir, "plugins", "weighted.wasm")
		write(t, routedText(1, "weighted id=a share=4"), dir, "example.com.zone")
		f := follow(t, dir, withPlugins(t, plugins.Builtin()))
		f.awaitWeight("example.com.", "[100004] false")
	}
}

// Protects views from being changed by a configuration that the plugins, which are not ready yet, will refuse.
func TestViewsBeforePlugins(t *testing.T) {
	dir := t.TempDir()
	write(t, "views:\n  inside: { clients: 10.0.0.0/8 }\n  public: {}\n", dir, "signpost.yaml")
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir, withComingPlugins(t))
	write(t, "views:\n  inside: { clients: 11.0.0.0/8, attributes: { cleints: 12.0.0.0/8 } }\n  public: {}\n", dir, "signpost.yaml")
	f.awaitDiagnostic(`unknown key "cleints"`)
	if got := f.store.Load().Config.Views[0].Clients[0].String(); got != "10.0.0.0/8" {
		t.Errorf("clients of the view: got %s, want those of the last good configuration", got)
	}
	if want := "configuration not loaded; the last good one stays"; !strings.Contains(f.log.String(), want) {
		t.Errorf("log: got %s, want %q", f.log.String(), want)
	}
	write(t, "views:\n  inside: { clients: 11.0.0.0/8 }\n  public: {}\n", dir, "signpost.yaml")
	f.await("the good configuration", func(*Status) bool { return f.store.Load().Config.Views[0].Clients[0].String() == "11.0.0.0/8" })
}
