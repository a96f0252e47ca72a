package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"signpost/host/answer"
	"signpost/host/health"
	"signpost/host/policy"
)

// health tells in which state candidate i was when it was decided about, since when and why.
func (w *walk) health(h *answer.Hop, c *answer.Fork, i int) Health {
	p := c.Policy
	out := Health{State: policy.Up.String()}
	if i < len(p.Checks) {
		out.Check = p.Checks[i]
	}
	if i < len(c.Facts.Health) {
		out.State = c.Facts.Health[i].String()
	}
	if i < len(c.Facts.Shares) && c.Facts.Shares[i] != 100 {
		out.Share = &c.Facts.Shares[i]
		out.Drained = *out.Share == 0
	}
	switch {
	case w.question.Down[p.IDs[i]]:
		out.Reason = "assumed"
		return out
	case out.State == policy.Down.String() && (i >= len(p.Slots) || p.Slots[i].Health() != policy.Down):
		out.Reason = "no live address behind it"
		if out.Drained {
			out.Reason = "nothing behind it that is not drained"
		}
		return out
	}
	if h.View == nil || w.server.Health == nil {
		return out
	}
	for _, known := range w.server.Health.List(health.Query{View: h.View.Name, Name: p.Owner, Type: p.Type, ID: p.IDs[i]}) {
		out.Reason = known.Why
		if known.Override.Force != health.Auto {
			out.Reason = heldBy(&known)
		}
		if known.Check != "" && known.Verdict != known.State {
			out.Verdict = known.Verdict.String()
		}
		if out.Check != "" || out.Reason != "" {
			out.Since = known.Since.UTC().Format(time.RFC3339)
		}
	}
	return out
}

func (h *Health) text() string {
	line := h.State
	switch {
	case h.Drained:
		line = "drained"
	case h.Share != nil:
		line += fmt.Sprintf(" %d %%", *h.Share)
	}
	if h.Check != "" {
		line += " (" + h.Check + ")"
	}
	if h.Since == "" && h.Reason != "" {
		line += " (" + h.Reason + ")"
	}
	return line
}

// background is since when the state has been so, and why; empty where text says it all.
func (h *Health) background() string {
	if h.Since == "" {
		return ""
	}
	text := " since " + h.Since
	if h.Reason != "" {
		text += ": " + h.Reason
	}
	if h.Verdict != "" && !h.Drained {
		text += "; its check says " + h.Verdict
	}
	return text
}

// flipOf is the next change of health that the decision about p reckons with.
func flipOf(p *policy.Policy, f *policy.Facts) *Flip {
	if f.Flip == 0 {
		return nil
	}
	to := policy.Down
	if f.FlipBy < len(f.Health) && f.Health[f.FlipBy] == policy.Down {
		to = policy.Up
	}
	return &Flip{Candidate: p.IDs[f.FlipBy], To: to.String(), Seconds: f.Flip}
}

// capWhy tells why the decision holds no longer than its TTLCap, and whether it is for health.
func (p *Policy) capWhy() (why string, health bool) {
	names := make([]string, len(p.Chain))
	for i := range p.Chain {
		names[i] = p.Chain[i].Name
	}
	if p.Flip == nil || *p.TTLCap != max(p.Flip.Seconds, p.MinTTL) {
		return strings.Join(names, "+"), false
	}
	for i := range p.Chain {
		if said := p.Chain[i].TTLCap; said != nil && *said <= *p.TTLCap {
			return strings.Join(names, "+"), false
		}
	}
	return p.Flip.text(p.MinTTL), true
}

// text says what may happen when, and if that is earlier, what keeps the TTL from being so short.
func (f *Flip) text(minTTL uint32) string {
	verb := map[string]string{"up": "come up", "down": "go down"}[f.To]
	text := fmt.Sprintf("%s may %s in %d s", f.Candidate, cmp.Or(verb, f.To), f.Seconds)
	if f.Seconds < minTTL {
		text += fmt.Sprintf(", and min-ttl is %d s", minTTL)
	}
	return text
}

// healthText says what was made of the candidates' health, if it was not believed; "" if it was.
func (p *Policy) healthText() string {
	drained := false
	for i := range p.Candidates {
		drained = drained || p.Candidates[i].Health.Drained && p.Candidates[i].Weight > 0
	}
	switch {
	case p.FailOpen && drained:
		return "all candidates for this client are down, so those that are only drained count as up"
	case p.FailOpen:
		return "all candidates for this client are down, so they count as up"
	case p.Panic:
		return "fewer candidates are live than panic-threshold asks for, so the dead count as up"
	}
	return ""
}

// heldBy tells who holds a candidate where it is, and until when.
func heldBy(c *health.Candidate) string {
	o := &c.Override
	text := "held " + o.Force.String()
	switch {
	case o.Force != health.ForceDrain:
	case c.Share > 0:
		text = "draining"
	default:
		text = "drained"
	}
	text += " by " + o.By
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	if !o.Until.IsZero() {
		text += ", until " + o.Until.UTC().Format(time.RFC3339)
	}
	return text
}
