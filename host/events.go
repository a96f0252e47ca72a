package host

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"signpost/host/event"
	"signpost/host/explain"
	"signpost/host/health"
	"signpost/host/policy"
	"signpost/host/timeline"
)

const (
	changesMax  = 1 << 14               // changes of health that wait to be told; those beyond are counted
	gatherWait  = 20 * time.Millisecond // for more changes, before those that are there are told
	firstsMax   = 20                    // candidates that are told one by one when they are found well for the first time
	shiftsMax   = 20_000                // decisions a second for finding out what moved: a few percent of a core
	tellerPause = time.Minute           // between two looks at who flaps no more
)

// events tells people what happens to health: the log, the timeline, and whoever signpost.yaml names. The table's watcher leaves changes in an
// inbox and never waits; one goroutine (run) does the rest.
type events struct {
	host     *Host
	explain  explain.Server
	timeline *timeline.Timeline
	wake     chan struct{} // holds a wish

	mu   sync.Mutex // guards what follows
	list []health.Change
	lost int

	// What follows is run's.
	left   float64 // decisions that may be made for shifts
	leftAt time.Time
}

// newEvents watches the table from now on.
func (h *Host) newEvents() *events {
	e := &events{host: h, wake: make(chan struct{}, 1), left: shiftsMax, leftAt: time.Now()}
	e.timeline = timeline.New(timeline.Options{Dir: h.options.Dir, StateDir: stateDir(), Log: h.options.Log})
	explainer(&e.explain, &h.store, h.plugins, h.health)
	h.health.Watch(e.changed)
	return e
}

// changed is the table's watcher.
func (e *events) changed(c health.Change) {
	e.mu.Lock()
	if len(e.list) < changesMax {
		e.list = append(e.list, c)
	} else {
		e.lost++
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// take empties the inbox.
func (e *events) take() (list []health.Change, lost int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list, lost = e.list, e.lost
	e.list, e.lost = nil, 0
	return list, lost
}

// run tells until ctx is done, and then what is left.
func (e *events) run(ctx context.Context) {
	e.timeline.Load()
	ticker := time.NewTicker(tellerPause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			e.turn()
			e.timeline.Close()
			return
		case <-ticker.C:
		case <-e.wake:
			select {
			case <-ctx.Done():
			case <-time.After(gatherWait):
			}
			e.turn()
		}
	}
}

// turn tells what waits.
func (e *events) turn() {
	changes, lost := e.take()
	if lost > 0 {
		e.host.options.Log.Error("more changes of health at once than can be told: the timeline lacks some", "lacks", lost)
	}
	if len(changes) == 0 {
		return
	}
	moved, words := e.moved(changes)
	list := make([]event.Event, 0, len(changes))
	for i := range changes {
		list = append(list, event.Of(&changes[i], moved[i], words[i]))
	}
	list = e.withoutFirsts(list)
	e.timeline.Append(list)
	for i := range list {
		if !list[i].Step() {
			e.log(&list[i])
		}
	}
}

// withoutFirsts leaves out the candidates that are found well for the first time if these are many: after a start there may be ten thousand,
// and the timeline is for what happened.
func (e *events) withoutFirsts(list []event.Event) []event.Event {
	firsts := 0
	for i := range list {
		if list[i].First() {
			firsts++
		}
	}
	if firsts <= firstsMax {
		return list
	}
	kept := list[:0]
	for i := range list {
		if !list[i].First() {
			kept = append(kept, list[i])
		}
	}
	e.host.options.Log.Info(fmt.Sprintf("%d candidates are up, found their checks", firsts))
	return kept
}

// log writes one line that can be read at night.
func (e *events) log(one *event.Event) {
	level := slog.LevelInfo
	switch {
	case one.Resolved:
	case one.Severity == event.Critical:
		level = slog.LevelError
	case one.Severity == event.Warning:
		level = slog.LevelWarn
	}
	var attrs []any
	if one.Check != "" {
		attrs = append(attrs, "check", one.Check)
	}
	e.host.options.Log.Log(context.Background(), level, one.Text, attrs...)
}

// policyKey names a policy.
type policyKey struct {
	view, name string
	typ        uint16
}

// moved finds out for each change how many of its name's answers it moved, nil where nobody can tell, and what its policy does when all are
// down. Several changes of a policy are undone from the present state, the latest first.
func (e *events) moved(changes []health.Change) (moved []*event.Moved, words []policy.OnAllDown) {
	moved, words = make([]*event.Moved, len(changes)), make([]policy.OnAllDown, len(changes))
	if e.host.store.Load() == nil {
		return moved, words
	}
	shifts := e.explain.Shifts()
	defer shifts.Close()
	of := map[policyKey][]int{}
	var order []policyKey
	for i := range changes {
		key := policyKey{changes[i].View, changes[i].Name, changes[i].Type}
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], i)
	}
	e.refill()
	for _, key := range order {
		p := shifts.Policy(key.view, key.name, key.typ)
		if p == nil || p.Slots == nil {
			continue
		}
		state := stateOf(p)
		for at := len(of[key]) - 1; at >= 0; at-- {
			i := of[key][at]
			words[i] = p.OnAllDown
			moved[i], state = e.shift(shifts, p, &changes[i], state, len(changes))
		}
	}
	return moved, words
}

// refill allows so many decisions more as time passed.
func (e *events) refill() {
	now := time.Now()
	e.left = min(shiftsMax, e.left+shiftsMax*now.Sub(e.leftAt).Seconds())
	e.leftAt = now
}

// stateOf reads the present health of a policy's candidates.
func stateOf(p *policy.Policy) (state explain.State) {
	for _, slot := range p.Slots {
		state.Health = append(state.Health, slot.Health())
	}
	return state
}

// shift computes what one change moved, after which the state was as given, and returns the one before it. It is not computed when too much
// changes at once: count says how much.
func (e *events) shift(shifts *explain.Shifts, p *policy.Policy, c *health.Change, state explain.State, count int) (*event.Moved, explain.State) {
	at := -1
	for i, id := range p.IDs {
		if id == c.ID && c.ID != "" {
			at = i
		}
	}
	if at < 0 {
		return nil, state
	}
	now, before := state.With(at, c.To), state.With(at, c.From)
	if c.From == policy.Unknown && c.To == policy.Up {
		return nil, before // unknown counts as up
	}
	cost := float64(shifts.Cost(c.View, p))
	if cost > e.left {
		return &event.Moved{Note: fmt.Sprintf("%d changes at once, so nobody looked what moved", count)}, before
	}
	e.left -= cost
	shift := shifts.Of(c.View, p, before, now)
	moved := &event.Moved{Percent: shift.Percent, Clients: shift.Clients}
	for _, m := range shift.Moves {
		moved.Moves = append(moved.Moves, event.Move{Percent: m.Percent, From: m.From, To: m.To})
	}
	return moved, before
}
