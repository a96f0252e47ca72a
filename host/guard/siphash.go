package guard

import (
	"encoding/binary"
	"math/bits"
)

// sipKey is a 128-bit key as the two little-endian words SipHash starts from.
type sipKey struct{ k0, k1 uint64 }

func newSipKey(raw [16]byte) sipKey {
	return sipKey{binary.LittleEndian.Uint64(raw[:8]), binary.LittleEndian.Uint64(raw[8:])}
}

// sip is SipHash-2-4 in progress (Aumasson and Bernstein, 2012). It is here rather than in a module because RFC 9018 fixes the
// function for good, it is 40 lines, and a hash over words and a tail saves the rate limiter from copying names together.
type sip struct{ v0, v1, v2, v3 uint64 }

func (k sipKey) start() sip {
	return sip{k.k0 ^ 0x736f6d6570736575, k.k1 ^ 0x646f72616e646f6d, k.k0 ^ 0x6c7967656e657261, k.k1 ^ 0x7465646279746573}
}

func (s *sip) round() {
	s.v0 += s.v1
	s.v2 += s.v3
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v1
	s.v0 += s.v3
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 = bits.RotateLeft64(s.v2, 32)
}

// word mixes in eight bytes, read little-endian.
func (s *sip) word(m uint64) {
	s.v3 ^= m
	s.round()
	s.round()
	s.v0 ^= m
}

// sum mixes in tail, the message's end, and returns the hash. wordsLen is the bytes mixed in before, a multiple of 8.
func (s *sip) sum(tail []byte, wordsLen int) uint64 {
	last := uint64(wordsLen+len(tail)) << 56
	for len(tail) >= 8 {
		s.word(binary.LittleEndian.Uint64(tail))
		tail = tail[8:]
	}
	for i, b := range tail {
		last |= uint64(b) << (8 * i)
	}
	s.word(last)
	s.v2 ^= 0xff
	s.round()
	s.round()
	s.round()
	s.round()
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}
