package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"signpost/host/explain"
)

func newReplay() *cobra.Command {
	against, asJSON := "", false
	command := &cobra.Command{
		Use:   "replay LOG DIR",
		Short: "Put recorded queries to a directory: what would they get, and for whom does that change",
		Long: `Replay reads a log of queries, loads a directory, and prints for each name how its
answers would be distributed over the clients that asked. LOG is a query log of
signpost serve (query-log in signpost.yaml) or a dnstap file; - is the standard
input. Names, types, client addresses, client subnets and TSIG keys count; nothing
is sent.

A query changes if the answer that it got cannot come any more. With --against,
what is compared is not what was recorded but another directory: then it is the
expected number of queries that get something else, exactly.

The exit status is 1 if something changes, and 0 otherwise.`,
		Example: `  signpost replay queries.log candidate
  signpost replay --against production queries.dnstap candidate
  zcat queries.log.*.gz | signpost replay - candidate --json | jq '.clients'`,
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			replay, err := replayed(ctx, command, args[0], args[1], against)
			if err != nil {
				return &failure{err}
			}
			if err := printReport(command.OutOrStdout(), replay, asJSON); err != nil {
				return err
			}
			if replay.Changed > 0 {
				return errFindings
			}
			return nil
		},
	}
	set := command.Flags()
	set.SortFlags = false
	set.StringVar(&against, "against", "", "compare with what the same queries get from `DIR`")
	set.BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

func replayed(ctx context.Context, command *cobra.Command, log, dir, against string) (*explain.Replay, error) {
	in := io.Reader(command.InOrStdin())
	if log != "-" {
		file, err := os.Open(log)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	recording, err := explain.ReadRecording(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", log, err)
	}
	if count, first := recording.Bad(); count > 0 {
		fmt.Fprintf(command.ErrOrStderr(), "signpost: %s: %d could not be read; the first: %v\n", log, count, first)
	}
	now, err := openWarning(ctx, command.ErrOrStderr(), dir)
	if err != nil {
		return nil, err
	}
	defer now.Close()
	if against == "" {
		return recording.Run(&now.Server, nil), nil
	}
	before, err := openWarning(ctx, command.ErrOrStderr(), against)
	if err != nil {
		return nil, err
	}
	defer before.Close()
	return recording.Run(&now.Server, &before.Server), nil
}
