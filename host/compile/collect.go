package compile

import (
	"signpost/host/wire"
	"signpost/host/zone"
	"signpost/host/zonefile"
)

// collector takes entries as the reader emits them and keeps what the later stages need, compactly: a million records must not
// cost more memory while they load than they do when they serve. Nothing it keeps holds pointers but the few annotations.
type collector struct {
	origin       []byte
	originLabels int

	names   blocks[byte]   // owners without the origin, lower case
	nodes   blocks[node]   // in order of first appearance; node 0 is the apex
	records blocks[record] // in file order
	data    blocks[byte]   // of the records
	index   *zone.Index    // of the names: number of the node plus one

	notes        []note   // annotations, one per annotated record
	outside      []record // records outside the zone: only their positions count
	outsideNames []string

	lower     [wire.NameLenMax]byte
	owner     [wire.NameLenMax]byte // scratch
	lastOwner []byte                // as it came, to skip the look-up for the next record of the same owner
	lastNode  uint32
}

// node is one owner name or empty non-terminal.
type node struct {
	name    uint32 // offset in names
	first   uint32 // its first record plus one; 0 none
	last    uint32
	packed  uint32 // where it starts in the zone's arena
	parent  uint32 // number of the node one label up; the apex is its own
	nameLen uint8
	labels  uint8 // besides the origin's
	flags   nodeFlags
}

// nodeFlags are what the stages find out about a name.
type nodeFlags uint8

const (
	isCut      nodeFlags = 1 << iota // owns NS below the apex
	isOccluded                       // below a cut or a DNAME
	hasDNAME                         // owns DNAME
	hasCNAME                         // owns CNAME
	hasStar                          // has a child "*"
	isHash                           // owns nothing but NSEC3: it does not exist for queries (RFC 5155 §7.2.8)
)

// record is one resource record.
type record struct {
	next    uint32 // of the same owner, plus one; 0 none
	ttl     uint32
	data    uint32 // offset in collector.data
	line    uint32
	note    uint32 // annotation plus one; 0 none
	dataLen uint16
	typ     uint16
	col     uint16
	file    uint16
}

func newCollector(origin []byte) *collector {
	c := &collector{origin: origin, originLabels: wire.CountLabels(origin), index: zone.NewIndex(origin, 1)}
	c.node(nil) // the apex, also of a zone without records
	return c
}

// sizing opens files as open does and makes the table as large as the text suggests, so that it need not grow.
func (c *collector) sizing(open func(string) ([]byte, error)) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		text, err := open(path)
		const bytesPerName = 64 // growing is cheap, so guess low
		c.index.Reserve(c.nodes.count + len(text)/bytesPerName)
		return text, err
	}
}

// add takes one entry.
func (c *collector) add(e *zonefile.Entry) {
	r := record{
		ttl: e.TTL, typ: e.Type, line: e.Pos.Line, col: e.Pos.Col, file: e.Pos.File,
		data: c.data.append(e.RData), dataLen: uint16(len(e.RData)),
	}
	if e.Annotation != nil {
		c.notes = append(c.notes, newNote(e.Annotation))
		r.note = uint32(len(c.notes))
	}
	number := c.lastNode
	if string(e.Owner) != string(c.lastOwner) {
		relative, inside := c.relative(e.Owner)
		if !inside {
			c.outside = append(c.outside, r)
			c.outsideNames = append(c.outsideNames, nameText(e.Owner))
			return
		}
		number = c.node(relative)
		c.lastOwner, c.lastNode = append(c.lastOwner[:0], e.Owner...), number
	}
	at := c.records.push(r) + 1
	n := c.nodes.at(number)
	if n.first == 0 {
		n.first = at
	} else {
		c.records.at(n.last - 1).next = at
	}
	n.last = at
}

// relative is a name in lower case without the origin, valid until the next call; inside is false if it does not end in it.
func (c *collector) relative(owner []byte) (relative []byte, inside bool) {
	name := c.lower[:copy(c.lower[:], owner)]
	wire.LowerName(name)
	cut := len(name) - len(c.origin)
	if cut < 0 || string(name[cut:]) != string(c.origin) || !wire.StartsLabel(name, cut) {
		return nil, false
	}
	return name[:cut], true
}

// node finds or makes the node of a name and, when it is new, of its ancestors.
func (c *collector) node(relative []byte) uint32 {
	hash := c.index.Hash(relative)
	number := c.findHash(relative, hash)
	if number != none {
		return number
	}
	number = c.nodes.push(node{name: c.names.append(relative), nameLen: uint8(len(relative))})
	c.index.Add(hash, number+1)
	if len(relative) > 0 {
		parent := c.node(relative[1+relative[0]:])
		n := c.nodes.at(number)
		n.parent, n.labels = parent, c.nodes.at(parent).labels+1
	}
	return number
}

// none is no node.
const none = ^uint32(0)

// find returns the number of a name's node, or none.
func (c *collector) find(relative []byte) uint32 { return c.findHash(relative, c.index.Hash(relative)) }

func (c *collector) findHash(relative []byte, hash uint64) uint32 {
	for place := c.index.Place(hash); ; place++ {
		number, same := c.index.Slot(place, hash)
		if number == 0 {
			return none
		}
		if same && string(c.name(c.nodes.at(number-1))) == string(relative) {
			return number - 1
		}
	}
}

// name is a node's name without the origin, lower case.
func (c *collector) name(n *node) []byte { return c.names.slice(n.name, int(n.nameLen)) }

// bytesOf is a record's data.
func (c *collector) bytesOf(r *record) []byte { return c.data.slice(r.data, int(r.dataLen)) }
