package plugin

import (
	"context"
	"maps"
	"slices"
	"time"

	"signpost/sdk/abi"
)

// What follows is for the tools of plugin authors, which look at a module before it serves and provoke its failures on purpose.

// Inspection is what a module is and what it costs to have it.
type Inspection struct {
	SHA256     string        // of the file, hex
	Plugins    []abi.Plugin  // as the manifest has them
	Compile    time.Duration // or what it took to find the code on the disk
	Start      time.Duration // of one instance
	StartFuel  uint64        // of the start section and _initialize
	StartLimit uint64
	Memory     uint32 // bytes of an instance that has started and was asked what it is
	Limits     Limits // as a decision gets them, without what is added for each candidate
}

// Inspect admits and compiles a module, starts it and asks what it is, and forgets it. The error is what Load would say.
func (h *Host) Inspect(ctx context.Context, wasm []byte, limits Limits) (*Inspection, error) {
	m, err := h.compile(ctx, wasm, limits)
	if err != nil {
		return nil, err
	}
	defer func() {
		m.control.close()
		_ = m.code.close() // nobody uses it
	}()
	begin := time.Now()
	in, err := m.instantiate()
	if err != nil {
		return nil, err
	}
	defer in.close()
	i := &Inspection{SHA256: m.sum, Compile: m.took, Start: time.Since(begin), StartFuel: in.startFuel, StartLimit: startFuel, Limits: m.limits,
		Memory: m.control.memory.Size()}
	for _, p := range m.plugins {
		i.Plugins = append(i.Plugins, p.about)
	}
	return i, nil
}

// DecisionFuel is what a decision among so many candidates may spend.
func (l Limits) DecisionFuel(candidates int) uint64 {
	return l.Fuel + fuelPerCandidate*uint64(candidates)
}

// VerdictFuel is what a verdict about what so many vantage points saw may spend.
func (l Limits) VerdictFuel(vantages int) uint64 {
	return l.DecisionFuel(1) + fuelPerVantage*uint64(vantages)
}

// Forgive forgets a plugin's strikes and closes its breaker.
func (h *Host) Forgive(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.findLocked(nil, name); p != nil {
		p.breaker.close()
	}
}

// Memory adds up the bytes that the worker's instances have.
func (w *Worker) Memory() (sum int) {
	for i := range w.seats {
		if in := w.seats[i].in; in != nil {
			sum += int(in.memory.Size())
		}
	}
	return sum
}

// Builtins names the built-in plugins, sorted; none before Ready.
func (h *Host) Builtins() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.builtins))
}
