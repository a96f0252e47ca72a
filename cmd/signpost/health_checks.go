package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/admin"
)

func newHealthChecks() *cobra.Command {
	flags, state, watch := &healthFlags{}, "", false
	command := &cobra.Command{
		Use:   "checks [CHECK]",
		Short: "Show what each check finds at each endpoint, and who uses it",
		Long: `Checks shows every probe of the running server, one for each check and endpoint
however many candidates share it: the verdict, since when, how long probes take, the
latest of them (+ passed, - failed, the latest first), what was seen, and the
candidates and checks whose health follows from it.`,
		Example: `  signpost health checks
  signpost health checks web --state down --watch`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			if !slices.Contains([]string{"", "up", "down", "unknown"}, state) {
				return fmt.Errorf("--state: %q is not one of up, down, unknown", state)
			}
			check, path := strings.Join(args, ""), "/health/checks"
			if flags.asJSON {
				path += "?" + url.Values{"check": {check}, "state": {state}}.Encode()
			}
			show := func(out io.Writer, text []byte, wrapped bool) error {
				return printChecks(out, text, check, state, wrapped)
			}
			if watch {
				return flags.watch(command, path, show)
			}
			return flags.ask(command, http.MethodGet, path, nil, show)
		},
	}
	command.Flags().StringVar(&state, "state", "", "only those in the state `STATE`: up, down or unknown")
	command.Flags().BoolVar(&watch, "watch", false, "show it anew each second, until interrupted")
	flags.add(command)
	_ = command.Flags().MarkHidden("view")
	return command
}

const (
	// recentShown is how many of the latest attempts a line has.
	recentShown = 10
	// usersShown is how many of those who use a check a line has.
	usersShown = 3
)

// printChecks prints a line for each endpoint of one check or, for "", of all, that is in one state or, for "", in any. text lists all: who
// uses a check may be another check.
func printChecks(out io.Writer, text []byte, check, state string, wrapped bool) error {
	var list admin.Targets
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	now := time.Now()
	rows := [][]string{{"check", "endpoint", "state", "since", "rtt", "latest", "why, and for whom"}}
	for i := range list.Targets {
		t := &list.Targets[i]
		if check != "" && t.Check != check || state != "" && t.State != state {
			continue
		}
		rtt, shown, endpoint := "", t.State, t.Endpoint
		if t.RTTMillis > 0 {
			rtt = fmt.Sprintf("%.3gms", t.RTTMillis)
		}
		if t.State != "down" && t.Share < 100 {
			shown += fmt.Sprintf(" %d%%", t.Share)
		}
		if t.Probes != "" {
			endpoint = t.Probes
		}
		why := []string{t.Why}
		if t.Why == "" {
			why[0] = t.Kind
		}
		if users := usersOf(t, list.Targets); users != "" {
			why = append(why, "for "+users)
		}
		rows = append(rows, []string{t.Check, endpoint, shown, when(t.Since, now), rtt, t.Recent[:min(len(t.Recent), recentShown)], strings.Join(why, "; ")})
	}
	if len(rows) == 1 {
		_, err := fmt.Fprintln(out, "no checks")
		return err
	}
	return printRows(out, rows, wrapped)
}

// usersOf are the candidates whose health follows from t, and the checks among all that are calculated from it.
func usersOf(t *admin.Target, all []admin.Target) string {
	var users []string
	for i := range all {
		name, same := "check "+all[i].Check, t.Endpoint == "" || all[i].Endpoint == t.Endpoint
		if same && slices.Contains(all[i].Of, t.Check) && !slices.Contains(users, name) {
			users = append(users, name)
		}
	}
	count := len(users) + t.UserCount
	for _, u := range t.Users {
		users = append(users, strings.TrimSuffix(u.Name, ".")+"/"+u.ID)
	}
	users = users[:min(len(users), usersShown)]
	if more := count - len(users); more > 0 {
		users = append(users, fmt.Sprintf("%d more", more))
	}
	return strings.Join(users, ", ")
}
