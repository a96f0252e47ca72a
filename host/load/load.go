// Package load keeps the served snapshot equal to the data directory: it watches, waits until an edit is whole, reads, has it compiled,
// and publishes. It is the only writer of zone.Store.
//
// Plane: control. Floor: 5. Journey of an edit: steps 1 (settle) and 4 (publish); it calls steps 2 and 3.
// One goroutine (Run) owns all state; batches compile beside it and hand their results back. Events of the file system are only
// hints to look: what changed is decided by looking, and whether it matters by the content.
package load

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/health"
	"signpost/host/loan"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/zone"
)

const (
	// quiet is how long a file must not change to count as written. It is longer than a tick of the clock that stamps files
	// (10 ms at worst), so a write after a reading always shows, and leaves most of the 50 ms from save to answer.
	quiet = 12 * time.Millisecond
	// patience is how long a settled file waits for others that are still moving, so that a checkout becomes one publish.
	patience = 15 * time.Millisecond
	// grace is how long a vanished file may take to come back: editors that write anew after moving the old one away need it.
	grace = 250 * time.Millisecond
	// graceReplaced is the same when the data directory itself was replaced and is perhaps still being filled.
	graceReplaced = time.Second
	// writerWait bounds the wait for a program that keeps a changed file open. Beyond it the file is read as it is.
	writerWait = 30 * time.Second
	// busyUntold is how long a file may be open for writing until that is told.
	busyUntold = time.Second
	// unrest is how long a file may change without a pause until that is told: it is not read meanwhile.
	unrest = 5 * time.Second
	// rescanDefault is how often everything is looked at without an event; pollDefault the same when there are no events at all.
	rescanDefault = 30 * time.Second
	pollDefault   = time.Second
	// largeLoad is how many bytes of text make a load worth giving memory back to the system after it.
	largeLoad = 2 << 20
)

// Options configure a Loader. Dir, Store and Log are required.
type Options struct {
	Dir     string // the data directory
	Store   *zone.Store
	Plugins *plugin.Host  // nil: routed names stay pending
	Health  *health.Table // nil: all candidates are up
	Log     *slog.Logger
	Metrics *metrics.Control // nil: none are kept

	// Claimed is called before each publish, when the health table has the candidates that will be answered. first: among them are zones that
	// did not answer before, since the server starts or their plugins were not ready.
	Claimed func(ctx context.Context, first bool)
	// Appoint returns what health plugins say against the checks of a configuration that is to be put in force; those of change are asked where it is
	// not nil. With an error among it the configuration is not taken. nil: nobody is asked.
	Appoint func(cfg *config.Config, change *plugin.Change) diag.List
	// Examine returns what else is wrong with the configuration in force: after each change of it, and of plugins.
	Examine func(*config.Config) diag.List
	// Patience is how long Start may wait for the built-in plugins so that routed zones are among the first that are answered.
	Patience func(*config.Config) time.Duration
	// Configured is called by Start when the configuration is known and no zone is compiled yet; its error ends Start.
	// It is not called for a configuration that has errors.
	Configured func(*config.Config) error
	// Apply is called after a changed configuration was published, on Run's goroutine. What it could not do it returns.
	Apply func(*config.Config) diag.List
	// Judges returns who judges the checks in service: a plugin that changes has to be accepted by them, as by policies. Any goroutine may call it.
	// nil: there are none.
	Judges func() []*plugin.Judge
	// Loaded is called after each change of Status, on Run's goroutine (Start's for the first).
	Loaded func(*Status)

	Processors *loan.Processors // borrowed for large batches; nil: they take what there is

	Rescan   time.Duration    // 0: 30 s, or 1 s while the system gives no events
	StateDir string           // remembers served serials (serial: auto) between starts; "": nothing is remembered
	Now      func() time.Time // nil: time.Now
	NoEvents bool             // only the rescan notices changes
	Wait     bool             // Start waits for all plugins, so that its Status is the whole truth
}

