package load

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
)

// bench is the checks in service, as the loader asks for them.
type bench struct {
	mu     sync.Mutex
	judges []*plugin.Judge
}

func (b *bench) list() []*plugin.Judge {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.judges)
}

func (b *bench) seat(judges ...*plugin.Judge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.judges = judges
}

// Protects the checks from plugins that no longer judge them: a version that refuses what signpost.yaml says of one is not taken, and says which
// line it is; nor is the last version taken away. Without such a check both are.
func TestNewVersionIsRefusedByCheck(t *testing.T) {
	dir := t.TempDir()
	write(t, tilt(t), dir, "plugins", "last.wasm")
	write(t, zoneText(1, 0), dir, "example.com.zone")
	var checks bench
	f := follow(t, dir, withPlugins(t, nil), func(o *Options) { o.Judges = checks.list })
	keys := func(want string) func(*Status) bool {
		return func(*Status) bool { return slices.Equal(f.options.Plugins.Keys("last"), []string{want}) }
	}
	f.await("the plugin", keys("slow"))
	at := func(col int) diag.Pos { return diag.Pos{File: "signpost.yaml", Line: 7, Col: col} }
	spec := &policy.Spec{Owner: "checks.web", Chain: []string{"last"}, Candidates: []policy.Candidate{{ID: "web", ChainPos: at(10),
		Attrs: []policy.Attr{{Key: "slow", Value: "5000", KeyPos: at(30), ValuePos: at(36)}}}}}
	judge, diags := f.options.Plugins.Judge(spec, plugin.Terms{})
	if judge == nil {
		t.Fatal(diags)
	}
	checks.seat(judge)

	write(t, tilt(t, `"name":"slow"`, `"name":"late"`), dir, "plugins", "last.wasm")
	f.awaitDiagnostic("plugins/last.wasm: plugin last: 1 check needs the old version, which stays")
	f.awaitDiagnostic(`signpost.yaml:7:30: last: unknown key "slow" (says the new plugins/last.wasm; the old version stays)`)
	if !keys("slow")(nil) {
		t.Errorf("got keys %q, want those of the old version", f.options.Plugins.Keys("last"))
	}
	write(t, tilt(t, "the latest attempt counts", "the newest counts"), dir, "plugins", "last.wasm") // which the check goes with
	f.await("no diagnostics", func(s *Status) bool { return len(s.Diagnostics) == 0 })
	must(t, os.Remove(filepath.Join(dir, "plugins", "last.wasm")))
	f.awaitDiagnostic(`signpost.yaml:7:10: unknown plugin "last": not built in, and plugins/last.wasm is missing or does not load (plugins/last.wasm is gone; the plugin stays loaded)`)
	if !keys("slow")(nil) {
		t.Errorf("got keys %q, want the plugin still there", f.options.Plugins.Keys("last"))
	}
	checks.seat()
	write(t, tilt(t, `"name":"slow"`, `"name":"late"`), dir, "plugins", "last.wasm")
	f.await("the new version", keys("late"))
}
