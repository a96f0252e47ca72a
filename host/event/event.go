// Package event is what people are told about health: that a candidate changed, that all of a policy are down, that one flaps. In fields for
// programs, and in a sentence for people.
//
// Plane: control. Floor: 3. Journey of a probe: behind step 4.
package event

import (
	"time"

	"signpost/host/health"
	"signpost/host/policy"
)

// What an Event is about.
const (
	Candidate = "candidate" // its state or its share changed
	Policy    = "policy"    // so few of its candidates are live that they are not answered as usual any more, or again
	Flapping  = "flapping"  // a candidate changes so often that its changes are not told one by one any more, or again
)

// How bad it is. A policy's event is critical when it is over, too: whoever was woken by the first wants to hear of the second.
const (
	Info     = "info"
	Warning  = "warning"
	Critical = "critical"
)

// Event is one thing that happened. The timeline keeps it and webhooks send it as JSON: names stay. Nobody changes one that was told.
type Event struct {
	Seq      uint64     `json:"seq,omitempty"` // in the timeline; they grow
	At       time.Time  `json:"at"`
	Kind     string     `json:"kind"`
	Severity string     `json:"severity"`
	Resolved bool       `json:"resolved"` // it is over: the candidate is up, the policy answers as usual
	View     string     `json:"view"`
	Name     string     `json:"name"` // with the last dot
	Type     string     `json:"type"`
	ID       string     `json:"id,omitempty"` // of the candidate; left out: all of the policy
	Check    string     `json:"check,omitempty"`
	From     string     `json:"from"` // up, down or unknown
	To       string     `json:"to"`
	Share    uint8      `json:"share"` // percent of its weight that it gets now, while it is up
	Why      string     `json:"why,omitempty"`
	Override string     `json:"override,omitempty"` // an operator's word: up, down, drain
	By       string     `json:"by,omitempty"`       // the operator
	Until    *time.Time `json:"until,omitempty"`    // when that ends; left out: when it is taken back
	Live     int        `json:"live"`               // candidates of the policy that are not down
	Of       int        `json:"of"`                 // of all
	Moved    *Moved     `json:"moved,omitempty"`    // left out: nobody looked
	Text     string     `json:"text"`               // all of it in a sentence, without the time

	fromShare uint8
}

// Moved is how many of a name's answers a change moved, and to whom.
type Moved struct {
	Percent float64 `json:"percent"`
	Moves   []Move  `json:"moves,omitempty"`
	Clients int     `json:"clients,omitempty"` // networks of the sample that it was computed for; 0: it is exact for everybody
	Note    string  `json:"note,omitempty"`    // why it is not known
}

// Move is a share of the answers that moved from one candidate to another. "nothing" stands for no answer.
type Move struct {
	Percent float64 `json:"percent"`
	From    string  `json:"from"`
	To      string  `json:"to"`
}

// Of makes the event of a change. moved may be nil.
func Of(c *health.Change, moved *Moved) Event {
	e := Event{
		At: c.At, Kind: Candidate, View: c.View, Name: c.Name, Type: health.TypeName(c.Type), ID: c.ID, Check: c.Check,
		From: c.From.String(), To: c.To.String(), Share: c.ToShare, Why: c.Why, Live: c.LiveAfter, Of: c.Of, Moved: moved, fromShare: c.FromShare,
	}
	if c.Override.Force != health.Auto {
		e.Override, e.By = c.Override.Force.String(), c.Override.By
		if until := c.Override.Until; !until.IsZero() {
			e.Until = &until
		}
	}
	switch {
	case c.ID == "":
		e.Kind, e.Severity, e.Resolved = Policy, Critical, c.ToDistress == health.Calm
	case c.To == policy.Down || c.From != policy.Down && c.ToShare < c.FromShare:
		e.Severity = Warning
	default:
		e.Severity, e.Resolved = Info, true
	}
	e.Text = e.text()
	return e
}

// First tells whether the event is that a check found a candidate well whose state nobody knew: what counted as up is up.
func (e *Event) First() bool {
	return e.Kind == Candidate && e.Override == "" && e.From == policy.Unknown.String() && e.To == policy.Up.String()
}

// Step tells whether the event is one of the many steps of a drain, of a slow start, or of a brown-out, of which the first and the last are
// worth telling.
func (e *Event) Step() bool {
	if e.Kind != Candidate || e.From != e.To || e.fromShare == 100 {
		return false
	}
	return e.Override == health.ForceDrain.String() || e.Override == "" && e.Share < 100
}

// Same tells whether after e all is as it was after last, an event of the same Key.
func (e *Event) Same(last *Event) bool {
	return e.To == last.To && e.Share == last.Share && e.Override == last.Override && e.Resolved == last.Resolved
}

// Key names what the event is about: equal for all that happens to it.
func (e *Event) Key() string { return e.Kind + " " + e.Subject() }

// Subject is who the event is about: equal for all events of one candidate, or of one policy.
func (e *Event) Subject() string { return e.View + " " + e.Name + " " + e.Type + " " + e.ID }
