package explain

import (
	"fmt"
	"slices"
	"strings"

	"signpost/host/answer"
	"signpost/host/message"
	"signpost/host/policy"
	"signpost/host/rrdata"
	"signpost/host/zone"
)

// way is how a walk came to a name.
type way struct {
	take   []int    // candidates, decision by decision
	via    []string // their ids
	chance float64
	names  int    // on it
	capped string // why the TTL is not longer than ttlCap, the shortest cap so far; "": there is none
	health bool   // it is health
	ttlCap uint32 // seconds, when capped
	ttl    uint32 // the shortest of the record sets so far
}

// through is the way on through one candidate.
func (y way) through(candidate int, id string, chance float64) way {
	y.take = append(slices.Clone(y.take), candidate)
	y.via = append(slices.Clone(y.via), id)
	y.chance *= chance
	return y
}

// kinds names what a zone says, for reports.
var kinds = [...]string{
	zone.Outside: "outside", zone.Broken: "broken", zone.Answer: "answer", zone.NoData: "nodata", zone.NameError: "nxdomain",
	zone.Undecided: "undecided", zone.Delegation: "referral", zone.CNAME: "cname", zone.DNAME: "dname", zone.ALIAS: "alias", zone.Many: "many",
}

// hop describes name number at of a trace, and walks on from there.
func (w *walk) hop(t *answer.Trace, at int, y way) *Hop {
	h := &t.Hops[at]
	y.names = at + 1
	out := &Hop{Name: message.NameText(h.Name), Kind: kinds[h.Hit.Kind]}
	if h.View != nil {
		out.View = h.View.Name
	}
	if z := h.Hit.Zone; z != nil {
		out.Zone = &Zone{Name: message.NameText(z.Origin), File: z.Path, Serial: z.Serial}
		if h.Hit.Wildcard {
			out.Wildcard = message.NameText(slices.Concat(h.Hit.Node.Relative(), z.Origin))
		}
	}
	set := h.Hit.Set
	if set != nil {
		out.Type, out.TTL = rrdata.TypeName(set.Type()), set.TTL()
		if at == 0 || set.TTL() < y.ttl {
			y.ttl = set.TTL()
		}
	}
	switch {
	case set != nil && set.Routed() && len(h.Forks) == 0:
		out.Pending = true
	case set != nil && set.Routed():
		out.Policy = w.policy(h, &h.Forks[0], at, y)
		return out
	case set != nil:
		for _, rr := range setRecords(set, h.Name) {
			out.Records = append(out.Records, rr.Data)
		}
	}
	if at+1 < len(t.Hops) {
		out.Next = w.hop(t, at+1, y)
		return out
	}
	_, r := w.run(y.take)
	w.arrive(&r, y)
	return out
}

// policy describes a decision, and walks on through each of its candidates.
func (w *walk) policy(h *answer.Hop, c *answer.Fork, at int, y way) *Policy {
	d, p := &c.Decision, c.Policy
	out := &Policy{
		Outcome: outcomes[d.Outcome], OnAllDown: p.OnAllDown.String(), FailOpen: d.FailOpen, AllDown: d.AllDown, Panic: d.Panic, Fallback: d.Fallback, Pick: d.Pick, Fuel: d.Fuel,
		Scope: w.scopeOf(d.Scope4, d.Scope6), TTLCap: capOf(d.TTLCap), Facts: factsOf(p, &c.Facts), Chain: w.chain(p, d),
		MinTTL: p.MinTTL, Flip: flipOf(p, &c.Facts),
	}
	if d.TTLCap != policy.NoTTLCap && (y.capped == "" || d.TTLCap < y.ttlCap) {
		y.capped, y.health = out.capWhy()
		y.ttlCap = d.TTLCap
	}
	shares := d.Shares(nil)
	for i, id := range p.IDs {
		candidate := w.candidate(h, c, i)
		candidate.Percent = 100 * shares[i]
		if shares[i] > 0 {
			candidate.Next = w.onward(at, y.through(i, id, shares[i]))
		}
		out.Candidates = append(out.Candidates, candidate)
	}
	if d.Outcome != policy.Answer {
		_, r := w.run(y.take)
		w.arrive(&r, y)
	}
	return out
}

var outcomes = [...]string{policy.Answer: "answer", policy.NoData: "nodata", policy.ServFail: "servfail"}

// onward walks on from name number at when the last candidate of y was taken there; nil when that one is the answer.
func (w *walk) onward(at int, y way) *Hop {
	if w.ways++; w.ways > waysMax {
		w.cut = true
		return nil
	}
	t, r := w.run(y.take)
	if at+1 < len(t.Hops) {
		return w.hop(t, at+1, y)
	}
	w.arrive(&r, y)
	return nil
}

