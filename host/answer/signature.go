package answer

import (
	"signpost/host/metrics"
	"signpost/host/tsig"
	"signpost/host/wire"
)

// signature is what a worker knows of the TSIG record of its query (RFC 8945). Without one nothing of it is used.
type signature struct {
	key     uint16 // number of the key that the query is proven to be signed with; 0: none
	room    int    // that the response's TSIG record needs; 0: it gets none
	session tsig.Session
}

// tsigCounters count verdicts.
var tsigCounters = [...]metrics.Counter{
	tsig.Good: metrics.TSIGGood, tsig.FormErr: metrics.TSIGFormErr, tsig.BadKey: metrics.TSIGBadKey, tsig.BadSig: metrics.TSIGBadSig,
	tsig.BadTime: metrics.TSIGBadTime, tsig.BadTrunc: metrics.TSIGBadTrunc,
}

// authenticate judges the query's TSIG record, before the response is written over it. It is false when the response is decided.
func (w *Worker) authenticate(msg []byte, parsed wire.Verdict) bool {
	out := &w.out
	if parsed == wire.Malformed {
		return true // whatever the record may be: FORMERR
	}
	verdict, key := w.session.Check(msg, w.query.TSIG, w.now)
	w.counts.Inc(tsigCounters[verdict])
	w.signature.key = uint16(key)
	if verdict != tsig.FormErr {
		w.signature.room = w.session.Len()
	}
	switch {
	case verdict == tsig.Good:
		return true
	case verdict == tsig.FormErr || out.questionEnd+w.optLen() > w.limit(): // names of a key and an algorithm that nobody has
		w.signature.room = 0
		out.fail(wire.FormErr, metrics.KindError, unexplained)
	default:
		out.fail(wire.NotAuth, metrics.KindError, unexplained)
	}
	return false
}

// numbers are those of the keys of these names; nil: no key is needed. One that is not there has the number of none that is.
func numbers(names []string, keys *tsig.Keys) []uint16 {
	var list []uint16
	for _, name := range names {
		number := uint16(keys.Number(name))
		if number == 0 {
			number = 1<<16 - 1 // 0 would be whoever does not sign
		}
		list = append(list, number)
	}
	return list
}
