package workshop

import (
	"context"
	"fmt"
	"os"
	"strings"

	"signpost/host/plugin"
)

// patientFuel is enough to see where a decision that ran out of fuel was heading: a Go guest that panics spends millions on saying so.
const patientFuel = 1 << 28

// spentAlone is in a problem that gives no other reason.
const spentAlone = "fuel is spent (limit"

// heading says more about a problem of the last decision of a scene that is only known to have run out of fuel, by giving it more.
func (f *fuzzer) heading(s *scene, problem string) string {
	if !strings.Contains(problem, spentAlone) {
		return problem
	}
	h, err := f.bench.patient()
	if err != nil {
		return problem
	}
	p, _ := h.Route(&s.spec, f.terms)
	if p == nil {
		return problem
	}
	worker := h.NewWorker()
	defer worker.Close()
	defer h.Forgive(f.bench.About.Name)
	var last *result
	for i := range s.facts {
		last = decideOn(worker, p, &s.facts[i])
	}
	switch {
	case last == nil || last.problem == problem:
		return problem
	case last.problem == "":
		return fmt.Sprintf("%s: it would take %d, and %d are allowed", problem, last.decision.Fuel, f.bench.Module.Limits.DecisionFuel(len(p.IDs)))
	}
	return problem + "; with more of it: " + last.problem
}

// patient returns a host that gives the module more fuel. It is made when it is needed first.
func (b *Bench) patient() (*plugin.Host, error) {
	if b.generous != nil {
		return b.generous, nil
	}
	wasm, err := os.ReadFile(b.File)
	if err != nil {
		return nil, err
	}
	h, err := plugin.New(context.Background(), plugin.Options{CacheDir: b.cacheDir})
	if err != nil {
		return nil, err
	}
	limits := b.Module.Limits
	limits.Fuel = patientFuel
	if err := h.Load(context.Background(), b.About.Name, wasm, limits); err != nil {
		h.Close()
		return nil, err
	}
	<-h.Ready()
	b.generous = h
	return h, nil
}
