package load

import (
	"errors"
	"maps"
	"reflect"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

// readConfig reads signpost.yaml into wanted and tells whether that is another configuration. gone: a file that is missing means the
// defaults; otherwise it means that the last good configuration stays, since dropping every view and limit is rarely what was meant.
func (l *Loader) readConfig(now time.Time, gone bool) bool {
	p := l.settler.pending[config.FileName]
	delete(l.settler.pending, config.FileName)
	l.files[config.FileName] = p.now
	pos := diag.Pos{File: config.FileName}
	next := config.Default()
	l.found.config, l.unaccepted, l.stale = nil, false, true
	if p.now == (stamp{}) && !gone {
		l.found.config.Errorf(pos, "file was removed; the last good configuration stays until a reload or a restart")
		return l.refuseConfig()
	}
	if p.now != (stamp{}) {
		r := l.newReader(now)
		c := r.read(config.FileName)
		if errors.Is(c.err, errUnsettled) {
			l.postpone(config.FileName, now)
			return false
		}
		if c.err != nil {
			l.found.config.Errorf(pos, "%v", diag.Cause(c.err))
			return l.refuseConfig()
		}
		var diags diag.List
		next, diags = config.Parse(config.FileName, c.text)
		l.found.config = diags
		if !l.readSecrets(&r, next) {
			l.postpone(config.FileName, now)
			return false
		}
	}
	delete(l.busy, config.FileName)
	if l.found.config.Errors() > 0 {
		return l.refuseConfig()
	}
	if reflect.DeepEqual(l.wanted, next) {
		return false
	}
	l.want(next, now)
	return true
}

// want makes next the configuration to compile with, and has everything compiled again that depends on the difference.
func (l *Loader) want(next *config.Config, now time.Time) {
	previous := l.wanted
	l.wanted = next
	l.wantData(previous, next)
	if !maps.Equal(endpointChecks(previous), endpointChecks(next)) || !sameTerms(previous, next) {
		l.demandRouted(now)
	}
	if previous.Serial != next.Serial {
		for _, e := range l.entries {
			e.force = true
			l.settler.demand(e.path, now)
		}
	}
	if !reflect.DeepEqual(previous.Plugins, next.Plugins) {
		l.demandRouted(now) // of built-in plugins
		for file := range l.files {
			if isModule(file) {
				l.settler.demand(file, now)
			}
		}
	}
}

// refuseConfig logs why the configuration stays as it is.
func (l *Loader) refuseConfig() bool {
	l.logDiagnostics(l.found.config)
	if !l.first {
		l.options.Log.Error("configuration not loaded; the last good one stays", "file", config.FileName, "errors", l.found.config.Errors())
	}
	return false
}
