package host

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"signpost/host/answer"
	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/load"
	"signpost/host/loan"
	"signpost/host/metrics"
	words "signpost/host/override/file"
	"signpost/host/plugin"
	"signpost/host/probe"
	"signpost/host/querylog"
	"signpost/host/querylog/file"
	"signpost/host/zone"
	"signpost/plugins"
)

// Version is the program's version.
const Version = "0.1.0"

// Options say what to serve and how. Dir and Log are required.
type Options struct {
	Dir      string
	Listen   []string // as config.ParseListen returns them; instead of signpost.yaml's
	Admin    *string  // as config.ParseAdmin returns it; instead of signpost.yaml's
	QueryLog string   // file of the query log; instead of signpost.yaml's
	ExecDir  string   // programs that checks and notices may run; "": there are none

	Overrides      string // absolute path of the file of overrides; instead of signpost.yaml's
	AdminSocket    string // absolute path of the admin server's socket; instead of signpost.yaml's
	AdminTokenFile string // absolute path likewise

	Strict bool         // any error in a file at the start is a reason not to start
	Log    *slog.Logger // a line for each thing that happens
	Out    io.Writer    // the text at the start; nil: it goes to Log in one line
}

// Host is the running server. Goroutines, and who waits for them in Close:
//
//	plugin.Host  1: compiles the built-in plugins                         plugins.Close
//	load.Loader  1 (Run), and one for each batch that compiles            cancel, then followed
//	probe        2 (Run): begins what is due; writes the state           cancel, then probed
//	             and one for each attempt under way
//	listen/udp   one worker for each core and address                     listeners.close
//	listen/tcp   an acceptor and a reaper for each address, and one for   listeners.close
//	             each connection
//	querylog     1: writes the query log                                  stopLog, then logged
//	events       1: tells what happens to health                          cancel, then followed
//	notice       one for each webhook and program of signpost.yaml        teller.Close
//	override     2: ends overrides, and follows their file                cancel, then followed
//	admin        1, and one for each connection                           desk.close
type Host struct {
	options    Options
	began      time.Time
	counters   metrics.Set
	store      zone.Store
	processors loan.Processors
	plugins    *plugin.Host
	health     *health.Table
	events     *events
	overrides  *words.Book
	loader     *load.Loader
	answers    *answer.Server
	listeners  listeners
	rings      querylog.Rings
	log        *file.Log
	stopLog    context.CancelFunc
	logged     sync.WaitGroup
	probes     *probe.Scheduler
	probed     sync.WaitGroup
	cancel     context.CancelFunc
	followed   sync.WaitGroup
	ready      atomic.Bool // the first load is done and answers are served
	failed     chan error
	desk       desk
}

// DiagnosticsError says that a file is too bad to start with.
type DiagnosticsError struct{ Diagnostics diag.List }

// Error is one line; the diagnostics are for the caller to print.
func (e *DiagnosticsError) Error() string {
	return fmt.Sprintf("not started: %s", diag.Count(e.Diagnostics.Errors(), "error", "errors"))
}

// Start loads, binds and serves. When it returns without an error the first answer can be had, and Close must be called. Its errors are one
// line. A ctx that is done ends the start, and does nothing to what was started.
func Start(ctx context.Context, options Options) (*Host, error) {
	began := time.Now()
	h := &Host{options: options, began: began, failed: make(chan error, 1)}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.cancel = cancel
	started := context.AfterFunc(ctx, cancel)
	err := h.start(life)
	if !started() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	h.welcome(time.Since(began))
	return h, nil
}

// epochPace is how long a verdict may wait for others, so that all of them are one change for the workers. Each change has every decision made
// anew that is kept; a fifth of the 100 ms in which a verdict must have reached the answers.
const epochPace = 20 * time.Millisecond

// start brings the parts up, lowest first.
func (h *Host) start(ctx context.Context) (err error) {
	if h.plugins, err = h.newPlugins(ctx); err != nil {
		return err
	}
	h.health = health.NewTable(nil)
	h.health.Pace(epochPace)
	h.events = h.newEvents()
	h.followed.Go(func() { h.events.run(ctx) })
	h.overrides = words.New(words.Options{Table: h.health, Log: h.options.Log})
	h.answers = answer.NewServer(&h.store, h.plugins, h.health, &h.counters)
	h.startQueryLog(ctx)
	h.startProbing(ctx)
	h.listeners = listeners{host: h}
	h.desk.host = h
	options := load.Options{
		Dir: h.options.Dir, Store: &h.store, Plugins: h.plugins, Health: h.health, Log: h.options.Log, Metrics: &h.counters.Control,
		Configured: h.bind, Apply: h.apply, Claimed: h.claimed, Appoint: h.probes.Appoint, Examine: h.probes.Configure, Judges: h.probes.Judges, Patience: h.patience,
		Wait: h.options.Strict, Processors: &h.processors, StateDir: stateDir(),
	}
	h.loader = load.New(options)
	if err := h.loader.Start(ctx); err != nil {
		return err
	}
	status := h.loader.Status()
	if status.Refused.Errors() > 0 || h.options.Strict && status.Diagnostics.Errors() > 0 {
		h.loader.Close()
		return &DiagnosticsError{status.Diagnostics}
	}
	if os.Getenv("GOGC") == "" {
		h.processors.Collect(gcPercent)
	}
	h.listeners.serve()
	h.ready.Store(true)
	h.desk.serve()
	h.followed.Go(func() { h.loader.Run(ctx) })
	h.followed.Go(func() { h.overrides.Run(ctx) })
	return nil
}

