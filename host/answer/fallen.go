package answer

import (
	"slices"

	"signpost/host/metrics"
	"signpost/host/policy"
)

// fallen is which views are down, as their checks or operators say. A view that is down stands behind the client's others instead of being
// away: what only it has is still answered, and where all are down it is as if all were up.
type fallen struct {
	era      uint64 // of what is known of clients: moves with the generation and with fell; 0: before the first
	judgedOf uint64 // epoch of health
	fell     []bool // by view
}

// begin forgets what was of another generation.
func (s *fallen) begin(views int) {
	s.era++
	s.judgedOf = 0
	s.fell = append(s.fell[:0], make([]bool, views)...)
}

// judgeViews reads the health of the views. When one fell or rose, each client's order of them is made anew.
func (w *Worker) judgeViews() {
	w.judgedOf = w.epoch
	p := w.snap.Choice.Policy
	changed := false
	for i, before := range w.fell {
		w.fell[i] = p != nil && w.slot(p, i).State() == policy.Down
		changed = changed || w.fell[i] != before
	}
	if changed {
		w.era++
	}
}

// nextView is the view that the client is sent to behind those it was sent to already: one that is up before one that is down.
func (w *Worker) nextView() int {
	w.ruleOut()
	if !slices.Contains(w.fell, true) {
		return w.chooseView()
	}
	for i, down := range w.fell {
		if down {
			w.ruledOut[i] = policy.Down
		}
	}
	choices := 0
	if w.trace != nil {
		choices = len(w.trace.Views)
	}
	number := w.chooseView()
	if number != noView {
		return number
	}
	if w.trace != nil {
		w.trace.Views = w.trace.Views[:choices] // nothing was chosen: the next choice is the one that counts
	}
	w.ruleOut()
	number = w.chooseView()
	if number >= 0 && w.sight.count == 0 {
		w.counts.Inc(metrics.DecisionsFailOpen)
	}
	return number
}

// ruleOut takes away the views that this listener hides, those of keys that the query is not signed with, and those that the client was sent to.
func (w *Worker) ruleOut() {
	copy(w.ruledOut, w.hidden)
	for i, keys := range w.keys {
		if keys != nil && !slices.Contains(keys, w.sight.key) {
			w.ruledOut[i] = policy.Down
		}
	}
	for _, number := range w.sight.views[:w.sight.count] {
		w.ruledOut[number] = policy.Down
	}
}
