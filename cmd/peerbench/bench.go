package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// bench is one run of the command. One goroutine uses it.
type bench struct {
	o       options
	out     io.Writer // progress, for people
	dir     string
	perf    perfSettings
	peers   []found
	ports   ports
	sites   int
	queries map[string]queryFile // by load
	notes   []string
	results results
}

// found is a peer whose program exists.
type found struct {
	peer
	path, release string
	env           []string
}

// queryFile is a load's questions, in memory and as dnsperf reads them.
type queryFile struct {
	load load
	list []query
	path string
}

// answerWait is how long a server may take to its first answer, or to a new one.
const answerWait = 2 * time.Minute

// newBench finds the programs and builds Signpost. close removes what it leaves on disk.
func newBench(ctx context.Context, o options, out io.Writer) (*bench, error) {
	dir, err := os.MkdirTemp("", "peerbench")
	if err != nil {
		return nil, err
	}
	cores := runtime.NumCPU()
	b := &bench{
		o: o, out: out, dir: dir, ports: ports{first: o.firstPort}, queries: map[string]queryFile{},
		perf: perfSettings{clients: 16 * cores, threads: cores, outstanding: 100 * cores},
	}
	if err := b.writeLoads(); err != nil {
		b.close()
		return nil, err
	}
	for _, p := range allPeers() {
		if !slices.Contains(o.peers, p.name) {
			continue
		}
		f, err := b.find(ctx, p)
		if err != nil {
			b.note("%s: left out: %v", p.title, err)
			continue
		}
		b.peers = append(b.peers, f)
	}
	if len(b.peers) == 0 {
		b.close()
		return nil, errors.New("none of the servers asked for can run")
	}
	return b, nil
}

// writeLoads finds dnsperf and writes its query files, if a load asked for needs them.
func (b *bench) writeLoads() error {
	for _, l := range queryLoads(b.o.names) {
		if !slices.Contains(b.o.loads, l.name) {
			continue
		}
		var err error
		if b.perf.program, err = findProgram("dnsperf"); err != nil {
			return fmt.Errorf("%w, and the %s load needs it", err, l.name)
		}
		q := queryFile{load: l, list: l.queries(b.o.names, queryCount), path: filepath.Join(b.dir, l.name+".queries")}
		if err := writeQueries(q.path, q.list); err != nil {
			return err
		}
		b.queries[l.name] = q
	}
	return nil
}

// find locates, or builds, the program of a peer and asks its version.
func (b *bench) find(ctx context.Context, p peer) (found, error) {
	f := found{peer: p}
	var err error
	switch {
	case p.echo && runtime.GOOS != "linux":
		return f, fmt.Errorf("it needs Linux")
	case p.echo:
		f.path, err = os.Executable()
		return f, err
	case p.name == signpostName && b.o.signpost != "":
		f.path, err = filepath.Abs(b.o.signpost)
	case p.name == signpostName:
		b.say("building signpost")
		f.path, err = buildSignpost(ctx, b.dir)
	default:
		f.path, err = findProgram(p.program)
	}
	if err != nil {
		return f, err
	}
	if p.control != "" {
		if _, err := findProgram(p.control); err != nil {
			return f, err
		}
	}
	f.release = versionOf(ctx, f.path, p.version)
	return f, nil
}

// close removes the working directory.
func (b *bench) close() {
	if b.o.keep {
		b.say("kept %s", b.dir)
		return
	}
	_ = os.RemoveAll(b.dir) // a leftover in the temporary directory is no reason to fail
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.out, "peerbench: "+format+"\n", args...)
}

// note adds a line below the tables, once.
func (b *bench) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.say("%s", text)
	if !slices.Contains(b.notes, text) {
		b.notes = append(b.notes, text)
	}
}

// measure runs everything that was asked for, or as much as ctx allows. Rounds are the outer loop, so that whatever
// else the machine does in the meantime falls on all servers alike.
func (b *bench) measure(ctx context.Context) {
	for round := 1; round <= b.o.rounds; round++ {
		for _, name := range b.o.loads {
			if q, isQueryLoad := b.queries[name]; isQueryLoad {
				b.measureQueries(ctx, round, q)
			}
		}
		if slices.Contains(b.o.loads, loadStart) {
			b.measureStarts(ctx, round)
		}
		if slices.Contains(b.o.loads, loadReload) {
			b.measureReloads(ctx, round)
		}
		if slices.Contains(b.o.loads, loadRoutes) {
			b.measureRoutes(ctx, round)
		}
	}
	if slices.Contains(b.o.loads, loadSave) {
		b.measureSaves(ctx)
	}
	if err := context.Cause(ctx); err != nil {
		b.note("stopped early (%v): the figures are of what was measured until then", err)
	}
}

// measureQueries runs one load on each server in turn.
func (b *bench) measureQueries(ctx context.Context, round int, q queryFile) {
	for _, f := range b.peers {
		if ctx.Err() != nil {
			return
		}
		if !f.echo && !f.dialect.can(q.load) {
			continue // the table says n/a
		}
		m, err := b.measureQueriesOn(ctx, f, q)
		if ctx.Err() != nil {
			return // cut short
		}
		if err != nil {
			b.note("%s: %s: no figures in round %d: %v", f.title, q.load.name, round, err)
			continue
		}
		m.Round = round
		b.results.Loads = append(b.results.Loads, m)
		b.say("round %d/%d %-7s %-10s %7.0f qps %6.2f µs CPU/query", round, b.o.rounds, q.load.name, f.title, m.QPS, m.CPUMicros)
	}
}

