// Package plugin runs WebAssembly plugins: it admits and limits modules, owns their instances, and turns policies into decisions.
//
// Plane: both (Host: control, Worker: data). Floor: 2. Journey of a query: step 4 (Worker.Decide); of an edit: step 3 (Host.Route).
// Nobody else knows WebAssembly. A guest cannot do more than waste its limits: it has no clock, dice, files, network or way out.
package plugin

import (
	"context"
	"signpost/host/diag"
	"signpost/host/policy"
)

// Options configure a Host. The zero value has no plugins and keeps compiled code in memory only.
type Options struct {
	Builtin  []byte // a module with the built-in plugins, compiled in the background; nil: none
	CacheDir string // where compiled code is kept between starts; "": nowhere
	Limits   Limits // of the built-in module
}

// Limits bound what one module may use. A zero field means its default.
type Limits struct {
	Fuel   uint64 // per decision, about one unit an instruction
	Memory uint32 // bytes
}

// Host holds the modules. Its methods may be called by any goroutine; they wait for each other.
type Host struct{ ready chan struct{} }

// New returns a Host at once; the built-in plugins are compiled behind it. It fails only if CacheDir cannot be used.
func New(ctx context.Context, options Options) (*Host, error) {
	return &Host{ready: make(chan struct{})}, nil
}

// Ready is closed when the built-in plugins can be used, or never can be: then Err says why.
func (h *Host) Ready() <-chan struct{} { return h.ready }

// Err is why there are no built-in plugins; nil before Ready is closed.
func (h *Host) Err() error { return nil }

// Route turns a Spec into a Policy, or says what is wrong with it. Both results are nil before Ready: ask again then.
func (h *Host) Route(spec *policy.Spec) (*policy.Policy, diag.List) { return nil, nil }

// Load adds the module in a file plugins/NAME.wasm, or replaces the one it added before; it goes before a built-in of that name.
// Policies that were made with the old one keep it. An error leaves everything as it was.
func (h *Host) Load(name string, wasm []byte, limits Limits) error { return nil }

// Remove takes away what Load added.
func (h *Host) Remove(name string) {}

// Info describes one plugin and counts what it did since New.
type Info struct {
	Name, Version, Kind, Doc string
	SHA256                   string // of the module's file, hex
	Builtin                  bool
	Broken                   bool // too many strikes: its policies answer with equal weights until another file comes
	Decisions, Fuel          uint64
	Strikes, Fallbacks       uint64
	LastError                string // of the last strike
}

// Plugins describes the plugins that Route knows, by name.
func (h *Host) Plugins() []Info { return nil }

// Close waits for the work behind New and frees everything. No worker may be in use.
func (h *Host) Close() {}

// Worker decides for one goroutine.
type Worker struct{ host *Host }

// NewWorker returns a worker; one goroutine at a time may use it. It may be made before Ready.
func (h *Host) NewWorker() *Worker { return &Worker{h} }

// Decide fills d for the policy p, which Route made. It never fails: if a plugin does, d holds equal weights over the live candidates.
func (w *Worker) Decide(p *policy.Policy, f *policy.Facts, d *policy.Decision) {}

// Close frees the worker's instances.
func (w *Worker) Close() {}
