package load

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/plugins"
)

// specOf is a check as its health plugin is asked about it.
func specOf(name string, c *config.Check) *policy.Spec {
	candidate := policy.Candidate{ID: name, ChainPos: c.JudgePos}
	for _, a := range c.Attributes {
		candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: a.Key, Value: a.Value, KeyPos: a.KeyPos, ValuePos: a.ValuePos})
	}
	return &policy.Spec{Owner: "checks." + name, Chain: []string{c.Judge}, Candidates: []policy.Candidate{candidate}}
}

// appoint asks the health plugins about checks, as the scheduler of probes does.
func appoint(o *Options) {
	o.Appoint = func(cfg *config.Config, change *plugin.Change) (diags diag.List) {
		ask := o.Plugins.Judge
		if change != nil {
			ask = change.Judge
		}
		for _, name := range cfg.CheckNames() {
			c := cfg.Checks[name]
			_, found := ask(specOf(name, &c), plugin.Terms{})
			diags = append(diags, found...)
		}
		return diags
	}
}

// attributes are those of the check in force.
func (f *follower) attributes() string {
	var list []string
	for _, a := range f.store.Load().Config.Checks["web"].Attributes {
		list = append(list, a.Key+"="+a.Value)
	}
	return strings.Join(list, " ")
}

// Protects checks from a configuration that their health plugin refuses: it is not taken, whatever else is in it, and the zones stay those of the
// checks in force. The plugin's own file makes it good, at once or later; and a plugin that comes with a refused configuration has to go with the
// checks that stay.
func TestChecksRefused(t *testing.T) {
	const checks = "checks:\n  web: { tcp: { port: 1 }, judge: last, attributes: { KEY: 5 } }\n"
	withKey := func(key, more string) string { return strings.Replace(checks, "KEY", key, 1) + more }
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "last.wasm")
	write(t, withKey("slow", ""), dir, "signpost.yaml")
	write(t, zoneText(1, 0), dir, "example.com.zone")
	var seats bench
	f := follow(t, dir, withPlugins(t, nil), appoint, func(o *Options) { o.Judges = seats.list })
	inForce := func(want string) func(*Status) bool {
		return func(*Status) bool { return f.attributes() == want }
	}
	f.await("the first checks", inForce("slow=5"))

	write(t, withKey("late", "server: { id: here }\n"), dir, "signpost.yaml")
	f.awaitDiagnostic(`signpost.yaml:2:55: last: unknown key "late"`)
	if served := f.store.Load().Config; f.attributes() != "slow=5" || served.ServerID != "" {
		t.Errorf("got %s of %q, want the configuration before", f.attributes(), served.ServerID)
	}
	if s := f.last; s.Refused.Errors() != 1 || len(s.Failed) != 1 || s.Failed[0].Path != config.FileName {
		t.Errorf("got %v refused and %v failed, want signpost.yaml for one error", s.Refused, s.Failed)
	}
	write(t, tilt(t, `"name":"slow"`, `"name":"late"`), dir, "plugins", "last.wasm")
	f.await("the checks that the new plugin knows", inForce("late=5"))
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })

	web := f.store.Load().Config.Checks["web"]
	judge, diags := f.options.Plugins.Judge(specOf("web", &web), plugin.Terms{})
	if judge == nil {
		t.Fatal(diags)
	}
	seats.seat(judge)
	write(t, tilt(t), dir, "plugins", "last.wasm") // both in one batch
	write(t, withKey("slow", "  other: { tcp: { port: 1 }, judge: lost }\n"), dir, "signpost.yaml")
	f.awaitDiagnostic(`unknown plugin "lost"`)
	f.awaitDiagnostic("plugins/last.wasm: plugin last: 1 check needs the old version, which stays")
	if got := f.options.Plugins.Keys("last"); f.attributes() != "late=5" || !slices.Equal(got, []string{"late"}) {
		t.Errorf("got the check with %s and a plugin with %v, want both as before", f.attributes(), got)
	}
	seats.seat() // as the scheduler would have none that refuses, were the next configuration in force
	write(t, withKey("slow", ""), dir, "signpost.yaml")
	f.await("a configuration and a plugin that go together", inForce("slow=5"))
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
}

