package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"signpost/host"
	"signpost/host/diag"
	"signpost/host/load"
	"signpost/host/reply"
)

func newCheck() *cobra.Command {
	asJSON := false
	command := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Find every mistake in the files of a directory, without serving them",
		Long: `Check reads a directory (the current one if DIR is left out) as serve would, and
prints each mistake as FILE:LINE:COLUMN: TEXT. The exit status is 1 if one of them
is an error, which would keep a file from being served, and 0 if there are only
warnings, or nothing.`,
		Example: `  signpost check zonefiles
  signpost check --json zonefiles | jq '.diagnostics[].file'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDir,
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			status, err := host.Check(ctx, dirArgument(args))
			if err != nil {
				return &failure{err}
			}
			if err := printFindings(command.OutOrStdout(), status, asJSON); err != nil {
				return &failure{err}
			}
			if status.Diagnostics.Errors() > 0 {
				return errFindings
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// findings is the JSON form of what check found.
type findings struct {
	Zones       int       `json:"zones"` // that can be served
	Records     int       `json:"records"`
	Errors      int       `json:"errors"`
	Warnings    int       `json:"warnings"`
	Diagnostics []finding `json:"diagnostics"`
}

type finding struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"` // from 1; left out where the whole file is meant
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
}

func printFindings(w io.Writer, status *load.Status, asJSON bool) error {
	found := findings{Records: status.Records(), Diagnostics: []finding{}}
	for _, z := range status.Zones {
		if !z.Broken {
			found.Zones++
		}
	}
	for _, d := range status.Diagnostics {
		if d.Severity == diag.Error {
			found.Errors++
		} else {
			found.Warnings++
		}
		found.Diagnostics = append(found.Diagnostics, finding{d.Pos.File, d.Pos.Line, d.Pos.Col, d.Severity.String(), d.Text})
	}
	if asJSON {
		return reply.WriteJSON(w, found)
	}
	for _, d := range status.Diagnostics {
		if _, err := fmt.Fprintln(w, d); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s, %s, %s, %s\n", diag.Count(found.Zones, "zone", "zones"), diag.Count(found.Records, "record", "records"),
		diag.Count(found.Errors, "error", "errors"), diag.Count(found.Warnings, "warning", "warnings"))
	return err
}
