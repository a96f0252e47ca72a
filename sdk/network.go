package sdk

import (
	"cmp"
	"math/bits"
	"slices"

	"signpost/sdk/abi"
)

// Network is a client's network, or one of an annotation.
type Network struct {
	Family  uint8    // 4, 6, or 0: unknown, and in an annotation everybody
	Bits    uint8    // length of the prefix that is known
	Address [16]byte // its first 4 bytes for family 4; zero after Bits
}

// Cut returns the network's first bits, all of it if it has no more.
func (n Network) Cut(bits uint8) Network {
	n.Bits = min(n.Bits, bits)
	for i := range n.Address {
		if keep := int(n.Bits) - 8*i; keep < 8 {
			n.Address[i] &= ^byte(0xff >> max(keep, 0))
		}
	}
	return n
}

// Halves returns the address as two numbers, IPv4 in the high bits of the first.
func (n Network) Halves() (high, low uint64) {
	for i := range 8 {
		high, low = high<<8|uint64(n.Address[i]), low<<8|uint64(n.Address[i+8])
	}
	return high, low
}

// Networks is an attribute whose value is a list of networks.
type Networks struct{ attribute }

// Networks adds an attribute whose value is prefixes, addresses, names of collections in signpost.yaml, or * for everybody, joined by
// commas. It is empty when it is missing. doc is one line.
func (p *Plugin) Networks(name, doc string) Networks {
	return Networks{p.add(abi.Attribute{Name: name, Type: abi.TypeNetworks, Doc: doc})}
}

// Required makes an annotation without the key a mistake.
func (a Networks) Required() Networks { a.about().Required = true; return a }

// Default is the value when the key is missing, as it would stand in a zone file.
func (a Networks) Default(text string) Networks { a.about().Default = text; return a }

// Of returns the candidate's networks; everybody is one of Family 0.
func (a Networks) Of(p *Policy, candidate int) []Network {
	raw := p.config.Text(candidate, a.index)
	networks := make([]Network, 0, len(raw)/abi.NetworkLen)
	for ; len(raw) >= abi.NetworkLen; raw = raw[abi.NetworkLen:] {
		n := Network{Family: raw[abi.NetworkFamilyOff], Bits: raw[abi.NetworkBitsOff]}
		copy(n.Address[:], raw[abi.NetworkAddressOff:])
		networks = append(networks, n)
	}
	return networks
}

// Map returns the networks of all candidates in a form in which a client is found fast.
func (a Networks) Map(p *Policy) *NetworkMap {
	m := new(NetworkMap)
	for i := range p.Len() {
		for _, n := range a.Of(p, i) {
			m.add(n, i)
		}
	}
	for i := range m.families {
		m.families[i].sort()
	}
	return m
}

// NetworkMap finds which candidates' networks a client is in.
type NetworkMap struct {
	everybody []int // candidates of *, which also have clients whose network is not known
	families  [2]ranges
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
	bits      uint8
	wider     int32 // index of the next one that holds it, which may be as long as itself; -1: none
	candidate int32
}

// address is an address as two numbers, IPv4 in the high bits.
type address struct{ high, low uint64 }

func (a address) compare(b address) int {
	return cmp.Or(cmp.Compare(a.high, b.high), cmp.Compare(a.low, b.low))
}

// common is how many leading bits are the same.
func (a address) common(b address) int {
	if a.high != b.high {
		return bits.LeadingZeros64(a.high ^ b.high)
	}
	return 64 + bits.LeadingZeros64(a.low^b.low)
}

// behind is the first address behind a network; false if that is the end of all.
func (n *network) behind() (address, bool) {
	if n.bits == 0 {
		return address{}, false
	}
	high, low, carry := n.first.high, n.first.low, uint64(0)
	if n.bits > 64 {
		low, carry = bits.Add64(low, 1<<(128-n.bits), 0)
		high, carry = bits.Add64(high, 0, carry)
	} else {
		high, carry = bits.Add64(high, 1<<(64-n.bits), 0)
	}
	return address{high, low}, carry == 0
}

func (m *NetworkMap) add(n Network, candidate int) {
	if n.Family == 0 {
		m.everybody = append(m.everybody, candidate)
		m.families[0].networks = append(m.families[0].networks, network{candidate: int32(candidate)})
		m.families[1].networks = append(m.families[1].networks, network{candidate: int32(candidate)})
		return
	}
	family := &m.families[n.Family>>1&1]
	high, low := n.Halves()
	family.networks = append(family.networks, network{first: address{high, low}, bits: n.Bits, candidate: int32(candidate)})
}

// sort makes the ranges: it goes over the networks by address, the widest first, with those that are open in a stack, which is what wider links.
func (r *ranges) sort() {
	slices.SortStableFunc(r.networks, func(a, b network) int {
		return cmp.Or(a.first.compare(b.first), cmp.Compare(a.bits, b.bits))
	})
	open := int32(-1)
	r.begin(address{}, open)
	for i := range r.networks {
		n := &r.networks[i]
		open = r.closeBefore(open, n.first)
		n.wider, open = open, int32(i)
		r.begin(n.first, open)
	}
	r.closeBefore(open, address{1<<64 - 1, 1<<64 - 1})
}

// closeBefore ends the networks, from open to wider ones, that do not reach to the address at. It returns the first that does.
func (r *ranges) closeBefore(open int32, at address) int32 {
	for open >= 0 {
		n := &r.networks[open]
		end, ok := n.behind()
		if !ok || end.compare(at) > 0 {
			break
		}
		open = n.wider
		r.begin(end, open)
	}
	return open
}

// begin starts a range. What starts at the same address takes the place of what did before.
func (r *ranges) begin(at address, inner int32) {
	if last := len(r.starts) - 1; last >= 0 && r.starts[last] == at {
		r.inner[last] = inner
		return
	}
	r.starts, r.inner = append(r.starts, at), append(r.inner, inner)
}

// Each calls found for each network that the client's is in, from the longest to the widest, until found returns false. One that is longer
// than what is known of the client's is none of them. It returns the length of the prefix around the client in which every client would
// have had the same calls: what Decision.HoldsWithin takes.
func (m *NetworkMap) Each(client Network, found func(candidate int, bits uint8) bool) (bits uint8) {
	if client.Family == 0 {
		for _, candidate := range m.everybody {
			if !found(candidate, 0) {
				break
			}
		}
		return 0
	}
	high, low := client.Halves()
	r, at := &m.families[client.Family>>1&1], address{high, low}
	place, _ := slices.BinarySearchFunc(r.starts, at, address.compare)
	if place == len(r.starts) || r.starts[place] != at {
		place--
	}
	for i := r.inner[place]; i >= 0; i = r.networks[i].wider {
		if n := &r.networks[i]; n.bits <= client.Bits && !found(int(n.candidate), n.bits) {
			break
		}
	}
	return r.holds(place, at)
}

// holds is the length of the longest prefix around at that is inside of one range.
func (r *ranges) holds(place int, at address) (bits uint8) {
	if place > 0 {
		last := r.starts[place]
		if last.low--; last.low == 1<<64-1 {
			last.high--
		}
		bits = uint8(at.common(last)) + 1
	}
	if place+1 < len(r.starts) {
		bits = max(bits, uint8(at.common(r.starts[place+1]))+1)
	}
	return bits
}
