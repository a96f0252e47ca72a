package workshop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/plugins"
	"signpost/sdk/abi"
)

// moduleSuffix ends the name of a plugin's file.
const moduleSuffix = ".wasm"

// Bench is one module on the host that would run it in production. One goroutine uses it at a time.
type Bench struct {
	File   string
	Module *plugin.Inspection
	About  abi.Plugin // the plugin that has the file's name
	host   *plugin.Host

	cacheDir string
	generous *plugin.Host // with more fuel; nil: was not needed yet
}

// Options say how a Bench is opened.
type Options struct {
	CacheDir string        // where compiled code is kept between uses; "": nowhere
	Limits   plugin.Limits // as plugins: in signpost.yaml may set them
	Builtin  bool          // for chains with built-in plugins, which take a second to compile when no cache has them
}

// Open admits, compiles and starts a module as the server does with plugins/NAME.wasm. Its errors are those that the server would report.
func Open(ctx context.Context, file string, options Options) (*Bench, error) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(file), moduleSuffix)
	hostOptions := plugin.Options{CacheDir: options.CacheDir}
	if options.Builtin {
		hostOptions.Builtin = plugins.Builtin()
	}
	h, err := plugin.New(ctx, hostOptions)
	if err != nil && options.CacheDir != "" {
		hostOptions.CacheDir = ""
		h, err = plugin.New(ctx, hostOptions)
	}
	if err != nil {
		return nil, err
	}
	b := &Bench{File: file, host: h, cacheDir: hostOptions.CacheDir}
	if err := b.load(ctx, name, wasm, options.Limits); err != nil {
		h.Close()
		return nil, err
	}
	return b, nil
}

func (b *Bench) load(ctx context.Context, name string, wasm []byte, limits plugin.Limits) (err error) {
	if b.Module, err = b.host.Inspect(ctx, wasm, limits); err != nil {
		return fmt.Errorf("%s: %w", b.File, err)
	}
	i := slices.IndexFunc(b.Module.Plugins, func(p abi.Plugin) bool { return p.Name == name })
	if i < 0 {
		return fmt.Errorf("%s: the module holds the plugin %s: the file must be %s%s", b.File, b.Module.Plugins[0].Name, b.Module.Plugins[0].Name, moduleSuffix)
	}
	b.About = b.Module.Plugins[i]
	if err := b.host.Load(ctx, name, wasm, limits); err != nil {
		return fmt.Errorf("%s: %w", b.File, err)
	}
	select {
	case <-b.host.Ready():
	case <-ctx.Done():
		return ctx.Err()
	}
	return b.host.Err()
}

// Triable is an error for a plugin that is neither asked about candidates nor about checks: only that can be tried and measured here.
func (b *Bench) Triable() error {
	if b.About.Kind != abi.KindRouting && b.About.Kind != abi.KindHealth {
		return fmt.Errorf("%s is a plugin of kind %s: golden decisions, fuzzing and measurements are for the kinds %s and %s; its own language's tests try it",
			b.About.Name, b.About.Kind, abi.KindRouting, abi.KindHealth)
	}
	return nil
}

// Judges tells whether the plugin is asked about checks.
func (b *Bench) Judges() bool { return b.About.Kind == abi.KindHealth }

// Close frees everything.
func (b *Bench) Close() {
	b.host.Close()
	if b.generous != nil {
		b.generous.Close()
	}
}

// Failure is a golden decision that came out otherwise.
type Failure struct {
	Pos   diag.Pos
	Case  string
	Notes []string // the candidates
	Given []string
	Got   []string
	Want  string
}

// String writes it for people, the place first.
func (f Failure) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", f.Pos, f.Case)
	for _, note := range f.Notes {
		fmt.Fprintf(&b, "    %s\n", note)
	}
	for _, given := range f.Given {
		fmt.Fprintf(&b, "  given %s\n", given)
	}
	for _, got := range f.Got {
		fmt.Fprintf(&b, "  got   %s\n", got)
	}
	fmt.Fprintf(&b, "  want  %s\n", f.Want)
	return b.String()
}

// Check runs golden decisions. checked counts those that it looked at. The list holds warnings, as facts that the plugin does not want.
func (b *Bench) Check(golden *Golden) (checked int, failures []Failure, warnings diag.List) {
	worker := b.host.NewWorker()
	defer func() { worker.Close() }()
	for i := range golden.Cases {
		c := &golden.Cases[i]
		r := caseRun{bench: b, worker: worker, c: c, terms: golden.Terms}
		r.run()
		worker = r.worker
		checked += r.checked
		failures = append(failures, r.failures...)
		warnings = append(warnings, r.warnings...)
	}
	return checked, failures, warnings
}

