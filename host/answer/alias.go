package answer

import (
	"encoding/binary"

	"signpost/host/metrics"
	"signpost/host/wire"
	"signpost/host/zone"
)

// alias answers with the addresses of an ALIAS's target, as if name owned them. The target may be routed, an alias again, or a CNAME;
// all of it stays in the view. A target outside of it cannot be answered here: SERVFAIL.
func (w *Worker) alias(view *zone.View, name *wire.Name) {
	q, out := &w.query, &w.out
	z := w.hit.Zone
	ttl := w.hit.Set.TTL()
	for range chainMax {
		switch w.hit.Kind {
		case zone.ALIAS, zone.CNAME:
			set := w.hit.Set
			if set.Routed() {
				if set = w.draw(set); set == nil {
					return
				}
			}
			ttl = min(ttl, set.TTL())
			if !w.aliasTarget(set) {
				out.fail(wire.ServFail, metrics.KindServFail, wire.EDEOther)
				return
			}
			view.Find(&w.chain.renamed, q.Type, &w.sums, &w.hit)
		case zone.Answer:
			w.aliasAnswer(name, ttl)
			return
		case zone.NoData, zone.NameError:
			// The name exists, it only has no address of this kind now: RFC 2308 §2.2, from the alias's own zone.
			w.hit = zone.Hit{Kind: zone.NoData, Zone: z, Node: z.Apex(), Labels: z.Labels}
			w.negative(name, 0, wire.NoError, metrics.KindNoData)
			return
		default:
			out.fail(wire.ServFail, metrics.KindServFail, wire.EDENotSupported)
			return
		}
	}
	out.fail(wire.ServFail, metrics.KindServFail, wire.EDEOther)
}

// aliasTarget reads the name that an ALIAS or CNAME leads to into w.chain.renamed. A CNAME's may be compressed against its owner, so the
// set is written behind the message, read, and forgotten.
func (w *Worker) aliasTarget(set zone.RRset) bool {
	owner := &w.chain.renamed
	if w.hit.Kind == zone.ALIAS {
		owner.Set(set.Data()[recordHeadLen:])
		return true
	}
	var scratch [2*wire.NameLenMax + 64]byte
	length := copy(scratch[wire.HeaderLen:], owner.Bytes())
	owner.ParseName(scratch[:], wire.HeaderLen)
	start := wire.HeaderLen + length
	end := set.Emit(scratch[:], start, len(scratch), zone.Owner{Name: owner, Labels: owner.Labels}, false, 0)
	return end != 0 && owner.ParseName(scratch[:end], start+recordHeadLen) != 0
}

// aliasAnswer writes the target's addresses as name's own.
func (w *Worker) aliasAnswer(name *wire.Name, ttl uint32) {
	out, set := &w.out, w.hit.Set
	if set.Routed() {
		if set = w.draw(set); set == nil {
			return
		}
	}
	out.kind = metrics.KindAnswer
	turn := 0
	if set.Count() > 1 {
		turn = w.below(set.Count())
	}
	start := out.off
	if !out.add(answerSection, set, zone.Owner{Name: name, Labels: name.Labels}, false, turn) {
		return
	}
	for off := start; off < out.off; {
		if ttl < binary.BigEndian.Uint32(out.msg[off+6:]) {
			binary.BigEndian.PutUint32(out.msg[off+6:], ttl)
		}
		off = wire.SkipRecord(out.msg, off)
	}
}
