// Package zone holds zones as immutable tables of packed answers, and finds the right one for a question.
//
// Plane: data. Floor: 2. Journey of a query: step 3 (View.Find). Journey of an edit: step 4 (Store.Publish).
// A zone is two slices without pointers, so the collector never looks inside: a hash table of names, and an arena where
// each name stands beside its RRsets, whose records lie as they go into an answer. Nothing here locks, logs, or changes
// after Builder.Finish has returned it. format.go has the layout of the arena.
package zone

import (
	"encoding/binary"

	"signpost/host/policy"
	"signpost/host/wire"
)

// Zone is one zone, compiled. Everything in it is read-only and may be shared by all workers.
type Zone struct {
	Origin   []byte           // wire form, lower case
	Labels   int              // of Origin, root excluded
	Serial   uint32           // as served
	Records  int              // resource records
	Names    int              // owner names, empty non-terminals excluded
	Path     string           // the file it was read from, relative to the data directory
	Policies []*policy.Policy // of the routed RRsets, by the number that they carry; nil while Pending

	// Pending: the zone has routed RRsets and the plugins that decide them are not compiled yet.
	Pending bool
	// Aliases: there is an ALIAS in it.
	Aliases bool
	// Broken: the file was never loaded well; every question gets SERVFAIL.
	Broken bool

	index Index // of the names: where their nodes start in arena
	arena []byte

	apex     uint32   // node of Origin
	negative uint32   // the SOA as negative answers carry it (RFC 2308 §3)
	nsec     []uint32 // nodes that own an NSEC, in canonical order
	nsec3    nsec3Chain
}

// NewBroken is a placeholder for a zone whose file was never loaded well. origin is in wire form, lower case.
func NewBroken(origin []byte, path string) *Zone {
	return &Zone{Origin: origin, Labels: wire.CountLabels(origin), Path: path, Broken: true}
}

// WithPolicies returns the zone with other policies, one for each that it has.
func (z *Zone) WithPolicies(policies []*policy.Policy) *Zone {
	next := *z
	next.Policies = policies
	return &next
}

// Signed tells whether the zone carries proofs of non-existence.
func (z *Zone) Signed() bool { return len(z.nsec) > 0 || len(z.nsec3.nodes) > 0 }

// Routes counts the routed RRsets.
func (z *Zone) Routes() int { return len(z.Policies) }

// Bytes is the memory of the zone's table and arena.
func (z *Zone) Bytes() int {
	return len(z.index.slots)*8 + len(z.arena) + len(z.nsec)*4 + z.nsec3.bytes()
}

// Negative is the SOA RRset for negative answers: its TTL is min(TTL, MINIMUM).
func (z *Zone) Negative() RRset { return RRset(z.arena[z.negative:]) }

// Apex is the node of the zone's own name.
func (z *Zone) Apex() Node { return Node(z.arena[z.apex:]) }

// lookup finds the node of a name by its hash; nil for names that no query finds.
func (z *Zone) lookup(name []byte, hash uint64) Node {
	relative := name[:len(name)-len(z.Origin)]
	for place := z.index.Place(hash); ; place++ {
		start, same := z.index.Slot(place, hash)
		if start == 0 {
			return nil
		}
		if !same {
			continue
		}
		node := Node(z.arena[start:])
		if node.flags()&nodeHash == 0 && int(node[nodeNameLenOff]) == len(relative) && string(node[nodeNameOff:nodeNameOff+len(relative)]) == string(relative) {
			return node
		}
	}
}

// Node is a name of the zone and what it owns: a view of the arena, nil for no node.
type Node []byte

// Node flags.
const (
	nodeCut        = 1 << iota // owns NS and is not the apex: a delegation
	nodeOccluded               // lies below a cut or a DNAME
	nodeWildcard               // has a child "*"
	nodeCNAME                  // owns a CNAME
	nodeDNAME                  // owns a DNAME
	nodeALIAS                  // owns an ALIAS
	nodeIsWildcard             // its first label is "*"
	nodeHash                   // the owner of an NSEC3: no query finds it (RFC 5155 §7.2.8)
)

func (n Node) flags() uint16 { return binary.LittleEndian.Uint16(n[nodeFlagsOff:]) }

// Relative is the node's name without the zone's origin, in lower case.
func (n Node) Relative() []byte { return n[nodeNameOff : nodeNameOff+int(n[nodeNameLenOff])] }

// RRsets counts what the node owns; zero is an empty non-terminal.
func (n Node) RRsets() int { return int(binary.LittleEndian.Uint16(n[nodeCountOff:])) }

// first is the node's first RRset; valid only if RRsets is not zero.
func (n Node) first() RRset { return RRset(n[nodeNameOff+int(n[nodeNameLenOff]):]) }

// RRset finds the set of one type, or nil.
func (n Node) RRset(typ uint16) RRset {
	set := n.first()
	for range n.RRsets() {
		if set.Type() == typ {
			return set
		}
		set = set.next()
	}
	return nil
}

// All visits the node's RRsets in order of type until visit returns false.
func (n Node) All(visit func(RRset) bool) {
	set := n.first()
	for range n.RRsets() {
		if !visit(set) {
			return
		}
		set = set.next()
	}
}
