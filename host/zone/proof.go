package zone

import (
	"bytes"
	"crypto/sha1"
	"slices"

	"signpost/host/wire"
)

// nsec3Chain is the zone's NSEC3 records in order of hash (RFC 5155 §7.1).
type nsec3Chain struct {
	iterations uint16
	salt       []byte
	hashes     []byte   // hashLen bytes each
	nodes      []uint32 // the node of each hash
}

// nsec3HashLen is the length of SHA-1, the only hash that NSEC3 has.
const nsec3HashLen = 20

func (c *nsec3Chain) bytes() int { return len(c.hashes) + len(c.nodes)*4 }

func (c *nsec3Chain) hash(i int) []byte { return c.hashes[i*nsec3HashLen : (i+1)*nsec3HashLen] }

// collectProofs finds the zone's NSEC or NSEC3 records and orders them.
func (z *Zone) collectProofs() {
	type hashed struct {
		hash [nsec3HashLen]byte
		node uint32
	}
	var chain []hashed
	if param := z.Apex().RRset(wire.TypeNSEC3PARAM); param != nil {
		data := param.Data()[recordHeadLen:]
		z.nsec3.iterations = uint16(data[2])<<8 | uint16(data[3])
		z.nsec3.salt = bytes.Clone(data[5 : 5+int(data[4])])
	}
	signed := z.Apex().RRset(wire.TypeNSEC) != nil
	if !signed && z.Apex().RRset(wire.TypeNSEC3PARAM) == nil {
		return
	}
	for _, slot := range z.index.slots {
		if slot == 0 {
			continue
		}
		node := z.node(uint32(slot))
		if node.flags()&nodeOccluded != 0 {
			continue
		}
		if signed && node.RRset(wire.TypeNSEC) != nil {
			z.nsec = append(z.nsec, uint32(slot))
		}
		if !signed && node.RRset(wire.TypeNSEC3) != nil {
			h := hashed{node: uint32(slot)}
			if decodeHash(&h.hash, node.Relative()) {
				chain = append(chain, h)
			}
		}
	}
	slices.SortFunc(z.nsec, func(a, b uint32) int { return compareCanonical(z.node(a).Relative(), z.node(b).Relative()) })
	slices.SortFunc(chain, func(a, b hashed) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	for _, h := range chain {
		z.nsec3.hashes = append(z.nsec3.hashes, h.hash[:]...)
		z.nsec3.nodes = append(z.nsec3.nodes, h.node)
	}
}

func (z *Zone) node(off uint32) Node { return Node(z.arena[off:]) }

// compareCanonical orders two names of one zone, given without its origin, in lower case (RFC 4034 §6.1).
func compareCanonical(a, b []byte) int {
	var offsA, offsB [wire.LabelCountMax + 1]uint8
	i, j := labelOffsets(a, &offsA), labelOffsets(b, &offsB)
	for i > 0 && j > 0 {
		i, j = i-1, j-1
		x, y := a[offsA[i]:], b[offsB[j]:]
		if c := bytes.Compare(x[1:1+x[0]], y[1:1+y[0]]); c != 0 {
			return c
		}
	}
	return i - j
}

func labelOffsets(name []byte, offs *[wire.LabelCountMax + 1]uint8) int {
	count := 0
	for off := 0; off < len(name); off += 1 + int(name[off]) {
		offs[count] = uint8(off)
		count++
	}
	return count
}

// base32Hex is the alphabet of NSEC3 owner names (RFC 4648 §7), in lower case.
const base32Hex = "0123456789abcdefghijklmnopqrstuv"

// NSEC reports whether non-existence is proven with NSEC records (RFC 4034 §4).
func (z *Zone) NSEC() bool { return len(z.nsec) > 0 }

// Covering is the node whose NSEC matches name or covers it: the last one in canonical order that is not after it. name is in the zone,
// in lower case.
func (z *Zone) Covering(name []byte) Node {
	relative := name[:len(name)-len(z.Origin)]
	after, _ := slices.BinarySearchFunc(z.nsec, relative, func(off uint32, want []byte) int {
		if compareCanonical(z.node(off).Relative(), want) <= 0 {
			return -1
		}
		return 1
	})
	return z.node(z.nsec[(after+len(z.nsec)-1)%len(z.nsec)])
}

// Hashed is the node whose NSEC3 matches the hash of name or covers it (RFC 5155 §5); match tells which.
func (z *Zone) Hashed(name []byte) (node Node, match bool) {
	hash := z.nsec3.sum(name)
	count := len(z.nsec3.nodes)
	low, high := 0, count
	for low < high {
		middle := (low + high) / 2
		if bytes.Compare(z.nsec3.hash(middle), hash[:]) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	i := (low + count - 1) % count
	return z.node(z.nsec3.nodes[i]), bytes.Equal(z.nsec3.hash(i), hash[:])
}

// sum is the hash of a name in wire form, lower case.
func (c *nsec3Chain) sum(name []byte) [nsec3HashLen]byte {
	var buf [wire.NameLenMax + 255]byte
	hash := sha1.Sum(buf[:copy(buf[:], name)+copy(buf[len(name):], c.salt)])
	for range c.iterations {
		hash = sha1.Sum(buf[:copy(buf[:], hash[:])+copy(buf[nsec3HashLen:], c.salt)])
	}
	return hash
}

// decodeHash reads the hash that is an NSEC3 record's owner, given without the origin: one label of 32 digits.
func decodeHash(hash *[nsec3HashLen]byte, relative []byte) bool {
	const digits = 32
	if len(relative) != 1+digits || relative[0] != digits {
		return false
	}
	bits, have, out := uint(0), 0, 0
	for _, c := range relative[1:] {
		value := bytes.IndexByte([]byte(base32Hex), c)
		if value < 0 {
			return false
		}
		bits, have = bits<<5|uint(value), have+5
		if have >= 8 {
			have -= 8
			hash[out] = byte(bits >> have)
			out++
		}
	}
	return true
}
