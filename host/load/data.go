package load

import (
	"crypto/sha256"
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/plugin"
)

// The files about clients that signpost.yaml names, in the order of their keys.
const (
	placesFile = iota
	networksFile
	tableFile
	dataFileCount
)

// dataKeys name them in messages.
var dataKeys = [dataFileCount]string{"geo.database", "geo.asn", "latency.table"}

// dataFiles are the paths in a configuration.
func dataFiles(cfg *config.Config) [dataFileCount]config.File {
	return [...]config.File{cfg.Geo.Database, cfg.Geo.ASN, cfg.Latency.Table}
}

// dataFile is one of the files. Run's goroutine owns it; a job gets a copy of what it needs.
type dataFile struct {
	wanted   config.File
	due      bool              // to be read by the next batch
	building bool              // a batch reads it
	sum      [sha256.Size]byte // of what was read last; zero: read whatever it is
	database *geo.Database
	table    *geo.Table
	about    Data // of these
	diags    diag.List
}

// loaded tells whether some text of it serves.
func (f *dataFile) loaded() bool { return f.database != nil || f.table != nil }

// dataJob reads one of the files.
type dataJob struct {
	kind   int
	file   config.File
	known  [sha256.Size]byte
	loaded bool

	unsettled bool
	same      bool // nothing changed: what follows is not set
	stamp     stamp
	sum       [sha256.Size]byte
	database  *geo.Database
	table     *geo.Table
	textLen   int
	took      time.Duration
	diags     diag.List
}

// Terms is what annotations, and the attributes of views and checks, may name.
func Terms(cfg *config.Config) plugin.Terms {
	terms := plugin.Terms{Regions: geo.NewRegions(cfg.Latency.Regions), Collections: cfg.Collections, Fuel: make(map[string]uint64)}
	for name, limits := range cfg.Plugins {
		if limits.Fuel != config.DefaultPluginLimits().Fuel { // the default is the plugin host's own: less where Wasm is interpreted
			terms.Fuel[name] = uint64(limits.Fuel)
		}
	}
	return terms
}

// wantData notes which files a new configuration wants.
func (l *Loader) wantData(previous, next *config.Config) {
	regions := !maps.Equal(previous.Latency.Regions, next.Latency.Regions)
	for kind, file := range dataFiles(next) {
		f := &l.data[kind]
		if f.wanted == file && !(kind == tableFile && regions && file.Path != "") {
			continue
		}
		f.wanted, f.due = file, true
		f.sum = [sha256.Size]byte{} // its diagnostics point to another line, or other regions are known
	}
}

// sameTerms tells whether annotations mean the same in both.
func sameTerms(a, b *config.Config) bool {
	return maps.Equal(a.Latency.Regions, b.Latency.Regions) && reflect.DeepEqual(a.Collections, b.Collections)
}

// isData tells whether a path is one of the files.
func (l *Loader) isData(file string) bool {
	return slices.Contains(l.secrets, file) || slices.ContainsFunc(l.data[:], func(f dataFile) bool { return f.wanted.Path == file && file != "" })
}

// dataPaths lists the files.
func (l *Loader) dataPaths() (paths []string) {
	for i := range l.data {
		if path := l.data[i].wanted.Path; path != "" {
			paths = append(paths, path)
		}
	}
	return append(paths, l.secrets...)
}

// fullPath is where a path leads that may be absolute: databases of places stand where the system's tools put them.
func fullPath(dir, file string) string {
	if local := filepath.FromSlash(file); filepath.IsAbs(local) {
		return local
	}
	return filepath.Join(dir, filepath.FromSlash(file))
}

// touchData has a changed file read.
func (l *Loader) touchData(file string) {
	if slices.Contains(l.secrets, file) {
		l.settler.demand(config.FileName, l.options.Now())
		l.lookAt = time.Time{} // that reads it
	}
	for i := range l.data {
		if f := &l.data[i]; f.wanted.Path == file {
			f.due = true
		}
	}
}

// takeData adds the due files to the batch. One that is being read stays due until that is done.
func (l *Loader) takeData(b *batch) {
	for kind := range l.data {
		f := &l.data[kind]
		if !f.due || f.building {
			continue
		}
		f.due, f.building = false, true
		b.data = append(b.data, &dataJob{kind: kind, file: f.wanted, known: f.sum, loaded: f.loaded()})
	}
}

