package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/workshop"
	"signpost/plugins"
	"signpost/sdk/abi"
)

// result is what became of one golden decision.
type result struct {
	weights        []uint32
	pick           int
	scope4, scope6 uint8
	ttlCap         uint32
	fallback       bool
}

// guest is the policy in one language, as the host found it.
type guest struct {
	language string
	size     int
	fuel     []uint64 // by decision
	results  []result
	refusals diag.List // of all cases, with their places
	about    plugin.Info
}

// Protects the one ABI: the policy of the kit, written in each language with its SDK and built with its ordinary tools, is the same policy.
func TestLanguages(t *testing.T) {
	golden := readGolden(t, "golden.txt")
	cache := t.TempDir()
	var guests []*guest
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			needTools(t, l.name)
			dir := scaffold(t, l.name, "tck", abi.KindRouting)
			policy, err := os.ReadFile(l.policy)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, l.place), policy, 0o644); err != nil {
				t.Fatal(err)
			}
			os.Remove(filepath.Join(dir, "plugin_test.go")) // of the scaffold's policy
			for from, to := range l.more {
				copyTree(t, from, filepath.Join(dir, to))
			}
			module := build(t, dir)
			checkGolden(t, module, cache, golden)
			judge := filepath.Join(t.TempDir(), "tck-judge.wasm") // the other plugin of the same module
			copyTree(t, module, judge)
			checkGolden(t, judge, cache, readGolden(t, "judge.txt"))
			guests = append(guests, examine(t, l.name, module, cache, golden))
		})
	}
	compare(t, guests)
}

// compare wants all guests to have done the same, and shows what it cost them.
func compare(t *testing.T, guests []*guest) {
	for _, g := range guests {
		first := guests[0]
		if len(g.refusals) < abi.ProblemMax {
			t.Errorf("refusals in %s: got %d, want the first %d of many", g.language, len(g.refusals), abi.ProblemMax)
		}
		g.about.SHA256, g.about.Decisions, g.about.Fuel = "", 0, 0
		if len(g.about.Attributes) != len(first.about.Attributes) || g.about.Doc != first.about.Doc || g.about.Version != first.about.Version {
			t.Errorf("manifest in %s: got %+v, want that in %s: %+v", g.language, g.about, first.language, first.about)
		}
		for i, r := range g.results {
			if want := first.results[i]; !slices.Equal(r.weights, want.weights) || r.pick != want.pick || r.scope4 != want.scope4 ||
				r.scope6 != want.scope6 || r.ttlCap != want.ttlCap || r.fallback {
				t.Errorf("decision %d in %s: got %+v, want as in %s: %+v", i, g.language, r, first.language, want)
			}
		}
		if !slices.Equal(g.refusals, first.refusals) {
			t.Errorf("refusals in %s: got\n%v\nwant as in %s:\n%v", g.language, g.refusals, first.language, first.refusals)
		}
		total := uint64(0)
		for _, fuel := range g.fuel {
			total += fuel
		}
		t.Logf("%-14s %8d bytes, fuel of %d decisions: %d, at most %d in one", g.language, g.size, len(g.fuel), total, slices.Max(g.fuel))
	}
}

func readGolden(t *testing.T, file string) *workshop.Golden {
	t.Helper()
	golden, diags, err := workshop.ReadGolden(file)
	if err != nil || diags.Errors() > 0 {
		t.Fatalf("%s: %v %v", file, err, diags)
	}
	return golden
}

// checkGolden is signpost plugin test --fuzz.
func checkGolden(t *testing.T, module, cache string, golden *workshop.Golden) {
	t.Helper()
	name := strings.TrimSuffix(filepath.Base(module), ".wasm")
	bench, err := workshop.Open(t.Context(), module, workshop.Options{CacheDir: cache, Builtin: golden.Chained(name)})
	if err != nil {
		t.Fatal(err)
	}
	defer bench.Close()
	checked, failures, warnings := bench.Check(golden)
	for _, failure := range failures {
		t.Error(failure)
	}
	if checked == 0 || len(warnings) > 0 {
		t.Errorf("%d golden decisions, warnings: %v", checked, warnings)
	}
	report, err := bench.Fuzz(t.Context(), workshop.FuzzOptions{Policies: 500, Seed: 1, Golden: golden})
	if err != nil {
		t.Fatal(err)
	}
	for _, find := range report.Finds {
		t.Errorf("fuzzing found %+v", find)
	}
}

