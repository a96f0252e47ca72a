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
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/event"
	"signpost/host/timeline"
)

// followPause is how often timeline --follow asks.
const followPause = time.Second

type timelineFlags struct {
	admin          adminFlags
	view, check    string
	since, until   string
	limit          int
	follow, asJSON bool
}

func newTimeline() *cobra.Command {
	flags := &timelineFlags{}
	command := &cobra.Command{
		Use:   "timeline [NAME|GLOB]",
		Short: "Show what happened to health: who went down when, why, and what moved where",
		Long: `Timeline shows the changes of health that the running server remembers, those before
its last restart included: when, which candidate, why, who said so if an operator
did, and which share of the name's answers moved to whom.

NAME may have * for any characters and ? for one. Shares are exact for names whose
answers do not depend on the client, and "about" over a sample of clients for others.`,
		Example: `  signpost timeline
  signpost timeline '*.example.com' --since 2h
  signpost timeline app.example.com --follow
  signpost timeline --check web --json | jq '.events[] | select(.to == "down") | .text'`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(command *cobra.Command, args []string) error { return flags.run(command, args) },
	}
	set := command.Flags()
	set.SortFlags = false
	set.StringVar(&flags.since, "since", "", "only what happened since `TIME`: a duration before now such as 2h or 3d, or a time such as "+time.DateOnly+"T15:04:05Z")
	set.StringVar(&flags.until, "until", "", "only what happened before `TIME`")
	set.StringVar(&flags.view, "view", "", "only of views like `GLOB`")
	set.StringVar(&flags.check, "check", "", "only of checks like `GLOB`")
	set.IntVar(&flags.limit, "limit", 1000, "the latest `N`")
	set.BoolVar(&flags.follow, "follow", false, "go on with what happens, until interrupted")
	set.BoolVar(&flags.asJSON, "json", false, "print one JSON object; with --follow one for each line of text")
	flags.admin.add(command, config.Default().Admin, "ask the running server whose admin address is")
	return command
}

func (f *timelineFlags) run(command *cobra.Command, args []string) error {
	if err := f.admin.parse(); err != nil {
		return err
	}
	values := url.Values{"limit": {strconv.Itoa(f.limit)}}
	if len(args) == 1 {
		values.Set("name", args[0])
	}
	for name, value := range map[string]string{"since": f.since, "until": f.until, "view": f.view, "check": f.check} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if _, err := timeline.ParseQuery(values, time.Now()); err != nil {
		return fmt.Errorf("--%w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	out := &timelineText{out: command.OutOrStdout(), asJSON: f.asJSON}
	ask := f.once
	if f.follow {
		ask = f.tail
	}
	if err := ask(ctx, values, out); err != nil {
		return &failure{err}
	}
	return nil
}

// once prints what there is.
func (f *timelineFlags) once(ctx context.Context, values url.Values, out *timelineText) error {
	text, page, err := f.ask(ctx, values)
	if err != nil {
		return err
	}
	if f.asJSON {
		_, err = out.out.Write(text)
		return err
	}
	if len(page.Events) == 0 {
		_, err = fmt.Fprintln(out.out, "nothing happened")
		return err
	}
	if page.More {
		fmt.Fprintf(out.out, "… only the latest %d: --limit N for more\n", len(page.Events))
	}
	return out.write(page.Events)
}

// tail prints what there is and what comes. A server that is away for a while is asked again; one that forgot its timeline counts anew.
func (f *timelineFlags) tail(ctx context.Context, values url.Values, out *timelineText) error {
	var last uint64
	for first := true; ; first = false {
		_, page, err := f.ask(ctx, values)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return err
		case err == nil && page.Last < last:
			last = 0
			values.Set("after", "0")
			continue
		case err == nil:
			if err := out.write(page.Events); err != nil {
				return err
			}
			last = page.Last
			values.Set("after", strconv.FormatUint(last, 10))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followPause):
		}
	}
}

func (f *timelineFlags) ask(ctx context.Context, values url.Values) (text []byte, page timeline.Page, err error) {
	text, err = f.admin.ask(ctx, http.MethodGet, "/timeline?"+values.Encode(), nil)
	if err == nil {
		err = json.Unmarshal(text, &page)
	}
	return text, page, err
}

// timelineText prints events: a line each, under a line for each day.
type timelineText struct {
	out    io.Writer
	asJSON bool
	day    string // that was printed last
}

func (t *timelineText) write(events []event.Event) error {
	for i := range events {
		e := &events[i]
		if t.asJSON {
			if err := json.NewEncoder(t.out).Encode(e); err != nil {
				return err
			}
			continue
		}
		at := e.At.Local()
		if day := at.Format("Monday, " + time.DateOnly); day != t.day {
			if t.day != "" {
				fmt.Fprintln(t.out)
			}
			fmt.Fprintln(t.out, day)
			t.day = day
		}
		if _, err := fmt.Fprintf(t.out, "%s %s\n", at.Format(time.TimeOnly), diag.OneLine(e.Text)); err != nil {
			return err
		}
	}
	return nil
}
