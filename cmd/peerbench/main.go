// Command peerbench runs Signpost and the name servers it is measured against, one after the other, on the same
// zones under the same load, and prints one table per load.
//
// Plane: none, a measuring tool. Floor: 7. Journey: stands outside all of them and asks over the wire.
//
//	go run ./cmd/peerbench                      # everything that is installed; about half an hour
//	go run ./cmd/peerbench --quick              # a smoke run; the figures mean little
//	go run ./cmd/peerbench --peers signpost,nsd --loads static,reload --rounds 5
//
// It needs dnsperf on the PATH for the query loads. NSD, Knot, gdnsd, PowerDNS (with the bind backend), BIND and
// CoreDNS take part if they are installed; a server that is not, or does not start, is named in the notes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"signpost/host/reply"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == echoCommand {
		threads, err := strconv.Atoi(os.Args[3])
		if err == nil {
			err = echo(os.Args[2], threads)
		}
		fmt.Fprintln(os.Stderr, "peerbench echo:", err)
		os.Exit(1)
	}
	// Every server is started from this goroutine and told to die with its thread, so the thread must stay.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
}

// usageError is a mistake on the command line: exit 2.
type usageError string

func (e usageError) Error() string { return string(e) }

// options is the command line.
type options struct {
	peers, loads []string
	rounds       int
	duration     time.Duration // of one saturating run
	rate         int           // queries per second of the latency run; 0 leaves it out
	names        int           // A records of the static zone
	sizes        []int         // A records of the load-and-reload zones
	edits        int
	firstPort    int
	signpost     string // a built binary; empty: build one
	limit        time.Duration
	quick, json  bool
	keep         bool
}

// quickDefaults are what --quick makes of flags that are not given beside it.
var quickDefaults = map[string]string{"rounds": "1", "duration": "500ms", "rate": "2000", "edits": "10", "sizes": "1000"}

// parseOptions reads the command line.
func parseOptions(args []string, usage io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("peerbench", flag.ContinueOnError)
	flags.SetOutput(usage)
	peers := flags.String("peers", "all", "servers to run, comma separated: "+strings.Join(peerNames(), ", "))
	loads := flags.String("loads", "all", "what to measure, comma separated: "+strings.Join(loadNames, ", "))
	flags.IntVar(&o.rounds, "rounds", 3, "how often every measurement is repeated; tables show medians")
	flags.DurationVar(&o.duration, "duration", 5*time.Second, "length of one run at full load (the run at a fixed rate takes half of it)")
	flags.IntVar(&o.rate, "rate", 10_000, "queries per second of the latency run, at most half of what the server reached; 0 leaves it out")
	flags.IntVar(&o.names, "names", 10_000, "A records in the zone of the query loads")
	sizes := flags.String("sizes", "1000,1000000", "A records in the zones of the reload load")
	flags.IntVar(&o.edits, "edits", 100, "saves of a small zone, of each kind, in the save load")
	flags.IntVar(&o.firstPort, "port", 6100, "first of 200 loopback ports to use")
	flags.StringVar(&o.signpost, "signpost", "", "a built signpost binary (default: build this module's)")
	flags.DurationVar(&o.limit, "limit", 2*time.Hour, "stop after this long and print what there is")
	flags.BoolVar(&o.quick, "quick", false, "a smoke run: one short round, small zones")
	flags.BoolVar(&o.json, "json", false, "print every single measurement as JSON instead of tables")
	flags.BoolVar(&o.keep, "keep", false, "keep the directory with configurations and logs, and print its path")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, usageError(err.Error())
	}
	if o.quick {
		given := map[string]bool{}
		flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, value := range quickDefaults {
			if !given[name] {
				if err := flags.Set(name, value); err != nil {
					return o, err
				}
			}
		}
	}
	return o, o.check(*peers, *loads, *sizes, flags.Args())
}

// check splits and validates what flag cannot.
func (o *options) check(peers, loads, sizes string, rest []string) error {
	if len(rest) > 0 {
		return usageError("unexpected argument " + strconv.Quote(rest[0]))
	}
	var err error
	if o.peers, err = choose("peer", peers, peerNames()); err != nil {
		return err
	}
	if o.loads, err = choose("load", loads, loadNames); err != nil {
		return err
	}
	for _, text := range strings.Split(sizes, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || size < 1 || size > recordsMax {
			return usageError(fmt.Sprintf("size %q is not a number in 1..%d", text, recordsMax))
		}
		o.sizes = append(o.sizes, size)
	}
	switch {
	case o.names < 1 || o.names > recordsMax:
		return usageError(fmt.Sprintf("names %d is outside 1..%d", o.names, recordsMax))
	case o.rounds < 1:
		return usageError(fmt.Sprintf("rounds %d is less than 1", o.rounds))
	case o.duration < 100*time.Millisecond:
		return usageError(fmt.Sprintf("duration %s is less than 100ms", o.duration))
	case o.rate < 0:
		return usageError(fmt.Sprintf("rate %d is negative", o.rate))
	case o.edits < 1:
		return usageError(fmt.Sprintf("edits %d is less than 1", o.edits))
	case o.firstPort < 1 || o.firstPort > 65536-portCount:
		return usageError(fmt.Sprintf("port %d is outside 1..%d", o.firstPort, 65536-portCount))
	}
	return nil
}

// choose splits a comma separated list and keeps the order of known.
func choose(what, list string, known []string) ([]string, error) {
	if list == "all" {
		return known, nil
	}
	asked := map[string]bool{}
	for _, name := range strings.Split(list, ",") {
		asked[strings.TrimSpace(name)] = true
	}
	var chosen []string
	for _, name := range known {
		if asked[name] {
			chosen = append(chosen, name)
			delete(asked, name)
		}
	}
	for name := range asked {
		return nil, usageError(fmt.Sprintf("%s %q is unknown; known are %s", what, name, strings.Join(known, ", ")))
	}
	return chosen, nil
}

// run is the program: measure, then print.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	b, err := newBench(ctx, o, stderr)
	if err != nil {
		return err
	}
	defer b.close()
	b.measure(ctx)
	if o.json {
		return reply.WriteJSON(stdout, b.report())
	}
	return writeTables(stdout, b.report())
}
