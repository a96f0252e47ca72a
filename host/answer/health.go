package answer

import "signpost/host/policy"

// slots reads the health of p's candidates; nil: all are up. The result is valid until the next call.
func (w *Worker) slots(p *policy.Policy) []policy.Health {
	if p.Slots == nil {
		return nil
	}
	states := w.states[:0]
	for _, slot := range p.Slots {
		states = append(states, slot.Health())
	}
	w.states = states
	return states
}
