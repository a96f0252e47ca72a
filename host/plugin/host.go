// Package plugin runs WebAssembly plugins: it admits and limits modules, owns their instances, and turns policies into decisions.
//
// Plane: both (Host: control, Worker: data). Floor: 2. Journey of a query: step 4 (Worker.Decide); of an edit: step 3 (Host.Route).
// Nobody else knows WebAssembly. A guest cannot do more than waste its limits: it has no clock, dice, files, network or way out.
// It starts one goroutine, which Host.Close stops and waits for: compiling the built-in plugins must not delay the first answer.
package plugin

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"signpost/host/loan"
	"signpost/sdk/abi"
)

// Options configure a Host. The zero value has no plugins and keeps compiled code in memory only.
type Options struct {
	Builtin  []byte // a module with the built-in plugins, compiled in the background; nil: none
	CacheDir string // where compiled code is kept between starts; "": nowhere
	Limits   Limits // of the built-in module

	// Processors are borrowed for what takes long after Ready. nil: it takes what there is.
	Processors *loan.Processors
	// Warn is told, by any goroutine, that code was compiled and could not be kept. nil: nobody is.
	Warn func(error)
	// Tripped is told, by one goroutine, that a plugin was taken out of service or is back. nil: nobody is.
	Tripped func(Trip)
}

// Limits bound what one module may use. A zero field means its default.
type Limits struct {
	Fuel   uint64 // per decision, about one unit an instruction: 200,000. Some is added for each candidate
	Memory uint32 // bytes, rounded down to 64 KiB: 32 MiB
}

// Host holds the modules. Its methods may be called by any goroutine; they wait for each other.
type Host struct {
	processors  *loan.Processors
	warning     func(error) // nil: nobody listens
	tripped     func(Trip)  // nil: nobody listens
	now         func() time.Time
	config      wazero.RuntimeConfig
	kept        kept
	ready       chan struct{}
	wake        chan struct{} // a spare is missing
	loading     chan struct{} // a module is being loaded
	stop        context.CancelFunc
	done        chan struct{} // the background goroutine has ended
	strikes     atomic.Uint64 // of all plugins
	retirements atomic.Uint64 // changes when a module was retired
	instances   atomic.Int64  // open ones
	workers     atomic.Uint64 // made so far
	serial      atomic.Uint64 // of the last step that was made

	mu       sync.Mutex // guards what follows and what module says
	closed   bool
	err      error
	builtins map[string]*plugin
	loaded   map[string]*plugin
	seats    []*module // modules that are not retired
}

// New returns a Host at once; the built-in plugins are compiled behind it. It fails only if CacheDir cannot be used.
func New(ctx context.Context, options Options) (*Host, error) {
	return newHost(ctx, options, wazero.NewRuntimeConfig())
}

// newHost is New with an engine.
func newHost(ctx context.Context, options Options, config wazero.RuntimeConfig) (*Host, error) {
	config = config.WithDebugInfoEnabled(false).
		WithCoreFeatures(api.CoreFeaturesV2.SetEnabled(api.CoreFeatureSIMD, false))
	h := &Host{processors: options.Processors, warning: options.Warn, tripped: options.Tripped, now: time.Now, config: config, kept: kept{options.CacheDir},
		ready: make(chan struct{}), wake: make(chan struct{}, 1), loading: make(chan struct{}, 1), done: make(chan struct{}),
		builtins: map[string]*plugin{}, loaded: map[string]*plugin{}}
	if options.CacheDir != "" {
		if err := h.kept.check(); err != nil {
			return nil, err
		}
	}
	ctx, h.stop = context.WithCancel(ctx)
	go h.background(ctx, options)
	return h, nil
}

// memoryAfter is how long the host waits after the last load before it gives memory back: the first answers need the processors.
const memoryAfter = time.Second

// background compiles the built-in plugins, then keeps one spare instance of each module that policies use.
func (h *Host) background(ctx context.Context, options Options) {
	defer close(h.done)
	if options.Builtin != nil {
		err := h.loadBuiltin(ctx, options)
		h.mu.Lock()
		h.err = err
		h.mu.Unlock()
	}
	close(h.ready)
	loaded := time.NewTimer(memoryAfter)
	defer loaded.Stop()
	trouble := newTrouble(h.processors)
	defer trouble.end()
	for {
		select {
		case <-h.loading:
			loaded.Reset(memoryAfter)
		case <-loaded.C:
			h.processors.Do(debug.FreeOSMemory) // loading leaves 20 MB of garbage, which a quiet server would keep for minutes
		case <-ctx.Done():
			return
		case <-trouble.over.C:
			trouble.end()
		case <-h.wake:
			trouble.note(h.strikes.Load(), time.Now())
			h.fillSpares()
			h.tellTrips()
		}
	}
}

