package workshop

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signpost/plugins"
)

// naughty builds testdata/naughty once.
var naughty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "naughty")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "naughty.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, "./testdata/naughty")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWASM=", "GOEXPERIMENT=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, &exec.Error{Name: string(out), Err: err}
	}
	return os.ReadFile(file)
})

// TestMain keeps compiled code for all tests of the package.
func TestMain(m *testing.M) {
	if cacheDir = os.Getenv("CACHE_DIRECTORY"); cacheDir == "" {
		dir, err := os.MkdirTemp("", "workshop")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		cacheDir = dir
	}
	m.Run()
}

var cacheDir string

// open puts a module on a bench under the name of one of its plugins.
func open(t *testing.T, wasm []byte, name string, builtin bool) *Bench {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+moduleSuffix)
	if err := os.WriteFile(file, wasm, 0o644); err != nil {
		t.Fatal(err)
	}
	b, err := Open(context.Background(), file, Options{CacheDir: cacheDir, Builtin: builtin})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// Protects fuzzing: each broken promise is found, shrunk, and its golden case fails on the plugin that it was found on.
func TestFuzzFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it takes a minute with the race detector, for which a single goroutine has nothing")
	}
	wasm, err := naughty()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		plugin, what, detail string
		lines                int // of the golden case, at most
	}{
		{"remembers", findState, "after other decisions", 12},
		{"overclaims", findScope, "says scope 16", 9},
		{"traps", findDecide, "fuel is spent", 5},
		{"spins", findDecide, "fuel is spent", 4},
		{"chokes", findConfigure, "seven", 3},
		{"grudge", findVerdict, "after other verdicts", 9},
		{"sloppy", findJudge, "fuel is spent", 8},
	} {
		b := open(t, wasm, c.plugin, false)
		report, err := b.Fuzz(context.Background(), FuzzOptions{Policies: 40, Seed: 7})
		if err != nil {
			t.Errorf("%s: %v", c.plugin, err)
			continue
		}
		if len(report.Finds) != 1 || report.Finds[0].What != c.what || !strings.Contains(report.Finds[0].Detail, c.detail) {
			t.Errorf("%s: got %+v, want one find: %s: … %s …", c.plugin, report.Finds, c.what, c.detail)
			continue
		}
		text := report.Finds[0].Golden
		if lines := strings.Count(text, "\n"); lines > c.lines {
			t.Errorf("%s: a find of %d lines, want at most %d:\n%s", c.plugin, lines, c.lines, text)
		}
		golden, diags := ParseGolden("found.txt", text)
		if len(diags) > 0 {
			t.Errorf("%s: the find does not read back: %v\n%s", c.plugin, diags, text)
			continue
		}
		if _, failures, _ := b.Check(golden); len(failures) == 0 {
			t.Errorf("%s: the find passes as a golden case:\n%s", c.plugin, text)
		}
	}
}

// measured is how long a plugin is measured: some ten thousand decisions.
const measured = 1 << 26 * time.Nanosecond

// Protects authors from decisions that allocate, which a measurement shows: as memory that grows, or as fuel that is spent when a Go guest's heap does.
func TestMeasureShowsAllocation(t *testing.T) {
	wasm, err := naughty()
	if err != nil {
		t.Fatal(err)
	}
	for name, wastes := range map[string]bool{"wasteful": true, "modest": false} {
		b := open(t, wasm, name, false)
		list, err := b.Measure(context.Background(), nil, measured)
		for d := measured; err == nil && len(list) == 1 && list[0].Decisions < 10_000; { // the machine was busy
			d *= 2
			list, err = b.Measure(context.Background(), nil, d)
		}
		if err != nil || len(list) != 1 || (list[0].MemoryMost > list[0].Memory || list[0].Failed > 0) != wastes {
			t.Errorf("%s: got %+v %v, want one policy, memory that grows or fuel that is spent: %v", name, list, err, wastes)
		}
	}
	if list, err := open(t, wasm, "fair", false).Measure(context.Background(), nil, measured); err != nil || len(list) != 1 || list[0].Failed > 0 ||
		list[0].FuelMost == 0 || list[0].FuelMost > list[0].FuelLimit || list[0].FuelLimit != 220_000 || list[0].MemoryMost > list[0].Memory || list[0].MeanNanos <= 0 {
		t.Errorf("fair: got %+v %v, want one check whose verdicts all go well", list, err)
	}
	report, err := open(t, wasm, "spins", false).Measure(context.Background(), nil, 1)
	if err != nil || len(report) != 1 || report[0].Failed == 0 || !strings.HasPrefix(report[0].Problem, "decide: fuel is spent (limit ") {
		t.Errorf("spins: got %+v %v, want failed decisions and the reason", report, err)
	}
}

// Protects authors from false alarms: plugins that keep their promises, the built-in ones among them, have no finds.
func TestFuzzFindsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it takes a minute with the race detector, for which a single goroutine has nothing")
	}
	wasm, err := naughty()
	if err != nil {
		t.Fatal(err)
	}
	benches := []*Bench{open(t, wasm, "honest", false), open(t, wasm, "modest", false), open(t, wasm, "fair", false)}
	for _, p := range benches[0].Module.Plugins {
		if p.Name == "honest" && len(p.Wants) != 3 {
			t.Fatalf("honest wants %q, want all there is", p.Wants)
		}
	}
	_, names, err := InspectBuiltin(context.Background(), "", Options{CacheDir: cacheDir})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		benches = append(benches, open(t, plugins.Builtin(), name, false))
	}
	for _, b := range benches {
		report, err := b.Fuzz(context.Background(), FuzzOptions{Policies: 12, Seed: 3})
		if err != nil {
			t.Errorf("%s: %v", b.About.Name, err)
			continue
		}
		for _, find := range report.Finds {
			if find.What == findConfigure && strings.HasSuffix(find.Detail, "fuel is spent") {
				continue // many mistakes in one policy: quoting them costs a Go guest more than configure has, and the policy is refused all the same
			}
			t.Errorf("%s: found: %s: %s\n%s", b.About.Name, find.What, find.Detail, find.Golden)
		}
		if report.Policies != 12 || report.Decisions < 12*batchLen*2 || report.FuelMost == 0 || report.FuelMost > report.FuelLimit {
			t.Errorf("%s: got %+v, want 12 policies, and fuel within its limit", b.About.Name, report)
		}
	}
}