// gcPercent is the collector's after the start, unless the environment's GOGC says otherwise: see RATIONALE.md "Why does the collector run early?".
const gcPercent = 50

// newPlugins starts compiling the built-in plugins. A place for compiled code that cannot be used costs time at each start, no more.
func (h *Host) newPlugins(ctx context.Context) (*plugin.Host, error) {
	options := plugin.Options{Processors: &h.processors, Builtin: plugins.Builtin(), CacheDir: CacheDir()}
	options.Warn = func(err error) { h.options.Log.Warn(fmt.Sprintf("%v; compiling plugins at each start", err)) }
	options.Tripped = h.logTrip
	p, err := plugin.New(ctx, options)
	if err != nil && options.CacheDir != "" {
		options.Warn(err)
		options.CacheDir = ""
		p, err = plugin.New(ctx, options)
	}
	return p, err
}

// logTrip tells that a plugin is out of service, or back.
func (h *Host) logTrip(t plugin.Trip) {
	if t.Open {
		h.options.Log.Error("plugin out of service: its policies and checks do without it; it is tried once a minute",
			"plugin", t.Plugin, "strikes", t.Strikes, "reason", t.Reason)
		return
	}
	h.options.Log.Info("plugin in service again", "plugin", t.Plugin)
}

// Wait returns when ctx is done, or with the error that made serving impossible.
func (h *Host) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-h.failed:
		return err
	}
}

// fail has Wait return an error.
func (h *Host) fail(err error) {
	select {
	case h.failed <- err:
	default: // one is enough
	}
}

// Reload reads everything again, now.
func (h *Host) Reload() {
	h.log.Reopen()
	h.loader.Reload()
}

// Close stops everything, highest first, and waits for it. It may be called once.
func (h *Host) Close() {
	h.cancel()
	h.followed.Wait()
	h.desk.close()
	if h.events != nil {
		h.events.teller.Close()
	}
	h.listeners.close()
	if h.stopLog != nil {
		h.stopLog() // after the listeners: their workers' last queries are logged
		h.logged.Wait()
	}
	h.stopProbing()
	if h.plugins != nil {
		h.plugins.Close()
	}
}

// bind binds the addresses before the zones are loaded: a port in use is known at once, and questions wait instead of being refused.
func (h *Host) bind(cfg *config.Config) error {
	if err := h.listeners.bind(h.addresses(cfg), cfg); err != nil {
		return err
	}
	for _, d := range h.unheard(cfg) {
		d.LogTo(h.options.Log)
	}
	for _, d := range h.events.teller.Configure(cfg.Notices) {
		d.LogTo(h.options.Log)
	}
	h.log.Follow(h.queryLog(cfg))
	h.overrides.Follow(h.overridesFile(cfg)) // before the zones: their first answers follow it
	return h.desk.bind(cfg)
}

// addresses are those to listen on.
func (h *Host) addresses(cfg *config.Config) []string {
	if len(h.options.Listen) > 0 {
		return h.options.Listen
	}
	return cfg.Listen
}

// unheard finds views of addresses that --listen took away.
func (h *Host) unheard(cfg *config.Config) (diags diag.List) {
	var served []string
	for _, addr := range h.addresses(cfg) {
		served = append(served, config.Sockets(addr)...)
	}
	for i := range cfg.Views {
		v := &cfg.Views[i]
		for _, socket := range v.Listen {
			if !slices.Contains(served, socket) {
				diags.Warnf(v.Pos, "views.%s: nobody listens at %s, since --listen goes before %s", v.Name, socket, config.FileName)
			}
		}
	}
	return diags
}

// apply puts a changed configuration to work; the snapshot that has it is published already.
func (h *Host) apply(cfg *config.Config) (diags diag.List) {
	pos := diag.Pos{File: config.FileName}
	diags = append(diags, h.unheard(cfg)...)
	diags = append(diags, h.events.teller.Configure(cfg.Notices)...)
	h.log.Follow(h.queryLog(cfg))
	h.overrides.Follow(h.overridesFile(cfg))
	for _, err := range h.listeners.change(h.addresses(cfg), cfg) {
		diags.Errorf(pos, "%v", err)
	}
	diags = append(diags, h.desk.change(cfg)...)
	return diags
}
