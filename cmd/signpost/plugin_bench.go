package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/workshop"
)

func newPluginBench() *cobra.Command {
	each, goldenFile, asJSON := time.Duration(0), "", false
	command := &cobra.Command{
		Use:   "bench [DIR|FILE.wasm]",
		Short: "Measure what a plugin's decisions cost",
		Long: `Bench times decisions on the host that runs a plugin in production: each policy of
golden.txt beside the module, or one that is drawn at random, about random facts; of a
health plugin verdicts, about checks and histories of one vantage point. A unit of fuel is about one instruction, and no decision may spend more than its limit.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			report, err := measure(ctx, dirArgument(args), goldenFile, each, command.ErrOrStderr())
			if err != nil {
				return &failure{err}
			}
			return printReport(command.OutOrStdout(), report, asJSON)
		},
	}
	set := command.Flags()
	set.SortFlags = false
	set.DurationVar(&each, "time", time.Second, "measure each policy for `TIME`")
	set.StringVar(&goldenFile, "golden", "", "take policies from `FILE` (default: golden.txt beside the module)")
	set.BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// benchReport is the JSON form of what plugin bench saw.
type benchReport struct {
	File         string                 `json:"file"`
	Plugin       string                 `json:"plugin"`
	Version      string                 `json:"version"`
	CompileNanos time.Duration          `json:"compileNanos"` // little when the compiled code was kept
	StartNanos   time.Duration          `json:"startNanos"`   // of an instance
	StartFuel    uint64                 `json:"startFuel"`
	StartLimit   uint64                 `json:"startLimit"`
	Memory       uint32                 `json:"memory"` // bytes of an instance that has started
	MemoryLimit  uint32                 `json:"memoryLimit"`
	Policies     []workshop.Measurement `json:"policies"` // or checks
	judges       bool
}

func measure(ctx context.Context, target, goldenFile string, each time.Duration, log io.Writer) (*benchReport, error) {
	if each <= 0 {
		return nil, fmt.Errorf("--time %v: a measurement takes some time", each)
	}
	file, err := moduleOf(ctx, target, log)
	if err != nil {
		return nil, err
	}
	given := goldenFile != ""
	if !given {
		goldenFile = filepath.Join(filepath.Dir(file), workshop.GoldenFile)
	}
	golden, err := readGolden(goldenFile)
	if errors.Is(err, fs.ErrNotExist) && !given {
		golden, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	bench, err := openBench(ctx, file, golden)
	if err != nil {
		return nil, err
	}
	defer bench.Close()
	m := bench.Module
	report := &benchReport{File: file, Plugin: bench.About.Name, Version: bench.About.Version, CompileNanos: m.Compile, StartNanos: m.Start,
		StartFuel: m.StartFuel, StartLimit: m.StartLimit, Memory: m.Memory, MemoryLimit: m.Limits.Memory, judges: bench.Judges()}
	report.Policies, err = bench.Measure(ctx, golden, each)
	return report, err
}

func (r *benchReport) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "%s %s\n\n", r.Plugin, r.Version)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	subjects := "candidates\t  policy"
	if r.judges {
		subjects = "vantage points\t  check"
	}
	_, decisions := decisionWords(r.judges)
	fmt.Fprintln(table, "ns mean\tp50\tp99\tfuel p50\tmost\tof\t"+subjects)
	for _, m := range r.Policies {
		fmt.Fprintf(table, "%.0f\t%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", m.MeanNanos, m.P50Nanos, m.P99Nanos, m.FuelP50, m.FuelMost, m.FuelLimit, m.Candidates, m.Name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nstart   %v, %d of %d fuel; compiled or read from the cache in %v\n",
		r.StartNanos.Round(time.Microsecond), r.StartFuel, r.StartLimit, r.CompileNanos.Round(time.Millisecond))
	_, err := fmt.Fprintf(w, "memory  %s of %s for each worker\n", byteCount(int64(r.Memory)), byteCount(int64(r.MemoryLimit)))
	for _, m := range r.Policies {
		if m.Failed > 0 {
			_, err = fmt.Fprintf(w, "%s: %d of %d %s failed, so these figures are not the plugin's: %s\n", m.Name, m.Failed, m.Decisions, decisions, m.Problem)
		}
		if m.MemoryMost > m.Memory {
			_, err = fmt.Fprintf(w, "%s: memory grew from %s to %s in %d %s: it allocates, and will cost a new instance now and then\n",
				m.Name, byteCount(int64(m.Memory)), byteCount(int64(m.MemoryMost)), m.Decisions, decisions)
		}
	}
	return err
}
