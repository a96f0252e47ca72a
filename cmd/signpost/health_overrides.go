package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/admin"
	"signpost/host/diag"
)

func newHealthOverrides() *cobra.Command {
	flags := &healthFlags{}
	command := &cobra.Command{
		Use:   "overrides",
		Short: "List what operators say of candidates, and the file that it is in",
		Long: `Overrides lists what "health set" and the file say of candidates, the latest last,
which counts: the pattern, the word, how many of the candidates that it names it
holds, since when, until when, and why. Where the file has a mistake, or could not be
written, it says so and exits with 1.`,
		Example: `  signpost health overrides
  signpost health overrides --json | jq -r '.overrides[] | select(.by == "ann@desk") | .pattern'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			trouble := false
			err := flags.ask(command, http.MethodGet, "/overrides", nil, func(out io.Writer, text []byte, wrapped bool) (err error) {
				trouble, err = printOverrides(out, text, wrapped)
				return err
			})
			if err == nil && trouble {
				return errFindings
			}
			return err
		},
	}
	set := command.Flags()
	set.SortFlags = false
	flags.add(command)
	_ = set.MarkHidden("view")
	return command
}

// printOverrides prints a line for each override, and tells whether something is wrong with their file.
func printOverrides(out io.Writer, text []byte, wrapped bool) (trouble bool, err error) {
	var list admin.OverrideList
	if err := json.Unmarshal(text, &list); err != nil {
		return false, &failure{err}
	}
	now := time.Now()
	rows := [][]string{{"pattern", "says", "holds", "since", "until", "why"}}
	for _, o := range list.Overrides {
		until, why := "", "says "+o.By
		if o.Until != nil {
			until = when(*o.Until, now)
		}
		if o.Reason != "" {
			why = o.Reason + ", " + why
		}
		rows = append(rows, []string{o.Pattern, o.State, fmt.Sprintf("%d of %d", o.Held, o.Candidates), when(o.At, now), until, why})
	}
	if len(list.Overrides) == 0 {
		fmt.Fprintln(out, "no overrides")
	} else if err := printRows(out, rows, wrapped); err != nil {
		return false, err
	}
	if list.File != "" {
		fmt.Fprintf(out, "\nin %s\n", diag.OneLine(list.File))
	}
	for _, line := range list.Diagnostics {
		fmt.Fprintln(out, diag.OneLine(line))
	}
	if list.Trouble != "" {
		fmt.Fprintf(out, "changes that a restart forgets: %d: %s\n", list.Unsaved, diag.OneLine(list.Trouble))
	}
	return list.Trouble != "" || list.Mistaken, nil
}
