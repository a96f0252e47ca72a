package workshop

import (
	"context"
	"fmt"
	"os"
	"strings"

	"signpost/host/plugin"
	"signpost/host/policy"
)

// patientFuel is enough to see where a decision that ran out of fuel was heading: a Go guest that panics spends millions on saying so.
const patientFuel = 1 << 28

// spentAlone is in a problem that gives no other reason.
const spentAlone = "fuel is spent (limit"

// heading says more about a problem of the last of some decisions about a policy that is only known to have run out of fuel, by giving it more.
func (b *Bench) heading(spec *policy.Spec, facts []policy.Facts, terms plugin.Terms, problem string) string {
	if !strings.Contains(problem, spentAlone) {
		return problem
	}
	h, err := b.patient()
	if err != nil {
		return problem
	}
	p, _ := h.Route(spec, terms)
	if p == nil {
		return problem
	}
	worker := h.NewWorker()
	defer worker.Close()
	defer h.Forgive(b.About.Name)
	var last *result
	for i := range facts {
		last = decideOn(worker, p, &facts[i])
	}
	switch {
	case last == nil || last.problem == problem:
		return problem
	case last.problem == "":
		return fmt.Sprintf("%s: it would take %d, and %d are allowed", problem, last.decision.Fuel, b.Module.Limits.DecisionFuel(len(p.IDs)))
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
