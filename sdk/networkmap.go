package sdk

import (
	"math/bits"

	"signpost/sdk/abi"
)

// NetworkMap finds which candidates' networks a client is in.
type NetworkMap struct {
	families  [2]ranges
	everybody []int32 // candidates of *
}

// ranges is the networks of one family: ranges of addresses, each with the smallest network that it is in.
type ranges struct {
	networks []network
	starts   []address // where a range begins, ascending, the first at 0
	inner    []int32   // by range: index of its smallest network, -1 for none
}

// network is one network of one candidate.
type network struct {
	first     address
	wider     int32 // index of the next one that holds it, which may be as long as itself; -1: none
	candidate int32
	least     int32 // smallest candidate of it and of those that hold it
	bits      uint8
}

// address is an address as two numbers, IPv4 in the high bits.
type address struct{ high, low uint64 }

// What follows is in small functions that the compiler may not join, because a guest pays for them by their size: see plain.

// Map returns the networks of all candidates in a form in which a client is found fast.
func (a Networks) Map(p *Policy) *NetworkMap {
	return a.MapOf(p, func(int) bool { return true })
}

// MapOf is Map for some of the candidates.
func (a Networks) MapOf(p *Policy, included func(candidate int) bool) *NetworkMap {
	total := 0
	for i := range p.Len() {
		if included(i) {
			total += len(p.config.Text(i, a.index)) / abi.NetworkLen
		}
	}
	m := new(NetworkMap)
	for i := range m.families {
		m.families[i] = ranges{make([]network, 0, total), make([]address, 1, 2*total+1), make([]int32, 1, 2*total+1)}
	}
	for i := range p.Len() {
		if included(i) {
			m.add(p.config.Text(i, a.index), int32(i))
		}
	}
	for i := range m.families {
		m.families[i].sort()
		m.families[i].build()
	}
	return m
}

func (m *NetworkMap) add(raw string, candidate int32) {
	for ; len(raw) >= abi.NetworkLen; raw = raw[abi.NetworkLen:] {
		if raw[abi.NetworkFamilyOff] == 0 {
			m.everybody = append(m.everybody, candidate)
		} else {
			m.families[raw[abi.NetworkFamilyOff]>>1&1].add(raw, candidate)
		}
	}
}

//go:noinline
func (r *ranges) add(raw string, candidate int32) {
	n := len(r.networks)
	r.networks = r.networks[:n+1]
	raw = raw[:abi.NetworkLen]
	at := &r.networks[n]
	at.first = address{half(raw[abi.NetworkAddressOff:]), half(raw[abi.NetworkAddressOff+8:])}
	at.candidate, at.bits = candidate, raw[abi.NetworkBitsOff]
}

// sort orders the networks by address, then length, then line. It counts bytes instead of comparing, the last ones first.
func (r *ranges) sort() {
	if len(r.networks) < 2 {
		return
	}
	differ, next := r.differences(), make([]network, len(r.networks))
	for digit := range differ {
		if differ[digit] == 0 {
			continue
		}
		var ends [257]int32
		r.count(digit, &ends)
		sum(&ends)
		r.scatter(digit, &ends, next)
		r.networks, next = next, r.networks
	}
}

// digit is a byte of what networks are ordered by, the least significant one first: 0 is the length, 16 the address's first byte.
func (n *network) digit(digit int) byte {
	switch {
	case digit > 8:
		return byte(n.first.high >> (8 * (digit - 9)))
	case digit > 0:
		return byte(n.first.low >> (8 * (digit - 1)))
	}
	return n.bits
}

// differences returns for each digit what bits are not the same in all networks.
func (r *ranges) differences() (differ [17]byte) {
	high, low, length := r.spread()
	spread := network{first: address{high, low}, bits: length}
	for digit := range differ {
		differ[digit] = spread.digit(digit)
	}
	return differ
}

//go:noinline
func (r *ranges) spread() (high, low uint64, length uint8) {
	one := &r.networks[0]
	for i := range r.networks {
		n := &r.networks[i]
		high, low, length = high|(n.first.high^one.first.high), low|(n.first.low^one.first.low), length|(n.bits^one.bits)
	}
	return high, low, length
}

//go:noinline
func (r *ranges) count(digit int, ends *[257]int32) {
	for i := range r.networks {
		ends[1+int(r.networks[i].digit(digit))]++
	}
}

//go:noinline
func sum(ends *[257]int32) {
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
}

//go:noinline
func (r *ranges) scatter(digit int, ends *[257]int32, to []network) {
	for i := range r.networks {
		end := &ends[r.networks[i].digit(digit)]
		to[*end] = r.networks[i]
		*end++
	}
}

// build makes the ranges: it goes over the networks by address, the widest first, with those that are open in a stack, which is what wider links.
func (r *ranges) build() {
	open := int32(-1)
	r.inner[0] = open
	for i := range r.networks {
		open = r.closeBefore(open, r.networks[i].first)
		r.link(i, open)
		open = int32(i)
		r.begin(r.networks[i].first, open)
	}
	r.closeBefore(open, address{1<<64 - 1, 1<<64 - 1})
}

