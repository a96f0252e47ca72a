package load

import (
	"context"
	"maps"
	"path"
	"slices"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

// newBatch collects what is due. Files of zones that are compiling stay pending until that is done.
func (l *Loader) newBatch(paths []string, changed, asked bool) *batch {
	now := l.options.Now()
	b := &batch{config: l.wanted, terms: Terms(l.wanted), checks: endpointChecks(l.wanted), changed: changed, asked: asked, began: now, pluginEpoch: l.pluginEpoch, reader: l.newReader(now), included: make(map[string]content)}
	b.anyCheck = l.first && l.found.config.Errors() > 0
	if b.config.Serial == config.SerialAuto {
		l.serials.recall()
	}
	taken := make(map[string]bool)
	for _, file := range paths {
		l.take(b, file, taken)
	}
	l.takeData(b)
	l.takeRefused(b, taken)
	if !l.modulesDue || len(b.modules) > 0 {
		b.plugins, b.judges = l.options.Plugins, l.options.Judges
	}
	return b
}

// take adds one due file to the batch.
func (l *Loader) take(b *batch, file string, taken map[string]bool) {
	p := l.settler.pending[file]
	gone := p.now == (stamp{})
	concerned := make(map[string]bool)
	for zoneFile := range l.dependents[file] {
		concerned[zoneFile] = true
	}
	if l.isZone(file) {
		concerned[file] = true
	}
	for zoneFile := range concerned {
		if e := l.entries[zoneFile]; e != nil && e.building {
			return
		}
	}
	delete(l.settler.pending, file)
	if l.files[file] = p.now; gone {
		delete(l.files, file)
		delete(l.busy, file)
	}
	l.touchData(file)
	if isModule(file) {
		b.modules = append(b.modules, l.newModuleJob(b, file, gone))
	}
	for zoneFile := range concerned {
		switch {
		case zoneFile == file && gone:
			b.removed = append(b.removed, file)
		case !taken[zoneFile]:
			taken[zoneFile] = true
			l.addJob(b, zoneFile)
		}
	}
}

// isZone tells whether a path is a zone file of a view, or was.
func (l *Loader) isZone(file string) bool {
	if l.entries[file] != nil {
		return true
	}
	return isZoneFile(path.Base(file)) && slices.ContainsFunc(l.wanted.Views, func(v config.View) bool {
		return path.Dir(file) == viewDir(v.Name)
	})
}

// viewDir is the directory of a view's zones, relative to the data directory.
func viewDir(view string) string {
	if view == config.PublicView {
		return "."
	}
	return view
}

// addJob has a zone file compiled.
func (l *Loader) addJob(b *batch, file string) {
	e := l.entries[file]
	if e == nil {
		view, name := belongs(file)
		e = &entry{path: file, view: view}
		l.entries[file] = e
		l.order = nil
		var problem string
		if e.origin, problem = originOf(name); problem == "" {
			e.name = NameText(e.origin)
		} else {
			e.diags.Errorf(diag.Pos{File: file}, "%s", problem)
			l.logDiagnostics(e.diags)
		}
	}
	if e.origin == nil {
		return
	}
	e.building = true
	b.jobs = append(b.jobs, &job{
		path: e.path, origin: e.origin, known: e.sources, force: e.force,
		auto: b.config.Serial == config.SerialAuto, previous: l.serials.zones[e.path],
	})
	e.force = false
}

// empty tells whether the batch has nothing to do or to say.
func (b *batch) empty() bool {
	return len(b.jobs)+len(b.modules)+len(b.data)+len(b.removed) == 0 && !b.changed && !b.asked
}

// start runs a batch beside the loop.
func (l *Loader) start(ctx context.Context, b *batch) {
	if b.empty() {
		return
	}
	l.running++
	if b.considerate = b.large(); b.considerate {
		l.options.Processors.Take()
	}
	go func() {
		b.giveWay()
		l.work(ctx, b)
		l.done <- b
	}()
}

// tellRestless tells of files that are not read since they change all the time, or somebody has them open for writing.
func (l *Loader) tellRestless(now time.Time) {
	var diags diag.List
	for _, file := range l.settler.restless(now, unrest) {
		diags.Warnf(diag.Pos{File: file}, "file keeps changing, so it is not read: it must be quiet for %v. Programs should write another file and rename it", quiet)
	}
	for _, file := range slices.Sorted(maps.Keys(l.busy)) {
		switch {
		case !l.concerns(file): // any more
			delete(l.busy, file)
		case now.Sub(l.busy[file]) > busyUntold:
			diags.Warnf(diag.Pos{File: file}, "file is still being written, so it is not read")
		}
	}
	if !slices.Equal(diags, l.found.unrest) {
		l.logDiagnostics(news(l.found.unrest, diags))
		l.found.unrest, l.stale = diags, true
	}
}

// postpone waits for a file that is being written.
func (l *Loader) postpone(file string, now time.Time) {
	if _, waited := l.busy[file]; !waited {
		l.busy[file] = now
	}
	l.settler.postpone(file, now)
}

// newReader returns a reader that has waited for some writers long enough.
func (l *Loader) newReader(now time.Time) reader {
	r := reader{dir: l.options.Dir, settled: l.settled, now: l.options.Now, overdue: make(map[string]bool)}
	for file, since := range l.busy {
		if now.Sub(since) > writerWait {
			r.overdue[file] = true
		}
	}
	return r
}
