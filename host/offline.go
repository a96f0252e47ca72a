package host

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"signpost/host/answer"
	"signpost/host/explain"
	"signpost/host/health"
	"signpost/host/load"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/zone"
)

// Directory is a data directory that was loaded and is served to nobody: what explain, diff and replay read.
type Directory struct {
	explain.Server
	Status *load.Status
}

// Open loads dir as serving does, plugins included. The error is that there is no such directory, that ctx is done, that the configuration
// does not load, or that the built-in plugins cannot run here. Files with errors are in Status: their zones answer SERVFAIL. Close it.
func Open(ctx context.Context, dir string) (*Directory, error) {
	p, err := offlinePlugins(ctx)
	if err != nil {
		return nil, err
	}
	d := new(Directory)
	store := new(zone.Store)
	table := health.NewTable(nil)
	checks := inspector(dir, p)
	defer checks.Close()
	if d.Status, err = load.Open(ctx, load.Options{Dir: dir, Store: store, Plugins: p, Health: table, Appoint: checks.Appoint}); err == nil {
		err = p.Err()
	}
	if err == nil && d.Status.Refused.Errors() > 0 {
		err = fmt.Errorf("%s: %v", dir, d.Status.Refused[0])
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	explainer(&d.Server, store, p, table)
	d.Health = nil // since when a candidate is up, and why, only a running server knows
	return d, nil
}

// offlinePlugins has the built-in plugins for whoever reads a directory and serves nobody. Close it.
func offlinePlugins(ctx context.Context) (*plugin.Host, error) {
	h := &Host{options: Options{Log: slog.New(slog.DiscardHandler)}}
	return h.newPlugins(ctx)
}

// Close frees what Open made.
func (d *Directory) Close() { d.Plugins.Close() }

// explainer prepares s to explain what the other parts answer. It has an answer.Server of its own: what is explained is no traffic and is not
// counted as such.
func explainer(s *explain.Server, store *zone.Store, plugins *plugin.Host, table *health.Table) {
	s.Answers = answer.NewServer(store, plugins, table, new(metrics.Set))
	s.Store, s.Plugins, s.Health = store, plugins, table
}

// explained serves GET /explain.
func (h *Host) explained() http.Handler {
	s := new(explain.Server)
	explainer(s, &h.store, h.plugins, h.health)
	return s
}
