package answer

import (
	"net/netip"

	"signpost/host/geo"
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
)

// decisions are a worker's own: which decision each policy made, for those that want no client fact and, by place, for those that want no other,
// until the next generation or the next epoch of health.
type decisions struct {
	decisionsOf uint64 // generation
	epoch       uint64 // of health, of this batch
	kept        map[*policy.Policy]*keptDecision
	placed      map[placedKey]*keptDecision
	called      policy.Decision // of the policy that was called last
	there       policy.Decision // of placed, for the latest client; never decided into
	picked      []int           // candidates of the latest draw
	ttlCap      uint32          // of the latest draw, in seconds
	facts       policy.Facts
	finder      geo.Finder
	latencies   []geo.Latency // of the facts
	standing    standing      // of the policy that was asked last
	client      netip.Addr

	targets

	star [wire.NameLenMax + 2]byte // scratch: a wildcard's name
}

// keptDecision is a decision of an epoch. In another one its buffers serve again.
type keptDecision struct {
	epoch uint64 // zero: of none
	policy.Decision
}

// forget drops the kept decisions: they belong to an older generation.
func (d *decisions) forget(generation uint64) {
	d.decisionsOf = generation
	d.kept = map[*policy.Policy]*keptDecision{}
	d.placed = map[placedKey]*keptDecision{}
	d.aims, d.outlooks = map[aimKey]*aim{}, nil
}

// draw is choose for a set that name owns, links into a chain. When it is nil, the response is complete.
func (w *Worker) draw(set zone.RRset, name *wire.Name, links int) zone.RRset {
	chosen, outcome := w.choose(set, name, 0)
	if outcome == policy.NoData {
		w.noCandidate(name, links)
	}
	return chosen
}

// noCandidate says that name has nothing of what was asked for now. Where that is for want of live candidates, it may be another answer soon.
func (w *Worker) noCandidate(name *wire.Name, links int) {
	start := w.out.off
	w.negative(name, links, wire.NoError, metrics.KindNoData)
	w.out.capTTL(start, w.ttlCap)
}

// choose decides among the candidates of a routed set, of w.hit's zone, that name owns, and returns the chosen one's set. It is nil with the
// outcome NoData when none is for this client, and nil with ServFail after the response was made that error. qtype is the type of the addresses
// that the candidate is to lead to, 0 if the candidate itself is the answer.
func (w *Worker) choose(set zone.RRset, name *wire.Name, qtype uint16) (zone.RRset, policy.Outcome) {
	z, out := w.hit.Zone, &w.out
	if z.Pending || w.plugins == nil {
		out.fail(wire.ServFail, metrics.KindServFail, notReady)
		return nil, policy.ServFail
	}
	p := z.Policies[set.Policy()]
	d := w.decision(p, set, name, qtype)
	if w.trace != nil {
		w.trace.decided(set, p, &w.facts, d)
	}
	if d.Fallback {
		w.counts.Inc(metrics.DecisionsFallback)
	}
	if d.FailOpen {
		w.counts.Inc(metrics.DecisionsFailOpen)
	}
	if d.Panic {
		w.counts.Inc(metrics.DecisionsPanic)
	}
	w.setScope(d)
	w.ttlCap = d.TTLCap
	switch d.Outcome {
	case policy.NoData:
		if !d.AllDown {
			w.ttlCap = policy.NoTTLCap
		}
		return nil, policy.NoData
	case policy.ServFail:
		out.fail(wire.ServFail, metrics.KindServFail, allDown)
		return nil, policy.ServFail
	}
	switch {
	case w.trace != nil:
		w.picked = append(w.picked[:0], w.trace.take())
	case d.Pick > 1:
		w.picked = d.DrawPick(w.random.Uint64(), w.picked[:0])
	default:
		w.picked = append(w.picked[:0], d.Draw(w.random.Uint64()))
	}
	if w.log != nil {
		w.logPicked(p.IDs, w.picked)
	}
	return set.Candidate(w.picked[0]), policy.Answer
}

// rest writes the candidates of routed that were drawn beside the first, which stands at start, and keeps the TTL of all within what the
// decision allows. It is false when they do not fit.
func (w *Worker) rest(routed zone.RRset, owner zone.Owner, start int) bool {
	for _, i := range w.picked[1:] {
		if !w.out.add(answerSection, routed.Candidate(i), owner, false, 0) {
			return false
		}
	}
	w.out.capTTL(start, w.ttlCap)
	return true
}

// decision is what p, whose set name owns, says to this client. It is valid until the next call.
func (w *Worker) decision(p *policy.Policy, set zone.RRset, name *wire.Name, qtype uint16) *policy.Decision {
	var kept *keptDecision
	var a *aim
	switch {
	case p.Targets != nil:
		a = w.aimed(p, set, name, qtype)
		kept = &a.kept
		if a.epoch != w.epoch {
			kept.epoch = 0
		}
	case p.Wants == 0:
		kept = w.kept[p]
	case p.Wants == policy.WantsGeo && w.trace == nil:
		w.facts = policy.Facts{Client: w.clientNet()}
		w.locate(p)
		return w.decideAt(p)
	}
	if kept != nil && kept.epoch == w.epoch && w.trace == nil {
		w.counts.Inc(metrics.DecisionsCached)
		return &kept.Decision
	}
	w.counts.Inc(metrics.DecisionsCalled)
	w.facts = policy.Facts{}
	if a != nil {
		a.tell(&w.facts)
	} else {
		w.slots(p, &w.facts)
	}
	if p.Wants != 0 || w.trace != nil {
		w.facts.Client = w.clientNet()
		w.locate(p)
		w.plugins.Decide(p, &w.facts, &w.called)
		return &w.called
	}
	if kept == nil {
		kept = new(keptDecision)
		w.kept[p] = kept
	}
	w.plugins.Decide(p, &w.facts, &kept.Decision)
	kept.epoch = w.epoch
	if kept.Fallback {
		kept.epoch = 0
	}
	return &kept.Decision
}

// clientNet is the network that the client asks for: its subnet option, or where the packet came from.
func (w *Worker) clientNet() netip.Prefix {
	ecs := &w.query.EDNS.ECS
	if ecs.Present && ecs.Source > 0 {
		addr := netip.AddrFrom16(ecs.Addr)
		if ecs.Family == 1 {
			addr = netip.AddrFrom4([4]byte(ecs.Addr[:4]))
		}
		return netip.PrefixFrom(addr, int(ecs.Source))
	}
	return netip.PrefixFrom(w.client, w.client.BitLen())
}

// setScope keeps the longest scope of the decisions that made the response (RFC 7871 §7.2.1). It stays zero for a client that hides its
// network: the answer depends on where the packet came from, not on the option.
func (w *Worker) setScope(d *policy.Decision) {
	ecs := &w.query.EDNS.ECS
	if ecs.Source == 0 {
		return
	}
	scope := d.Scope6
	if ecs.Family == 1 {
		scope = d.Scope4
	}
	w.out.scope = max(w.out.scope, scope)
	if w.trace != nil {
		w.trace.Scope = max(w.trace.Scope, scope)
	}
}
