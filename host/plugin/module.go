package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"

	"signpost/host/policy"
	"signpost/sdk/abi"
)

// Defaults of Limits, and fuel that no plugin needs to have changed. A std-Go guest starts with 15 M of fuel and 2.4 MiB of memory.
const (
	fuelDefault          = 200_000 // ≤ 0.5 ms
	fuelPerCandidate     = 4_000   // added for each candidate of a policy
	fuelPerVantage       = 16_000  // added for each vantage point of a history
	memoryDefault        = 32 << 20
	startFuel            = 60_000_000
	configureFuel        = 5_000_000
	configurePerCandFuel = 50_000
	configurePerByteFuel = 1_000 // of the message: a network is 20 bytes
	interpreterSlowdown  = 4     // where wazero has no compiler, a decision gets that much less fuel
)

// module is one admitted file: compiled once, instantiated by each worker that needs it.
type module struct {
	host      *Host
	sum       string // SHA-256 of the file, hex
	code      *code
	limits    Limits
	plugins   []*plugin
	seat      int // its place in every worker's list
	spare     chan *instance
	startFuel uint64        // that starting an instance takes
	took      time.Duration // to admit it and compile it, or find its code on the disk
	retired   atomic.Bool   // no policy refers to it any more: workers close their instances

	// Guarded by Host.mu.
	current  bool // Route finds it
	programs int  // that refer to it
	control  *instance
	handles  []uint32 // free ones
	handle   uint32   // the last that was made
}

// plugin is one plugin of a module.
type plugin struct {
	about   abi.Plugin
	module  *module
	index   int
	kind    *kind
	wants   policy.Wants
	breaker breaker
	counts  [countShards]counts
}

// counts is a part of a plugin's counters, so that workers do not share a cache line.
type counts struct {
	decisions, fuel, fallbacks atomic.Uint64
	_                          [40]byte
}

const countShards = 16

// compile admits and compiles a module and asks it what it is. The caller registers or retires it.
func (h *Host) compile(ctx context.Context, wasm []byte, limits Limits) (*module, error) {
	if limits.Fuel == 0 {
		limits.Fuel = fuelDefault
		if !nativeCode {
			limits.Fuel /= interpreterSlowdown
		}
	}
	if limits.Memory == 0 {
		limits.Memory = memoryDefault
	}
	limits.Memory &^= pageLen - 1
	begin := time.Now()
	rewritten, err := admit(wasm, limits.Memory/pageLen, startFuel)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(wasm)
	m := &module{host: h, sum: hex.EncodeToString(sum[:]), limits: limits, spare: make(chan *instance, 1)}
	if m.code, err = h.compileCode(ctx, rewritten); err != nil {
		return nil, fmt.Errorf("compile: %w", firstLine(err))
	}
	m.took = time.Since(begin)
	if err := m.introduce(); err != nil {
		_ = m.code.close() // nobody uses it
		return nil, err
	}
	return m, nil
}

// introduce starts the control plane's instance and reads the manifest.
func (m *module) introduce() error {
	in, err := m.instantiate()
	if err != nil {
		return err
	}
	raw, err := in.describe()
	if err != nil {
		in.close()
		return fmt.Errorf("%s: %w", abi.ExportDescribe, err)
	}
	manifest, err := parseManifest(raw)
	if err != nil {
		in.close()
		return err
	}
	m.control, m.startFuel = in, in.startFuel
	for i, about := range manifest.Plugins {
		m.plugins = append(m.plugins, &plugin{about: about, module: m, index: i, kind: kinds[about.Kind], wants: wantsOf(&about)})
		if err := in.takeUp(kinds[about.Kind]); err != nil {
			m.control = nil
			in.close()
			return err
		}
	}
	return nil
}

// wantsOf reads the manifest's words, which were checked.
func wantsOf(about *abi.Plugin) (wants policy.Wants) {
	for _, want := range about.Wants {
		switch want {
		case abi.WantClient:
			wants |= policy.WantsClient
		case abi.WantGeo:
			wants |= policy.WantsGeo
		case abi.WantLatency:
			wants |= policy.WantsLatency
		}
	}
	return wants
}

// info describes the plugin and sums its counters.
func (p *plugin) info(builtin bool) Info {
	info := Info{Name: p.about.Name, Version: p.about.Version, Kind: p.about.Kind, Doc: p.about.Doc, Attributes: p.about.Attributes,
		SHA256: p.module.sum, Builtin: builtin, Broken: p.breaker.open.Load(), Strikes: p.breaker.strikes.Load(), LastError: p.breaker.lastReason()}
	for i := range p.counts {
		info.Decisions += p.counts[i].decisions.Load()
		info.Fuel += p.counts[i].fuel.Load()
		info.Fallbacks += p.counts[i].fallbacks.Load()
	}
	return info
}

// takeHandleLocked returns a number for one more policy.
func (m *module) takeHandleLocked() uint32 {
	if last := len(m.handles) - 1; last >= 0 {
		handle := m.handles[last]
		m.handles = m.handles[:last]
		return handle
	}
	m.handle++ // 0 is what the control plane tries policies with
	return m.handle
}

// dropLocked takes away that Route finds the module.
func (m *module) dropLocked() {
	m.current = false
	m.retireLocked()
}

// retireLocked frees the module when nobody can reach it. Workers close their instances when they decide next.
func (m *module) retireLocked() {
	if m.current || m.programs > 0 || m.retired.Load() {
		return
	}
	m.retired.Store(true)
	m.host.retirements.Add(1)
	if m.control != nil {
		m.control.close()
	}
	select {
	case in := <-m.spare:
		in.close()
	default:
	}
	m.host.seats[m.seat] = nil
	_ = m.code.compiled.Close(context.Background()) // its instances that workers still have, and its runtime, go when they do
}
