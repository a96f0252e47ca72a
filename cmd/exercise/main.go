// Exercise shows on one machine what everybody tries first: a name fails over when its primary's health check fails, and comes back.
//
// Plane: none, it is a client. Floor: 7. It builds the real server, gives it a zone, two HTTP backends and a webhook of its own, breaks the
// primary in two ways, and prints what a dig would show and when.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

// The settings of the exercise's check, and what they promise: fall failures in a row, the first of which may come an interval and its jitter
// after the break, or rise passes, and a tenth of a second for what is not probing.
const (
	interval = time.Second
	fall     = 3
	rise     = 2
	slack    = 100 * time.Millisecond
	jitter   = interval / 20
)

const (
	primary = "192.0.2.10"
	standby = "192.0.2.20"
)

// zoneText and configText are what a user would write; the backends stand on this machine, so the checks name their targets.
const (
	zoneText = `$TTL 60
@    IN SOA ns1 hostmaster 1 7200 900 1209600 60
     IN NS  ns1
ns1  IN A   192.0.2.53
app  IN A   192.0.2.10 ;@ failover id=primary role=primary   check=primary
app  IN A   192.0.2.20 ;@ failover id=standby role=secondary check=standby
`
	configText = `checks:
  primary: { http: { port: %d, path: /health, contains: ok }, target: 127.0.0.1, interval: %v, fall: %d, rise: %d }
  standby: { http: { port: %d, path: /health, contains: ok }, target: 127.0.0.1, interval: %v, fall: %d, rise: %d }
notices:
  webhooks: { url: "http://%s/hook", format: slack }
`
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "exercise:", err)
		os.Exit(1)
	}
}

// run does the exercise; an error says what did not happen at all.
func run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "signpost-exercise-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stage, err := newStage(out)
	if err != nil {
		return err
	}
	defer stage.close()
	config := fmt.Sprintf(configText, stage.primary.port(), interval, fall, rise, stage.standby.port(), interval, fall, rise, stage.hook.addr())
	for name, text := range map[string]string{"example.com.zone": zoneText, "signpost.yaml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "example.com.zone:\n%s\nsignpost.yaml:\n%s\n", zoneText, config)
	binary := filepath.Join(dir, "signpost")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "signpost/cmd/signpost")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	if err := stage.serve(ctx, binary, dir); err != nil {
		return err
	}
	return stage.play(ctx)
}

// play breaks the primary, first for everybody to see, then so that only the body tells.
func (s *stage) play(ctx context.Context) error {
	const falls, rises = fall*(interval+jitter) + slack, rise*(interval+jitter) + slack
	if err := s.await(ctx, primary, falls); err != nil {
		return err
	}
	for _, step := range []struct {
		what   string
		status int
		body   string
		want   string
		within time.Duration
		notice string
	}{
		{"the primary's /health answers 503", 503, "broken", standby, falls, "primary down"},
		{"the primary is well again", 200, "ok", primary, rises, "primary up"},
		{"it answers 200, but the body says \"sorry\" where \"ok\" is wanted", 200, "sorry", standby, falls, "primary down"},
		{"the primary is well again", 200, "ok", primary, rises, "primary up"},
	} {
		s.primary.say(step.status, step.body)
		s.tell("%s", step.what)
		if err := s.await(ctx, step.want, step.within); err != nil {
			return err
		}
		text, err := s.hook.await(ctx, step.notice)
		if err != nil {
			return err
		}
		s.tell("the webhook got: %s", text)
	}
	return nil
}
