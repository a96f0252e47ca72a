package load

import (
	"context"
	"slices"
	"strings"
	"testing"

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
	h, err := plugin.New(context.Background(), plugin.Options{Builtin: plugins.Builtin()})
	must(t, err)
	t.Cleanup(h.Close)
	f := follow(t, dir, func(o *Options) { o.Plugins = h }, appoint)
	write(t, "checks:\n  web: { tcp: { port: 1 }, judge: quorum, attributes: { percnt: 50 } }\n", dir, "signpost.yaml")
	f.awaitDiagnostic(`unknown key "percnt" (did you mean "percent"?)`)
	if got := f.store.Load().Config.Checks["web"].Judge; got != config.DefaultJudge {
		t.Errorf("got the judge %s in force, want that of the last good configuration", got)
	}
	write(t, "checks:\n  web: { tcp: { port: 1 }, judge: quorum, attributes: { percent: 50 } }\n", dir, "signpost.yaml")
	f.await("the good configuration", func(*Status) bool { return f.attributes() == "percent=50" })
}
