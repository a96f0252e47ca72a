package host

import (
	"context"
	"log/slog"
	"time"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/load"
	"signpost/host/plugin"
	"signpost/host/probe"
	"signpost/host/probe/attempt"
)

// startProbing starts the scheduler of probes; it has no checks before the loader knows some.
func (h *Host) startProbing(ctx context.Context) {
	h.probes = probe.New(probe.Options{
		Table: h.health, Plugins: h.plugins, Log: h.options.Log, Terms: load.Terms, Metrics: &h.counters.Control.Probes, StateDir: stateDir(),
		Attempts: attempt.Options{Dir: h.options.Dir, ExecDir: h.options.ExecDir},
	})
	h.probed.Go(func() { h.probes.Run(ctx) })
}

// stopProbing ends it.
func (h *Host) stopProbing() {
	if h.probes != nil {
		h.probed.Wait()
		h.probes.Close()
	}
}

// claimed is called before new candidates are answered: what is known of their endpoints counts then. Those that are the first ones of
// their zones wait a moment for probes.
func (h *Host) claimed(ctx context.Context, first bool) {
	h.probes.Refresh()
	if first {
		h.probes.Await(ctx, func(atMost time.Duration) {
			h.options.Log.Info("waiting for the first probes", "atMost", atMost.Round(time.Millisecond))
			h.desk.serve()
		})
	}
}

// patience is how long the start waits for plugins: without them no zone says which checks it uses. Who remembers the last verdicts need not.
func (h *Host) patience(cfg *config.Config) time.Duration {
	for _, c := range cfg.Checks {
		if probe.Attempts(&c) && !h.probes.Knows() {
			return cfg.Probing.StartWait
		}
	}
	return 0
}

// inspector finds what is wrong with the checks of a directory that is not served. What only the serving process has, such as the permission for
// ICMP or the directory of programs, is not missed. Close it.
func inspector(dir string, plugins *plugin.Host) *probe.Scheduler {
	return probe.New(probe.Options{
		Table: health.NewTable(nil), Plugins: plugins, Log: slog.New(slog.DiscardHandler), Terms: load.Terms, Attempts: attempt.Options{Dir: dir},
		Prober: func(name string, c *config.Check, o attempt.Options) (attempt.Prober, error) {
			if c.Kind == config.CheckExec || c.Kind == config.CheckICMP {
				return nil, nil
			}
			return attempt.New(name, c, o)
		},
	})
}
