package load

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/zone"
)

// finish takes over what a batch made and publishes it.
func (l *Loader) finish(ctx context.Context, b *batch) {
	l.refuseCircles(b) // before anything is committed: zones that it refuses stay as they are, and have to go with the plugins
	if b.changed && b.change != nil && !l.first {
		if _, b.changed = l.accept(b, b.change); !b.changed {
			l.again(b) // for the configuration in force, whose views and checks were not asked
		}
	}
	changed := l.finishModules(b)
	l.modulesDue = l.modulesDue && len(b.modules) == 0
	taken := b.changed && l.takeConfig(b)
	if b.changed && !taken {
		l.redo(b)
	}
	textLen, errors := 0, 0
	for _, j := range b.jobs {
		textLen += j.textLen
		if l.finishJob(b, j) {
			changed = true
		}
		errors += j.diags.Errors()
	}
	for _, j := range b.data {
		textLen += j.textLen
		errors += j.diags.Errors()
		if l.finishData(b, j) {
			l.facts, changed = l.dataOf(), true
		}
	}
	for _, file := range b.removed {
		changed = l.remove(file) || changed
	}
	if taken || b.first || len(b.modules) > 0 {
		l.examine()
	}
	if l.modulesChanged(b.modules) || changed || taken {
		changed = true
		l.retryCircled(b)
		l.publishClaimed(ctx, b.first || l.routing)
		l.routing = false
	}
	if l.config.Serial == config.SerialAuto {
		l.serials.save(l.options.Dir)
	}
	if taken && !b.first {
		l.options.Log.Info("configuration loaded", "file", config.FileName)
		l.found.applied = nil
		if l.options.Apply != nil {
			l.found.applied = l.options.Apply(l.config)
		}
		l.logDiagnostics(l.found.applied)
	}
	if b.asked && !changed {
		l.options.Log.Info("reload: nothing changed")
	}
	if l.options.Metrics != nil {
		now := l.options.Now()
		l.options.Metrics.Reloaded(now, now.Sub(b.began), errors == 0 && l.found.config.Errors() == 0)
	}
	l.first, l.stale = false, true
	l.arriveAfter(ctx)
	l.report()
	if textLen >= largeLoad {
		l.freeMemory(b) // the text and the compiler's tables are garbage now, and the collector would keep the room
	}
	if b.considerate {
		l.options.Processors.GiveBack()
	}
}

// examine has somebody else look at the configuration in force.
func (l *Loader) examine() {
	if l.options.Examine == nil {
		return
	}
	diags := without(l.options.Examine(l.config), l.found.config)
	l.logDiagnostics(news(l.found.checks, diags))
	l.found.checks, l.stale = diags, true
}

// finishJob takes over one compiled zone and tells whether it is to be published.
func (l *Loader) finishJob(b *batch, j *job) bool {
	e := l.entries[j.path]
	e.building = false
	l.catchUp(b, j)
	now := l.options.Now()
	for _, file := range j.unsettled {
		l.postpone(file, now)
	}
	if len(j.unsettled) > 0 {
		e.force = e.force || j.force
		l.settler.postpone(e.path, now)
		if e.zone == nil && b.first {
			e.diags = diag.List{{Pos: diag.Pos{File: e.path}, Severity: diag.Error, Text: "file is being written"}}
			l.serve(e, zone.NewBroken(e.origin, e.path))
			return true
		}
		return false
	}
	routed := e.zone != nil && e.zone.Pending && e.sources.sum() == j.sources.sum()                                   // nothing but the wait for plugins ended
	told := j.zone == nil && len(e.diags) > 0 && slices.Equal(e.diags, j.diags) && e.sources.sum() == j.sources.sum() // tried again for something else
	latest := j.zone != nil || j.circled && e.latest && e.sources.sum() == j.sources.sum()
	l.depend(e, j.sources)
	for file := range j.sources {
		delete(l.busy, file)
	}
	if j.same {
		return false
	}
	if !told {
		l.logDiagnostics(news(e.diags, j.diags))
	}
	e.diags, e.circled, e.latest = j.diags, j.circled, latest
	log := l.options.Log.With("zone", e.name, "view", e.view)
	if j.zone == nil {
		// A zone that waited for the plugins was never found good: what they refuse is as bad as what was refused before them.
		placeholder := e.zone == nil && b.first || e.zone != nil && e.zone.Pending
		if placeholder {
			l.serve(e, zone.NewBroken(e.origin, e.path))
		}
		if !told {
			l.logRefused(log, e)
		}
		return placeholder
	}
	l.routing = l.routing || e.zone != nil && e.zone.Pending && !j.zone.Pending
	l.serve(e, j.zone)
	e.loaded, e.took = now, j.took
	j.serial.Served = j.zone.Serial // a signed zone keeps the file's
	l.serials.set(e.path, j.serial)
	if !b.first && !routed {
		log.Info("zone loaded", "serial", e.zone.Serial, "records", e.zone.Records, "took", j.took.Round(10e3))
	}
	return true
}

