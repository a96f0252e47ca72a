package load

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// linkMax bounds the symbolic links followed on one path, as the kernel does.
const linkMax = 40

// watchSet says which directories to watch and for which names in them.
type watchSet map[string]*watched

type watched struct {
	all   bool            // every name
	names map[string]bool // these; true: a path leads through the name, so an event of it may mean other files than that one
}

func (s watchSet) addAll(dir string) { s.at(dir).all = true }

func (s watchSet) addName(dir, name string, through bool) {
	names := s.at(dir).names
	names[name] = names[name] || through
}

func (s watchSet) at(dir string) *watched {
	w := s[dir]
	if w == nil {
		w = &watched{names: make(map[string]bool)}
		s[dir] = w
	}
	return w
}

// addPath watches everything that decides what path means: each symbolic link on the way (its directory, for its name), the last
// name, and where something is missing, the name that is missing. It returns the path free of links; ok is false if it leads nowhere.
func (s watchSet) addPath(path string) (resolved string, ok bool) {
	at, rest := splitRoot(path)
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		switch {
		case name == "..":
			at = next
			continue
		case err != nil:
			s.addName(at, name, true)
			return next, false
		case info.Mode()&fs.ModeSymlink != 0:
			s.addName(at, name, true)
			if links++; links > linkMax {
				return next, false
			}
			target, err := os.Readlink(next)
			if err != nil {
				return next, false
			}
			if !filepath.IsAbs(target) {
				rest = slices.Concat(strings.Split(filepath.Clean(target), string(filepath.Separator)), rest)
				continue
			}
			var head []string
			at, head = splitRoot(target)
			rest = slices.Concat(head, rest)
			continue
		case len(rest) == 0:
			s.addName(at, name, false)
		}
		at = next
	}
	return at, true
}

// splitRoot cuts an absolute path into its root and the names below.
func splitRoot(path string) (root string, names []string) {
	path = filepath.Clean(path)
	volume := filepath.VolumeName(path)
	root = volume + string(filepath.Separator)
	return root, strings.FieldsFunc(path[len(volume):], func(r rune) bool { return r == filepath.Separator })
}

// watchSetOf collects what a look depends on. files are further ones, in the directory or anywhere.
func watchSetOf(dir string, l look, files []string) (set watchSet, prefixes map[string]string) {
	set, prefixes = make(watchSet), make(map[string]string)
	root, ok := set.addPath(dir)
	if !ok || l.root == nil {
		return set, prefixes
	}
	set.addAll(root)
	prefixes[root] = ""
	for _, sub := range l.subdirs {
		if resolved, ok := set.addPath(filepath.Join(root, sub)); ok {
			set.addAll(resolved)
			prefixes[resolved] = sub
		}
	}
	for _, file := range l.linked {
		set.addPath(file)
	}
	for _, file := range files {
		set.addPath(fullPath(root, file))
	}
	return set, prefixes
}

// watcher keeps fsnotify's watches at the wanted set. One goroutine owns it.
type watcher struct {
	notify   *fsnotify.Watcher      // nil: the system gave none, or watching is off; the rescan does it alone
	set      watchSet               // wanted
	prefixes map[string]string      // watched directory → its path relative to the data directory
	watched  map[string]fs.FileInfo // what each watch stands on
}

// update moves the watches to set and tells whether any is new: what happened before it stood was missed.
// A directory that was replaced by another of the same name is watched anew. err is the first refusal of the system.
func (w *watcher) update(set watchSet, prefixes map[string]string) (added bool, err error) {
	w.set, w.prefixes = set, prefixes
	if w.notify == nil {
		return false, nil
	}
	for dir, stood := range w.watched {
		info, statErr := os.Stat(dir)
		if _, wanted := set[dir]; wanted && statErr == nil && os.SameFile(info, stood) {
			continue
		}
		delete(w.watched, dir)
		if removeErr := w.notify.Remove(dir); removeErr != nil && !errors.Is(removeErr, fsnotify.ErrNonExistentWatch) {
			err = removeErr
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(set)) {
		if _, stands := w.watched[dir]; stands {
			continue
		}
		info, statErr := os.Stat(dir)
		if statErr != nil {
			continue // gone again: the parent's watch or the rescan will tell
		}
		if addErr := w.notify.Add(dir); addErr != nil {
			if !errors.Is(addErr, fs.ErrNotExist) {
				err = addErr
			}
			continue
		}
		w.watched[dir] = info
		added = true
	}
	return added, err
}

// relevant tells whether an event may concern the data directory. name is the path relative to it if the event names a file there; link: a
// path that is followed leads through the name, so more than that file may be another one.
func (w *watcher) relevant(event fsnotify.Event) (name string, ok, link bool) {
	if _, self := w.set[event.Name]; self {
		if _, stands := w.watched[event.Name]; stands {
			w.watched[event.Name] = nil // moved, deleted or made anew: have update look at what stands there now
		}
		return "", true, true
	}
	dir, base := filepath.Split(event.Name)
	dir = filepath.Clean(dir)
	at, stands := w.set[dir]
	if !stands {
		return "", false, false
	}
	if link, stands = at.names[base]; !stands && !at.all {
		return "", false, false
	}
	if prefix, inside := w.prefixes[dir]; inside {
		name = filepath.ToSlash(filepath.Join(prefix, base))
	}
	return name, true, link
}

func (w *watcher) events() <-chan fsnotify.Event {
	if w.notify == nil {
		return nil
	}
	return w.notify.Events
}

func (w *watcher) errors() <-chan error {
	if w.notify == nil {
		return nil
	}
	return w.notify.Errors
}

func (w *watcher) close() {
	if w.notify != nil {
		_ = w.notify.Close() // nothing is lost: it only reads
	}
}
