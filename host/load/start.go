package load

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"signpost/host/config"
	"signpost/host/diag"
)

// settleMax bounds the wait at the start for files that were written a moment ago. What moves longer is loaded later.
const settleMax = 100 * time.Millisecond

// Start loads everything once and publishes generation 1. It fails only if there is no directory; whatever else is wrong is in Status.
// A zone that cannot be served gets a placeholder that answers SERVFAIL.
func (l *Loader) Start(ctx context.Context) error {
	dir, err := filepath.Abs(l.options.Dir)
	if err == nil {
		err = checkDir(dir)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", l.options.Dir, diag.Cause(err))
	}
	l.options.Dir = dir
	l.serials = newSerials(l.options.StateDir, dir, l.options.Log)
	l.watcher.watched = make(map[string]fs.FileInfo)
	if !l.options.NoEvents {
		if l.watcher.notify, err = fsnotify.NewWatcher(); err != nil {
			l.watcher.notify = nil
			l.options.Log.Warn(fmt.Sprintf("watching %s: %v; changes are looked for every %v", dir, err, l.rescan()))
		}
	}
	if err = l.compileAll(ctx); err != nil {
		l.watcher.close()
	}
	return err
}

// compileAll makes generation 1.
func (l *Loader) compileAll(ctx context.Context) error {
	paths := l.settle(ctx)
	if slices.Contains(paths, config.FileName) {
		l.readConfig(l.options.Now(), true)
		paths = l.settle(ctx)
	}
	if l.options.Configured != nil && l.found.config.Errors() == 0 {
		if err := l.options.Configured(l.wanted); err != nil {
			return err
		}
	}
	if !l.awaitPlugins(ctx) && slices.ContainsFunc(paths, isModule) { // they may take a second to compile; what needs no plugin does not wait for them
		l.modulesDue = true
		paths = slices.DeleteFunc(paths, isModule)
	}
	b := l.newBatch(paths, true, false)
	b.first = true
	l.work(ctx, b)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.finish(ctx, b)
	return nil
}

// awaitPlugins waits for the built-in plugins where there is a reason to, and tells whether they are there.
func (l *Loader) awaitPlugins(ctx context.Context) bool {
	var enough <-chan time.Time // nil: however long it takes
	switch {
	case l.options.Plugins == nil:
		return false
	case l.options.Wait || l.wantsPlugins():
	case l.options.Patience == nil:
		return false
	default:
		patience := l.options.Patience(l.wanted)
		if patience <= 0 {
			return false
		}
		enough = time.After(patience)
	}
	select {
	case <-l.options.Plugins.Ready():
		return true
	case <-ctx.Done():
	case <-enough:
	}
	return false
}

func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return errNoDirectory
	}
	return err
}

// settle looks until nothing moves any more, for a while at most, and returns all that is there.
func (l *Loader) settle(ctx context.Context) []string {
	deadline := l.options.Now().Add(settleMax)
	for {
		now := l.options.Now()
		l.look(now)
		paths, next := l.settler.due(now)
		if len(paths) == len(l.settler.pending) || next.IsZero() || next.After(deadline) {
			return l.settler.all()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(next.Sub(now)):
		}
	}
}