// Loader is made by New. Start and Run are called once, in this order; Reload and Status by anybody at any time.
type Loader struct {
	options Options
	watcher watcher
	settler settler
	slots   chan struct{} // one is held while a zone compiles
	done    chan *batch
	running int           // batches that were started and not yet finished
	reload  chan struct{} // holds a wish
	confirm bool          // the reload was asked for: what is gone is gone
	first   bool          // nothing was published yet

	files        map[string]stamp           // what matters, as of the latest reading
	entries      map[string]*entry          // by path of the zone file
	data         [dataFileCount]dataFile    // about clients
	facts        *geo.Data                  // what they hold, published
	secrets      []string                   // files of keys that the latest configuration names
	order        []*entry                   // entries by path; nil: to be sorted again
	dependents   map[string]map[string]bool // path of an included file → paths of the zone files
	config       *config.Config             // published
	wanted       *config.Config             // as last read; its zones may still be compiling
	choice       *zone.Choice               // of a client's views, with config
	serials      *serials
	found        found
	busy         map[string]time.Time     // files that were being written when they were to be read, since when
	settled      bool                     // take all files as they are: for one look, not for following
	root         fs.FileInfo              // the directory that the zones came from
	unaccepted   bool                     // the latest configuration was not accepted by plugins: others, or ready ones, may do so
	pluginEpoch  uint64                   // changes when plugins of files did
	refused      map[string]bool          // plugin files that policies in service do not go with
	inService    map[string]moduleVersion // plugin files of which a version is loaded
	modulesDue   bool                     // the directory's plugins were not loaded yet: no zone can be routed
	arrivedEarly bool                     // the built-in ones were ready before
	replaced     bool                     // it went away since; another one may have the same inode
	watchFault   bool                     // it was said that not everything can be watched
	lookAt       time.Time                // when to look at everything, at the latest
	lookTook     time.Duration            // the latest look at everything
	reported     diag.List                // the directory's diagnostics that were logged, with those of doubled zones
	reportedDir  diag.List                // and without
	stale        bool                     // status is out of date
	routing      bool                     // zones that waited for plugins do no longer, and that was not published yet
	status       atomic.Pointer[Status]
}

// found is the diagnostics that belong to no zone.
type found struct {
	config  diag.List            // of signpost.yaml
	applied diag.List            // of the configuration, when it was put to work
	dir     diag.List            // of the directory
	modules map[string]diag.List // of plugin files
	views   diag.List            // of the views in force, by plugins that came after them
	checks  diag.List            // of the checks in force, by Examine
	unrest  diag.List            // of files that never settle
}

// New prepares a Loader; it touches nothing.
func New(options Options) *Loader {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Loader{
		options:    options,
		settler:    settler{quiet: quiet, patience: patience, grace: grace, pending: make(map[string]pending)},
		slots:      make(chan struct{}, runtime.GOMAXPROCS(0)),
		done:       make(chan *batch),
		reload:     make(chan struct{}, 1),
		first:      true,
		files:      make(map[string]stamp),
		entries:    make(map[string]*entry),
		dependents: make(map[string]map[string]bool),
		config:     config.Default(),
		wanted:     config.Default(),
		found:      found{modules: make(map[string]diag.List)},
		refused:    make(map[string]bool),
		inService:  make(map[string]moduleVersion),
		busy:       make(map[string]time.Time),
	}
}

// Reload has everything read again now: what is broken, unchanged by its stamp, or gone. It returns at once.
func (l *Loader) Reload() {
	select {
	case l.reload <- struct{}{}:
	default: // one is due already
	}
}

// Close ends a Loader that was started and will not run.
func (l *Loader) Close() { l.watcher.close() }

