package line

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"signpost/host/message"
	"signpost/host/wire"
)

// The bounds of Frame Streams, in bytes.
const (
	controlLenMax = 512
	frameLenMax   = 1 << 20
)

// contentType is what the stream says it holds.
const contentType = "protobuf:dnstap.Dnstap"

// Control frames of Frame Streams.
const (
	controlStart = 2
	controlStop  = 3
)

var (
	errFrames  = errors.New("not a Frame Streams file of dnstap messages")
	errMessage = errors.New("a frame that is no dnstap message")
)

// readDnstap reads a file of Frame Streams: a control frame that starts it, frames of dnstap messages, perhaps one that stops it.
func readDnstap(r *bufio.Reader, visit func(*Query, bool)) (bad Bad, err error) {
	started := false
	for number := 1; ; number++ {
		var length uint32
		if err := binary.Read(r, binary.BigEndian, &length); err != nil {
			return bad, ended(err, started)
		}
		if length == 0 {
			kind, err := readControl(r)
			if err != nil || kind == controlStop {
				return bad, err
			}
			started = started || kind == controlStart
			continue
		}
		if !started || length > frameLenMax {
			return bad, errFrames
		}
		frame := make([]byte, length)
		if _, err := io.ReadFull(r, frame); err != nil {
			return bad, ended(err, started)
		}
		q, response, err := parseDnstap(frame)
		switch {
		case err != nil:
			bad.add(fmt.Errorf("frame %d: %w", number, err))
		case q != nil:
			visit(q, response)
		}
	}
}

// ended takes a file that breaks off, as those of a running server do, for one that ends.
func ended(err error, started bool) error {
	if started && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil
	}
	return errFrames
}

// readControl reads a control frame behind its escape.
func readControl(r *bufio.Reader) (kind uint32, err error) {
	var length uint32
	if err := binary.Read(r, binary.BigEndian, &length); err != nil || length < 4 || length > controlLenMax {
		return 0, errFrames
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, errFrames
	}
	kind, body = binary.BigEndian.Uint32(body), body[4:]
	for kind == controlStart && len(body) >= 8 { // fields: type, length, content type
		fieldLen := int(binary.BigEndian.Uint32(body[4:]))
		if fieldLen > len(body)-8 || string(body[8:8+fieldLen]) != contentType {
			return 0, errFrames
		}
		body = body[8+fieldLen:]
	}
	return kind, nil
}

// Fields of dnstap.proto, and the kinds of messages that a server of clients writes.
const (
	fieldMessage = 14

	fieldType            = 1
	fieldProtocol        = 3
	fieldQueryAddress    = 4
	fieldQuerySeconds    = 8
	fieldQueryMessage    = 10
	fieldResponseMessage = 14

	authQuery, authResponse     = 1, 2
	clientQuery, clientResponse = 5, 6
	protocolTCP                 = 2
)

// parseDnstap reads one dnstap message; q is nil for those that are about no query of a client.
func parseDnstap(frame []byte) (q *Query, response bool, err error) {
	var raw []byte
	if !fields(frame, func(number int, _ uint64, bytes []byte) {
		if number == fieldMessage {
			raw = bytes
		}
	}) {
		return nil, false, errMessage
	}
	var kind, protocol, seconds uint64
	var address, query, answer []byte
	if !fields(raw, func(number int, value uint64, bytes []byte) {
		switch number {
		case fieldType:
			kind = value
		case fieldProtocol:
			protocol = value
		case fieldQueryAddress:
			address = bytes
		case fieldQuerySeconds:
			seconds = value
		case fieldQueryMessage:
			query = bytes
		case fieldResponseMessage:
			answer = bytes
		}
	}) {
		return nil, false, errMessage
	}
	q = &Query{Time: time.Unix(int64(seconds), 0).UTC(), Listener: "udp"}
	if protocol == protocolTCP {
		q.Listener = "tcp"
	}
	client, ok := netip.AddrFromSlice(address)
	if !ok {
		return nil, false, nil // nobody knows who asked
	}
	q.Client = client.Unmap()
	switch kind {
	case authResponse, clientResponse:
		r := message.Read(answer)
		q.of(&r)
		if q.Rcode = message.RcodeText(r.Rcode); r.Rcode == wire.NotAuth {
			q.Key = "" // the signature was refused
		}
		if r.Whole && !r.Truncated {
			q.Digest = r.Digest()
		}
		return q, true, nil
	case authQuery, clientQuery:
		r := message.Read(query)
		q.of(&r)
		return q, false, nil
	}
	return nil, false, nil
}

// of takes over what was asked.
func (q *Query) of(r *message.Response) {
	q.Name, q.Type, q.Class, q.Subnet, q.Key = r.Name, r.Type, r.Class, r.Subnet, r.Signer
}

// fields visits the fields of a protocol buffer: numbers of varints and fixed ones, bytes of the others. It is false for one that is broken.
func fields(raw []byte, visit func(number int, value uint64, bytes []byte)) bool {
	for len(raw) > 0 {
		key, n := binary.Uvarint(raw)
		if n <= 0 {
			return false
		}
		raw = raw[n:]
		var value uint64
		var bytes []byte
		switch key & 7 {
		case 0:
			if value, n = binary.Uvarint(raw); n <= 0 {
				return false
			}
		case 1, 5:
			if n = 8; key&7 == 5 {
				n = 4
			}
			if len(raw) < n {
				return false
			}
			for i := n - 1; i >= 0; i-- {
				value = value<<8 | uint64(raw[i])
			}
		case 2:
			length, used := binary.Uvarint(raw)
			if used <= 0 || length > uint64(len(raw)-used) {
				return false
			}
			n = used + int(length)
			bytes = raw[used:n]
		default:
			return false
		}
		raw = raw[n:]
		if key>>3 <= 1<<29 {
			visit(int(key>>3), value, bytes)
		}
	}
	return true
}
