// Package wire reads and writes DNS messages as bytes, in place.
//
// Plane: data. Floor: 0. Journey of a query: step 2 (Query.Parse), and the bytes of step 5.
// Nothing here allocates, and nothing keeps a reference to a packet.
package wire

import "encoding/binary"

// Query is what the server reads from a message. A worker owns one and parses each packet into it.
type Query struct {
	Name  Name // of the question
	Type  uint16
	Class uint16
	Flags uint16 // the header's second word
	End   int    // offset past the question; HeaderLen when there is no question
	EDNS  EDNS
	TSIG  int // offset of the TSIG record, the last one; 0: there is none
}

// Opcode of the message.
func (q *Query) Opcode() int { return int(q.Flags>>opcodeShift) & 15 }

// Verdict tells what a parsed message deserves.
type Verdict uint8

// What Parse says of a message.
const (
	Drop       Verdict = iota // no answer: too short for a header, or itself a response (RFC 8906 §3.1.1 asks for one to all else)
	Malformed                 // FORMERR; the question is valid if Query.End is past the header
	Good                      // exactly one question, well-formed sections
	CookieOnly                // no question, but a client cookie: it asks for a server cookie alone (RFC 7873 §5.4)
)

// Parse reads the message in msg[:n]. cap(msg) must be at least n plus eight.
// Of a Malformed message only Flags, End and, where End is past the header, the question can be used.
func (q *Query) Parse(msg []byte, n int) Verdict {
	if n < HeaderLen {
		return Drop
	}
	q.Flags = binary.BigEndian.Uint16(msg[2:])
	q.End = HeaderLen
	q.EDNS = EDNS{}
	q.TSIG = 0
	if q.Flags&FlagQR != 0 {
		return Drop
	}
	counts := binary.BigEndian.Uint64(msg[4:])
	if counts>>48 != 1 { // RFC 9619: a query has one question
		if counts < 1<<16 && q.parseRest(msg[:n], 0, int(counts)) == Good && q.EDNS.CookieLen > 0 {
			return CookieOnly
		}
		return Malformed
	}
	past := q.Name.ParseQuestionName(msg, n)
	if past == 0 || past+4 > n {
		return Malformed
	}
	q.Type = binary.BigEndian.Uint16(msg[past:])
	q.Class = binary.BigEndian.Uint16(msg[past+2:])
	q.End = past + 4
	if counts&0xFFFFFFFFFFFF == 0 {
		if q.End != n {
			return Malformed
		}
		return Good
	}
	return q.parseRest(msg[:n], int(counts>>32&0xFFFF)+int(counts>>16&0xFFFF), int(counts&0xFFFF))
}

// parseRest walks the records behind the question: before of answer and authority, then the additional ones, where OPT stands.
func (q *Query) parseRest(msg []byte, before, additional int) Verdict {
	off := q.End
	for i := range before + additional {
		past := skipName(msg, off, len(msg))
		if past == 0 || past+10 > len(msg) {
			return Malformed
		}
		kind := binary.BigEndian.Uint16(msg[past:])
		dataOff := past + 10
		dataEnd := dataOff + int(binary.BigEndian.Uint16(msg[past+8:]))
		if dataEnd > len(msg) {
			return Malformed
		}
		if kind == TypeOPT {
			// RFC 6891 §6.1.1: one OPT, in the additional section, owned by the root.
			if i < before || q.EDNS.Present || past != off+1 {
				return Malformed
			}
			if !q.EDNS.parse(msg[past:dataOff], msg[dataOff:dataEnd]) {
				return Malformed
			}
		}
		if kind == TypeTSIG {
			// RFC 8945 §5.1: one TSIG, the last record of the additional section.
			if i < before || i != before+additional-1 {
				return Malformed
			}
			q.TSIG = off
		}
		off = dataEnd
	}
	if off != len(msg) {
		return Malformed
	}
	return Good
}
