package answer

import (
	"signpost/host/wire"
	"signpost/host/zone"
)

// proofMax bounds the proofs of one response: each wildcard of a chain needs one, its end at most three.
const proofMax = chainMax + 4

// proof is one NSEC or NSEC3 record to write: its node, and a pointer to its zone's origin.
type proof struct {
	node   zone.Node
	origin uint16
}

// prove adds the NSEC or NSEC3 of node to the response, once.
func (w *Worker) prove(node zone.Node, name *wire.Name) {
	out := &w.out
	for i := range out.proofCount {
		if &out.proofs[i].node[0] == &node[0] {
			return
		}
	}
	if out.proofCount < proofMax {
		owner := zone.Owner{Name: name}
		out.proofs[out.proofCount] = proof{node, owner.Pointer(w.hit.Zone.Labels)}
		out.proofCount++
	}
}

// writeProofs writes what prove collected.
func (w *Worker) writeProofs() {
	out := &w.out
	for i := range out.proofCount {
		p := &out.proofs[i]
		set := p.node.RRset(wire.TypeNSEC)
		if set == nil {
			set = p.node.RRset(wire.TypeNSEC3)
		}
		end := set.EmitNamed(out.msg, out.off, out.limit, p.node, p.origin, true)
		if !out.added(authoritySection, set, end, true) {
			return
		}
	}
}

// proving tells whether the client wants proofs and the zone has them.
func (w *Worker) proving() bool { return w.query.EDNS.DO && w.hit.Zone.Signed() }

// proveWildcard proves that name itself does not exist, so that a wildcard may stand for it (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6).
func (w *Worker) proveWildcard(name *wire.Name) {
	if !w.proving() {
		return
	}
	z := w.hit.Zone
	if z.NSEC() {
		w.prove(z.Covering(name.Bytes()), name)
		return
	}
	node, _ := z.Hashed(name.Suffix(w.hit.Labels + 1)) // the next closer name
	w.prove(node, name)
}

// proveNegative proves what negative says.
func (w *Worker) proveNegative(name *wire.Name) {
	if !w.proving() {
		return
	}
	hit := &w.hit
	switch {
	case hit.Zone.NSEC():
		w.proveNegativeNSEC(name)
	case hit.Node == nil || hit.Wildcard: // NXDOMAIN (RFC 5155 §7.2.2), or the wildcard's own NODATA (§7.2.5)
		encloser := w.proveEncloser(name, name.Labels, hit.Labels)
		node, _ := hit.Zone.Hashed(w.wildcardOf(name, encloser))
		w.prove(node, name)
	default: // §7.2.3, §7.2.4
		w.proveName(name, name.Labels)
	}
}

// proveNegativeNSEC is proveNegative for NSEC (RFC 4035 §3.1.3).
func (w *Worker) proveNegativeNSEC(name *wire.Name) {
	hit := &w.hit
	w.prove(hit.Zone.Covering(name.Bytes()), name)
	if hit.Node == nil || hit.Wildcard {
		w.prove(hit.Zone.Covering(w.wildcardOf(name, hit.Labels)), name)
	}
}

// wildcardOf is the name "*" below name's last labels, in scratch space.
func (w *Worker) wildcardOf(name *wire.Name, labels int) []byte {
	w.star[0], w.star[1] = 1, '*'
	return w.star[:2+copy(w.star[2:], name.Suffix(labels))]
}

// proveName proves what types the name's last labels own: by the matching NSEC3, or, where opt-out left none, by the closest
// encloser that has one (RFC 5155 §7.2.4, §7.2.7).
func (w *Worker) proveName(name *wire.Name, labels int) {
	node, match := w.hit.Zone.Hashed(name.Suffix(labels))
	if match {
		w.prove(node, name)
		return
	}
	w.proveEncloser(name, labels, labels-1)
}

// proveEncloser proves that an ancestor of name's last nameLabels labels exists and that the next closer name does not (RFC 5155
// §7.2.1), and returns the ancestor's labels. It looks from labels upwards: a name that only leads to unsigned delegations has
// no NSEC3 under opt-out.
func (w *Worker) proveEncloser(name *wire.Name, nameLabels, labels int) int {
	z := w.hit.Zone
	for ; labels > z.Labels; labels-- {
		if node, match := z.Hashed(name.Suffix(labels)); match {
			w.prove(node, name)
			break
		}
	}
	if labels == z.Labels {
		node, _ := z.Hashed(z.Origin)
		w.prove(node, name)
	}
	if labels < nameLabels {
		next, _ := z.Hashed(name.Suffix(labels + 1))
		w.prove(next, name)
	}
	return labels
}

// proveReferral adds the delegation's DS records, or the proof that there are none (RFC 4035 §3.1.4, RFC 5155 §7.2.7). It is false
// when they do not fit.
func (w *Worker) proveReferral(name *wire.Name, owner zone.Owner) bool {
	if !w.proving() {
		return true
	}
	hit := &w.hit
	if ds := hit.Node.RRset(wire.TypeDS); ds != nil {
		return w.out.add(authoritySection, ds, owner, true, 0)
	}
	if hit.Zone.NSEC() {
		w.prove(hit.Zone.Covering(name.Suffix(owner.Labels)), name)
		return true
	}
	w.proveName(name, owner.Labels)
	return true
}
