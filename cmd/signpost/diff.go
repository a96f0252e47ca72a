package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"signpost/host"
	"signpost/host/diag"
	"signpost/host/explain"
)

func newDiff() *cobra.Command {
	clients, maxShift, asJSON := "", "", false
	command := &cobra.Command{
		Use:   "diff DIR_A DIR_B",
		Short: "Tell what changes for clients from one directory to another, with exact shares",
		Long: `Diff loads two directories and compares what clients get from them: which records
changed and, of names that a policy routes, which share of the answers moves from
where to where. It compares answers, not annotations: a candidate that is only
renamed moves nothing. Shares are computed for each client network, not sampled.

The client networks are a sample of the Internet's, two /24 of each /8 and 72 /48,
and every network that the two directories know: those of views, collections,
annotations and geographic databases. All count the same. --clients FILE replaces
them: an address or prefix a line, and its weight behind it.

The exit status is 0 if nothing changes and 1 if something does. With --max-shift
it is 1 only if some name moves more of its answers than that: a gate for CI. A
record set without a policy moves as well when its records change; one that is
added moves nothing, one that is removed moves all.`,
		Example: `  signpost diff zonefiles /tmp/candidate
  signpost diff --max-shift 5% production candidate
  signpost diff --clients resolvers.txt --json production candidate | jq '.names'`,
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			limit, err := parsePercent(maxShift)
			if err != nil {
				return fmt.Errorf("--max-shift: %w", err)
			}
			sample, err := clientsFrom(clients)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			difference, err := diff(ctx, command.ErrOrStderr(), args[0], args[1], sample)
			if err != nil {
				return &failure{err}
			}
			if err := printReport(command.OutOrStdout(), difference, asJSON); err != nil {
				return err
			}
			if maxShift == "" && !difference.Empty() || maxShift != "" && difference.MaxShift > limit+1e-9 {
				return errFindings
			}
			return nil
		},
	}
	set := command.Flags()
	set.SortFlags = false
	set.StringVar(&clients, "clients", "", "compare for the client networks in `FILE`, one a line, with a weight behind it")
	set.StringVar(&maxShift, "max-shift", "", "exit with 1 only if a name moves more than `PERCENT` of its answers, such as 5%")
	set.BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

// parsePercent reads "5%" or "5"; "" is 0.
func parsePercent(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
	if err != nil || !(value >= 0 && value <= 100) {
		return 0, fmt.Errorf("%q is no percentage from 0%% to 100%%", text)
	}
	return value, nil
}

// clientsFrom reads a file of clients; nil without one.
func clientsFrom(path string) ([]explain.Client, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--clients: %w", err)
	}
	list, err := explain.ParseClients(string(text))
	if err != nil {
		return nil, fmt.Errorf("--clients: %s: %w", path, err)
	}
	return list, nil
}

func diff(ctx context.Context, stderr io.Writer, before, now string, clients []explain.Client) (*explain.Difference, error) {
	a, err := openWarning(ctx, stderr, before)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	b, err := openWarning(ctx, stderr, now)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if clients == nil {
		clients = explain.Sample(&a.Server, &b.Server)
	}
	return explain.Diff(&a.Server, &b.Server, clients), nil
}

// openWarning loads a directory, and says which files of it cannot be served: their names answer SERVFAIL.
func openWarning(ctx context.Context, stderr io.Writer, dir string) (*host.Directory, error) {
	d, err := host.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, found := range d.Status.Diagnostics {
		if found.Severity == diag.Error {
			fmt.Fprintf(stderr, "signpost: %s: %v\n", dir, found)
		}
	}
	return d, nil
}
