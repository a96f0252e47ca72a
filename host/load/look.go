package load

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"signpost/host/config"
)

// pluginsDir holds the data directory's own plugins; it is never a view.
const pluginsDir = "plugins"

const pluginSuffix = ".wasm"

// A look is what the data directory held at one moment.
type look struct {
	root    fs.FileInfo      // of the directory; nil if it could not be read
	err     error            // why not
	files   map[string]stamp // zone files, signpost.yaml and plugins, by slash-separated path relative to the directory
	strays  []stray          // directories that hold zone files but are no view's
	denied  map[string]error // directories of views that are there and cannot be read
	linked  []string         // files that are symbolic links
	subdirs []string         // directories that were listed
}

// stray is a directory that looks like a view and is not declared as one.
type stray struct {
	name  string
	files []string // its zone files, with the directory's name
}

// lookAt lists dir. views are the declared ones; public, which is dir itself, may be among them.
func lookAt(dir string, views []config.View) look {
	l := look{files: make(map[string]stamp), denied: make(map[string]error)}
	l.root, l.err = os.Stat(dir)
	if l.err == nil && !l.root.IsDir() {
		l.err = &fs.PathError{Op: "read", Path: dir, Err: errNoDirectory}
	}
	if l.err != nil {
		l.root = nil
		return l
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.root, l.err = nil, err
		return l
	}
	declared := make(map[string]bool)
	for _, view := range views {
		declared[view.Name] = view.Name != config.PublicView
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case isZoneFile(name) || name == config.FileName:
			l.add(dir, "", entry)
		case name == pluginsDir:
			l.list(dir, name, func(name string) bool { return filepath.Ext(name) == pluginSuffix && name[0] != '.' })
		case declared[name]:
			l.list(dir, name, isZoneFile)
		case name[0] != '.' && mayBeDir(entry):
			l.addStray(dir, name)
		}
	}
	return l
}

// zones tells whether there is any zone file.
func (l *look) zones() bool {
	for name := range l.files {
		if isZoneFile(path.Base(name)) {
			return true
		}
	}
	return false
}

// mayBeDir is false for what is certainly no directory: it saves a system call for each other file.
func mayBeDir(entry fs.DirEntry) bool { return entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 }

func (l *look) add(dir, sub string, entry fs.DirEntry) {
	name := path.Join(sub, entry.Name())
	full := filepath.Join(dir, filepath.FromSlash(name))
	if entry.Type()&fs.ModeSymlink != 0 {
		l.linked = append(l.linked, full)
	}
	if s := stampOf(full); s != (stamp{}) {
		l.files[name] = s
	}
}

// list adds the wanted files of a subdirectory.
func (l *look) list(dir, sub string, wanted func(name string) bool) {
	entries, err := os.ReadDir(filepath.Join(dir, sub))
	if err != nil {
		if !isGone(err) {
			l.denied[sub] = err
		}
		return
	}
	l.subdirs = append(l.subdirs, sub)
	for _, entry := range entries {
		if wanted(entry.Name()) {
			l.add(dir, sub, entry)
		}
	}
}

// strayEntriesMax bounds what is looked at in a directory that is nothing to us: it may hold anything.
const strayEntriesMax = 1024

func (l *look) addStray(dir, sub string) {
	f, err := os.Open(filepath.Join(dir, sub))
	if err != nil {
		return
	}
	defer f.Close()
	entries, _ := f.ReadDir(strayEntriesMax) // an error here is the end, or no directory after all
	found := stray{name: sub}
	for _, entry := range entries {
		if isZoneFile(entry.Name()) {
			found.files = append(found.files, path.Join(sub, entry.Name()))
		}
	}
	if len(found.files) > 0 {
		l.strays = append(l.strays, found)
	}
}

// belongs returns the view and the file name of a zone file's path.
func belongs(name string) (view, file string) {
	sub, file := path.Split(name)
	if sub == "" {
		return config.PublicView, file
	}
	return path.Clean(sub), file
}
