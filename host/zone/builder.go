package zone

import (
	"encoding/binary"
	"errors"
	"math"

	"signpost/host/policy"
	"signpost/host/wire"
)

// Flags say how a name stands in its zone.
type Flags uint16

// What compile knows of a name and the node's own records do not tell.
const (
	Cut      Flags = nodeCut      // owns NS and is not the apex
	Occluded Flags = nodeOccluded // lies below a cut or a DNAME
	Wildcard Flags = nodeWildcard // has a child "*"
	Hash     Flags = nodeHash     // owns nothing but NSEC3
)

// Set is an RRset as it goes into a zone. Its bytes are copied.
type Set struct {
	Type       uint16
	TTL        uint32   // seconds
	Records    [][]byte // data in wire form, names uncompressed
	Signatures []Signature
	Additional []Additional // in order of Record and NameOff
}

// Signature is the data of one RRSIG record that covers a set, and its own TTL.
type Signature struct {
	TTL  uint32
	Data []byte
}

// Additional is the addresses of one name in a set's data: Record and NameOff say where it stands.
type Additional struct {
	Record, NameOff int
	Required        bool // glue without which a referral is useless
	Addresses       *Set
}

// Builder packs one zone: Node for each name, each followed by its Sets in order of type, then Finish.
type Builder struct {
	zone    *Zone
	current int // where the open node starts in the arena, or -1
	sets    int
	packer  packer
}

// NewBuilder starts a zone. arenaHint is about how many bytes its arena will take.
func NewBuilder(origin []byte, arenaHint int) *Builder {
	z := &Zone{Origin: origin, Labels: wire.CountLabels(origin)}
	z.arena = make([]byte, 1, max(arenaHint, 64)) // no node starts at zero, so that no full slot is zero
	return &Builder{zone: z, current: -1}
}

// Node opens the node of a name, given without the origin, in lower case, and returns its number for Finish. Each name comes once.
func (b *Builder) Node(relative []byte, flags Flags) (number uint32) {
	b.close()
	z := b.zone
	var buf [wire.NameLenMax]byte
	length := copy(buf[:], relative)
	name := buf[:length+copy(buf[length:], z.Origin)]
	if len(relative) == 0 {
		z.apex = uint32(len(z.arena))
	} else if relative[0] == 1 && relative[1] == '*' {
		flags |= nodeIsWildcard
	}
	b.current = len(z.arena)
	z.arena = binary.LittleEndian.AppendUint16(z.arena, uint16(flags))
	z.arena = append(z.arena, 0, 0, byte(len(relative)))
	z.arena = append(z.arena, relative...)
	b.packer.own(name, flags&nodeIsWildcard != 0)
	return uint32(b.current)
}

// close writes what is known of the open node only at its end.
func (b *Builder) close() {
	if b.current >= 0 {
		binary.LittleEndian.PutUint16(b.zone.arena[b.current+nodeCountOff:], uint16(b.sets))
		b.current, b.sets = -1, 0
	}
}

// mark adds a flag to the open node.
func (b *Builder) mark(flag uint16) {
	at := b.zone.arena[b.current+nodeFlagsOff:]
	binary.LittleEndian.PutUint16(at, binary.LittleEndian.Uint16(at)|flag)
}

// Set adds an RRset to the open node.
func (b *Builder) Set(s *Set) {
	b.sets++
	switch s.Type {
	case wire.TypeCNAME:
		b.mark(nodeCNAME)
	case wire.TypeDNAME:
		b.mark(nodeDNAME)
	case wire.TypeALIAS:
		b.mark(nodeALIAS)
		b.zone.Aliases = true
	}
	b.zone.arena = b.packer.append(b.zone.arena, s)
}

// Routed adds a routed RRset to the open node: policy is its number in the zone, candidates are in the policy's order.
func (b *Builder) Routed(typ uint16, policy int, candidates []*Set) {
	b.sets++
	switch typ {
	case wire.TypeCNAME:
		b.mark(nodeCNAME)
	case wire.TypeALIAS:
		b.mark(nodeALIAS)
		b.zone.Aliases = true
	}
	start := len(b.zone.arena)
	arena := appendSetHead(b.zone.arena, typ, flagRouted, len(candidates), 0)
	arena = binary.LittleEndian.AppendUint32(arena, uint32(policy))
	for _, c := range candidates {
		arena = b.packer.append(arena, c)
	}
	binary.LittleEndian.PutUint32(arena[start+rrSizeOff:], uint32(len(arena)-start))
	b.zone.arena = arena
}

// errTooLarge is the one way in which Finish can fail.
var errTooLarge = errors.New("the zone needs more than 4 GiB packed")

// Finish ends the zone. index has all its names and becomes the zone's own; node maps the values in it to the numbers that Node returned.
// negative is the SOA as negative answers carry it.
func (b *Builder) Finish(index *Index, node func(value uint32) uint32, negative *Set, policies []*policy.Policy) (*Zone, error) {
	b.close()
	z := b.zone
	b.packer.own(z.Origin, false)
	z.negative = uint32(len(z.arena))
	z.arena = b.packer.append(z.arena, negative)
	if uint64(len(z.arena)) > math.MaxUint32 {
		return nil, errTooLarge
	}
	index.settle(node)
	z.index = *index
	z.Policies = policies
	z.collectProofs()
	return z, nil
}

// appendSetHead appends an RRset's fixed part; its size and data length are filled in later.
func appendSetHead(arena []byte, typ, flags uint16, count, sigCount int) []byte {
	arena = binary.LittleEndian.AppendUint16(arena, typ)
	arena = binary.LittleEndian.AppendUint16(arena, flags)
	arena = binary.LittleEndian.AppendUint16(arena, uint16(count))
	arena = binary.LittleEndian.AppendUint16(arena, uint16(sigCount))
	return append(arena, 0, 0, 0, 0, 0, 0, 0, 0)
}
