package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"signpost/host/reply"
	"signpost/host/workshop"
)

func newPluginBuild() *cobra.Command {
	asJSON := false
	command := &cobra.Command{
		Use:   "build [DIR]",
		Short: "Build a plugin with its language's ordinary tools",
		Long: `Build runs the steps of build.json in a plugin's folder (the current one if DIR is
left out) and prints each command before it runs. What it makes is NAME.wasm there.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDir,
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			output, err := workshop.Build(ctx, dirArgument(args), command.ErrOrStderr())
			if err != nil {
				return &failure{err}
			}
			info, err := os.Stat(output)
			if err != nil {
				return &failure{err}
			}
			if asJSON {
				return reply.WriteJSON(command.OutOrStdout(), map[string]any{"file": output, "size": info.Size()})
			}
			_, err = fmt.Fprintf(command.OutOrStdout(), "%s, %s\n", output, byteCount(info.Size()))
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// byteCount writes a size for people.
func byteCount(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