func (b *bench) measureQueriesOn(ctx context.Context, f found, q queryFile) (loadResult, error) {
	m := loadResult{Peer: f.name, Load: q.load.name}
	s, err := b.start(f, zoneText{hosts: b.o.names, serial: 1, awkward: true}, f.dialect != dialectPlain)
	if err != nil {
		return m, err
	}
	defer s.stop()
	if _, err := b.waitFirst(ctx, s, hostName(b.o.names-1), acceptAddress(hostAddr(b.o.names-1))); err != nil {
		return m, err
	}
	if len(s.site.zones) > 1 {
		// Whatever load this is: a server that still compiles its plugins would have that counted.
		if _, err := b.waitRouted(ctx, s); err != nil {
			return m, err
		}
	}
	remark, err := verify(s.site.addr(), f.peer, q.load, q.list)
	if err != nil {
		return m, fmt.Errorf("wrong answer: %w", err)
	}
	if remark != "" {
		b.note("%s: %s", f.title, remark)
	}
	if _, err := b.perf.run(ctx, s.site.port, q.path, b.o.duration/5, 0, false); err != nil {
		return m, err // the warm-up
	}
	before, err := s.group().cpu()
	if err != nil {
		return m, err
	}
	full, err := b.perf.run(ctx, s.site.port, q.path, b.o.duration, 0, false)
	if err != nil {
		return m, err
	}
	after, err := s.group().cpu()
	if err != nil {
		return m, err
	}
	memory, err := s.group().memory()
	if err != nil {
		return m, err
	}
	if !f.echo {
		if err := full.checkRcodes(q.load); err != nil {
			return m, fmt.Errorf("wrong answers under load: %w", err)
		}
	}
	m.QPS, m.Completed, m.Lost, m.MemoryBytes = full.qps(), full.completed, full.lost, memory.pssBytes
	m.CPUMicros = float64((after - before).Nanoseconds()) / 1e3 / float64(max(full.completed, 1))
	return m, b.measureLatency(ctx, s, q, &m)
}

// measureLatency asks at a fixed rate, which is what latency means: at full load it is outstanding queries ÷ qps.
func (b *bench) measureLatency(ctx context.Context, s *server, q queryFile, m *loadResult) error {
	m.Rate = min(b.o.rate, int(m.QPS/2))
	if m.Rate == 0 {
		return nil
	}
	result, err := b.perf.run(ctx, s.site.port, q.path, b.o.duration/2, m.Rate, true)
	if err != nil {
		return err
	}
	m.RateLost = result.lost
	m.P50Micros = micros(percentile(result.latencies, 0.50))
	m.P99Micros = micros(percentile(result.latencies, 0.99))
	return nil
}

// zoneSource is a zone and what writes its text.
type zoneSource struct {
	origin string
	write  func(io.Writer) error
}

// start starts the server on a plain zone and, on demand, the routed one.
func (b *bench) start(f found, z zoneText, routed bool) (*server, error) {
	zones := []zoneSource{{benchOrigin, z.write}}
	if routed {
		zones = append(zones, zoneSource{routedOrigin, func(w io.Writer) error { return writeRouted(w, f.dialect) }})
	}
	return b.startWith(f, zones)
}

// startWith lays out a site, writes its zones and starts the server.
func (b *bench) startWith(f found, zones []zoneSource) (*server, error) {
	b.sites++
	s := site{dir: filepath.Join(b.dir, fmt.Sprintf("%03d-%s", b.sites, f.name)), threads: runtime.NumCPU(), program: f.path, env: f.env}
	var err error
	if s.port, err = b.ports.take(); err != nil {
		return nil, err
	}
	if s.sidePort, err = b.ports.take(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.file("zones"), 0o755); err != nil {
		return nil, err
	}
	for _, zone := range zones {
		s.zones = append(s.zones, siteZone{zone.origin, s.file(f.zonePath(zone.origin))})
		if err := saveZone(s.zones[len(s.zones)-1].path, zone.write); err != nil {
			return nil, err
		}
	}
	return startServer(f.peer, s)
}

// waitFirst waits until the server answers name as accept wants and returns how long that took from its start.
func (b *bench) waitFirst(ctx context.Context, s *server, name string, accept func([]byte) bool) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	if s.peer.echo {
		accept = acceptAny
	}
	at, err := pollUntil(ctx, s.site.addr(), name, accept, s.died)
	if err != nil {
		return 0, fmt.Errorf("no first answer: %w", err)
	}
	return at.Sub(s.started), nil
}

// waitRouted waits for a weighted answer and returns how long that took from the server's start.
func (b *bench) waitRouted(ctx context.Context, s *server) (time.Duration, error) {
	return b.waitFirst(ctx, s, routedName(0), acceptAddress(routedAddrs()...))
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
func millis(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
