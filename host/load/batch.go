package load

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"signpost/host/compile"
	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/zone"
)

// batch is a set of files that settled together: one publish. Its goroutine owns it until it is handed back.
type batch struct {
	config   *config.Config  // the one to compile with
	terms    plugin.Terms    // of config
	checks   map[string]bool // of config, as endpointChecks has them
	changed  bool            // and to publish: it is new
	asked    bool            // somebody asked for the reload: say so even if nothing changed
	first    bool
	anyCheck bool // there is no good configuration yet
	// considerate: it is large, and queries are answered meanwhile; a processor was lent to it.
	considerate bool
	plugins     *plugin.Host // nil: routed names stay pending
	pluginEpoch uint64       // when it was begun
	began       time.Time
	jobs        []*job
	modules     []*moduleJob
	data        []*dataJob
	removed     []string // zone files

	// Of a batch with modules.
	change   *plugin.Change
	served   map[string]*zone.Zone // by path: routed zones in service when it was begun
	rerouted map[string]asked      // of these, those that no job replaced
	judges   func() []*plugin.Judge
	views    *policy.Policy // that chooses among views; nil: none, or it is new in the batch
	dataRead bool           // what the jobs have of data; they may have to be done again

	reader   reader
	mu       sync.Mutex
	included map[string]content // files that more than one zone may read, read once
}

// job compiles one zone.
type job struct {
	path     string
	origin   []byte
	known    sources // of the latest reading
	force    bool
	auto     bool   // raise the serial by itself
	previous served // the serial answered before

	sources   sources
	unsettled []string // files that were being written
	same      bool     // nothing changed: zone and diags are not set
	zone      *zone.Zone
	diags     diag.List
	exits     exits
	circled   bool // ALIASes go in a circle through it and other zones; without a zone it is refused for that
	serial    served
	textLen   int
	took      time.Duration
}

// moduleJob loads or removes one plugin file.
type moduleJob struct {
	path      string
	gone      bool
	limits    config.PluginLimits
	loaded    moduleVersion // in service; zero: none
	version   moduleVersion // as read
	same      bool          // it is that one
	unsettled bool
	refused   bool
	refusals  int // policies and checks that need the old version
	checks    int // of these
	diags     diag.List
}

// compile does all jobs.
func (l *Loader) compile(ctx context.Context, b *batch) {
	var next atomic.Int64
	var wait sync.WaitGroup
	wait.Go(func() { // zones do not depend on it, so it need not be early
		b.giveWay()
		for _, j := range b.data {
			if !b.dataRead {
				b.readData(j)
			}
		}
	})
	for range min(len(b.jobs), cap(l.slots)) {
		wait.Go(func() {
			b.giveWay()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(b.jobs) || ctx.Err() != nil {
					return
				}
				l.slots <- struct{}{}
				b.compile(b.jobs[i])
				<-l.slots
			}
		})
	}
	wait.Wait()
	b.dataRead = true
}

// compile does one job.
func (b *batch) compile(j *job) {
	began := time.Now()
	j.sources = make(sources)
	own := b.reader.read(j.path)
	j.textLen = len(own.text)
	j.note(j.path, own)
	if j.same = !j.force && b.unchanged(j); j.same || len(j.unsettled) > 0 {
		return
	}
	j.sources = make(sources)
	open := func(path string) ([]byte, error) {
		c := own
		own.text = nil // a zone file is opened once; its text may be garbage before the zone is finished
		if path != j.path {
			c = b.include(path)
		}
		j.note(path, c)
		return c.text, c.err
	}
	source := compile.Source{Path: j.path, Origin: j.origin, Open: open, Checks: b.checks, AnyCheck: b.anyCheck, Terms: b.terms, Change: b.change}
	source.Leaves = j.exits.add
	source.Serial = func(file uint32) uint32 {
		j.serial = served{File: file, Served: file, Sum: j.sources.sum()}
		if j.auto {
			j.serial = j.previous.next(j.serial)
		}
		return j.serial.Served
	}
	j.zone, _, j.diags = compile.Compile(source, b.plugins)
	for path, s := range j.sources { // what was read at the beginning may have changed until the end
		if s.stamp != stampOf(filepath.Join(b.reader.dir, filepath.FromSlash(path))) {
			j.unsettled = append(j.unsettled, path)
		}
	}
	j.took = time.Since(began)
}

// whole tells whether the job made a zone of files that nobody is writing.
func (j *job) whole() bool { return j.zone != nil && len(j.unsettled) == 0 }

// note records what a file was when the job read it.
func (j *job) note(path string, c content) {
	s := source{stamp: c.stamp, sum: c.sum}
	if c.err != nil {
		s.fault = c.err.Error()
	}
	j.sources[path] = s
	if errors.Is(c.err, errUnsettled) && !slices.Contains(j.unsettled, path) {
		j.unsettled = append(j.unsettled, path)
	}
}

// unchanged tells whether all files of the latest reading still have the content they had; it reads them.
func (b *batch) unchanged(j *job) bool {
	if len(j.known) == 0 {
		return false
	}
	for path := range j.known {
		if path != j.path {
			j.note(path, b.include(path))
		}
	}
	return len(j.unsettled) == 0 && j.sources.sum() == j.known.sum()
}

// include reads a file that several zones may share.
func (b *batch) include(path string) content {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.included[path]
	if !ok {
		c = b.reader.read(path)
		b.included[path] = c
	}
	return c
}

// endpointChecks are the declared checks; true: it probes what each candidate leads to. What a program is told of it need not be anything.
func endpointChecks(cfg *config.Config) map[string]bool {
	checks := cfg.EndpointChecks()
	for name, check := range cfg.Checks {
		checks[name] = checks[name] && check.Kind != config.CheckExec
	}
	return checks
}