// readData does one job.
func (b *batch) readData(j *dataJob) {
	if j.file.Path == "" {
		return
	}
	began := time.Now()
	form := database
	if j.kind == tableFile {
		form = text
	}
	c := b.reader.readAnywhere(j.file.Path, form)
	j.stamp, j.sum, j.textLen = c.stamp, c.sum, len(c.text)
	j.unsettled = errors.Is(c.err, errUnsettled)
	switch {
	case j.unsettled:
		return
	case c.err != nil:
		j.diags.Errorf(j.file.Pos, "%s: %s cannot be read: %v%s", dataKeys[j.kind], j.file.Path, diag.Cause(c.err), j.stays())
		return
	case c.sum == j.known:
		j.same = true
		return
	case len(c.text) == 0: // who has nothing measured writes a comment
		j.diags.Errorf(j.file.Pos, "%s: %s is empty%s", dataKeys[j.kind], j.file.Path, j.stays())
		return
	}
	if j.kind == tableFile {
		j.readTable(c.text, geo.NewRegions(b.config.Latency.Regions))
	} else {
		var err error
		if j.database, err = geo.OpenDatabase(c.text); err != nil {
			j.diags.Errorf(j.file.Pos, "%s: %s: %v%s", dataKeys[j.kind], j.file.Path, err, j.stays())
		} else if lacking := lacks(j.kind, j.database.Type); lacking != "" {
			j.diags.Warnf(j.file.Pos, "%s: %s is a %s, which knows no %s", dataKeys[j.kind], j.file.Path, j.database.Type, lacking)
		}
	}
	j.took = time.Since(began)
}

// lacks tells what a database does not know that its key is for, as far as its type tells: the two are easily mistaken for each other.
func lacks(kind int, databaseType string) string {
	upper := strings.ToUpper(databaseType)
	switch {
	case kind == placesFile && strings.Contains(upper, "ASN"):
		return "places; autonomous systems are geo.asn's"
	case kind == networksFile && (strings.HasSuffix(upper, "-CITY") || strings.HasSuffix(upper, "-COUNTRY")):
		return "autonomous systems; places are geo.database's"
	}
	return ""
}

func (j *dataJob) readTable(text []byte, regions *geo.Regions) {
	var mistakes []geo.Mistake
	j.table, mistakes = geo.ParseTable(text, regions, diag.DidYouMean)
	for _, m := range mistakes {
		j.diags.Errorf(diag.Pos{File: j.file.Path, Line: m.Line, Col: m.Col}, "%s", m.Text)
	}
}

// stays says what a missing file means.
func (j *dataJob) stays() string {
	if j.loaded {
		return "; the last good one stays"
	}
	return ""
}

// finishData takes over what was read and tells whether it is to be published.
func (l *Loader) finishData(b *batch, j *dataJob) bool {
	f := &l.data[j.kind]
	f.building = false
	switch {
	case f.wanted != j.file:
		return false // the configuration changed meanwhile, and had the other file read
	case j.unsettled:
		l.postpone(j.file.Path, l.options.Now())
		return false
	case j.file.Path == "":
		was := f.loaded()
		*f = dataFile{}
		return was
	}
	delete(l.busy, j.file.Path)
	if j.stamp != (stamp{}) {
		l.files[j.file.Path] = j.stamp
	}
	if j.same {
		return false
	}
	l.logDiagnostics(news(f.diags, j.diags))
	f.sum, f.diags = j.sum, j.diags
	if j.diags.Errors() > 0 {
		if j.textLen > 0 && j.kind == tableFile && f.loaded() { // the other diagnostics say it themselves
			l.options.Log.Error("latency.table not loaded; the last good one stays", "file", j.file.Path, "errors", j.diags.Errors())
		}
		return false
	}
	f.database, f.table = j.database, j.table
	f.about = Data{Key: dataKeys[j.kind], Path: j.file.Path}
	loaded := l.options.Log.With("file", j.file.Path, "took", j.took.Round(10e3))
	switch {
	case j.table != nil:
		f.about.Rows = j.table.Rows
		loaded = loaded.With("rows", j.table.Rows)
	default:
		f.about.Type, f.about.Built = j.database.Type, j.database.Built
		loaded = loaded.With("type", j.database.Type, "built", j.database.Built.Format(time.DateOnly))
	}
	if !b.first {
		loaded.Info(f.about.Key + " loaded")
	}
	return true
}

// Data is one file of data about clients that serves.
type Data struct {
	Key   string    // of signpost.yaml: "geo.database", "geo.asn" or "latency.table"
	Path  string    // as it stands there
	Type  string    // of a database, as it calls itself; "" of a table
	Built time.Time // of a database
	Rows  int       // of a table
}

// servedData lists the data that serves, in the order of the keys.
func (l *Loader) servedData() (list []Data) {
	for i := range l.data {
		if l.data[i].loaded() {
			list = append(list, l.data[i].about)
		}
	}
	return list
}

// dataOf puts together what the files hold; nil: nothing.
func (l *Loader) dataOf() *geo.Data {
	places, networks, table := l.data[placesFile].database, l.data[networksFile].database, l.data[tableFile].table
	if places == nil && networks == nil && table == nil {
		return nil
	}
	return geo.NewData(places, networks, table)
}
