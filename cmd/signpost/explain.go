package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"signpost/host/config"
	"signpost/host/explain"
)

type explainFlags struct {
	client, source string
	listener, key  string
	dir            string
	admin          adminFlags
	down           []string
	asJSON         bool
}

func newExplain() *cobra.Command {
	flags := explainFlags{}
	command := &cobra.Command{
		Use:   "explain NAME [TYPE] --client IP[/LEN]",
		Short: "Tell why a client gets its answer, with exact percentages",
		Long: `Explain answers a question as the server would, on the code that serves, and says
how it came about: the view and why, the zone, the policy with every candidate,
its health, its weight after each plugin, its exact chance, the facts that were
used, scope and TTL. What a name leads to (ALIAS, CNAME) is explained beneath it.

It asks the running server at --admin, or loads the directory of --dir. Without
either it asks ` + config.Default().Admin + ` and, if nothing listens there, loads the
current directory.

TYPE is A unless it is given. --client is who asks: an address, or the network
that a resolver names for its client (RFC 7871).`,
		Example: `  signpost explain app.example.com --client 203.0.113.9
  signpost explain app.example.com AAAA --client 2001:db8::/48 --dir zonefiles
  signpost explain db.example.com --client 203.0.113.0/24 --source 10.0.0.1 --down main
  signpost explain app.example.com --client 203.0.113.9 --json | jq '.answers'`,
		Args: cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(command *cobra.Command, args []string) error { return flags.run(command, args) },
	}
	set := command.Flags()
	set.SortFlags = false
	set.StringVar(&flags.client, "client", "", "explain for this client `IP[/LEN]`; the source if it is left out")
	set.StringVar(&flags.source, "source", "", "the query comes from `IP`, which decides the view; the client's address if it is left out")
	set.StringVar(&flags.listener, "listener", "", "the query comes in at `IP:PORT`; matters where a view has listeners of its own")
	set.StringVar(&flags.key, "key", "", "the query is signed with the TSIG key `NAME`; matters where a view has keys")
	set.StringVar(&flags.dir, "dir", "", "load the files of `DIR`")
	flags.admin.add(command, "", "ask the running server whose admin address is")
	set.StringArrayVar(&flags.down, "down", nil, "what if the candidate with this `ID` were down; may be repeated")
	set.BoolVar(&flags.asJSON, "json", false, "print one JSON object")
	command.MarkFlagsMutuallyExclusive("dir", "admin")
	return command
}

func (f *explainFlags) run(command *cobra.Command, args []string) error {
	values := url.Values{"name": args[:1], "down": f.down}
	if len(args) == 2 {
		values.Set("type", args[1])
	}
	values.Set("client", f.client)
	if f.source != "" {
		values.Set("source", f.source)
	}
	if f.listener != "" {
		values.Set("listener", f.listener)
	}
	if f.key != "" {
		values.Set("key", f.key)
	}
	q, err := explain.ParseQuestion(values)
	if err != nil {
		return err
	}
	asked := f.admin.addr != ""
	if !asked {
		f.admin.addr = config.Default().Admin
	}
	if err := f.admin.parse(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var report *explain.Report
	switch {
	case f.dir != "":
		report, err = explainDir(ctx, f.dir, q)
	default:
		report, err = explainLive(ctx, &f.admin, values)
		if !asked && errors.Is(err, errAbsent) {
			report, err = explainDir(ctx, ".", q)
		}
	}
	if err != nil {
		return &failure{err}
	}
	return printReport(command.OutOrStdout(), report, f.asJSON)
}

func explainDir(ctx context.Context, dir string, q *explain.Question) (*explain.Report, error) {
	d, err := openWarning(ctx, os.Stderr, dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Explain(q)
}

func explainLive(ctx context.Context, flags *adminFlags, values url.Values) (*explain.Report, error) {
	text, err := flags.ask(ctx, http.MethodGet, "/explain?"+values.Encode(), nil)
	if err != nil {
		return nil, err
	}
	report := new(explain.Report)
	if err := json.Unmarshal(text, report); err != nil {
		return nil, fmt.Errorf("%s: %w", flags.addr, err)
	}
	return report, nil
}
