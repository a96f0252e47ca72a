package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/admin"
	"signpost/host/config"
	"signpost/host/diag"
)

// healthFlags are common to health and what is below it.
type healthFlags struct {
	admin  adminFlags
	view   string
	asJSON bool
}

// watchPause is how often health --watch asks.
const watchPause = time.Second

func newHealth() *cobra.Command {
	flags, watch := &healthFlags{}, false
	command := &cobra.Command{
		Use:   "health [NAME|PATTERN]",
		Short: "Show which candidates are up, and hold them up or down",
		Long: `Health shows every candidate of the running server's routed names, or of one name:
its state as decisions see it (up, down, or unknown before its check said
anything, which counts as up unless the check says otherwise), since when, how long
its probes take, and why: what its check found, or who holds it there.

NAME may have * for any characters and ? for one; PATTERN is NAME/ID, NAME/TYPE/ID or
VIEW/NAME/TYPE/ID. A name that is not routed is an error.

"health checks" shows the probes behind them. "health set" holds candidates up or down
by hand or drains them, whatever their checks say; "health overrides" lists what was
said that way.`,
		Example: `  signpost health
  signpost health '*.example.com' --watch
  signpost health app.example.com --json | jq '.candidates[] | select(.state == "down")'
  signpost health set app.example.com/eu drain --reason 'kernel update' --for 2h`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%q: health takes one name; to change a candidate: health set %s", args[1], strings.Join(args, " "))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			values := url.Values{}
			if flags.view != "" {
				values.Set("view", flags.view)
			}
			if len(args) == 1 && strings.Contains(strings.ReplaceAll(args[0], `\/`, ""), "/") {
				pattern, err := patternOf(args[0], flags.view)
				if err != nil {
					return err
				}
				values = url.Values{"pattern": {pattern.String()}}
			} else if len(args) == 1 {
				values.Set("name", args[0])
			}
			if watch {
				return flags.watch(command, "/health?"+values.Encode(), printHealth)
			}
			return flags.ask(command, http.MethodGet, "/health?"+values.Encode(), nil, printHealth)
		},
	}
	command.Flags().BoolVar(&watch, "watch", false, "show it anew each second, until interrupted")
	flags.add(command)
	command.AddCommand(newHealthChecks(), newHealthSet(), newHealthOverrides())
	return command
}

func (f *healthFlags) add(command *cobra.Command) {
	set := command.Flags()
	set.SortFlags = false
	f.admin.add(command, config.Default().Admin, "ask the running server whose admin address is")
	set.StringVar(&f.view, "view", "", "only of the view `NAME`")
	set.BoolVar(&f.asJSON, "json", false, "print one JSON object")
}

// ask sends one request and prints what comes back.
func (f *healthFlags) ask(command *cobra.Command, method, path string, body []byte, show func(out io.Writer, text []byte, wrapped bool) error) error {
	if err := f.admin.parse(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	text, err := f.admin.ask(ctx, method, path, body)
	if err != nil {
		return &failure{err}
	}
	if f.asJSON {
		_, err = command.OutOrStdout().Write(text)
		return err
	}
	var list admin.Health
	if err := json.Unmarshal(text, &list); err != nil {
		return &failure{err}
	}
	if list.Warning != "" {
		fmt.Fprintf(command.ErrOrStderr(), "signpost: warning: %s\n", diag.OneLine(list.Warning))
	}
	return show(command.OutOrStdout(), text, isTerminal(command.OutOrStdout()))
}

// The codes that move a terminal's cursor to the first line, and clear what is behind it.
const (
	cursorHome = "\x1b[H"
	clearLine  = "\x1b[K"
	clearRest  = "\x1b[J"
)

// watch shows what path answers until it is interrupted. A server that restarts is waited for.
func (f *healthFlags) watch(command *cobra.Command, path string, show func(out io.Writer, text []byte, wrapped bool) error) error {
	if err := f.admin.parse(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out := command.OutOrStdout()
	terminal := isTerminal(out)
	for first := true; ; first = false {
		text, err := f.admin.ask(ctx, http.MethodGet, path, nil)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return &failure{err} // a wrong name or address does not become right
		}
		var page strings.Builder
		switch {
		case err != nil:
			fmt.Fprintf(&page, "signpost: %v\n", err)
		case f.asJSON:
			page.Write(text)
		default:
			fmt.Fprintf(&page, "%s\n", time.Now().Format(time.DateTime))
			if err := show(&page, text, terminal); err != nil {
				return &failure{err}
			}
		}
		shown := page.String()
		if terminal && !f.asJSON {
			shown = cursorHome + strings.ReplaceAll(shown, "\n", clearLine+"\n") + clearRest
		}
		if _, err := io.WriteString(out, shown); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchPause):
		}
	}
}

// isTerminal tells whether people look at what is written, as it comes.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
