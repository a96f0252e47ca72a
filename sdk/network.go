package sdk

import "signpost/sdk/abi"

// Network is a client's network, or one of an annotation.
type Network struct {
	Family  uint8    // 4, 6, or 0: unknown, and in an annotation everybody
	Bits    uint8    // length of the prefix that is known
	Address [16]byte // its first 4 bytes for family 4; zero after Bits
}

// Cut returns the network's first bits, all of it if it has no more.
//
//go:noinline
func (n Network) Cut(bits uint8) Network {
	if n.Bits <= bits {
		return n
	}
	n.Bits = bits
	if bits%8 != 0 {
		n.Address[bits/8] &= ^byte(0xff >> (bits % 8))
		bits += 8
	}
	clear(n.Address[bits/8:])
	return n
}

// Halves returns the address as two numbers, IPv4 in the high bits of the first.
func (n *Network) Halves() (high, low uint64) { return half(n.Address[:8]), half(n.Address[8:]) }

func half[bytes []byte | string](b bytes) uint64 {
	_ = b[7]
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 | uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
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

// Same tells whether two candidates have the same networks in the same order.
func (a Networks) Same(p *Policy, one, other int) bool {
	return p.config.Text(one, a.index) == p.config.Text(other, a.index)
}

// Of returns the candidate's networks; everybody is one of Family 0.
func (a Networks) Of(p *Policy, candidate int) []Network {
	raw := p.config.Text(candidate, a.index)
	networks := make([]Network, 0, len(raw)/abi.NetworkLen)
	for ; len(raw) >= abi.NetworkLen; raw = raw[abi.NetworkLen:] {
		networks = append(networks, networkOf(raw[:abi.NetworkLen]))
	}
	return networks
}

//go:noinline
func networkOf(raw string) Network {
	n := Network{Family: raw[abi.NetworkFamilyOff], Bits: raw[abi.NetworkBitsOff]}
	copy(n.Address[:], raw[abi.NetworkAddressOff:])
	return n
}