// arrive adds what a way ends with. Ways that give the client the same are one answer.
func (w *walk) arrive(r *message.Response, y way) {
	typ := w.question.Type
	a := Answer{Percent: 100 * y.chance, Outcome: r.Outcome(), TTL: r.MinTTL(), Error: r.Fault}
	if len(y.via) > 0 {
		a.Via = []string{strings.Join(y.via, " → ")}
	}
	if len(r.Answers) > 0 {
		a.Records = r.Data(typ)
		a.TTLWhy = "of the records"
		if y.names > 1 {
			a.TTLWhy = "the shortest of the chain"
		}
		switch {
		case y.capped == "" || a.TTL != y.ttlCap:
		case !y.health:
			a.TTLWhy = "the most that " + y.capped + " allows"
		case a.TTL < y.ttl:
			a.TTLWhy = fmt.Sprintf("%d s, lowered to %d s: %s", y.ttl, a.TTL, y.capped)
		}
	}
	for i := range w.answers {
		have := &w.answers[i]
		if have.Outcome == a.Outcome && have.TTL == a.TTL && slices.Equal(have.Records, a.Records) {
			have.Percent += a.Percent
			have.Via = append(have.Via, a.Via...)
			return
		}
	}
	w.answers = append(w.answers, a)
}

// scopeOf is the scope for the client's family.
func (w *walk) scopeOf(scope4, scope6 uint8) int {
	if w.client.network.Addr().Is4() {
		return int(scope4)
	}
	return int(scope6)
}

func capOf(seconds uint32) *uint32 {
	if seconds == policy.NoTTLCap {
		return nil
	}
	return &seconds
}

// chain describes the plugins of a decision.
func (w *walk) chain(p *policy.Policy, d *policy.Decision) []Plugin {
	var list []Plugin
	for i, info := range w.server.Plugins.Describe(p) {
		about := Plugin{Name: info.Name, Version: info.Version, SHA256: info.SHA256, Builtin: info.Builtin}
		if i < len(d.Steps) {
			step := &d.Steps[i]
			about.Called, about.Problem, about.Pick, about.Fuel = step.Problem == "" || step.Fuel > 0, step.Problem, step.Pick, step.Fuel
			about.TTLCap, about.Scope = capOf(step.TTLCap), w.scopeOf(step.Scope4, step.Scope6)
		}
		list = append(list, about)
	}
	return list
}

// factsOf lists what the chain of p could see of the client.
func factsOf(p *policy.Policy, f *policy.Facts) *Facts {
	if p.Wants == 0 {
		return nil
	}
	out := new(Facts)
	if p.Wants&policy.WantsClient != 0 && f.Client.IsValid() {
		out.Client = f.Client.Masked().String()
	}
	if p.Wants&policy.WantsGeo != 0 {
		code := func(letters []byte) string { return strings.TrimRight(string(letters), "\x00") }
		place, bits := &f.Place, int(f.PlaceBits)
		out.Continent, out.Country, out.Subdivision = code(place.Continent[:]), code(place.Country[:]), code(place.Subdivision[:])
		out.ASN, out.PlaceBits = place.ASN, &bits
		if place.Located {
			out.Latitude, out.Longitude = &place.Latitude, &place.Longitude
		}
	}
	if p.Wants&policy.WantsLatency != 0 {
		bits := int(f.LatencyBits)
		out.LatencyBits = &bits
	}
	return out
}

// candidate describes candidate i of a fork.
func (w *walk) candidate(h *answer.Hop, c *answer.Fork, i int) Candidate {
	d, p := &c.Decision, c.Policy
	out := Candidate{ID: p.IDs[i], Health: w.health(h, c, i), Weight: d.Weights[i], Attributes: []Attribute{}, Records: []string{}}
	if i < len(p.Notes) {
		note := &p.Notes[i]
		out.File, out.Line = note.Pos.File, note.Pos.Line
		for _, attr := range note.Attrs {
			key, value, _ := strings.Cut(attr, "=")
			out.Attributes = append(out.Attributes, Attribute{key, value})
		}
	}
	if p.Wants&policy.WantsLatency != 0 {
		if i < len(p.Regions) {
			out.Region = p.Regions[i].Name
		}
		if i < len(c.Facts.Latency) && c.Facts.Latency[i].Source != 0 {
			out.Latency = &Latency{Micros: c.Facts.Latency[i].Micros, Source: c.Facts.Latency[i].Source.String()}
		}
	}
	for n := range p.Chain {
		var given, weight *uint32
		if n < len(d.Steps) {
			if step := &d.Steps[n]; i < len(step.Given) {
				given = &step.Given[i]
			}
			weight = &d.Steps[n].Weights[i]
		}
		out.Given, out.Weights = append(out.Given, given), append(out.Weights, weight)
	}
	for _, rr := range setRecords(c.Set.Candidate(i), h.Name) {
		out.Records, out.TTL = append(out.Records, rr.Data), rr.TTL
	}
	return out
}
