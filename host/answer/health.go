package answer

import (
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
)

// reachMax bounds the targets that are looked at for one policy in one epoch: 2 ms. What lies behind them counts as up.
const reachMax = 1 << 14

// outlookMax bounds the lists of views for which the health of targets is kept; for clients with other lists it is found out each time.
const outlookMax = 16

// lost is a way that ends at no live address.
const lost = chainMax

// Instead of the number of an outlook: nothing is kept for it.
const strange = -1

// targets is what a worker knows of names that candidates lead to, until the next generation or epoch of health.
type targets struct {
	aims     map[aimKey]*aim
	outlooks [][]uint16 // the lists of views that clients see, by number
	outlook  int8       // of the client, or strange
	reached  int        // targets that were looked at for the policy of the query
	cut      bool       // a way was given up: what was found holds for where it began, not for names on it
}

// aimKey is what the health of a policy's candidates depends on beside their slots: which addresses are wanted, and who sees what.
type aimKey struct {
	policy  *policy.Policy
	qtype   uint16 // A or AAAA; 0: the candidates' own records are the answer, and either address will do
	outlook int8
}

// aim is the health of a policy whose candidates lead to other names.
type aim struct {
	epoch uint64 // zero: of none
	busy  bool   // it is being found out: who comes back to it goes in a circle
	standing
	outcome
	kept keptDecision
}

// outcome is where a way ends.
type outcome struct {
	links   int    // to the nearest live address, or lost
	drained bool   // it is lost, but something on the way is merely drained
	holds   uint32 // seconds until that may change at the earliest; 0: nobody knows
}

// circle is what a policy is for itself.
var circle = aim{outcome: outcome{links: lost}}

// aimed finds out the health of the candidates of p, whose set name owns, with that of the names they lead to.
func (w *Worker) aimed(p *policy.Policy, set zone.RRset, name *wire.Name, qtype uint16) *aim {
	w.outlook = w.outlookOf()
	if a := w.aims[aimKey{p, qtype, w.outlook}]; a != nil && a.epoch == w.epoch {
		return a
	}
	hit, at, behind := w.hit, w.at, w.behind
	w.reached, w.cut = 0, false
	a := w.aim(p, set, name, qtype, 0)
	w.hit, w.at, w.behind = hit, at, behind
	return a
}

// aim is aimed for a policy that stands depth names behind that of the query.
func (w *Worker) aim(p *policy.Policy, set zone.RRset, owner *wire.Name, qtype uint16, depth int) *aim {
	key := aimKey{p, qtype, w.outlook}
	a := w.aims[key]
	switch {
	case a == nil:
		a = new(aim)
		w.aims[key] = a
	case a.epoch == w.epoch:
		return a
	case a.busy:
		w.cut = true
		return &circle
	}
	cut := w.cut
	w.cut, a.busy, a.outcome = false, true, outcome{links: lost}
	a.reset(len(p.IDs))
	candidate := set.Candidate(0)
	for i := range p.IDs {
		if i > 0 {
			candidate = candidate.Next()
		}
		way, now := outcome{links: 1}, w.slot(p, i)
		if now.Health != policy.Down && counts(p.Targets[i], set.Type(), qtype) {
			way = w.target(candidate, owner, qtype, depth)
			now = way.behind(now)
			a.flips(i, way.holds)
		}
		a.set(i, now)
		if now.Live() {
			a.links = min(a.links, way.links)
		}
		a.drained = a.drained || now.Drained()
	}
	a.busy, a.epoch, a.holds = false, w.epoch, a.flip
	if w.outlook == strange || w.cut && depth > 0 {
		a.epoch = 0
	}
	w.cut = w.cut || cut
	return a
}

// behind is how a candidate stands of which the way is to its target. The target's own share counts where the target is decided about, so only
// whether it has any matters here.
func (o outcome) behind(now policy.Standing) policy.Standing {
	switch {
	case o.links != lost:
	case o.drained:
		now.Share = 0
	default:
		now.Health = policy.Down
	}
	return now
}

