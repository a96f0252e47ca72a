package tcp

import "encoding/binary"

const (
	messageLenMax = 65535 // RFC 1035 section 4.2.2: the length is 16 bits
	prefixLen     = 2
	headerLen     = 12

	// coalesceLen ends a burst: responses of so many bytes are written before more queries are answered, so that a client
	// that pipelines without reading costs little and others get their turn.
	coalesceLen = 16 << 10
)

// lane is a Responder with room for the responses of a burst. Whoever took it from Server.lanes owns it, answers a burst
// without waiting for anything, and puts it back.
type lane struct {
	responder Responder
	out       [coalesceLen + prefixLen + messageLenMax]byte
}

// burst is what became of the bytes of a connection.
type burst struct {
	consumed  int  // bytes of whole queries
	queries   int  // how many
	responses int  // of these answered
	outLen    int  // length of the responses in lane.out, each with its length prefix
	broken    bool // what follows is too short to be DNS
}

// answer answers the whole queries at the start of in, as many as one burst takes.
func (l *lane) answer(in []byte, c *conn) burst {
	var b burst
	l.responder.Begin()
	for b.outLen < coalesceLen {
		message, ok := cut(in[b.consumed:])
		if !ok {
			break
		}
		if len(message) < headerLen {
			b.broken = true
			break
		}
		slot := l.out[b.outLen+prefixLen:][:messageLenMax:messageLenMax]
		length := l.responder.Respond(slot, copy(slot, message), c.client, true)
		b.consumed += prefixLen + len(message)
		b.queries++
		if length == 0 {
			continue
		}
		_ = slot[:length] // a Responder that claims more is wrong
		binary.BigEndian.PutUint16(l.out[b.outLen:], uint16(length))
		b.outLen += prefixLen + length
		b.responses++
	}
	l.responder.End()
	return b
}

// cut returns the first message of in without its length prefix; ok is false if it is not whole yet.
func cut(in []byte) (message []byte, ok bool) {
	if len(in) < prefixLen {
		return nil, false
	}
	length := int(binary.BigEndian.Uint16(in))
	if len(in)-prefixLen < length {
		return nil, false
	}
	return in[prefixLen : prefixLen+length], true
}
