package answer

import (
	"encoding/binary"

	"signpost/host/wire"
)

// optHeadLen is an OPT record without options: root name, type, class, TTL, length.
const optHeadLen = 11

// optionHeadLen is an option's code and length.
const optionHeadLen = 4

// optLen is the room that the response's OPT needs. An extended error needs none: it stands in responses without records.
func (w *Worker) optLen() int {
	e, out := &w.query.EDNS, &w.out
	if !e.Present {
		return 0
	}
	length := optHeadLen
	if e.NSID && w.snap.Config.NSID != "" {
		length += optionHeadLen + len(w.snap.Config.NSID)
	}
	if out.cookieLen > 0 {
		length += optionHeadLen + out.cookieLen
	}
	if e.ECS.Present {
		length += optionHeadLen + 4 + e.ECS.AddrLen()
	}
	return length
}

// finish writes proofs, additional records, OPT and header, and returns the message's length.
func (w *Worker) finish() int {
	out := &w.out
	if out.proofCount > 0 {
		w.writeProofs()
	}
	if out.main != nil {
		w.addAdditional()
	}
	if w.query.EDNS.Present {
		w.writeOPT()
	}
	out.header()
	if w.signature.room > 0 {
		return w.session.Sign(out.msg, out.off, w.now)
	}
	return out.off
}

// addAdditional writes the addresses of the main set's targets. Glue that does not fit makes the referral truncated (RFC 9471 §3).
func (w *Worker) addAdditional() {
	out := &w.out
	end, count, short := out.main.EmitAdditional(out.msg, out.off, out.limit, out.mainStart, w.dnssec(), out.mainTurn)
	out.off = end
	out.counts[additionalSection] += uint16(count)
	if short && out.glue {
		out.flags |= wire.FlagTC
	}
}

// writeOPT writes the OPT record with what the query's asked for. Of a long NSID and the text of an error, which need not be there, what
// does not fit is left out.
func (w *Worker) writeOPT() {
	e, out := &w.query.EDNS, &w.out
	msg := out.msg
	start := out.off
	msg[start] = 0
	binary.BigEndian.PutUint16(msg[start+1:], wire.TypeOPT)
	binary.BigEndian.PutUint16(msg[start+3:], uint16(w.snap.Config.UDPPayload))
	msg[start+5], msg[start+6], msg[start+7], msg[start+8] = byte(out.rcode>>4), 0, 0, 0
	if e.DO {
		msg[start+7] = 0x80
	}
	off := start + optHeadLen
	if out.cookieLen > 0 {
		off = putOption(msg, off, wire.OptionCookie, out.cookieLen)
		off += copy(msg[off:], out.cookie[:out.cookieLen])
	}
	if ecs := &e.ECS; ecs.Present && out.rcode != wire.FormErr {
		off = putOption(msg, off, wire.OptionECS, 4+ecs.AddrLen())
		binary.BigEndian.PutUint16(msg[off:], ecs.Family)
		msg[off+2], msg[off+3] = ecs.Source, out.scope
		off += 4
		off += copy(msg[off:], ecs.Addr[:ecs.AddrLen()])
	}
	if out.reason != unexplained {
		why := &reasons[out.reason]
		text := why.text
		if off+optionHeadLen+2+len(text) > w.limit() {
			text = ""
		}
		off = putOption(msg, off, wire.OptionEDE, 2+len(text))
		binary.BigEndian.PutUint16(msg[off:], uint16(why.code))
		off += 2
		off += copy(msg[off:], text)
	}
	if nsid := w.snap.Config.NSID; e.NSID && nsid != "" && off+optionHeadLen+len(nsid) <= w.limit() {
		off = putOption(msg, off, wire.OptionNSID, len(nsid))
		off += copy(msg[off:], nsid)
	}
	binary.BigEndian.PutUint16(msg[start+9:], uint16(off-start-optHeadLen))
	out.off = off
	out.counts[additionalSection]++
}

// putOption writes an option's code and length and returns the offset past them.
func putOption(msg []byte, off, code, length int) int {
	binary.BigEndian.PutUint16(msg[off:], uint16(code))
	binary.BigEndian.PutUint16(msg[off+2:], uint16(length))
	return off + optionHeadLen
}