// caseRun is one case while it runs.
type caseRun struct {
	bench    *Bench
	worker   *plugin.Worker
	c        *Case
	terms    plugin.Terms
	checked  int
	failures []Failure
	warnings diag.List
}

func (r *caseRun) fail(pos diag.Pos, given, got []string, want string) {
	r.failures = append(r.failures, Failure{Pos: pos, Case: r.c.Name, Notes: r.c.Notes, Given: given, Got: got, Want: want})
}

func (r *caseRun) run() {
	var p *policy.Policy
	var j *plugin.Judge
	var diags diag.List
	if r.c.judged {
		j, diags = r.bench.host.Judge(&r.c.Spec, r.terms)
	} else {
		p, diags = r.bench.host.Route(&r.c.Spec, r.terms)
	}
	if p == nil && j == nil {
		r.refused(diags)
		return
	}
	for _, want := range r.c.Refused {
		r.checked++
		r.fail(want.Pos, nil, []string{"accepted"}, "refused "+want.Text)
	}
	for i := range r.c.Trials {
		r.decide(p, &r.c.Trials[i])
	}
	for i := range r.c.Hearings {
		r.hear(j, &r.c.Hearings[i])
	}
}

// refused compares the reasons with those that are wanted: each wants one, and none comes unwanted.
func (r *caseRun) refused(diags diag.List) {
	var got []string
	for _, d := range diags {
		got = append(got, "refused "+d.String())
	}
	if len(r.c.Refused) == 0 {
		r.checked++
		r.fail(r.c.Pos, nil, got, "accepted")
		return
	}
	unwanted := slices.Clone(diags)
	for _, want := range r.c.Refused {
		r.checked++
		before := len(unwanted)
		unwanted = slices.DeleteFunc(unwanted, func(d diag.Diagnostic) bool { return strings.Contains(d.Text, want.Text) })
		if len(unwanted) == before {
			r.fail(want.Pos, nil, got, "refused "+want.Text)
		}
	}
	for _, d := range unwanted {
		r.fail(d.Pos, nil, []string{"refused " + d.Text}, "no such message, or a line \"want refused "+d.Text+"\"")
	}
}

// decide compares one decision with what is wanted of it.
func (r *caseRun) decide(p *policy.Policy, t *Trial) {
	r.warn(p, t)
	d := policy.Decision{Explain: true}
	r.worker.Decide(p, &t.Facts, &d)
	for _, want := range t.Want {
		r.checked++
		if d.Fallback {
			problem := d.Steps[len(d.Steps)-1].Problem
			if r.bench.generous == nil { // only the first time: an endless loop takes a second of it
				problem = r.bench.heading(&r.c.Spec, []policy.Facts{t.Facts}, r.terms, problem)
			}
			r.fail(want.pos, t.Given, []string{"the plugin failed: " + problem}, want.text)
			r.again()
			return
		}
		if !want.met(&t.Facts, &d) {
			r.fail(want.pos, t.Given, describeResult(p.IDs, &t.Facts, &d, want.kind == wantPercent), want.text)
		}
	}
}

// again takes a worker and a breaker that know of no failure, so that what one decision did is not told of the next.
func (r *caseRun) again() {
	r.worker.Close()
	r.worker = r.bench.host.NewWorker()
	r.bench.host.Forgive(r.bench.About.Name)
}

// warn tells of facts that are given and that nobody sees.
func (r *caseRun) warn(p *policy.Policy, t *Trial) {
	chain := strings.Join(p.Chain, "+")
	for _, fact := range []struct {
		given bool
		name  string
		wants policy.Wants
	}{
		// A client is given for the scope, too.
		{t.Facts.Client.IsValid() && !t.wantsScope() && p.Wants&(policy.WantsGeo|policy.WantsLatency) == 0, abi.WantClient, policy.WantsClient},
		{t.Facts.Place != geo.Place{}, abi.WantGeo, policy.WantsGeo},
		{t.Facts.Latency != nil, abi.WantLatency, policy.WantsLatency},
	} {
		if fact.given && p.Wants&fact.wants == 0 {
			r.warnings.Warnf(t.Pos, "%s does not want %s, so it does not see what is given of it", chain, fact.name)
		}
	}
}

func (t *Trial) wantsScope() bool {
	return slices.ContainsFunc(t.Want, func(e Expectation) bool { return e.kind == wantScope })
}
