package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"signpost/host/event"
	"signpost/host/explain"
	"signpost/host/health"
	"signpost/host/notice"
	"signpost/host/policy"
	"signpost/host/timeline"
)

const (
	changesMax  = 1 << 14               // changes of health that wait to be told; those beyond are counted
	gatherWait  = 20 * time.Millisecond // for more changes, before those that are there are told
	turnMax     = 500                   // changes that are told at a time: 10 ms, between which queries have the processor
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
	teller   *notice.Teller
	wake     chan struct{} // holds a wish

	mu         sync.Mutex // guards what follows
	list       []health.Change
	lost       int
	distressed map[string]event.Event // policies that have hardly a live candidate, by Event.Key

	// What follows is run's.
	left   float64 // decisions that may be made for shifts
	leftAt time.Time
	shifts *explain.Shifts // nil: none; starting instances of plugins takes time and memory, so they are kept while there is something to do
	idle   bool            // they were not used since the latest tick
}

// newEvents watches the table from now on.
func (h *Host) newEvents() *events {
	e := &events{host: h, wake: make(chan struct{}, 1), distressed: map[string]event.Event{}, left: shiftsMax, leftAt: time.Now()}
	e.timeline = timeline.New(timeline.Options{Dir: h.options.Dir, StateDir: stateDir(), Log: h.options.Log})
	e.teller = notice.New(notice.Options{
		ExecDir: h.options.ExecDir, Instance: instance(), Version: Version, Log: h.options.Log, Metrics: &h.counters.Control.Notices, Standing: e.standing,
	})
	explainer(&e.explain, &h.store, h.plugins, h.health)
	h.health.Watch(e.changed)
	return e
}

// instance is how this machine calls itself.
func instance() string {
	name, err := os.Hostname()
	if err != nil {
		return "signpost"
	}
	return name
}

// changed is the table's watcher.
func (e *events) changed(c health.Change) {
	if c.Check != "" && c.From != c.To {
		e.host.counters.Control.Probes.Changed(c.Check, int(c.To))
	}
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

// take removes the oldest changes from the inbox, about as many as are told at a time. What is left nobody changes.
func (e *events) take() (list, left []health.Change, lost int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	end, count := 0, 0
	for end < len(e.list) && count < turnMax {
		if !isFirst(&e.list[end]) {
			count++
		}
		end++
	}
	list, left, lost = e.list[:end], e.list[end:], e.lost
	e.list, e.lost = left, 0
	if len(left) == 0 {
		e.list = nil
	}
	return list, left, lost
}

// isFirst tells whether a check found a candidate well for the first time: that moves nothing, since unknown counts as up.
func isFirst(c *health.Change) bool {
	return c.From == policy.Unknown && c.To == policy.Up && c.Override.Force == health.Auto
}

// run tells until ctx is done, and then what is left.
func (e *events) run(ctx context.Context) {
	ticker := time.NewTicker(tellerPause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			for e.turn() {
			}
			e.timeline.Close()
			e.rest()
			return
		case <-ticker.C:
			e.teller.Tick()
			if e.idle {
				e.rest()
			}
			e.idle = true
		case <-e.wake:
			for more := true; more && ctx.Err() == nil; {
				select {
				case <-ctx.Done():
				case <-time.After(gatherWait):
					more = e.turn()
				}
			}
		}
	}
}

// turn tells some of what waits, and whether there is more.
func (e *events) turn() (more bool) {
	changes, left, lost := e.take()
	if lost > 0 {
		e.host.options.Log.Error("more changes of health at once than can be told: the timeline lacks some", "lacks", lost)
	}
	if len(changes) == 0 {
		return false
	}
	moved := e.moved(changes, left)
	list := make([]event.Event, 0, len(changes))
	for i := range changes {
		list = append(list, event.Of(&changes[i], moved[i]))
	}
	list, repeated := e.timeline.News(list)
	if repeated > 0 {
		e.host.options.Log.Info("some candidates have been down since before the restart; signpost health shows them", "count", repeated)
	}
	list = e.withoutFirsts(list)
	e.timeline.Append(list)
	var told []event.Event
	for i := range list {
		if list[i].Step() {
			continue
		}
		e.log(&list[i])
		e.stand(&list[i])
		if !list[i].First() {
			told = append(told, list[i])
		}
	}
	e.teller.Tell(told)
	return len(left) > 0
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
	e.host.options.Log.Info(fmt.Sprintf("%d candidates are up, their checks found", firsts))
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
	if one.Until != nil {
		attrs = append(attrs, "until", one.Until.Local().Format(time.RFC3339))
	}
	e.host.options.Log.Log(context.Background(), level, one.Text, attrs...)
}

