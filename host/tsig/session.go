package tsig

import (
	"crypto/hmac"
	"encoding/binary"
	"hash"

	"signpost/host/wire"
)

// Verdict is what Check says of a query.
type Verdict uint8

// The verdicts, with the response that they ask for: as without TSIG, and signed; FORMERR without TSIG; NOTAUTH, unsigned but with a TSIG record
// that says why; NOTAUTH, signed.
const (
	Good     Verdict = iota
	FormErr          // the record makes no sense, or its MAC has a length that no key allows
	BadKey           // the key is not known, or not with that algorithm
	BadSig           // the MAC is another one
	BadTime          // it was signed too long ago, or will be
	BadTrunc         // the MAC is right as far as it goes, but not whole
)

// errorCodes are the verdicts' codes in a TSIG record (RFC 8945 section 3).
var errorCodes = [...]uint16{Good: 0, BadSig: 16, BadKey: 17, BadTime: 18, BadTrunc: 22}

// fudge is for how many seconds from its time on a response is good, and before.
const fudge = 300

// truncatedMin is the shortest MAC that RFC 8945 section 5.2.2.1 has any use for.
const truncatedMin = 10

// Session is one worker's way of checking queries and signing their responses, one at a time.
type Session struct {
	keys *Keys
	macs []hash.Hash // by number of the key, less one; nil until the key is used

	verdict Verdict
	number  int // of the query's key; 0: unknown
	record  record
	mac     [macLenMax]byte // of the query, which the response is written over
	macLen  int
	sum     [macLenMax]byte // scratch
	scratch [wire.HeaderLen]byte
	clock   [6]byte
}

// Use has the following queries checked with other keys.
func (s *Session) Use(keys *Keys) {
	if s.keys != keys {
		s.keys, s.macs = keys, make([]hash.Hash, len(keys.list))
	}
}

// Check judges a query whose last record, at off, is a TSIG record. What it found it keeps for Sign. now is in seconds since 1970.
// number is that of the key if the query is Good, and otherwise 0.
func (s *Session) Check(msg []byte, off int, now int64) (verdict Verdict, number int) {
	s.verdict, s.number = FormErr, 0
	r := &s.record
	if !r.parse(msg, off) {
		return s.verdict, 0
	}
	s.verdict = s.check(msg[:off], now)
	s.macLen = copy(s.mac[:], r.mac)
	if s.verdict != Good {
		return s.verdict, 0
	}
	return Good, s.number
}

// check does so in the order of RFC 8945 section 5.2.
func (s *Session) check(msg []byte, now int64) Verdict {
	r := &s.record
	number := s.keys.byName[string(r.owner.Bytes())]
	if number == 0 || s.keys.list[number-1].algorithm.name != string(r.algorithm.Bytes()) {
		return BadKey
	}
	whole := s.keys.list[number-1].algorithm.len
	if len(r.mac) > whole || len(r.mac) < max(truncatedMin, whole/2) {
		return FormErr
	}
	s.number = number
	mac := s.begin(number)
	header := append(s.scratch[:0], msg[:wire.HeaderLen]...)
	binary.BigEndian.PutUint16(header, r.id)
	binary.BigEndian.PutUint16(header[10:], binary.BigEndian.Uint16(header[10:])-1)
	mac.Write(header)
	mac.Write(msg[wire.HeaderLen:])
	s.writeVariables(mac, r.time, r.fudge, r.error, r.other)
	if !hmac.Equal(mac.Sum(s.sum[:0])[:len(r.mac)], r.mac) {
		return BadSig
	}
	if late := now - int64(r.time); late > int64(r.fudge) || -late > int64(r.fudge) {
		return BadTime
	}
	if len(r.mac) < whole {
		return BadTrunc
	}
	return Good
}

// begin is the MAC of a key, at its beginning.
func (s *Session) begin(number int) hash.Hash {
	if s.macs[number-1] == nil {
		s.macs[number-1] = s.keys.newMAC(number)
	}
	s.macs[number-1].Reset()
	return s.macs[number-1]
}

// writeVariables adds what of a TSIG record is signed (RFC 8945 section 4.3.3).
func (s *Session) writeVariables(mac hash.Hash, time uint64, fudge, code uint16, other []byte) {
	mac.Write(s.record.owner.Bytes())
	b := append(s.scratch[:0], 0, classANY, 0, 0, 0, 0)
	mac.Write(b)
	mac.Write(s.record.algorithm.Bytes())
	b = append48(s.scratch[:0], time)
	b = binary.BigEndian.AppendUint16(b, fudge)
	b = binary.BigEndian.AppendUint16(b, code)
	b = binary.BigEndian.AppendUint16(b, uint16(len(other)))
	mac.Write(b)
	mac.Write(other)
}

func append48(b []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, uint16(n>>32)), uint32(n))
}

// signs tells whether the response has a MAC.
func (s *Session) signs() bool {
	return s.verdict == Good || s.verdict == BadTime || s.verdict == BadTrunc
}

// Len is the room that Sign needs.
func (s *Session) Len() int {
	length := s.record.owner.Len + headLen + s.record.algorithm.Len + 16
	if s.signs() {
		length += s.keys.list[s.number-1].algorithm.len
	}
	if s.verdict == BadTime {
		length += 6
	}
	return length
}

// Sign appends the TSIG record to the response in msg[:off], whose header is written, and returns the offset past it. There must be room
// (Len), and the verdict must not be FormErr.
func (s *Session) Sign(msg []byte, off int, now int64) int {
	r := &s.record
	code, time, spread, other := errorCodes[s.verdict], uint64(now), uint16(fudge), s.clock[:0]
	if s.verdict == BadTime { // for a client whose clock is wrong both are as it believes, and the right time stands beside them
		time, spread, other = r.time, r.fudge, append48(other, time)
	}
	var sum []byte
	if s.signs() {
		mac := s.begin(s.number)
		mac.Write(binary.BigEndian.AppendUint16(s.scratch[:0], uint16(s.macLen)))
		mac.Write(s.mac[:s.macLen])
		mac.Write(msg[:off])
		s.writeVariables(mac, time, spread, code, other)
		sum = mac.Sum(s.sum[:0])
	}
	b := append(msg[:off], r.owner.Bytes()...)
	b = append(b, 0, wire.TypeTSIG, 0, classANY, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(r.algorithm.Len+16+len(sum)+len(other)))
	b = append(b, r.algorithm.Bytes()...)
	b = append48(b, time)
	b = binary.BigEndian.AppendUint16(b, spread)
	b = binary.BigEndian.AppendUint16(b, uint16(len(sum)))
	b = append(b, sum...)
	b = append(b, msg[0], msg[1]) // the original ID is the response's
	b = binary.BigEndian.AppendUint16(b, code)
	b = binary.BigEndian.AppendUint16(b, uint16(len(other)))
	b = append(b, other...)
	binary.BigEndian.PutUint16(msg[10:], binary.BigEndian.Uint16(msg[10:])+1)
	return len(b)
}