func (l *Loader) logRefused(log *slog.Logger, e *entry) {
	switch {
	case e.zone == nil:
		log.Error("zone not loaded", "errors", e.diags.Errors())
	case e.zone.Broken:
		log.Error("zone not loaded; it answers SERVFAIL", "errors", e.diags.Errors())
	default:
		log.Error("zone not loaded; the last good version stays", "errors", e.diags.Errors(), "serial", e.zone.Serial)
	}
}

// remove forgets a zone whose file is gone.
func (l *Loader) remove(file string) bool {
	e := l.entries[file]
	if e == nil {
		return false
	}
	l.depend(e, nil)
	delete(l.files, file)
	delete(l.entries, file)
	l.order = nil
	if e.zone == nil {
		return false
	}
	l.options.Log.Info("zone removed", "zone", e.name, "view", e.view)
	l.serve(e, nil)
	return true
}

// publishClaimed publishes after those were told who look after the candidates.
func (l *Loader) publishClaimed(ctx context.Context, first bool) {
	if l.options.Claimed != nil {
		l.options.Claimed(ctx, first)
	}
	l.publish()
}

// publish makes a snapshot of what there is.
func (l *Loader) publish() {
	generation := uint64(1)
	if previous := l.options.Store.Load(); previous != nil {
		generation = previous.Generation + 1
	}
	byView := make(map[string][]*zone.Zone)
	for _, e := range l.served() {
		byView[e.view] = append(byView[e.view], e.zone)
	}
	views := make([]*zone.View, 0, len(l.config.Views))
	for _, v := range l.config.Views {
		view := zone.NewView(v.Name, v.Clients, byView[v.Name])
		view.Listeners, view.Keys, view.Fallthrough = v.Listen, v.Keys, v.Fallthrough
		views = append(views, view)
	}
	l.options.Store.Publish(&zone.Snapshot{Generation: generation, Config: l.config, Views: views, Choice: l.choice, Geo: l.facts})
}

// served lists the entries whose zones are visible, by path: of several files that name one zone in one view, the first.
func (l *Loader) served() []*entry {
	seen := make(map[[2]string]bool, len(l.entries))
	list := make([]*entry, 0, len(l.entries))
	for _, e := range l.byPath() {
		key := [2]string{e.view, string(e.origin)}
		if e.zone == nil || seen[key] {
			continue
		}
		seen[key] = true
		list = append(list, e)
	}
	return list
}

// byPath lists all entries in order. The order is kept until an entry comes or goes: sorting ten thousand takes milliseconds.
func (l *Loader) byPath() []*entry {
	if len(l.order) != len(l.entries) {
		l.order = slices.SortedFunc(maps.Values(l.entries), func(a, b *entry) int { return strings.Compare(a.path, b.path) })
	}
	return l.order
}

// news leaves out the warnings that were there before, perhaps in other lines: who saves a file ten times has read them.
func news(before, now diag.List) diag.List {
	type warning struct{ file, text string }
	known := make(map[warning]bool)
	for _, d := range before {
		known[warning{d.Pos.File, d.Text}] = d.Severity == diag.Warning
	}
	var list diag.List
	for _, d := range now {
		if d.Severity == diag.Error || !known[warning{d.Pos.File, d.Text}] {
			list = append(list, d)
		}
	}
	return list
}

// logLinesMax bounds the lines of the log for one file; check and /readyz have more.
const logLinesMax = 50

// logDiagnostics writes one line for each.
func (l *Loader) logDiagnostics(diags diag.List) {
	for i, d := range diags {
		if i == logLinesMax {
			level := slog.LevelError
			if d.Severity == diag.Warning {
				level = slog.LevelWarn
			}
			l.options.Log.Log(context.Background(), level, fmt.Sprintf("and %d more; signpost check lists all", len(diags)-logLinesMax))
			return
		}
		d.LogTo(l.options.Log)
	}
}
