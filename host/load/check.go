package load

import (
	"context"
	"log/slog"

	"signpost/host/plugin"
	"signpost/host/zone"
)

// Check loads dir once, with the code that serving uses, and returns what it found. It waits for the plugins, since only they know
// whether an annotation is right. The error is that there is no directory, or that ctx is done.
func Check(ctx context.Context, dir string, plugins *plugin.Host) (*Status, error) {
	return Open(ctx, dir, plugins, new(zone.Store))
}

// Open is Check for a caller that wants what was loaded: it is published to store.
func Open(ctx context.Context, dir string, plugins *plugin.Host, store *zone.Store) (*Status, error) {
	l := New(Options{Dir: dir, Store: store, Plugins: plugins, Log: slog.New(slog.DiscardHandler), NoEvents: true, Wait: true})
	l.settled = true
	l.settler.quiet, l.settler.patience = 0, 0
	if err := l.Start(ctx); err != nil {
		return nil, err
	}
	return l.Status(), nil
}
