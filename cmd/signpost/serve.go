package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"signpost/host"
	"signpost/host/config"
)

type serveFlags struct {
	listen    []string
	admin     string
	socket    string
	tokenFile string
	queryLog  string
	execDir   string
	overrides string
	strict    bool
	logFormat string
}

func newServe() *cobra.Command {
	flags := serveFlags{}
	command := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve the zone files of a directory (the current one if DIR is left out)",
		Long: `Serve answers DNS questions from the zone files of a directory, and follows it: a
file that is saved is answered from within 50 milliseconds, a file with a mistake
leaves its last good version serving.

NAME.zone in DIR is the zone NAME. signpost.yaml in DIR configures the rest; every
flag wins over it. Without either, DNS is served on 127.0.0.1:5300 and [::1]:5300,
and health and metrics over HTTP on 127.0.0.1:5380.

SIGHUP reads everything again at once, SIGTERM and SIGINT end the server.`,
		Example: `  signpost serve zonefiles
  signpost serve /etc/zones --listen :53 --admin off
  signpost serve --listen 192.0.2.53 --listen '[2001:db8::53]:53'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDir,
		RunE: func(command *cobra.Command, args []string) error {
			options, err := flags.options(command)
			if err != nil {
				return err
			}
			options.Dir = dirArgument(args)
			spool := newSpool(func(count int) {
				options.Log.Warn("lines of the log were dropped: nobody read them", "count", count)
			})
			defer spool.close()
			options.Log, err = host.NewLog(spool.to(command.ErrOrStderr()), flags.logFormat)
			if err != nil {
				return err
			}
			if flags.logFormat == "text" {
				options.Out = spool.to(command.OutOrStdout())
			}
			if err := serve(options, command.ErrOrStderr()); err != nil {
				return &failure{err}
			}
			return nil
		},
	}
	set := command.Flags()
	set.SortFlags = false
	set.StringArrayVar(&flags.listen, "listen", nil, "answer DNS on `ADDR`, over UDP and TCP; may be repeated. IP:PORT, IP (port 53) or :PORT (every address)")
	set.StringVar(&flags.admin, "admin", "", "serve health, metrics, /explain and more over HTTP on `ADDR`, or \"off\"")
	set.StringVar(&flags.socket, "admin-socket", "", "and on the Unix socket `PATH`, for this user alone")
	set.StringVar(&flags.tokenFile, "admin-token-file", "", "who changes something over HTTP must bring the token of `FILE`")
	set.StringVar(&flags.queryLog, "query-log", "", "write a line for each query to `FILE`")
	set.StringVar(&flags.execDir, "exec-dir", "", "programs that checks and notices may run are in `DIR`; without it there are none")
	set.StringVar(&flags.overrides, "overrides", "", "keep what operators say of candidates in `FILE`")
	set.BoolVar(&flags.strict, "strict", false, "do not start if any file has an error")
	set.StringVar(&flags.logFormat, "log-format", "text", "write the log as `FORMAT`: text or json")
	_ = command.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = command.RegisterFlagCompletionFunc("listen", cobra.NoFileCompletions)
	_ = command.RegisterFlagCompletionFunc("admin", cobra.NoFileCompletions)
	return command
}

// options turns flags into what the host takes. Its errors are errors of the command line.
func (f *serveFlags) options(command *cobra.Command) (host.Options, error) {
	options := host.Options{Strict: f.strict, QueryLog: f.queryLog, ExecDir: f.execDir}
	for _, raw := range f.listen {
		addr, err := config.ParseListen(raw)
		if err != nil {
			return options, fmt.Errorf("--listen: %w", err)
		}
		options.Listen = append(options.Listen, addr)
	}
	if err := config.CheckListen(options.Listen); err != nil {
		return options, fmt.Errorf("--listen: %w", err)
	}
	if command.Flags().Changed("admin") {
		addr, err := config.ParseAdmin(f.admin)
		if err != nil {
			return options, fmt.Errorf("--admin: %w", err)
		}
		options.Admin = &addr
	}
	return options, f.paths(&options)
}

// paths takes over those that are relative to the current directory.
func (f *serveFlags) paths(options *host.Options) (err error) {
	if f.socket != "" {
		if options.AdminSocket, err = filepath.Abs(f.socket); err != nil {
			return fmt.Errorf("--admin-socket: %w", err)
		}
	}
	if f.overrides != "" {
		if options.Overrides, err = filepath.Abs(f.overrides); err != nil {
			return fmt.Errorf("--overrides: %w", err)
		}
	}
	if f.tokenFile != "" {
		if options.AdminTokenFile, err = filepath.Abs(f.tokenFile); err != nil {
			return fmt.Errorf("--admin-token-file: %w", err)
		}
	}
	return nil
}

// serve runs the server until a signal ends it.
func serve(options host.Options, stderr io.Writer) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	signal.Ignore(syscall.SIGPIPE) // the reader of the log may go; the server stays
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	server, err := host.Start(ctx, options)
	var bad *host.DiagnosticsError
	if errors.As(err, &bad) {
		return bad // each diagnostic is in the log
	}
	if ctx.Err() != nil && server == nil {
		return nil // ended before it served, as it was asked to
	}
	if err != nil {
		return err
	}
	defer server.Close()
	ended := make(chan error, 1)
	go func() { ended <- server.Wait(ctx) }()
	for {
		select {
		case <-hangup:
			server.Reload()
		case err := <-ended:
			stop() // a second signal ends the process at once
			if err == nil {
				options.Log.Info("stopping")
			}
			return err
		}
	}
}
