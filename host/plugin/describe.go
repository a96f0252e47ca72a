package plugin

import "signpost/host/policy"

// Describe tells which plugins decide p, in the order of its chain: those that it was made with, which newer ones may have replaced since.
func (h *Host) Describe(p *policy.Policy) []Info {
	h.mu.Lock()
	defer h.mu.Unlock()
	program, ok := p.Program.(*program)
	if !ok {
		return nil
	}
	infos := make([]Info, len(program.steps))
	for i := range program.steps {
		decider := program.steps[i].plugin
		infos[i] = decider.info(h.builtins[decider.about.Name] == decider)
	}
	return infos
}

// DecisionFuel is the most that one plugin of p may spend on a decision, as signpost.yaml and the module's limits say.
func (h *Host) DecisionFuel(p *policy.Policy) (most uint64) {
	program, ok := p.Program.(*program)
	if !ok {
		return 0
	}
	for i := range program.steps {
		most = max(most, program.steps[i].fuel)
	}
	return most
}
