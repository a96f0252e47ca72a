package host

import (
	"context"
	"path/filepath"

	"signpost/host/config"
	"signpost/host/querylog/file"
)

// startQueryLog starts the writer of the query log, which is off until the configuration is known. It ends after everything that answers.
func (h *Host) startQueryLog(ctx context.Context) {
	h.log = file.New(file.Options{
		Rings: &h.rings, Metrics: &h.counters.Control,
		Warn: func(err error) { h.options.Log.Error(err.Error()) },
		Fine: func(reopened bool) {
			if reopened {
				h.options.Log.Info("query log opened anew")
				return
			}
			h.options.Log.Info("query log can be written again")
		},
	})
	h.answers.LogTo(&h.rings)
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stopLog = stop
	h.logged.Go(func() { h.log.Run(life) })
}

// queryLog is the file to log to; "" is none.
func (h *Host) queryLog(cfg *config.Config) string {
	if h.options.QueryLog != "" {
		return h.options.QueryLog
	}
	if cfg.QueryLog == "" || filepath.IsAbs(cfg.QueryLog) {
		return cfg.QueryLog
	}
	return filepath.Join(h.options.Dir, filepath.FromSlash(cfg.QueryLog))
}
