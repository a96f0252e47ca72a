package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/admin"
	"signpost/host/config"
	"signpost/host/diag"
)

// statusLinesMax bounds each list of the text; --json has more.
const statusLinesMax = 20

// statusLineLen is the longest line of the text on a terminal, as far as its words allow; programs get each thing in one line.
const statusLineLen = 80

func newStatus() *cobra.Command {
	running, asJSON := adminFlags{}, false
	command := &cobra.Command{
		Use:   "status",
		Short: "Show what the running server serves, and what is not as it should be",
		Long: `Status shows what the running server serves, which files are not up to date and why,
which checks and names are down, what operators hold, and which plugins do not work.
The exit status is 1 if something is wrong. What an operator holds down is not wrong
by itself.`,
		Example: `  signpost status
  signpost status --admin unix:/run/signpost/admin.sock
  signpost status --json | jq -r '.trouble[]'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := running.parse(); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			text, err := running.ask(ctx, http.MethodGet, "/status", nil)
			if err != nil {
				return &failure{err}
			}
			var report admin.Report
			if err = json.Unmarshal(text, &report); err == nil && asJSON {
				_, err = command.OutOrStdout().Write(text)
			} else if err == nil {
				err = printStatus(command.OutOrStdout(), &report, isTerminal(command.OutOrStdout()))
			}
			if err != nil {
				return &failure{err}
			}
			if len(report.Trouble) > 0 {
				return errFindings
			}
			return nil
		},
	}
	running.add(command, config.Default().Admin, "ask the server whose admin address is")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// printStatus prints a line for each thing that is well, and more for what is not. On a terminal, which wraps, long lines go on behind an indent.
func printStatus(out io.Writer, r *admin.Report, wraps bool) error {
	var b strings.Builder
	lenMax := 0
	if wraps {
		lenMax = statusLineLen
	}
	line := func(indent int, format string, values ...any) {
		b.WriteString(wrap(fmt.Sprintf(format, values...), lenMax, indent, lenMax) + "\n")
	}
	line(2, "Signpost %s serves %s, generation %d, up %s", r.Version, r.Directory, r.Generation, uptime(r.UptimeSeconds))
	_ = printTable(&b, statusRows(r), lenMax) // a strings.Builder takes everything
	for _, d := range r.Diagnostics[:min(len(r.Diagnostics), statusLinesMax)] {
		line(2, "%s", diagnosticText(&d))
	}
	if more := len(r.Diagnostics) - statusLinesMax; more > 0 {
		line(2, "and %d more; signpost check lists all", more)
	}
	if len(r.Trouble) == 0 {
		line(0, "all is well")
	}
	for _, trouble := range r.Trouble {
		line(7, "wrong: %s", diag.OneLine(trouble))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// statusRows are the labels and what stands behind them.
func statusRows(r *admin.Report) (rows [][]string) {
	add := func(label, format string, values ...any) {
		rows = append(rows, []string{"  " + label, fmt.Sprintf(format, values...)})
	}
	add("listening", "%s", strings.Join(r.Listen, ", "))
	for i, v := range r.Views {
		add(first(i, "views"), "%s: %s, %s", v.Name, diag.Count(v.Zones, "zone", "zones"), diag.Count(v.Records, "record", "records"))
	}
	if c := r.Candidates; c != (admin.CandidateCount{}) {
		add("candidates", "%d up, %d down, %d unknown", c.Up, c.Down, c.Unknown)
	}
	for i, check := range r.Checks[:min(len(r.Checks), statusLinesMax)] {
		add(first(i, "checks"), "%s (%s): %d up, %d down, %d unknown", check.Check, check.Kind, check.Up, check.Down, check.Unknown)
	}
	for i, t := range r.Down[:min(len(r.Down), statusLinesMax)] {
		add(first(i, "down"), "%s", downText(&t))
	}
	for i, o := range r.Overrides[:min(len(r.Overrides), statusLinesMax)] {
		add(first(i, "overrides"), "%s", overrideText(&o))
	}
	ready := 0
	for _, p := range r.Plugins {
		if p.State == admin.PluginReady.String() {
			ready++
		}
	}
	add("plugins", "%d of %d ready", ready, len(r.Plugins))
	return rows
}

// first is a label for the first line of a list.
func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}

// uptime prints days where there are some, and no fractions.
func uptime(seconds float64) string {
	d := time.Duration(seconds) * time.Second
	if days := d / (24 * time.Hour); days > 0 {
		return fmt.Sprintf("%dd%s", days, (d % (24 * time.Hour)).Truncate(time.Minute))
	}
	return d.String()
}

func downText(t *admin.Target) string {
	text := t.Check
	if t.Endpoint != "" {
		text += " at " + t.Endpoint
	}
	text += " since " + t.Since.Local().Format(time.DateTime)
	if t.Why != "" {
		text += ": " + t.Why
	}
	return fmt.Sprintf("%s; %s", text, diag.Count(t.UserCount, "candidate", "candidates"))
}

func overrideText(o *admin.OverrideReport) string {
	text := fmt.Sprintf("%s: %s, says %s: %s", o.Pattern, o.State, o.By, o.Reason)
	if o.Until != nil {
		text += "; until " + o.Until.Local().Format(time.DateTime)
	}
	return text
}

func diagnosticText(d *admin.Diagnostic) string {
	severity := diag.Error
	if d.Severity == diag.Warning.String() {
		severity = diag.Warning
	}
	return diag.Diagnostic{Pos: diag.Pos{File: d.File, Line: d.Line, Col: d.Column}, Severity: severity, Text: d.Text}.String()
}