// examine decides all golden cases and keeps everything that comes out.
func examine(t *testing.T, language, module, cache string, golden *workshop.Golden) *guest {
	t.Helper()
	wasm, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	h, err := plugin.New(t.Context(), plugin.Options{CacheDir: cache, Builtin: plugins.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	<-h.Ready()
	if err := h.Load(t.Context(), "tck", wasm, plugin.Limits{}); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(wasm, []byte("clock_time_get")) && language != "go" {
		t.Error("it imports a clock")
	}
	g := &guest{language: language, size: len(wasm)}
	worker := h.NewWorker()
	defer worker.Close()
	for i := range golden.Cases {
		c := &golden.Cases[i]
		p, refusals := h.Route(&c.Spec, golden.Terms)
		g.refusals = append(g.refusals, refusals...)
		for j := range c.Trials {
			d := policy.Decision{Explain: true}
			worker.Decide(p, &c.Trials[j].Facts, &d)
			if d.Fallback {
				t.Errorf("%s: the plugin failed: %s", c.Trials[j].Pos, d.Steps[len(d.Steps)-1].Problem)
			}
			g.fuel = append(g.fuel, d.Steps[len(d.Steps)-1].Fuel)
			g.results = append(g.results, result{slices.Clone(d.Weights), d.Pick, d.Scope4, d.Scope6, d.TTLCap, d.Fallback})
		}
	}
	for _, info := range h.Plugins() {
		if info.Name == "tck" {
			g.about = info
		}
	}
	g.refusals = append(g.refusals, refuseMany(h)...)
	if got := crash(h); !strings.Contains(got, "told to crash") {
		t.Errorf("a crash: got %q, want the reason that the plugin gave", got)
	}
	if _, ok := h.Route(&golden.Cases[0].Spec, golden.Terms); ok.Errors() > 0 {
		t.Errorf("after a crash: got %v, want the policy accepted as before", ok)
	}
	return g
}

// refuseMany is a policy of which each line is refused: more than a host reads.
func refuseMany(h *plugin.Host) diag.List {
	spec := policy.Spec{Owner: "www.example.com.", Type: 1, Chain: []string{"tck"}}
	for i := range 2 * abi.ProblemMax {
		spec.Candidates = append(spec.Candidates, policy.Candidate{Pos: diag.Pos{Line: i + 1}, ChainPos: diag.Pos{Line: i + 1},
			Attrs: []policy.Attr{{Key: "ratio", Value: "0"}, {Key: "note", Value: "bad", ValuePos: diag.Pos{Line: i + 1, Col: 9}}}})
	}
	_, diags := h.Route(&spec, plugin.Terms{})
	return diags
}

// crash is what the host says of a policy on which the plugin crashes.
func crash(h *plugin.Host) string {
	spec := policy.Spec{Owner: "www.example.com.", Type: 1, Chain: []string{"tck"}, Candidates: []policy.Candidate{
		{Attrs: []policy.Attr{{Key: "ratio", Value: "0"}, {Key: "note", Value: "crash"}}},
	}}
	_, diags := h.Route(&spec, plugin.Terms{})
	var texts []string
	for _, d := range diags {
		texts = append(texts, d.Text)
	}
	return strings.Join(texts, "\n")
}

// Protects what an author gets: each scaffold builds as it is, passes its golden decisions and the fuzzer, and so do its own tests.
func TestScaffolds(t *testing.T) {
	cache := t.TempDir()
	for _, kind := range workshop.Kinds() {
		for _, l := range languages {
			t.Run(kind+"/"+l.name, func(t *testing.T) {
				needTools(t, l.name)
				dir := scaffold(t, l.name, "time-of-day", kind)
				module := build(t, dir)
				checkGolden(t, module, cache, readGolden(t, filepath.Join(dir, workshop.GoldenFile)))
				if l.own != nil {
					runIn(t, dir, l.own...)
				}
			})
		}
	}
}

// Protects the Rust crate's own tests and documentation.
func TestCrate(t *testing.T) {
	needTools(t, "rust")
	dir := t.TempDir()
	copyTree(t, filepath.Join("..", "rust"), dir)
	runIn(t, dir, "cargo", "test", "--offline")
}

// Protects the manuals: the first program in each is one that works.
func TestReadmes(t *testing.T) {
	golden, diags := workshop.ParseGolden("golden.txt", `
case weights
;@ weighted id=a weight=90
;@ weighted id=b weight=10
;@ weighted id=c weight=0
want a=90 b=10
given health a=down b=down
want c=1
`)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	cache := t.TempDir()
	for _, l := range languages[1:] { // Go's is that of plugins/weighted, which sdk compares
		t.Run(l.name, func(t *testing.T) {
			needTools(t, l.name)
			readme, err := os.ReadFile(filepath.Join("..", l.name, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			_, program, _ := strings.Cut(string(readme), "```")
			_, program, _ = strings.Cut(program, "\n")
			program, _, found := strings.Cut(program, "```")
			if !found {
				t.Fatal("no program in README.md")
			}
			dir := scaffold(t, l.name, "weighted", abi.KindRouting)
			if err := os.WriteFile(filepath.Join(dir, l.place), []byte(program), 0o644); err != nil {
				t.Fatal(err)
			}
			checkGolden(t, build(t, dir), cache, golden)
		})
	}
}

// Protects the examples: each builds in its folder, and passes its golden decisions, the fuzzer and its own tests.
func TestExamples(t *testing.T) {
	cache := t.TempDir()
	for _, example := range []struct{ name, language string }{
		{"canary", "go"}, {"drain-asn", "rust"}, {"carbon", "assemblyscript"}, {"overflow", "c"}, {"error-budget", "go"},
	} {
		t.Run(example.name, func(t *testing.T) {
			needTools(t, example.language)
			root := t.TempDir() // a repository in which it may be built
			dir := filepath.Join(root, "plugins", "examples", example.name)
			copyTree(t, filepath.Join("..", "..", "plugins", "examples", example.name), dir)
			copyTree(t, "..", filepath.Join(root, "sdk"))
			for _, file := range []string{"go.mod", "go.sum"} {
				copyTree(t, filepath.Join("..", "..", file), filepath.Join(root, file))
			}
			switch example.language {
			case "assemblyscript":
				linkCompiler(t, dir)
			case "rust":
				runIn(t, dir, "cargo", "test", "--offline")
			case "c":
				runIn(t, dir, "make", "test")
			}
			checkGolden(t, build(t, dir), cache, readGolden(t, filepath.Join(dir, workshop.GoldenFile)))
		})
	}
}
