package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"signpost/host"
	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/reply"
	"signpost/host/workshop"
)

// trialFlags are those of plugin test.
type trialFlags struct {
	golden string
	fuzz   time.Duration
	seed   uint64
	asJSON bool
}

func newPluginTest() *cobra.Command {
	var flags trialFlags
	command := &cobra.Command{
		Use:   "test [DIR|FILE.wasm]",
		Short: "Try a plugin on the host that runs it in production",
		Long: `Test builds the plugin of a folder (the current one if DIR is left out), or takes a
module as it is, and compares what it decides with golden.txt beside it: policies,
facts, and the exact weights that are wanted; or of a health plugin checks, histories
of probes, and the verdicts that are wanted.

With --fuzz it also tries what the plugin claims, on random policies and facts: it
never fails, remembers nothing, does not depend on facts that it does not want, and
its answers hold for the scope that it says. A health plugin is tried on random checks
and histories. What it finds is printed as a golden
decision, to be pasted into golden.txt. The exit status is 1 if anything is found.`,
		Example: `  signpost plugin test
  signpost plugin test canary --fuzz 5s
  signpost plugin test plugins/canary.wasm --golden canary.txt --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			found, err := flags.run(ctx, dirArgument(args), command)
			if err != nil {
				return &failure{err}
			}
			if found {
				return errFindings
			}
			return nil
		},
	}
	set := command.Flags()
	set.SortFlags = false
	set.DurationVar(&flags.fuzz, "fuzz", 0, "try random policies and facts for `TIME`, as 5s")
	set.Uint64Var(&flags.seed, "seed", 0, "draw them from `NUMBER`, to see the same again (default: another one each time)")
	set.StringVar(&flags.golden, "golden", "", "read golden decisions from `FILE` (default: golden.txt beside the module)")
	set.BoolVar(&flags.asJSON, "json", false, "print one JSON object")
	return command
}

// trial is the JSON form of what plugin test saw.
type trial struct {
	File     string               `json:"file"`
	Plugin   string               `json:"plugin"`
	Version  string               `json:"version"`
	Golden   string               `json:"golden,omitempty"`
	Checked  int                  `json:"checked"` // golden decisions and refusals
	Failures []goldenFailure      `json:"failures"`
	Warnings []finding            `json:"warnings"`
	Fuzz     *workshop.FuzzReport `json:"fuzz,omitempty"`
}

type goldenFailure struct {
	File  string   `json:"file"`
	Line  int      `json:"line"`
	Case  string   `json:"case"`
	Notes []string `json:"candidates"`
	Given []string `json:"given"`
	Got   []string `json:"got"`
	Want  string   `json:"want"`
}

func (t *trial) found() bool {
	return len(t.Failures) > 0 || t.Fuzz != nil && len(t.Fuzz.Finds) > 0
}

func (flags *trialFlags) run(ctx context.Context, target string, command *cobra.Command) (found bool, err error) {
	file, err := moduleOf(ctx, target, command.ErrOrStderr())
	if err != nil {
		return false, err
	}
	golden, err := flags.readGolden(file)
	if err != nil {
		return false, err
	}
	bench, err := openBench(ctx, file, golden)
	if err != nil {
		return false, err
	}
	defer bench.Close()
	if err := bench.Triable(); err != nil {
		return false, err
	}
	out := command.OutOrStdout()
	result := trial{File: file, Plugin: bench.About.Name, Version: bench.About.Version, Failures: []goldenFailure{}, Warnings: []finding{}}
	if golden != nil {
		checked, failures, warnings := bench.Check(golden)
		result.Golden, result.Checked = golden.File, checked
		for _, f := range failures {
			result.Failures = append(result.Failures, goldenFailure{f.Pos.File, f.Pos.Line, f.Case, f.Notes, f.Given, f.Got, f.Want})
		}
		for _, d := range warnings {
			result.Warnings = append(result.Warnings, finding{d.Pos.File, d.Pos.Line, d.Pos.Col, d.Severity.String(), d.Text})
		}
		if !flags.asJSON {
			printGolden(out, &result, failures, warnings, bench.Judges())
		}
	}
	if flags.fuzz > 0 {
		if result.Fuzz, err = flags.runFuzz(ctx, bench, golden); err != nil {
			return false, err
		}
		if !flags.asJSON {
			printFuzz(out, result.Fuzz, flags.fuzz, bench.Judges())
		}
	}
	if flags.asJSON {
		err = reply.WriteJSON(out, result)
	}
	return result.found(), err
}

// moduleOf builds the plugin of a folder; a file is taken as it is.
func moduleOf(ctx context.Context, target string, log io.Writer) (string, error) {
	info, err := os.Stat(target)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return target, nil
	}
	return workshop.Build(ctx, target, log)
}

// readGolden reads golden decisions; nil when there are none and something else is to be done.
func (flags *trialFlags) readGolden(module string) (*workshop.Golden, error) {
	file := flags.golden
	if file == "" {
		file = filepath.Join(filepath.Dir(module), workshop.GoldenFile)
	}
	golden, err := readGolden(file)
	if errors.Is(err, fs.ErrNotExist) && flags.golden == "" {
		if flags.fuzz > 0 {
			return nil, nil
		}
		return nil, fmt.Errorf("there is no %s: write golden decisions into it, or use --fuzz 5s", file)
	}
	return golden, err
}

// readGolden reads a file of golden decisions that is in order.
func readGolden(file string) (*workshop.Golden, error) {
	golden, diags, err := workshop.ReadGolden(file)
	if err == nil && len(diags) > 0 {
		err = diagnosticsError(diags)
	}
	return golden, err
}

// diagnosticsError is diagnostics as an error, one a line.
type diagnosticsError diag.List

func (e diagnosticsError) Error() string {
	text := "golden decisions that cannot be read:"
	for _, d := range e {
		text += "\n" + d.String()
	}
	return text
}

// openBench puts a module on the bench, with the limits that a file in plugins/ has.
func openBench(ctx context.Context, file string, golden *workshop.Golden) (*workshop.Bench, error) {
	options := workshop.Options{CacheDir: host.CacheDir(), Limits: plugin.Limits{Memory: uint32(config.DefaultPluginLimits().Memory)}}
	name := filepath.Base(file)
	name = name[:len(name)-len(filepath.Ext(name))]
	options.Builtin = golden != nil && golden.Chained(name)
	return workshop.Open(ctx, file, options)
}

func (flags *trialFlags) runFuzz(ctx context.Context, bench *workshop.Bench, golden *workshop.Golden) (*workshop.FuzzReport, error) {
	seed := flags.seed
	if seed == 0 {
		seed = uint64(rand.Uint32())
	}
	return bench.Fuzz(ctx, workshop.FuzzOptions{Duration: flags.fuzz, Seed: seed, Golden: golden})
}

func printGolden(w io.Writer, t *trial, failures []workshop.Failure, warnings diag.List, judges bool) {
	decision, decisions := decisionWords(judges)
	one, many := "golden "+decision, "golden "+decisions
	for _, f := range failures {
		fmt.Fprintln(w, f)
	}
	for _, d := range warnings {
		fmt.Fprintln(w, d)
	}
	fmt.Fprintf(w, "%s %s: ", t.Plugin, t.Version)
	if len(failures) == 0 {
		fmt.Fprintf(w, "%s as wanted\n", diag.Count(t.Checked, one, many))
		return
	}
	fmt.Fprintf(w, "%s, %d not as wanted\n", diag.Count(t.Checked, one, many), len(failures))
}

// decisionWords are what a plugin's answers are called.
func decisionWords(judges bool) (one, many string) {
	if judges {
		return "verdict", "verdicts"
	}
	return "decision", "decisions"
}

func printFuzz(w io.Writer, r *workshop.FuzzReport, took time.Duration, judges bool) {
	policy, policies := "policy", "policies"
	if judges {
		policy, policies = "check", "checks"
	}
	decision, decisions := decisionWords(judges)
	for _, find := range r.Finds {
		fmt.Fprintf(w, "found: %s", find.What)
		if find.Detail != "" {
			fmt.Fprintf(w, ": %s", find.Detail)
		}
		fmt.Fprintf(w, "\n\n%s\n", find.Golden)
	}
	held := "every claim held"
	if len(r.Finds) > 0 {
		held = diag.Count(len(r.Finds), "claim", "claims") + " did not hold; --seed shows the same again"
	}
	fmt.Fprintf(w, "fuzz: %s (and %d that it refused), %s in %v, seed %d: %s\n", diag.Count(r.Policies, policy, policies), r.Refused,
		diag.Count(r.Decisions, decision, decisions), took, r.Seed, held)
	fmt.Fprintf(w, "fuel: at most %d of %d in a %s\n", r.FuelMost, r.FuelLimit, decision)
	if r.NoData > 0 {
		fmt.Fprintf(w, "no candidate: %.1f %% of the decisions\n", 100*float64(r.NoData)/float64(r.Decisions))
	}
}
