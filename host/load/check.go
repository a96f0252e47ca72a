package load

import (
	"context"
	"log/slog"

	"signpost/host/plugin"
	"signpost/host/zone"
)

// Check loads dir once, with the code that serving uses, and returns what it found of zones and views. It waits for the plugins, since only they
// know whether an annotation is right. The error is that there is no directory, or that ctx is done.
func Check(ctx context.Context, dir string, plugins *plugin.Host) (*Status, error) {
	return Open(ctx, Options{Dir: dir, Store: new(zone.Store), Plugins: plugins})
}

// Open is Check for a caller that wants what was loaded, which is published to o.Store, or who asks more. Only Dir, Store, Plugins, Health, Appoint and Examine of o
// count.
func Open(ctx context.Context, o Options) (*Status, error) {
	l := New(Options{
		Dir: o.Dir, Store: o.Store, Plugins: o.Plugins, Health: o.Health, Appoint: o.Appoint, Examine: o.Examine, Log: slog.New(slog.DiscardHandler), NoEvents: true, Wait: true,
	})
	l.settled = true
	l.settler.quiet, l.settler.patience = 0, 0
	if err := l.Start(ctx); err != nil {
		return nil, err
	}
	return l.Status(), nil
}
