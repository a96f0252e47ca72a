package load

import (
	"context"
	"log/slog"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/zone"
)

// Check loads dir once, with the code that serving uses, and returns what it found. It waits for the plugins, since only they know
// whether an annotation is right. examine is as in Options, nil for none. The error is that there is no directory, or that ctx is done.
func Check(ctx context.Context, dir string, plugins *plugin.Host, examine func(*config.Config) diag.List) (*Status, error) {
	return Open(ctx, Options{Dir: dir, Store: new(zone.Store), Plugins: plugins, Examine: examine})
}

// Open is Check for a caller that wants what was loaded: it is published to o.Store. Only Dir, Store, Plugins, Health and Examine of o count.
func Open(ctx context.Context, o Options) (*Status, error) {
	l := New(Options{
		Dir: o.Dir, Store: o.Store, Plugins: o.Plugins, Health: o.Health, Examine: o.Examine, Log: slog.New(slog.DiscardHandler), NoEvents: true, Wait: true,
	})
	l.settled = true
	l.settler.quiet, l.settler.patience = 0, 0
	if err := l.Start(ctx); err != nil {
		return nil, err
	}
	return l.Status(), nil
}