func (h *Host) loadBuiltin(ctx context.Context, options Options) error {
	m, err := h.compile(ctx, options.Builtin, options.Limits)
	if err != nil {
		return fmt.Errorf("built-in plugins: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.registerLocked(m)
	for _, p := range m.plugins {
		h.builtins[p.about.Name] = p
	}
	return nil
}

// Ready is closed when the built-in plugins can be used, or never can be: then Err says why.
func (h *Host) Ready() <-chan struct{} { return h.ready }

// Err is why there are no built-in plugins; nil before Ready is closed.
func (h *Host) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// registerLocked gives a module its place in the workers' lists.
func (h *Host) registerLocked(m *module) {
	m.current = true
	m.seat = slices.Index(h.seats, nil)
	if m.seat < 0 {
		m.seat = len(h.seats)
		h.seats = append(h.seats, nil)
	}
	h.seats[m.seat] = m
}

// Load adds the module in a file plugins/NAME.wasm, or replaces the one it added before; it goes before a built-in of that name.
// Policies that were made with the old one keep it: Begin asks them first. An error leaves everything as it was.
func (h *Host) Load(ctx context.Context, name string, wasm []byte, limits Limits) error {
	c := h.Begin()
	err := c.Load(ctx, name, wasm, limits)
	if err != nil {
		c.Drop()
		return err
	}
	c.Commit()
	return nil
}

// Remove takes away what Load added.
func (h *Host) Remove(name string) {
	c := h.Begin()
	c.Remove(name)
	c.Commit()
}

// findLocked returns the plugin that a chain's word means, after a Change if there is one.
func (h *Host) findLocked(c *Change, name string) *plugin {
	if c != nil {
		if p, changed := c.plugins[name]; changed && p != nil {
			return p
		} else if changed {
			return h.builtins[name]
		}
	}
	if p := h.loaded[name]; p != nil {
		return p
	}
	return h.builtins[name]
}

// Routes tells whether a plugin of that name is there whose policies choose among candidates. Before Ready, and without a host, there is none.
func (h *Host) Routes(name string) bool {
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.findLocked(nil, name)
	return p != nil && p.about.Kind == abi.KindRouting
}

// Info describes one plugin and counts what it did since it was loaded.
type Info struct {
	Name, Version, Kind, Doc string
	Attributes               []abi.Attribute // read only
	SHA256                   string          // of the module's file, hex
	Builtin                  bool
	Broken                   bool // too many strikes: its policies answer with equal weights until another file comes
	Decisions, Fuel          uint64
	Strikes, Fallbacks       uint64
	LastError                string // of the last strike
}

// Plugins describes the plugins that Route knows, by name.
func (h *Host) Plugins() []Info {
	h.mu.Lock()
	defer h.mu.Unlock()
	infos := []Info{}
	for _, name := range h.namesLocked() {
		infos = append(infos, h.findLocked(nil, name).info(h.loaded[name] == nil))
	}
	return infos
}

func (h *Host) namesLocked() []string {
	names := slices.Collect(maps.Keys(h.builtins))
	names = slices.AppendSeq(names, maps.Keys(h.loaded))
	slices.Sort(names)
	return slices.Compact(names)
}

// tellTrips reports the breakers that opened or closed since it was called last.
func (h *Host) tellTrips() {
	if h.tripped == nil {
		return
	}
	var trips []Trip
	h.mu.Lock()
	for _, m := range h.seats {
		if m == nil {
			continue
		}
		for _, p := range m.plugins {
			if trip, changed := p.breaker.report(); changed {
				trip.Plugin = p.about.Name
				trips = append(trips, trip)
			}
		}
	}
	h.mu.Unlock()
	for _, trip := range trips {
		h.tripped(trip)
	}
}

// needSpare asks the background for a spare. It never waits.
func (h *Host) needSpare() { signal(h.wake) }

// signal wakes whoever reads the channel, which has room for one signal; another one that waits says the same.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// fillSpares makes the spares that are missing. A module whose start fails gets none, and a strike.
func (h *Host) fillSpares() {
	h.mu.Lock()
	modules := slices.DeleteFunc(slices.Clone(h.seats), func(m *module) bool {
		return m == nil || m.programs == 0 || len(m.spare) > 0
	})
	h.mu.Unlock()
	for _, m := range modules {
		in, err := h.startSpare(m)
		if err != nil {
			for _, p := range m.plugins {
				p.breaker.strike(h.now(), err.Error())
			}
			continue
		}
		h.mu.Lock()
		if m.retired.Load() {
			in.close()
		} else {
			m.spare <- in // the only sender; room was seen above
		}
		h.mu.Unlock()
	}
}

// longStart is the fuel from which on starting an instance takes so long that others could notice: about a millisecond. A std-Go guest spends
// 15 M, and nothing interrupts it.
const longStart = 1_000_000

// startSpare starts an instance, considerately if that takes long.
func (h *Host) startSpare(m *module) (in *instance, err error) {
	if m.startFuel < longStart {
		return m.instantiate()
	}
	h.processors.Do(func() { in, err = m.instantiate() })
	return in, err
}

// Close waits for the work behind New and frees everything. No worker may be used during or after it.
func (h *Host) Close() {
	h.stop()
	<-h.done
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, m := range h.seats {
		if m != nil {
			_ = m.code.close() // nobody runs it any more
		}
	}
}
