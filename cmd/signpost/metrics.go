package main

import (
	"io"

	"github.com/spf13/cobra"

	"signpost/host/metrics/grafana"
)

func newMetrics() *cobra.Command {
	command := &cobra.Command{
		Use:   "metrics",
		Short: "Print a Grafana dashboard and Prometheus alerts for the server's metrics",
		Long: `A running server has its metrics at /metrics of its admin address. These commands
print what to look at them with.`,
		Example: `  signpost metrics dashboard > signpost.json       import it in Grafana
  signpost metrics alerts > signpost.rules.yaml    name it in Prometheus's rule_files`,
		Args: ownCommands,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	for _, sub := range []struct {
		name, short string
		text        func() string
	}{
		{"dashboard", "Print a dashboard that Grafana imports", grafana.Dashboard},
		{"alerts", "Print alert rules for Prometheus's rule_files", grafana.Alerts},
	} {
		command.AddCommand(&cobra.Command{
			Use: sub.name, Short: sub.short, Args: cobra.NoArgs, ValidArgsFunction: cobra.NoFileCompletions,
			RunE: func(command *cobra.Command, _ []string) error {
				_, err := io.WriteString(command.OutOrStdout(), sub.text())
				return err
			},
		})
	}
	return command
}
