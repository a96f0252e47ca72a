package geo

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// address is an IP address as a number of 128 bits: an IPv4 address stands in the first 32.
type address struct{ hi, lo uint64 }

func addressOf(addr netip.Addr) address {
	if addr.Is4() {
		raw := addr.As4()
		return address{hi: uint64(binary.BigEndian.Uint32(raw[:])) << 32}
	}
	raw := addr.As16()
	return address{binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])}
}

func (a address) compare(b address) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	return cmp.Compare(a.lo, b.lo)
}

// last is the last address of the prefix of so many bits that begins at a.
func (a address) last(length int) address {
	if length < 64 {
		return address{a.hi | ^uint64(0)>>length, ^uint64(0)}
	}
	return address{a.hi, a.lo | ^uint64(0)>>(length-64)} // a shift by 64 gives 0
}

// next is the address behind a; ok is false behind the last one.
func (a address) next() (b address, ok bool) {
	lo, carry := bits.Add64(a.lo, 1, 0)
	hi, over := bits.Add64(a.hi, 0, carry)
	return address{hi, lo}, over == 0
}

// before is the address in front of a, which is not the first one.
func (a address) before() address {
	lo, borrow := bits.Sub64(a.lo, 1, 0)
	return address{a.hi - borrow, lo}
}

// common counts the leading bits that a and b share.
func (a address) common(b address) int {
	if a.hi != b.hi {
		return bits.LeadingZeros64(a.hi ^ b.hi)
	}
	return 64 + bits.LeadingZeros64(a.lo^b.lo)
}