// Protects checks from a configuration that comes while plugins compile: it waits until they can say what they think of it.
func TestChecksBeforePlugins(t *testing.T) {
	dir := t.TempDir()
	write(t, "checks:\n  web: { tcp: { port: 1 } }\n", dir, "signpost.yaml")
	write(t, zoneText(1, 0), dir, "example.com.zone")
	f := follow(t, dir, withComingPlugins(t), appoint)
	write(t, "checks:\n  web: { tcp: { port: 1 }, judge: quorum, attributes: { percnt: 50 } }\n", dir, "signpost.yaml")
	f.awaitDiagnostic(`unknown key "percnt" (did you mean "percent"?)`)
	if got := f.store.Load().Config.Checks["web"].Judge; got != config.DefaultJudge {
		t.Errorf("got the judge %s in force, want that of the last good configuration", got)
	}
	write(t, "checks:\n  web: { tcp: { port: 1 }, judge: quorum, attributes: { percent: 50 } }\n", dir, "signpost.yaml")
	f.await("the good configuration", func(*Status) bool { return f.attributes() == "percent=50" })
}

// Protects the log, and the processors, from a plugin and a configuration that are refused in one batch: each is told once, and that is all.
func TestRefusedTogether(t *testing.T) {
	const checks = "checks:\n  web: { tcp: { port: 1 }, judge: last, attributes: { slow: 5 } }\n"
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "last.wasm")
	write(t, checks, dir, "signpost.yaml")
	var seats bench
	w := walk(t, dir, withPlugins(t, nil), appoint, func(o *Options) { o.Judges = seats.list })
	web := w.config.Checks["web"]
	judge, diags := w.options.Plugins.Judge(specOf("web", &web), plugin.Terms{})
	if judge == nil {
		t.Fatal(diags)
	}
	seats.seat(judge)
	write(t, tilt(t, `"name":"slow"`, `"name":"late"`), dir, "plugins", "last.wasm")
	write(t, checks+"  other: { tcp: { port: 1 }, judge: lost }\n", dir, "signpost.yaml")
	for range 12 {
		w.step(time.Second)
	}
	for _, want := range []string{`msg="configuration not loaded`, `msg="plugins/last.wasm: plugin last: 1 check needs the old version`} {
		if got := strings.Count(w.log.String(), want); got != 1 {
			t.Errorf("got %q %d times in the log, want it once", want, got)
		}
	}
}

// Protects a plugin from staying for ever, its file gone and nobody told, because its file went together with a configuration that is refused.
func TestPluginGoesWithRefusedConfig(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "last.wasm")
	w := walk(t, dir, withPlugins(t, nil), appoint)
	w.step(0)
	must(t, os.Remove(filepath.Join(dir, "plugins", "last.wasm")))
	w.step(0)
	write(t, "checks:\n  other: { tcp: { port: 1 }, judge: lost }\n", dir, "signpost.yaml")
	for range 4 {
		w.step(2 * grace)
	}
	if got := w.options.Plugins.Keys("last"); len(got) > 0 || strings.Count(w.log.String(), "plugin removed") != 1 {
		t.Errorf("got a plugin with keys %q, want it removed", got)
	}
}

// Protects checks from what a plugin of the directory's own may refuse, though it is named like the built-in one: the start waits until it can say so.
func TestStartAsksOwnJudge(t *testing.T) {
	dir := t.TempDir()
	own := tilt(t, `"name":"last","version":"1.0.0","kind":"health","doc":"the latest attempt counts"`, `"name":"threshold","version":"1","kind":"health","doc":""`)
	write(t, own, dir, "plugins", "threshold.wasm")
	write(t, "checks:\n  web: { tcp: { port: 1 } }\n", dir, "signpost.yaml")
	var seen []string
	walk(t, dir, withComingPlugins(t), func(o *Options) {
		o.Appoint = func(*config.Config, *plugin.Change) diag.List {
			seen = append(seen, o.Plugins.Keys("threshold")...)
			return nil
		}
	})
	if !slices.Equal(seen, []string{"slow"}) {
		t.Errorf("got the start with a plugin of keys %q asked, want the directory's own", seen)
	}
}

// Protects the zones from waiting for ever for plugins of files that went before they were read.
func TestDuePluginsGo(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "last.wasm")
	write(t, routedText(1, "weighted id=a weight=4"), dir, "example.com.zone")
	w := walk(t, dir, withPlugins(t, plugins.Builtin()))
	w.pluginsArrived(t.Context()) // while the file is due
	must(t, os.Remove(filepath.Join(dir, "plugins", "last.wasm")))
	for range 4 {
		w.step(2 * grace)
	}
	if zones := w.Status().Zones; len(zones) != 1 || zones[0].Pending {
		t.Errorf("got %+v, want the zone routed", zones)
	}
}