// or is where two ways end, of which either will do.
func (o outcome) or(other outcome) outcome {
	o.links, o.drained = min(o.links, other.links), o.drained || other.drained
	if o.holds == 0 || other.holds != 0 && other.holds < o.holds {
		o.holds = other.holds
	}
	return o
}

// counts tells whether a candidate is down while its target is.
func counts(said policy.TargetHealth, typ, qtype uint16) bool {
	return said == policy.TargetCounts || said == policy.TargetUnsaid && (typ == wire.TypeALIAS || qtype != 0)
}

// target counts the links from the owner of a candidate to the nearest live address behind it, or is lost.
func (w *Worker) target(candidate zone.RRset, owner *wire.Name, qtype uint16, depth int) outcome {
	if qtype == 0 {
		return w.target(candidate, owner, wire.TypeA, depth).or(w.target(candidate, owner, wire.TypeAAAA, depth))
	}
	name := *owner
	if !candidate.Target(&name) {
		return outcome{links: lost}
	}
	way := w.reach(&name, qtype, depth+1)
	if depth+1+way.links >= lost {
		if way.links < lost {
			w.cut, way.drained = true, false
		}
		way.links = lost
		return way
	}
	way.links++
	return way
}

// reach counts the links from name to the nearest live address of the type qtype, or is lost. depth is how many links lie before it. name is
// overwritten.
func (w *Worker) reach(name *wire.Name, qtype uint16, depth int) outcome {
	for links := 0; depth+links < lost; links++ {
		if w.reached++; w.reached > reachMax {
			w.cut = true
			return outcome{links: links}
		}
		w.seek(name, qtype)
		set, routed := w.hit.Set, (*policy.Policy)(nil)
		switch w.hit.Kind {
		case zone.Answer, zone.ALIAS, zone.CNAME:
			if set.Routed() {
				if routed = w.policyOf(set); routed == nil {
					return outcome{links: lost}
				}
			}
		default: // nothing is there, or nothing that can be followed
			return outcome{links: lost}
		}
		var way outcome
		switch {
		case w.hit.Kind == zone.Answer && routed != nil:
			way = w.standingOf(routed)
		case w.hit.Kind == zone.Answer:
		case routed != nil:
			way = w.aim(routed, set, name, qtype, depth+links).outcome
		case set.Target(name):
			continue
		default:
			return outcome{links: lost}
		}
		way.links = min(lost, links+way.links)
		return way
	}
	w.cut = true
	return outcome{links: lost}
}

// standingOf tells whether p, whose candidates are addresses, has a live one.
func (w *Worker) standingOf(p *policy.Policy) outcome {
	way := outcome{links: lost}
	for i := range p.IDs {
		now := w.slot(p, i)
		if now.Live() {
			way.links = 0
		}
		way.drained = way.drained || now.Drained()
		if flip := uint32(now.Flip); flip != 0 && (way.holds == 0 || flip < way.holds) {
			way.holds = flip
		}
	}
	return way
}

// policyOf is the policy of a routed set of w.hit's zone, nil while its plugins are not ready.
func (w *Worker) policyOf(set zone.RRset) *policy.Policy {
	if w.hit.Zone.Pending {
		return nil
	}
	return w.hit.Zone.Policies[set.Policy()]
}

// outlookOf is the number of the list of views that the client sees. Targets are found where the client would find them, so what is known of
// them holds for clients who see the same views.
func (w *Worker) outlookOf() int8 {
	if w.trace != nil {
		return strange
	}
	if w.snap.Choice == nil {
		return 0
	}
	count := 0
	for w.viewAt(count) >= 0 {
		count++
	}
	if w.viewAt(count) != noView {
		return strange
	}
	list := w.sight.views[:count]
next:
	for number, known := range w.outlooks {
		if len(known) != len(list) {
			continue
		}
		for i := range list {
			if known[i] != list[i] {
				continue next
			}
		}
		return int8(number)
	}
	if len(w.outlooks) == outlookMax {
		return strange
	}
	w.outlooks = append(w.outlooks, append([]uint16(nil), list...))
	return int8(len(w.outlooks) - 1)
}
