package load

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

// looksMax bounds the looks that new watches ask for; the rescan sees what happens between them after that.
const looksMax = 4

// look compares the directory with what was loaded and notes the differences. Where the directory, or a part of it, cannot be
// looked at, that part is taken to be as it was; false: all of it.
func (l *Loader) look(now time.Time) bool {
	seen := l.lookWatched()
	l.found.dir = nil
	if !l.trusted(seen) {
		return false
	}
	l.strays(seen)
	tracked := maps.Clone(l.files)
	for path := range seen.files {
		tracked[path] = l.files[path]
	}
	for path := range l.settler.pending {
		if _, ok := tracked[path]; !ok {
			delete(l.settler.pending, path) // an event of a file that is nothing to us
		}
	}
	for _, path := range l.dataPaths() {
		tracked[path] = l.files[path]
	}
	for path, loaded := range tracked {
		if seen.denied[filepath.Dir(path)] != nil {
			continue
		}
		current, listed := seen.files[path]
		if !listed && (l.included(path) || l.isData(path)) {
			current = stampOf(fullPath(l.options.Dir, path))
		}
		l.settler.observe(path, current, loaded, now)
	}
	if seen.zones() && !l.settler.missing() {
		l.root, l.replaced = seen.root, false
	}
	return true
}

// glance looks at the files alone that events named or that move. It is false if that is not enough: something is gone, and only a look at
// everything tells whether that is a file or the directory.
func (l *Loader) glance(now time.Time) bool {
	for path := range l.settler.pending {
		current := stampOf(fullPath(l.options.Dir, path))
		if current == (stamp{}) && l.files[path] != (stamp{}) {
			return false
		}
		l.settler.observe(path, current, l.files[path], now)
	}
	return true
}

// concerns tells whether a file is one that a look would find.
func (l *Loader) concerns(path string) bool {
	return path == config.FileName || isModule(path) || l.included(path) || l.isData(path) || l.isZone(path)
}

// isLeftover tells whether a name is what editors and tools leave beside files.
func isLeftover(path string) bool {
	base := filepath.Base(path)
	return base[0] == '.' || base[0] == '#' || base[len(base)-1] == '~'
}

// lookWatched looks, and looks again as long as that gave new watches.
func (l *Loader) lookWatched() look {
	for range looksMax {
		seen := lookAt(l.options.Dir, l.wanted.Views)
		set, prefixes := watchSetOf(l.options.Dir, seen, l.others())
		added, err := l.watcher.update(set, prefixes)
		if err != nil && !l.watchFault {
			l.watchFault = true
			l.options.Log.Warn(fmt.Sprintf("watching %s: %v; some changes are noticed only every %v", l.options.Dir, err, l.rescan()))
		}
		if !added {
			return seen
		}
	}
	return lookAt(l.options.Dir, l.wanted.Views)
}

