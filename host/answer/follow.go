package answer

import (
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
)

// chainMax bounds a chain of CNAME and DNAME records; what is left of a longer one the client asks for itself.
const chainMax = 16

// chainOffMax is the last offset at which a link of a chain is written, so that compression pointers reach it.
const chainOffMax = 0x1E00

// chain is where a chain of CNAME and DNAME records has been.
type chain struct {
	names   [2]wire.Name // the link's and the next one's, in turn; the first is the question's
	hashes  [chainMax + 1]uint64
	dnames  [chainMax]dname // written so far
	written int
	renamed wire.Name // scratch: a DNAME's or an alias's target
}

// follow writes what w.hit says, link by link while it leads to another name that the client sees here.
func (w *Worker) follow() {
	q, out := &w.query, &w.out
	name := &q.Name
	out.flags |= wire.FlagAA
	out.encloser = w.hit.Labels
	w.chain.written = 0
	for links := 0; ; links++ {
		kind := w.hit.Kind
		if kind != zone.CNAME && kind != zone.DNAME {
			w.conclude(name, links)
			return
		}
		w.chain.hashes[links] = w.sums[name.Labels]
		out.kind = metrics.KindCNAME
		targetOff := w.link(name, links)
		if targetOff == 0 || links == chainMax || out.off > chainOffMax {
			return
		}
		if q.Type == wire.TypeCNAME {
			return // the CNAME that a DNAME means is what was asked for
		}
		next := &w.chain.names[links%2]
		next.ParseName(out.msg[:out.off], targetOff)
		name = next
		w.find(name)
		if w.loops(name, links) {
			return
		}
	}
}

// loops tells whether the chain comes back to a name whose record is in the answer already. Equal hashes of different names only
// end the chain early: the client asks for the rest.
func (w *Worker) loops(name *wire.Name, links int) bool {
	for _, hash := range w.chain.hashes[:links+1] {
		if hash == w.sums[name.Labels] {
			return true
		}
	}
	return false
}

// link writes one CNAME or DNAME and returns where the name it leads to stands, or zero when the chain ends here.
func (w *Worker) link(name *wire.Name, links int) int {
	out, hit := &w.out, &w.hit
	if hit.Kind == zone.DNAME {
		return w.rewrite(name)
	}
	set := hit.Set
	if set.Routed() {
		if set = w.draw(set, name, links); set == nil {
			return 0
		}
	}
	start := out.off
	if !out.add(answerSection, set, zone.Owner{Name: name, Labels: name.Labels}, w.dnssec(), 0) {
		return 0
	}
	if hit.Set.Routed() {
		out.capTTL(start, w.ttlCap)
	}
	if hit.Wildcard {
		w.proveWildcard(name)
	}
	return start + recordHeadLen
}

// conclude writes the end of a chain, which most often is its beginning.
func (w *Worker) conclude(name *wire.Name, links int) {
	out, hit := &w.out, &w.hit
	switch hit.Kind {
	case zone.Answer:
		w.answer(name, links)
	case zone.NoData:
		w.negative(name, links, wire.NoError, metrics.KindNoData)
	case zone.NameError:
		w.negative(name, links, wire.NXDomain, metrics.KindNXDomain)
	case zone.Delegation:
		w.refer(name, links)
	case zone.Many:
		w.many(name, links)
	case zone.ALIAS:
		w.alias(name, links)
	case zone.Broken: // also at the end of a chain, as for a name whose policy is not decided yet
		out.fail(wire.ServFail, metrics.KindServFail, invalidZone)
	case zone.Undecided:
		out.fail(wire.ServFail, metrics.KindServFail, w.undecided())
	default: // Outside
		if links == 0 {
			out.fail(wire.Refused, metrics.KindRefused, w.outside())
		}
	}
}

