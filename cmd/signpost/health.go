package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/admin"
	"signpost/host/config"
	"signpost/host/health"
)

// healthFlags are common to health and health set.
type healthFlags struct {
	admin  adminFlags
	view   string
	asJSON bool
}

func newHealth() *cobra.Command {
	flags := &healthFlags{}
	command := &cobra.Command{
		Use:   "health [NAME]",
		Short: "Show which candidates are up, and hold them up or down",
		Long: `Health shows every candidate of the running server's routed names, or of one name:
its state as decisions see it (up, down, or unknown before its check said
anything, which counts as up), since when, and why.

"health set" holds a candidate up or down by hand, whatever its check says.`,
		Example: `  signpost health
  signpost health app.example.com --json | jq '.candidates[] | select(.state == "down")'
  signpost health set app.example.com eu down --reason 'router replacement'`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%q: health takes one name; to change a candidate: health set %s", args[1], strings.Join(args, " "))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			values := url.Values{"view": {flags.view}}
			if len(args) == 1 {
				values.Set("name", args[0])
			}
			return flags.ask(command, http.MethodGet, "/health?"+values.Encode(), nil)
		},
	}
	flags.add(command)
	command.AddCommand(newHealthSet())
	return command
}

func newHealthSet() *cobra.Command {
	flags, reason := &healthFlags{}, ""
	command := &cobra.Command{
		Use:   "set NAME[/TYPE] ID up|down|auto --reason TEXT",
		Short: "Hold a candidate up or down, or leave it to its check again",
		Long: `Set holds the candidate ID of a routed name up or down until it is set to auto or
its zone loses it. Without a type it is for all types of the name that have such a
candidate, without --view for all views.

The next query is answered accordingly. If all candidates of a name are down, it is
answered as its on-all-down says: as if all were up, unless the zone file wants
something else. A restart forgets what was set.`,
		Example: `  signpost health set app.example.com eu down --reason 'router replacement'
  signpost health set app.example.com/AAAA eu up --reason 'the check is wrong'
  signpost health set app.example.com eu auto`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 3 {
				return errors.New("three words are needed: NAME[/TYPE] ID up|down|auto")
			}
			if !slices.Contains(health.ForceWords[:], args[2]) {
				return fmt.Errorf("%q is not one of %s", args[2], strings.Join(health.ForceWords[:], ", "))
			}
			if reason == "" && args[2] != health.Auto.String() {
				return errors.New("--reason TEXT is needed, for whoever sees it next")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			name, typ, _ := strings.Cut(args[0], "/")
			body, err := json.Marshal(admin.Change{Name: name, Type: typ, ID: args[1], View: flags.view, State: args[2], Reason: reason, By: whoami()})
			if err != nil {
				return &failure{err}
			}
			return flags.ask(command, http.MethodPost, "/health", body)
		},
	}
	flags.add(command)
	command.Flags().StringVar(&reason, "reason", "", "why: `TEXT` of one line, shown wherever the state is")
	return command
}

func (f *healthFlags) add(command *cobra.Command) {
	set := command.Flags()
	set.SortFlags = false
	f.admin.add(command, config.Default().Admin, "ask the server whose admin address is")
	set.StringVar(&f.view, "view", "", "only of the view `NAME`")
	set.BoolVar(&f.asJSON, "json", false, "print one JSON object")
}

// ask sends one request and prints what comes back.
func (f *healthFlags) ask(command *cobra.Command, method, path string, body []byte) error {
	if err := f.admin.parse(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	text, err := f.admin.ask(ctx, method, path, body)
	if err != nil {
		return &failure{err}
	}
	out := command.OutOrStdout()
	if f.asJSON {
		_, err = out.Write(text)
		return err
	}
	var list admin.Health
	if err := json.Unmarshal(text, &list); err != nil {
		return &failure{err}
	}
	return printHealth(out, list.Candidates)
}

// printHealth prints a line for each candidate. The view is left out when there is one only.
func printHealth(out io.Writer, list []admin.Candidate) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "no candidates")
		return err
	}
	views := false
	for _, c := range list {
		views = views || c.View != list[0].View
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := "name\ttype\tcandidate\tstate\tsince\twhy\n"
	if views {
		head = "view\t" + head
	}
	fmt.Fprint(table, head)
	for _, c := range list {
		if views {
			fmt.Fprintf(table, "%s\t", c.View)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", strings.TrimSuffix(c.Name, "."), c.Type, c.ID, c.State, c.Since.Local().Format(time.DateTime), why(&c))
	}
	return table.Flush()
}

// why tells what the state comes from.
func why(c *admin.Candidate) string {
	switch {
	case c.Override != "":
		return fmt.Sprintf("%s, says %s", c.Why, c.By)
	case c.Check == "":
		return "no check"
	case c.Why == "":
		return "check " + c.Check
	}
	return fmt.Sprintf("check %s: %s", c.Check, c.Why)
}

// whoami names the person at this terminal, as far as the system knows.
func whoami() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}