// link notes which network holds the one at i.
//
//go:noinline
func (r *ranges) link(i int, wider int32) {
	n := &r.networks[i]
	n.wider, n.least = wider, n.candidate
	if wider >= 0 {
		n.least = min(n.least, r.networks[wider].least)
	}
}

// closeBefore ends the networks, from open to wider ones, that do not reach to the address at. It returns the first that does.
//
//go:noinline
func (r *ranges) closeBefore(open int32, at address) int32 {
	for open >= 0 {
		end, ok := r.networks[open].behind()
		if !ok || at.less(end) {
			break
		}
		open = r.networks[open].wider
		r.begin(end, open)
	}
	return open
}

// begin starts a range. What starts at the same address takes the place of what did before.
//
//go:noinline
func (r *ranges) begin(at address, inner int32) {
	last := len(r.starts) - 1
	if r.starts[last] != at {
		last++
		r.starts, r.inner = r.starts[:last+1], r.inner[:last+1] // each network begins at most one range, and ends one
		r.starts[last] = at
	}
	r.inner[last] = inner
}

// behind is the first address behind a network; false if that is the end of all.
//
//go:noinline
func (n *network) behind() (address, bool) {
	if n.bits == 0 {
		return address{}, false
	}
	at, carry := n.first, uint64(0)
	if n.bits > 64 {
		at.low, carry = bits.Add64(at.low, 1<<(128-n.bits), 0)
		at.high, carry = bits.Add64(at.high, 0, carry)
	} else {
		at.high, carry = bits.Add64(at.high, 1<<(64-n.bits), 0)
	}
	return at, carry == 0
}

func (a address) less(b address) bool {
	_, borrow := bits.Sub64(a.low, b.low, 0)
	_, borrow = bits.Sub64(a.high, b.high, borrow)
	return borrow != 0
}

// common is how many leading bits are the same.
func (a address) common(b address) int {
	if a.high != b.high {
		return bits.LeadingZeros64(a.high ^ b.high)
	}
	return 64 + bits.LeadingZeros64(a.low^b.low)
}

// find returns the range that an address is in.
//
//go:noinline
func (r *ranges) find(at address) int {
	low, high := 0, len(r.starts)
	for high-low > 1 {
		middle := int(uint(low+high) >> 1)
		if at.less(r.starts[middle]) {
			high = middle
		} else {
			low = middle
		}
	}
	return low
}

// holds is the length of the longest prefix around at that is inside of one range.
//
//go:noinline
func (r *ranges) holds(place int, at address) (scope uint8) {
	if place > 0 {
		low, borrow := bits.Sub64(r.starts[place].low, 1, 0)
		scope = uint8(at.common(address{r.starts[place].high - borrow, low})) + 1
	}
	if place+1 < len(r.starts) {
		scope = max(scope, uint8(at.common(r.starts[place+1]))+1)
	}
	return scope
}

// Holders are the networks that a client's network is in, the longest first and * last. Next goes to the first and from one to the next:
//
//	for found := m.Find(f.Client()); found.Next(); { … found.Candidate … }
type Holders struct {
	Candidate int   // whose network it is
	Bits      uint8 // of the network, 0 of *

	// Scope is the length of the prefix around the client in which all clients have the same Holders: what Decision.HoldsWithin takes.
	Scope uint8

	of    *NetworkMap
	at    int32 // next network of the family; -1: none
	after int32 // next one of of.everybody
	known uint8 // bits of the client's network
	v6    uint8
}

// Find returns the networks that the client's is in. One that is longer than what is known of the client's is none of them.
func (m *NetworkMap) Find(client Network) (found Holders) {
	found = Holders{of: m, at: -1, known: client.Bits, v6: client.Family >> 1 & 1}
	if client.Family != 0 {
		high, low := client.Halves()
		at, r := address{high, low}, &m.families[found.v6]
		place := r.find(at)
		found.Scope, found.at = r.holds(place, at), r.inner[place]
	}
	return found
}

// Next goes to the next network; false when there is none.
func (h *Holders) Next() bool {
	for h.at >= 0 {
		n := &h.of.families[h.v6].networks[h.at]
		h.at = n.wider
		if n.bits <= h.known {
			h.Candidate, h.Bits = int(n.candidate), n.bits
			return true
		}
	}
	if int(h.after) == len(h.of.everybody) {
		return false
	}
	h.Candidate, h.Bits = int(h.of.everybody[h.after]), 0
	h.after++
	return true
}

// Least is the smallest candidate among those that Next has not come to; false when there is none. It does not move on.
//
//go:noinline
func (h *Holders) Least() (candidate int, any bool) {
	least := int32(1<<31 - 1)
	if int(h.after) < len(h.of.everybody) {
		least, any = h.of.everybody[h.after], true
	}
	for at := h.at; at >= 0; {
		n := &h.of.families[h.v6].networks[at]
		if n.bits <= h.known {
			return int(min(least, n.least)), true
		}
		at = n.wider
	}
	return int(least), any
}
