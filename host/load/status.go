package load

import (
	"maps"
	"slices"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
)

// Status is what a person wants to know of the loader. It is immutable.
type Status struct {
	Dir         string // absolute
	Generation  uint64
	Config      *config.Config
	Zones       []Zone    // by view in order of the configuration, then by file
	Diagnostics diag.List // everything that is wrong now
	Refused     diag.List // of these, the ones of signpost.yaml
	Failed      []Failed
	Data        []Data // about clients
}

// Failed is a file whose latest text is not what serves.
type Failed struct {
	Path, View, Name string // View and Name only of zone files
	Serving          bool   // an earlier text of it serves, or this one for what is right in it
}

// Zone is one zone file's state.
type Zone struct {
	View, Name, Path string
	Serial           uint32 // as served
	Records, Names   int
	Routes           int
	Bytes            int           // of memory
	Broken           bool          // never loaded well: SERVFAIL
	Stale            bool          // the file has errors; an earlier version is served
	Pending          bool          // its routed names wait for plugins
	Loaded           time.Time     // when the served version was
	Took             time.Duration // to compile it
}

// Status returns the latest one, nil before Start.
func (l *Loader) Status() *Status { return l.status.Load() }

// Records adds up the zones' records.
func (s *Status) Records() int {
	sum := 0
	for _, z := range s.Zones {
		sum += z.Records
	}
	return sum
}

// report renews the status if something changed, and logs what is new about the directory.
func (l *Loader) report() {
	if !l.stale && slices.Equal(l.found.dir, l.reportedDir) || l.first {
		return
	}
	l.reportedDir = l.found.dir
	served := l.served()
	dir := slices.Concat(l.found.dir, l.duplicates(served), l.fileless())
	if !slices.Equal(dir, l.reported) {
		l.logDiagnostics(dir)
		if len(dir) == 0 {
			l.options.Log.Info("directory is in order again", "dir", l.options.Dir)
		}
		l.reported = dir
	}
	l.stale = false
	s := &Status{Dir: l.options.Dir, Config: l.config, Refused: l.found.config}
	if snapshot := l.options.Store.Load(); snapshot != nil {
		s.Generation = snapshot.Generation
	}
	s.Diagnostics = slices.Concat(l.found.config, l.found.views, l.found.checks, l.found.applied, dir, l.found.unrest)
	for i := range l.data {
		s.Diagnostics = append(s.Diagnostics, l.data[i].diags...)
	}
	for _, path := range slices.Sorted(maps.Keys(l.found.modules)) {
		s.Diagnostics = append(s.Diagnostics, l.found.modules[path]...)
	}
	for _, e := range l.byPath() {
		s.Diagnostics = append(s.Diagnostics, e.diags...)
	}
	s.Zones = make([]Zone, 0, len(served))
	for _, view := range l.config.Views {
		for _, e := range served {
			if e.view == view.Name {
				s.Zones = append(s.Zones, e.state())
			}
		}
	}
	s.Failed, s.Data = l.failed(), l.servedData()
	l.status.Store(s)
	if l.options.Loaded != nil {
		l.options.Loaded(s)
	}
}

// failed lists what is not up to date.
func (l *Loader) failed() []Failed {
	var list []Failed
	if l.found.config.Errors()+l.found.views.Errors() > 0 {
		list = append(list, Failed{Path: config.FileName, Serving: true})
	}
	if l.found.dir.Errors() > 0 {
		list = append(list, Failed{Path: l.options.Dir, Serving: true})
	}
	for i := range l.data {
		if f := &l.data[i]; f.diags.Errors() > 0 {
			list = append(list, Failed{Path: f.wanted.Path, Serving: f.loaded()})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(l.found.modules)) {
		list = append(list, Failed{Path: path, Serving: l.inService[path] != (moduleVersion{})})
	}
	for _, e := range l.byPath() {
		if e.failed() && e.origin != nil {
			list = append(list, Failed{Path: e.path, View: e.view, Name: e.name, Serving: e.zone != nil && !e.zone.Broken})
		}
	}
	return list
}

// state describes an entry that has a zone.
func (e *entry) state() Zone {
	z := e.zone
	return Zone{
		View: e.view, Name: e.name, Path: e.path,
		Serial: z.Serial, Records: z.Records, Names: z.Names, Routes: z.Routes(), Bytes: z.Bytes(),
		Broken: z.Broken, Stale: !z.Broken && e.failed() && !e.latest, Pending: z.Pending,
		Loaded: e.loaded, Took: e.took,
	}
}

// duplicates finds files that name a zone which another file of the view has.
func (l *Loader) duplicates(served []*entry) diag.List {
	if len(served) == len(l.entries) {
		return nil
	}
	first := make(map[[2]string]string, len(served))
	for _, e := range served {
		first[[2]string{e.view, string(e.origin)}] = e.path
	}
	var diags diag.List
	for _, e := range l.byPath() {
		if other, ok := first[[2]string{e.view, string(e.origin)}]; ok && other != e.path {
			diags.Errorf(diag.Pos{File: e.path}, "zone %s is in %s as well, which is served", e.name, other)
		}
	}
	return diags
}
