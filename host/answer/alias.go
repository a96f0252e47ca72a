package answer

import (
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
)

// alias answers with the addresses of an ALIAS's target, as if name owned them. The target may be routed, an alias again, or a CNAME;
// all of it is looked up as if the client had asked for it. A target in no zone that it sees cannot be answered here: SERVFAIL.
func (w *Worker) alias(name *wire.Name, links int) {
	out := &w.out
	own := w.hit.Zone
	ttl := w.hit.Set.TTL()
	at := name // the name that w.hit is about
	for range chainMax {
		set, outcome := w.hit.Set, policy.Answer
		w.ttlCap = policy.NoTTLCap
		switch w.hit.Kind {
		case zone.ALIAS, zone.CNAME, zone.Answer:
			if set.Routed() {
				if set, outcome = w.choose(set, at, w.query.Type); set != nil {
					ttl = min(ttl, w.ttlCap)
				}
			}
		case zone.NoData, zone.NameError:
			outcome = policy.NoData
		case zone.Broken:
			out.fail(wire.ServFail, metrics.KindServFail, invalidZone)
			return
		case zone.Undecided:
			out.fail(wire.ServFail, metrics.KindServFail, w.undecided())
			return
		default: // Outside or Delegation: there is nobody here who could ask
			out.fail(wire.ServFail, metrics.KindServFail, aliasLeadsOut)
			return
		}
		switch {
		case outcome == policy.NoData:
			// The name exists, it only has no address of this kind now: RFC 2308 §2.2, from the alias's own zone.
			w.hit = zone.Hit{Kind: zone.NoData, Zone: own, Node: own.Apex(), Labels: own.Labels}
			w.noCandidate(name, links)
			return
		case outcome == policy.ServFail:
			return
		case w.hit.Kind == zone.Answer:
			if links == 0 {
				out.kind = metrics.KindAnswer
			}
			w.aliasAnswer(set, name, ttl)
			return
		}
		ttl = min(ttl, set.TTL())
		if at != &w.chain.renamed {
			w.chain.renamed = *at
			at = &w.chain.renamed
		}
		if !set.Target(at) {
			break
		}
		w.find(at)
	}
	out.fail(wire.ServFail, metrics.KindServFail, aliasTooLong)
}

// aliasAnswer writes the target's addresses as name's own.
func (w *Worker) aliasAnswer(set zone.RRset, name *wire.Name, ttl uint32) {
	out := &w.out
	turn := 0
	if set.Count() > 1 {
		turn = w.below(set.Count())
	}
	start := out.off
	owner := zone.Owner{Name: name, Labels: name.Labels}
	if !out.add(answerSection, set, owner, false, turn) {
		return
	}
	if routed := w.hit.Set; routed.Routed() && !w.rest(routed, owner, start) {
		return
	}
	out.capTTL(start, ttl)
}
