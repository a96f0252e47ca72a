package notice

import (
	"slices"
	"time"

	"signpost/host/event"
)

const (
	flapWindow  = time.Hour
	flapMax     = 6       // changes within the window that are told one by one: three times down and up
	flapCalm    = 2       // changes within the window at which it is over
	flappersMax = 1 << 16 // candidates that are watched; changes of others are told
)

// flaps knows who changes how often.
type flaps struct{ of map[string]*flapper }

// flapper is a candidate that changed within the window.
type flapper struct {
	at       []time.Time // of its changes within the window, the latest flapMax+1
	flapping bool
	latest   event.Event
}

// add appends to list what is to be told of e: e, that its candidate flaps from now on, or nothing.
func (f *flaps) add(list []event.Event, e *event.Event, now time.Time) []event.Event {
	if e.Kind != event.Candidate || e.From == e.To && e.Override != "" {
		return append(list, *e)
	}
	key := e.Subject()
	c := f.of[key]
	if c == nil {
		if len(f.of) >= flappersMax {
			return append(list, *e)
		}
		c = new(flapper)
		f.of[key] = c
	}
	c.forget(now)
	c.at = append(c.at, now)
	if len(c.at) > flapMax+1 {
		c.at = slices.Delete(c.at, 0, 1)
	}
	c.latest = *e
	c.latest.Moved, c.latest.Text = nil, "" // of ten thousand candidates they would be megabytes
	if c.flapping {
		return list
	}
	if len(c.at) > flapMax {
		c.flapping = true
		return append(list, event.Flaps(e, len(c.at), false))
	}
	return append(list, *e)
}

// settle returns that candidates flap no more, and forgets who has been quiet for so long.
func (f *flaps) settle(now time.Time) (list []event.Event) {
	for key, c := range f.of {
		c.forget(now)
		if c.flapping && len(c.at) <= flapCalm {
			c.flapping = false
			over := event.Flaps(&c.latest, len(c.at), true)
			over.At = now
			list = append(list, over)
		}
		if len(c.at) == 0 {
			delete(f.of, key)
		}
	}
	slices.SortFunc(list, func(a, b event.Event) int { return a.At.Compare(b.At) })
	return list
}

// forget drops the changes that are too long ago.
func (c *flapper) forget(now time.Time) {
	c.at = slices.DeleteFunc(c.at, func(at time.Time) bool { return now.Sub(at) >= flapWindow })
}
