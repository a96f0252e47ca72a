package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"signpost/host"
	"signpost/host/reply"
)

func newPluginList() *cobra.Command {
	running, asJSON := adminFlags{}, false
	command := &cobra.Command{
		Use:   "list [DIR]",
		Short: "List the plugins that zones may name",
		Long: `List shows the built-in plugins and those in plugins/*.wasm of a directory (the
current one if DIR is left out), as a server of it would have them, or with --admin
those of a running server, with what they did since they were loaded. The exit status
is 1 if one of them does not work.`,
		Example: `  signpost plugin list zonefiles
  signpost plugin list --admin 127.0.0.1:5380`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDir,
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			if running.addr != "" {
				if len(args) > 0 {
					return errors.New("either DIR or --admin, not both")
				}
				if err := running.parse(); err != nil {
					return err
				}
			}
			list, err := listPlugins(ctx, dirArgument(args), &running)
			if err != nil {
				return &failure{err}
			}
			if err := printPlugins(command.OutOrStdout(), list, asJSON, running.addr != ""); err != nil {
				return &failure{err}
			}
			for _, p := range list {
				if p.State != host.PluginReady {
					return errFindings
				}
			}
			return nil
		},
	}
	running.add(command, "", "ask the server whose admin address is")
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return command
}

func listPlugins(ctx context.Context, dir string, running *adminFlags) ([]host.Plugin, error) {
	if running.addr == "" {
		return host.Plugins(ctx, dir)
	}
	text, err := running.ask(ctx, http.MethodGet, "/plugins", nil)
	if err != nil {
		return nil, err
	}
	var list []host.Plugin
	return list, json.Unmarshal(text, &list)
}

func printPlugins(w io.Writer, list []host.Plugin, asJSON, running bool) error {
	if asJSON {
		return reply.WriteJSON(w, list)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range list {
		from := "built-in"
		if p.File != "" {
			from = p.File
		}
		if p.Overrides {
			from += " (goes before the built-in)"
		}
		columns := []string{p.Name, p.Version, p.State, from}
		if running {
			columns = append(columns, fmt.Sprintf("%d decisions", p.Decisions), fmt.Sprintf("%d strikes", p.Strikes))
		}
		fmt.Fprintln(table, strings.Join(append(columns, p.Doc), "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, p := range list {
		if p.Problem != "" {
			fmt.Fprintf(w, "%s: %s\n", p.Name, p.Problem)
		}
	}
	return nil
}