// answer writes the set that was asked for.
func (w *Worker) answer(name *wire.Name, links int) {
	out, hit := &w.out, &w.hit
	if links == 0 {
		out.kind = metrics.KindAnswer
		if hit.Wildcard {
			out.kind = metrics.KindWildcard
		}
	}
	set := hit.Set
	if set.Routed() {
		if set = w.draw(set, name, links); set == nil {
			return
		}
	}
	turn := 0
	if set.Count() > 1 {
		turn = w.below(set.Count())
	}
	owner := zone.Owner{Name: name, Labels: name.Labels}
	start := out.off
	if !out.add(answerSection, set, owner, w.dnssec(), turn) {
		return
	}
	if hit.Set.Routed() && !w.rest(hit.Set, owner, start) {
		return
	}
	if hit.Wildcard {
		w.proveWildcard(name)
	}
	if set.HasAdditional() && !w.behind { // an earlier view may have other addresses for the targets
		out.main, out.mainStart, out.mainTurn = set, start, turn
	}
}

// negative says that the name or its type does not exist (RFC 2308). After a chain the code is that of its last name (RFC 6604).
func (w *Worker) negative(name *wire.Name, links, rcode int, kind metrics.Counter) {
	out, z := &w.out, w.hit.Zone
	out.rcode = rcode
	if links == 0 {
		out.kind = kind
		out.encloser = z.Labels
		out.scope = 0 // resolvers keep negative answers for everybody, whatever is said (RFC 7871 §7.4)
	}
	if !out.add(authoritySection, z.Negative(), zone.Owner{Name: name, Labels: z.Labels}, w.dnssec(), 0) {
		return
	}
	w.proveNegative(name)
}

// refer sends the client to the servers of a delegated zone (RFC 1034 §4.3.2 step 3b).
func (w *Worker) refer(name *wire.Name, links int) {
	out, hit := &w.out, &w.hit
	if links == 0 {
		out.kind = metrics.KindReferral
		out.flags &^= wire.FlagAA
	}
	labels := hit.Labels
	if hit.Wildcard {
		labels = name.Labels
	}
	owner := zone.Owner{Name: name, Labels: labels}
	start := out.off
	if !out.add(authoritySection, hit.Set, owner, false, 0) {
		return
	}
	if !w.proveReferral(name, owner) {
		return
	}
	if hit.Set.HasAdditional() {
		out.main, out.mainStart, out.mainTurn, out.glue = hit.Set, start, 0, true
	}
}

// many answers ANY and RRSIG. Over UDP one set is enough (RFC 8482 §4.1).
func (w *Worker) many(name *wire.Name, links int) {
	q, out, hit := &w.query, &w.out, &w.hit
	if links == 0 {
		out.kind = metrics.KindAnswer
	}
	one := !w.tcp && w.snap.Config.MinimalANY
	owner := zone.Owner{Name: name, Labels: name.Labels}
	start := out.off
	hit.Node.All(func(set zone.RRset) bool {
		if q.Type == wire.TypeRRSIG {
			if set.SigCount() == 0 {
				return true
			}
			end := set.EmitSignatures(out.msg, out.off, out.limit, owner)
			if end == 0 {
				out.truncate(out.off)
				return false
			}
			out.off = end
			out.counts[answerSection] += uint16(set.SigCount())
			return !one
		}
		chosen, outcome := set, policy.Answer
		if set.Routed() {
			if chosen, outcome = w.choose(set, name, 0); chosen == nil {
				return outcome == policy.NoData // as if the set were not there
			}
		}
		at := out.off
		if !out.add(answerSection, chosen, owner, w.dnssec(), 0) || set.Routed() && !w.rest(set, owner, at) {
			return false
		}
		return !one
	})
	switch {
	case out.rcode == wire.ServFail || out.flags&wire.FlagTC != 0:
	case out.off == start:
		w.negative(name, links, wire.NoError, metrics.KindNoData)
	case hit.Wildcard:
		w.proveWildcard(name)
	}
}

// dnssec tells whether the client wants signatures.
func (w *Worker) dnssec() bool { return w.query.EDNS.DO }

// below is a random number under limit, which is small: the bias of a fixed-point product is less than one in 2^40.
func (w *Worker) below(limit int) int { return int(w.random.Uint64() >> 40 * uint64(limit) >> 24) }
