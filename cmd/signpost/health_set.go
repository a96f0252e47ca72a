package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/admin"
	"signpost/host/health"
	"signpost/host/override"
)

// setFlags are of health set.
type setFlags struct {
	healthFlags
	reason, length, until string
	over                  time.Duration
}

func newHealthSet() *cobra.Command {
	flags := &setFlags{}
	var change admin.Change
	command := &cobra.Command{
		Use:   "set PATTERN|NAME[/TYPE] ID up|down|drain|auto --reason TEXT",
		Short: "Hold candidates up or down, drain them, or leave them to their checks again",
		Long: `Set says something of all candidates that a pattern names, those that zones get later
included, whatever their checks say: up, down, or drain, which takes their share away
step by step before it holds them down. Auto takes back what was said of exactly this
pattern. It goes to a file that a restart does not forget and that may be edited by
hand; "health overrides" shows where it is. A change that cannot be written counts all
the same, with a warning.

PATTERN is NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID, with * for any characters and ?
for one (in a wildcard's name, write \*). What was said last counts. A pattern that
names no candidate is an error.

The next query is answered accordingly. If all candidates of a name are down, it is
answered as its on-all-down says: as if all were up, unless the zone file wants
something else.`,
		Example: `  signpost health set app.example.com/eu drain --reason 'kernel update' --for 2h --over 60s
  signpost health set '*/eu-*' down --reason 'power works' --until 15:00
  signpost health set app.example.com/AAAA/eu up --reason 'the check is wrong'
  signpost health set app.example.com/eu auto`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			change, err = flags.change(args, time.Now())
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			body, err := json.Marshal(change)
			if err != nil {
				return &failure{err}
			}
			return flags.ask(command, http.MethodPost, "/overrides", body, printHealth)
		},
	}
	set := command.Flags()
	set.StringVar(&flags.reason, "reason", "", "why: `TEXT` of one line, shown wherever the state is")
	set.StringVar(&flags.length, "for", "", "for `LENGTH`, such as 30m or 2h; else until somebody takes it back")
	set.StringVar(&flags.until, "until", "", "until `TIME`, such as 15:00, \"2026-11-22 15:00\" or 2026-11-22T15:00:00Z")
	set.DurationVar(&flags.over, "over", health.DefaultOver, "drain within `LENGTH`")
	flags.add(command)
	return command
}

// change turns the command line into what the server takes. Its errors are errors of the command line.
func (f *setFlags) change(args []string, now time.Time) (change admin.Change, err error) {
	var pattern health.Pattern
	switch len(args) {
	case 2:
		pattern, err = patternOf(args[0], f.view)
	case 3:
		name, typ, _ := strings.Cut(args[0], "/")
		pattern, err = override.NewPattern(f.view, name, typ, args[1])
	default:
		err = errors.New("PATTERN up|down|drain|auto is needed, such as app.example.com/eu down")
	}
	if err != nil {
		return change, err
	}
	word := args[len(args)-1]
	force, err := override.ParseForce(word)
	if err != nil {
		return change, err
	}
	change = admin.Change{Pattern: pattern.String(), State: word, Reason: f.reason, By: whoami(), For: f.length}
	if f.reason == "" && force != health.Auto {
		return change, errors.New("--reason TEXT is needed, for whoever sees it next")
	}
	if err := override.CheckWords(f.reason); err != nil {
		return change, fmt.Errorf("--reason %w", err)
	}
	if f.length != "" {
		if length, err := time.ParseDuration(f.length); err != nil || length <= 0 {
			return change, fmt.Errorf("--for: %q is not a length such as 30m or 2h", f.length)
		}
	}
	switch {
	case force == health.Auto && f.length+f.until != "":
		return change, errors.New("auto has no end: --for and --until are for the others")
	case f.length != "" && f.until != "":
		return change, errors.New("--for and --until are one too many")
	case f.until != "":
		until, err := nextTime(f.until, now)
		if err != nil {
			return change, fmt.Errorf("--until: %w", err)
		}
		change.Until = until.Format(time.RFC3339)
	}
	if force == health.ForceDrain {
		if err := override.CheckOver(f.over); err != nil {
			return change, fmt.Errorf("--over: %w", err)
		}
		change.Over = f.over.String()
	} else if f.over != health.DefaultOver {
		return change, errors.New("--over is for drain")
	}
	return change, nil
}

// patternOf reads a pattern; --view stands for its view.
func patternOf(text, view string) (health.Pattern, error) {
	pattern, err := override.ParsePattern(text)
	if err != nil || view == "" {
		return pattern, err
	}
	if pattern.View != "" {
		return pattern, fmt.Errorf("%q has a view already, and --view another one", text)
	}
	of, err := override.NewPattern(view, "*", "", "*")
	pattern.View = of.View
	return pattern, err
}

// nextTime reads a time; one of the day alone is the next such.
func nextTime(text string, now time.Time) (time.Time, error) {
	clock, err := time.ParseInLocation("15:04", text, now.Location())
	if err != nil {
		at, err := override.ParseTime(text)
		if err == nil && !at.After(now) {
			err = fmt.Errorf("%s is over already", text)
		}
		return at, err
	}
	year, month, day := now.Date()
	at := time.Date(year, month, day, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(year, month, day+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	return at, nil
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
	if override.CheckWords(name) != nil {
		return "somebody"
	}
	return name
}