// standingMax bounds what is told again and again as standing.
const standingMax = 1000

// standing is all that is wrong at the moment.
func (e *events) standing() (list []event.Event) {
	e.mu.Lock()
	for _, one := range e.distressed {
		list = append(list, one)
	}
	e.mu.Unlock()
	for _, c := range e.host.health.List(health.Query{}) {
		if c.State != policy.Down {
			continue
		}
		if len(list) >= standingMax {
			e.host.options.Log.Warn("more candidates are down than are told again", "told", standingMax)
			break
		}
		list = append(list, event.Of(&health.Change{
			Key: c.Key, At: c.Since, Check: c.Check, From: policy.Up, To: policy.Down, FromShare: 100, Why: c.Why, Override: c.Override,
		}, nil))
	}
	return list
}

// stand notes whether a policy is in distress.
func (e *events) stand(one *event.Event) {
	if one.Kind != event.Policy {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if one.Resolved {
		delete(e.distressed, one.Key())
	} else if len(e.distressed) < standingMax {
		e.distressed[one.Key()] = *one
	}
}

// policyKey names a policy.
type policyKey struct {
	view, name string
	typ        uint16
}

// moved finds out for each change how many of its name's answers it moved, nil where nobody can tell. Several changes of a policy are undone from the present state, the latest first.
func (e *events) moved(changes, later []health.Change) []*event.Moved {
	moved := make([]*event.Moved, len(changes))
	if e.host.store.Load() == nil {
		return moved
	}
	if e.idle = false; e.shifts != nil && !e.shifts.Current() {
		e.rest()
	}
	if e.shifts == nil {
		e.shifts = e.explain.Shifts()
	}
	of := map[policyKey][]int{}
	var order []policyKey
	for i := range changes {
		key := policyKey{changes[i].View, changes[i].Name, changes[i].Type}
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], i)
	}
	undo := map[policyKey][]*health.Change{}
	for i := range later {
		if key := (policyKey{later[i].View, later[i].Name, later[i].Type}); of[key] != nil {
			undo[key] = append(undo[key], &later[i])
		}
	}
	e.refill()
	for _, key := range order {
		p := e.shifts.Policy(key.view, key.name, key.typ)
		if p == nil {
			continue
		}
		state := e.shifts.State(key.view, p)
		for _, c := range slices.Backward(undo[key]) {
			if at := slices.Index(p.IDs, c.ID); at >= 0 {
				state = state.With(at, c.From, c.FromShare)
			}
		}
		for at := len(of[key]) - 1; at >= 0; at-- {
			i := of[key][at]
			moved[i], state = e.shift(p, &changes[i], state, len(changes)+len(later))
		}
	}
	return moved
}

// rest gives back what finding out shifts takes.
func (e *events) rest() {
	if e.shifts != nil {
		e.shifts.Close()
		e.shifts = nil
	}
}

// refill allows so many decisions more as time passed.
func (e *events) refill() {
	now := time.Now()
	e.left = min(shiftsMax, e.left+shiftsMax*now.Sub(e.leftAt).Seconds())
	e.leftAt = now
}

// shift computes what one change moved, after which the state was as given, and returns the one before it. It is not computed when too much
// changes at once: count says how much.
func (e *events) shift(p *policy.Policy, c *health.Change, state explain.State, count int) (*event.Moved, explain.State) {
	at := slices.Index(p.IDs, c.ID)
	if at < 0 || c.ID == "" {
		return nil, state
	}
	if p.Targets != nil && state.Health[at] == policy.Down && c.To != policy.Down {
		return new(event.Moved), state // what it leads to is dead
	}
	now, before := state.With(at, c.To, c.ToShare), state.With(at, c.From, c.FromShare)
	if isFirst(c) {
		return nil, before
	}
	cost := float64(e.shifts.Cost(c.View, p))
	if cost > e.left {
		return &event.Moved{Note: fmt.Sprintf("%d changes at once, so nobody looked what moved", count)}, before
	}
	e.left -= cost
	shift := e.shifts.Of(c.View, p, before, now)
	moved := &event.Moved{Percent: shift.Percent, Clients: shift.Clients}
	for _, m := range shift.Moves {
		moved.Moves = append(moved.Moves, event.Move{Percent: m.Percent, From: m.From, To: m.To})
	}
	return moved, before
}