// trusted decides whether a look may take zones away. A directory that cannot be read takes nothing away, nor does one that was put in
// place of the directory and is empty: a volume that is not mounted, or a deployment on its way.
func (l *Loader) trusted(seen look) bool {
	switch {
	case seen.err != nil:
		l.found.dir.Errorf(diag.Pos{File: l.options.Dir}, "directory cannot be read: %v; %s", diag.Cause(seen.err), l.stays())
		l.replaced = true
		return false
	case !l.replaced && (l.root == nil || os.SameFile(l.root, seen.root)):
		l.settler.grace = grace
	case !seen.zones() && len(l.entries) > 0 && !l.confirm:
		l.found.dir.Errorf(diag.Pos{File: l.options.Dir}, "directory was replaced by one without zone files; %s (a reload drops them)", l.stays())
		return false
	default:
		l.settler.grace = graceReplaced
		l.settler.vanished = later(l.settler.vanished, stampOfInfo(seen.root).touched(l.options.Now()))
	}
	for _, sub := range slices.Sorted(maps.Keys(seen.denied)) {
		l.found.dir.Errorf(diag.Pos{File: sub}, "directory cannot be read: %v; %s", diag.Cause(seen.denied[sub]), l.stays())
	}
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stays says what a broken directory means for what is served.
func (l *Loader) stays() string {
	if len(l.entries) == 0 {
		return "there are no zones to serve"
	}
	return "the last good zones stay"
}

// strays warns of directories with zone files that nobody will see.
func (l *Loader) strays(seen look) {
	if l.found.config.Errors() > 0 {
		return // the views are not those that the user wrote
	}
	var views []string
	for _, view := range l.wanted.Views {
		views = append(views, view.Name)
	}
	for _, s := range seen.strays {
		files := slices.DeleteFunc(s.files, l.included)
		pos := diag.Pos{File: s.name}
		switch {
		case len(files) == 0:
		case s.name == config.PublicView:
			l.found.dir.Warnf(pos, "zones of the view public stand in the directory itself; %s not served", diag.Count(len(files), "zone file here is", "zone files here are"))
		default:
			l.found.dir.Warnf(pos, "directory is no view of %s; %s not served%s", config.FileName,
				diag.Count(len(files), "zone file in it is", "zone files in it are"), diag.DidYouMean(s.name, views))
		}
	}
}

// others lists the files to follow beside those that the directory's list shows: what zones were made of beside their own, and data.
func (l *Loader) others() []string {
	return append(slices.Sorted(maps.Keys(l.dependents)), l.dataPaths()...)
}

// included tells whether a zone was made of the file, which is not its own.
func (l *Loader) included(path string) bool { return len(l.dependents[path]) > 0 }

// depend replaces what a zone was made of.
func (l *Loader) depend(e *entry, now sources) {
	for path, s := range now {
		l.files[path] = s.stamp
		if path == e.path {
			continue
		}
		if l.dependents[path] == nil {
			l.dependents[path] = make(map[string]bool)
			l.lookAt = time.Time{} // there may be another directory to watch
		}
		l.dependents[path][e.path] = true
	}
	for path := range e.sources {
		if _, still := now[path]; still {
			continue
		}
		delete(l.dependents[path], e.path)
		if len(l.dependents[path]) == 0 {
			delete(l.dependents, path)
		}
	}
	e.sources = now
}

// demandAll has every file read again.
func (l *Loader) demandAll(now time.Time) {
	for path := range l.files {
		l.settler.demand(path, now)
	}
}

// demandPending has the zones compiled again that wait for plugins.
func (l *Loader) demandPending(now time.Time) {
	for _, e := range l.entries {
		if e.zone != nil && e.zone.Pending {
			e.force = true
			l.settler.demand(e.path, now)
		}
	}
}

// demandRouted has the zones compiled again that depend on plugins or checks.
func (l *Loader) demandRouted(now time.Time) {
	for _, e := range l.entries {
		if e.routed() {
			e.force = true
			l.settler.demand(e.path, now)
		}
	}
}

// arriveAfter does what had to wait for the directory's plugins when the built-in ones were ready.
func (l *Loader) arriveAfter(ctx context.Context) {
	if l.arrivedEarly && !l.modulesDue {
		l.arrivedEarly = false
		l.pluginsArrived(ctx)
	}
}

// pluginsArrived routes what had to wait for the built-in plugins.
func (l *Loader) pluginsArrived(ctx context.Context) {
	if l.modulesDue {
		l.arrivedEarly = true
		return // whoever names them would be told that there is no such plugin
	}
	l.askAgain()
	if err := l.options.Plugins.Err(); err != nil {
		l.options.Log.Error(fmt.Sprintf("built-in plugins: %v; routed names answer SERVFAIL", err))
		return
	}
	l.options.Log.Info("plugins ready")
	l.examine()
	l.stale = true // it is known now which names of signpost.yaml are built-in plugins
	if l.modulesChanged(nil) {
		l.publishClaimed(ctx, true)
	}
	l.demandPending(l.options.Now())
}
