package event

import (
	"fmt"
	"strings"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/policy"
)

// text tells e in a sentence: who, what, why, and what it did to the answers.
func (e *Event) text() string {
	var b strings.Builder
	b.WriteString(e.Who())
	if e.Kind == Policy {
		e.policyText(&b)
	} else {
		e.candidateText(&b)
	}
	if e.Moved != nil {
		e.Moved.text(&b, e)
	}
	return diag.OneLine(b.String())
}

// Who names the candidate, or the policy, as people do.
func (e *Event) Who() string {
	if e.View == "" && e.Name == views {
		return strings.TrimSpace("views " + e.ID)
	}
	who := e.display() + " " + e.Type
	if e.ID != "" {
		who += " " + e.ID
	}
	if e.View != config.PublicView {
		who += " (view " + e.View + ")"
	}
	return who
}

// views stands in place of an owner name where views are the candidates.
const views = "views."

// display is the name without its last dot.
func (e *Event) display() string {
	if e.Name == "." {
		return e.Name
	}
	return strings.TrimSuffix(e.Name, ".")
}

func (e *Event) candidateText(b *strings.Builder) {
	switch {
	case e.From == e.To && e.Override == health.ForceDrain.String():
		fmt.Fprintf(b, " drains, at %d %% of its weight", e.Share)
	case e.From == e.To && e.Share != e.fromShare:
		fmt.Fprintf(b, " at %d %% of its weight", e.Share)
	case e.To == policy.Down.String() && e.Override == health.ForceDrain.String():
		b.WriteString(" drained")
	case e.To == policy.Up.String() && e.Share < 100:
		fmt.Fprintf(b, " up at %d %% of its weight", e.Share)
	default:
		b.WriteString(" " + e.To)
	}
	if e.Override != "" && e.By != "" {
		b.WriteString(", says " + e.By)
	}
	if e.Why != "" {
		b.WriteString(": " + e.Why)
	}
}

// policyText tells what becomes of a policy with hardly a live candidate; the table says it in Why.
func (e *Event) policyText(b *strings.Builder) {
	if e.Resolved {
		b.WriteString(" answered as usual again")
	}
	if e.Why != "" {
		b.WriteString(": " + e.Why)
	}
}

// movesMax is how many ways of moving a sentence has.
const movesMax = 3

// text tells what moved.
func (m *Moved) text(b *strings.Builder, e *Event) {
	if m.Note != "" {
		b.WriteString("; " + m.Note)
		return
	}
	if len(m.Moves) == 0 {
		b.WriteString("; no answer moved")
		return
	}
	b.WriteString("; ")
	if m.Clients > 0 {
		b.WriteString("about ")
	}
	fmt.Fprintf(b, "%s of %s moved ", Percent(m.Percent), e.display())
	from, to := m.sides()
	switch {
	case len(from) == 1 && from[0].From == e.ID:
		b.WriteString("to ")
		list(b, to, func(s Move) string { return s.To })
	case len(to) == 1 && to[0].To == e.ID:
		b.WriteString("from ")
		list(b, from, func(s Move) string { return s.From })
	default:
		list(b, m.Moves, func(s Move) string { return "from " + s.From + " to " + s.To })
	}
}

// sides sums the moves by where they came from, and by where they went, in order of size as the moves are.
func (m *Moved) sides() (from, to []Move) {
	add := func(list []Move, one Move) []Move {
		for i := range list {
			if list[i].From == one.From && list[i].To == one.To {
				list[i].Percent += one.Percent
				return list
			}
		}
		return append(list, one)
	}
	for _, one := range m.Moves {
		from = add(from, Move{Percent: one.Percent, From: one.From})
		to = add(to, Move{Percent: one.Percent, To: one.To})
	}
	return from, to
}

// list writes names with their shares; of one alone the share is said already.
func list(b *strings.Builder, moves []Move, name func(Move) string) {
	if len(moves) == 1 {
		b.WriteString(name(moves[0]))
		return
	}
	for i, one := range moves[:min(len(moves), movesMax)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "%s (%s)", name(one), Percent(one.Percent))
	}
	if more := len(moves) - movesMax; more > 0 {
		fmt.Fprintf(b, " and %d more", more)
	}
}

// Percent writes a percentage as people read it.
func Percent(p float64) string {
	switch {
	case p >= 100:
		return "100 %"
	case p > 0 && p < 0.05:
		return "less than 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", p)
}

// Flaps makes the event that the candidate of e flaps, after so many changes within an hour, or does so no more.
func Flaps(e *Event, changes int, over bool) Event {
	flaps := *e
	flaps.Kind, flaps.Severity, flaps.Resolved, flaps.Moved, flaps.Why = Flapping, Warning, over, nil, ""
	if over {
		flaps.Severity = Info
		flaps.Text = diag.OneLine(fmt.Sprintf("%s does not flap any more: %s, %s in the last hour", e.Who(), e.To, diag.Count(changes, "change", "changes")))
	} else {
		flaps.Text = diag.OneLine(fmt.Sprintf("%s flaps: %s in the last hour, now %s; until that is over its changes are in the timeline alone",
			e.Who(), diag.Count(changes, "change", "changes"), e.To))
	}
	return flaps
}