// Run follows the directory until ctx is done, and returns when everything it started has ended.
func (l *Loader) Run(ctx context.Context) {
	defer l.watcher.close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	pluginsReady := l.pluginsReady()
	var stepAt time.Time // zero: right now
	for {
		timer.Reset(max(0, stepAt.Sub(l.options.Now())))
		select {
		case <-ctx.Done():
			for ; l.running > 0; l.running-- {
				<-l.done
			}
			return
		case event := <-l.watcher.events():
			if at := l.noticed(event, l.options.Now()); !at.IsZero() && at.Before(stepAt) {
				stepAt = at
			}
			continue
		case err := <-l.watcher.errors():
			l.options.Log.Warn(fmt.Sprintf("watching %s: %v; looking at everything instead", l.options.Dir, err))
			l.lookAt = time.Time{}
		case <-l.reload:
			l.options.Log.Info("reload asked for")
			l.confirm = true
		case <-pluginsReady:
			pluginsReady = nil
			l.pluginsArrived(ctx)
		case b := <-l.done:
			l.running--
			l.finish(ctx, b)
		case <-timer.C:
		}
		stepAt = l.step(ctx)
	}
}

// noticed notes an event and returns when to act on it; zero: it is nothing to us. An event that names a file of ours asks to look at that
// file alone: with ten thousand zones a look at everything takes as long as the whole way of an edit should.
func (l *Loader) noticed(event fsnotify.Event, now time.Time) time.Time {
	name, relevant, link := l.watcher.relevant(event)
	if prefix, is := l.watcher.prefixes[event.Name]; is && prefix == "" && event.Has(fsnotify.Remove|fsnotify.Rename) {
		l.replaced = true
	}
	switch {
	case !relevant:
		return time.Time{}
	case !link && name != "" && l.concerns(name):
		l.settler.touch(name, now)
		return now.Add(quiet)
	case !link && name != "" && (isLeftover(name) || name == path.Clean(l.config.QueryLog)):
		return time.Time{}
	}
	at := now.Add(max(quiet, 10*l.lookTook)) // looking at everything costs at most a tenth of the time
	if at.Before(l.lookAt) {
		l.lookAt = at
	}
	return at
}

// step looks, starts a batch of what is due, and returns when to do it again.
func (l *Loader) step(ctx context.Context) time.Time {
	now := l.options.Now()
	asked := l.confirm
	if asked {
		l.demandAll(now)
	}
	if asked || !l.lookAt.After(now) || !l.glance(now) {
		trusted := l.look(now)
		l.confirm = false
		if !trusted {
			l.lookAt = now.Add(min(l.rescan(), pollDefault))
			l.report()
			return l.lookAt
		}
		l.lookAt = now.Add(l.rescan())
		l.lookTook = l.options.Now().Sub(now)
	}
	if l.modulesDue && l.running == 0 && !slices.ContainsFunc(l.settler.all(), isModule) { // they went before they were read
		l.modulesDue = false
		l.arriveAfter(ctx)
		l.look(now)
	}
	if asked {
		l.settler.vanished = time.Time{}
	}
	changed := false
	paths, next := l.settler.due(now)
	if slices.Contains(paths, config.FileName) || asked && l.files[config.FileName] == (stamp{}) {
		changed = l.readConfig(now, asked)
		l.look(now) // the views may be others, and zones may depend on the checks
		paths, next = l.settler.due(now)
	}
	l.start(ctx, l.newBatch(paths, changed, asked))
	l.tellRestless(now)
	l.report()
	if next.IsZero() || l.lookAt.Before(next) {
		next = l.lookAt
	}
	return next
}

// rescan is how long to wait for events before looking without one.
func (l *Loader) rescan() time.Duration {
	if l.watcher.notify == nil || l.watchFault {
		return cmp.Or(l.options.Rescan, pollDefault)
	}
	return cmp.Or(l.options.Rescan, rescanDefault)
}

// pluginsReady is the channel that closes when routes can be made; nil when that never happens.
func (l *Loader) pluginsReady() <-chan struct{} {
	if l.options.Plugins == nil {
		return nil
	}
	return l.options.Plugins.Ready()
}
