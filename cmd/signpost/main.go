// Command signpost is the server's command line: serve, check, explain, diff, replay, plugin, health, timeline, version.
//
// Plane: control. Floor: 7. Journey: before and after all. It turns flags into host.Options, signals into calls and errors into exit codes:
// 0 for success, 1 for a finding or a failure, 2 for a command line that makes no sense.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"signpost/host/diag"
	"signpost/host/reply"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The exit codes.
const (
	exitSuccess = iota
	exitFailure
	exitUsage
)

// failure is an error of the work, as opposed to one of the command line.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// errFindings ends check: what was found is printed already.
var errFindings = errors.New("errors were found")

// run is the program without the process around it.
func run(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteC()
	var failed *failure
	switch {
	case err == nil:
		return exitSuccess
	case errors.Is(err, errFindings):
		return exitFailure
	case errors.As(err, &failed):
		fmt.Fprintf(stderr, "signpost: %v\n", err)
		return exitFailure
	}
	fmt.Fprintf(stderr, "signpost: %v\nsee %s --help\n", err, command.CommandPath())
	return exitUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "signpost",
		Short: "A DNS server that answers from zone files the moment they are saved",
		Long: `Signpost is a DNS server. It serves the zone files of a directory, answers from a
new version the moment a file is saved, and routes names by policies that stand
beside the records: shares of the traffic, regions, health.`,
		Example: `  signpost serve zonefiles                        serve the directory on the usual addresses
  signpost serve /etc/zones --listen :53          on port 53 of every address of this machine
  signpost check zonefiles                        find every mistake without serving anything`,
		Args:          noCommand,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			return command.Help()
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(newServe(), newCheck(), newExplain(), newDiff(), newReplay(), newPlugin(), newHealth(), newStatus(), newMetrics(), newTimeline(), newVersion())
	root.InitDefaultHelpCmd()
	for _, command := range root.Commands() {
		if command.Name() == "help" {
			command.Short = "Explain a command, as --help behind it does"
			command.Args = func(_ *cobra.Command, args []string) error {
				_, unknown, err := root.Find(args)
				return cmp.Or(err, noCommand(root, unknown)) // cobra itself would print the general help and succeed
			}
		}
	}
	return root
}

// noCommand refuses a first word that is no command, and names the nearest one.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, command := range root.Commands() {
		names = append(names, command.Name())
	}
	return fmt.Errorf("unknown command %q%s", args[0], diag.DidYouMean(args[0], names))
}

// dirArgument takes DIR, the current directory if it is left out.
func dirArgument(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// printReport writes what a command found out, for programs or for people.
func printReport(out io.Writer, report interface{ WriteText(io.Writer) error }, asJSON bool) error {
	write := report.WriteText
	if asJSON {
		write = func(out io.Writer) error { return reply.WriteJSON(out, report) }
	}
	if err := write(out); err != nil {
		return &failure{err}
	}
	return nil
}

// completeDir has shells offer directories.
func completeDir(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}
