package answer

import (
	"encoding/binary"

	"signpost/host/guard"
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
)

// response is the message being written: the query's own bytes up to questionEnd, then records.
type response struct {
	msg         []byte
	questionEnd int // past the question, or HeaderLen when there was none that could be read
	off         int // where the next record goes
	limit       int // past the last byte that records may use; OPT has its room behind it
	flags       uint16
	rcode       int // extended
	kind        metrics.Counter
	reason      reason
	counts      [4]uint16 // of question, answer, authority, additional
	encloser    int       // labels of the question's name that name what answers it: itself, or the wildcard's encloser, cut, DNAME or zone

	// The set whose targets' addresses go into the additional section, and how it was written.
	main      zone.RRset
	mainStart int
	mainTurn  int
	glue      bool // those addresses make the referral work

	proofs     [proofMax]proof // of non-existence, written behind the rest of the authority section
	proofCount int

	cookie    [guard.CookieLen]byte
	cookieLen int
	verified  bool  // the client's address is proven by its cookie
	scope     uint8 // of the client subnet that the answer holds for
}

// Sections by their index in counts.
const (
	answerSection     = 1
	authoritySection  = 2
	additionalSection = 3
)

// start begins the response to q, which stands in msg.
func (r *response) start(msg []byte, q *wire.Query) {
	r.msg, r.questionEnd, r.off, r.limit = msg, q.End, q.End, 512
	r.flags = wire.FlagQR | q.Flags&(wire.OpcodeMask|wire.FlagRD) // CD is cleared: RFC 4035 §3.1.6
	r.rcode, r.kind, r.reason = wire.NoError, metrics.KindError, unexplained
	r.counts = [4]uint16{}
	if q.End > wire.HeaderLen {
		r.counts[0] = 1
	}
	r.main, r.glue, r.proofCount = nil, false, 0
	r.cookieLen, r.verified, r.scope = 0, false, 0
}

// forget drops what refers to a packet or a snapshot.
func (r *response) forget() {
	r.msg, r.main = nil, nil
	clear(r.proofs[:])
}

// limitTo sets the longest message, of which optLen bytes are OPT's.
func (r *response) limitTo(limit, optLen int) { r.limit = min(limit, len(r.msg)) - optLen }

// fail makes the response an error without records.
func (r *response) fail(rcode int, kind metrics.Counter, why reason) {
	r.truncate(r.questionEnd)
	r.flags &^= wire.FlagTC | wire.FlagAA
	r.rcode, r.kind, r.reason = rcode, kind, why
}

// truncate cuts the message at off, which is at the end of a section or RRset of the answer, and says so.
func (r *response) truncate(off int) {
	r.off = off
	r.flags |= wire.FlagTC
	r.main, r.proofCount = nil, 0
	if off == r.questionEnd {
		r.counts[answerSection] = 0
	}
	r.counts[authoritySection], r.counts[additionalSection] = 0, 0
}

// add writes a set to a section. A set that does not fit truncates the response behind the answer's last whole set, and is false.
func (r *response) add(section int, set zone.RRset, owner zone.Owner, signatures bool, turn int) bool {
	end := set.Emit(r.msg, r.off, r.limit, owner, signatures, turn)
	return r.added(section, set, end, signatures)
}

func (r *response) added(section int, set zone.RRset, end int, signatures bool) bool {
	if end == 0 {
		r.truncate(r.answerEnd(section))
		return false
	}
	r.off = end
	r.counts[section] += uint16(set.Count())
	if signatures {
		r.counts[section] += uint16(set.SigCount())
	}
	return true
}

// answerEnd is where a truncated message ends: what fits of the answer stays, a half-written authority section does not.
func (r *response) answerEnd(section int) int {
	if section == answerSection {
		return r.off
	}
	return r.authorityStart()
}

// authorityStart finds the end of the answer section by walking it; only truncated messages need it.
func (r *response) authorityStart() int {
	off := r.questionEnd
	for range r.counts[answerSection] {
		off = wire.SkipRecord(r.msg, off)
	}
	return off
}

// capTTL lowers the TTL of the records from start on to ttl seconds.
func (r *response) capTTL(start int, ttl uint32) {
	if ttl == policy.NoTTLCap {
		return
	}
	for off := start; off < r.off; off = wire.SkipRecord(r.msg, off) {
		if at := r.msg[off+6:]; ttl < binary.BigEndian.Uint32(at) { // behind a pointer to the owner, type and class
			binary.BigEndian.PutUint32(at, ttl)
		}
	}
}

// text writes one TXT record with one string of at most 255 bytes, owned by the question's name.
func (r *response) text(class uint16, text string) {
	if r.off+recordHeadLen+1+len(text) > r.limit {
		r.truncate(r.off)
		return
	}
	rest := r.msg[r.off:r.off]
	rest = binary.BigEndian.AppendUint16(rest, wire.OwnerPointer)
	rest = binary.BigEndian.AppendUint16(rest, wire.TypeTXT)
	rest = binary.BigEndian.AppendUint16(rest, class)
	rest = binary.BigEndian.AppendUint32(rest, 0)
	rest = binary.BigEndian.AppendUint16(rest, uint16(1+len(text)))
	rest = append(append(rest, byte(len(text))), text...)
	r.off += len(rest)
	r.counts[answerSection]++
}

// header writes the first twelve bytes but for the ID, which is the query's.
func (r *response) header() {
	binary.BigEndian.PutUint16(r.msg[2:], r.flags|uint16(r.rcode&15))
	for i, count := range r.counts {
		binary.BigEndian.PutUint16(r.msg[4+2*i:], count)
	}
}
