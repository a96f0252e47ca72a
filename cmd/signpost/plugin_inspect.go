package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"signpost/host"
	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/workshop"
	"signpost/sdk/abi"
)

func newPluginInspect() *cobra.Command {
	asJSON := false
	command := &cobra.Command{
		Use:   "inspect FILE.wasm|NAME",
		Short: "Show what a plugin is and what its annotations may say",
		Long: `Inspect loads a module as the server would, and shows its manifest, its sum, its
size, its memory and the fuel of its start, or why the server would not have it.
A word that is no file is the name of a built-in plugin.`,
		Example: `  signpost plugin inspect weighted
  signpost plugin inspect canary.wasm --json | jq -r .sha256`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			report, err := inspect(ctx, args[0])
			if err != nil {
				return &failure{err}
			}
			return printReport(command.OutOrStdout(), report, asJSON)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// inspection is the JSON form of what plugin inspect shows.
type inspection struct {
	File         string        `json:"file,omitempty"` // none: built-in
	Size         int           `json:"size"`
	SHA256       string        `json:"sha256"`
	CompileNanos time.Duration `json:"compileNanos"`
	StartNanos   time.Duration `json:"startNanos"`
	StartFuel    uint64        `json:"startFuel"`
	StartLimit   uint64        `json:"startLimit"`
	Memory       uint32        `json:"memory"`
	MemoryLimit  uint32        `json:"memoryLimit"`
	DecisionFuel uint64        `json:"decisionFuel"`          // of a decision with one candidate
	VerdictFuel  uint64        `json:"verdictFuel,omitempty"` // of a verdict about one vantage point; 0: it judges nothing
	Plugins      []abi.Plugin  `json:"plugins"`
}

func inspect(ctx context.Context, target string) (*inspection, error) {
	options := workshop.Options{CacheDir: host.CacheDir()}
	var found *workshop.Inspected
	r := &inspection{File: target}
	info, err := os.Stat(target)
	if err == nil && !info.IsDir() || strings.ContainsAny(target, `./\`) { // plugin new makes a folder that may be called as a built-in plugin
		options.Limits = plugin.Limits{Memory: uint32(config.DefaultPluginLimits().Memory)}
		if found, err = workshop.Inspect(ctx, target, options); err != nil {
			return nil, err
		}
	} else {
		r.File = ""
		var names []string
		if found, names, err = workshop.InspectBuiltin(ctx, target, options); err != nil {
			return nil, err
		}
		if found == nil {
			return nil, fmt.Errorf("%s is neither a file nor a built-in plugin%s", target, diag.DidYouMean(target, names))
		}
	}
	r.Size, r.SHA256, r.Plugins = found.Size, found.SHA256, found.Plugins
	r.CompileNanos, r.StartNanos, r.StartFuel, r.StartLimit = found.Compile, found.Start, found.StartFuel, found.StartLimit
	r.Memory, r.MemoryLimit, r.DecisionFuel = found.Memory, found.Limits.Memory, found.Limits.DecisionFuel(1)
	if slices.ContainsFunc(r.Plugins, func(p abi.Plugin) bool { return p.Kind == abi.KindHealth }) {
		r.VerdictFuel = found.Limits.VerdictFuel(1)
	}
	return r, nil
}

func (r *inspection) WriteText(w io.Writer) error {
	for i := range r.Plugins {
		p := &r.Plugins[i]
		fmt.Fprintf(w, "%s %s, %s: %s\n", p.Name, p.Version, p.Kind, p.Doc)
		wants := strings.Join(p.Wants, ", ")
		switch {
		case p.Kind == abi.KindHealth:
			wants = "nothing but the history of a check"
		case wants == "":
			wants = "no fact about the client: a decision is kept until a health state changes"
		}
		fmt.Fprintf(w, "  wants %s\n", wants)
		if len(p.Reasons) > 0 {
			fmt.Fprintf(w, "  says  %s\n", strings.Join(p.Reasons, "; "))
		}
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for j := range p.Attributes {
			a := &p.Attributes[j]
			fmt.Fprintf(table, "  %s=\t%s\t%s\n", a.Name, workshop.ValuesText(a), a.Doc)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	from := r.File
	if from == "" {
		from = "built-in, in one module with the others"
	}
	fmt.Fprintf(w, "file    %s, %s, sha256 %s\n", from, byteCount(int64(r.Size)), r.SHA256)
	fmt.Fprintf(w, "start   %v, %d of %d fuel; compiled or read from the cache in %v\n", r.StartNanos.Round(time.Microsecond), r.StartFuel, r.StartLimit,
		r.CompileNanos.Round(time.Millisecond))
	fuel := fmt.Sprintf("at most %d for a decision with one candidate", r.DecisionFuel)
	if r.VerdictFuel > 0 {
		fuel = fmt.Sprintf("at most %d for a verdict about one vantage point", r.VerdictFuel)
	}
	_, err := fmt.Fprintf(w, "memory  %s of %s for each worker\nfuel    %s\n", byteCount(int64(r.Memory)), byteCount(int64(r.MemoryLimit)), fuel)
	return err
}
