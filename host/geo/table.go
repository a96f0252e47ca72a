package geo

import (
	"cmp"
	"net/netip"
	"slices"
)

// Table holds measured round trips: how long it takes from a network to a region. For each region the row with the longest prefix that holds
// the client decides; rows of other regions do not matter to it.
//
// A prefix that has rows is a node; it knows the next larger prefix that has rows and holds it, its parent. Each family's addresses are cut
// into spans, at every start and behind every end of a prefix, and each span knows the innermost node that holds it. So a lookup is one
// binary search and then a walk up, and what it returns is true of the whole span.
type Table struct {
	Rows    int
	numbers map[string]uint16 // of the regions it names
	v4, v6  spans
	nodes   []node
	regions []uint16 // of the rows, node by node, sorted within each
	micros  []uint32 // of the rows
}

// node is a prefix that has rows.
type node struct {
	parent uint32 // its number plus one; 0: none
	rows   uint32 // the first of them; the next node's first ends them
}

// spans is one family. Span i begins at the i-th start; the first begins at the first address of all.
type spans struct {
	short  []uint32  // starts of IPv4
	first  []uint32  // of IPv4: the span that holds the first address with these 16 leading bits, and the last span; nil while there are few
	long   []address // starts of IPv6
	owners []uint32  // the innermost node's number plus one; 0: none
}

// row is one line of a table before it is compiled.
type row struct {
	start  address
	bits   uint8
	region uint16
	micros uint32
	line   uint32
}

// compile sorts rows and makes the table of them. doubled are rows whose prefix and region are those of the row before, which is the other result.
func compile(v4, v6 []row, numbers map[string]uint16) (t *Table, doubled [][2]row) {
	t = &Table{Rows: len(v4) + len(v6), numbers: numbers}
	t.regions, t.micros = make([]uint16, 0, t.Rows), make([]uint32, 0, t.Rows)
	doubled = append(t.add(&t.v4, v4), t.add(&t.v6, v6)...)
	for _, start := range t.v4.long {
		t.v4.short = append(t.v4.short, uint32(start.hi>>32))
	}
	t.v4.long = nil
	t.v4.index()
	t.nodes = append(t.nodes, node{rows: uint32(t.Rows)})
	for _, s := range []*spans{&t.v4, &t.v6} {
		s.short, s.long, s.owners = slices.Clip(s.short), slices.Clip(s.long), slices.Clip(s.owners)
	}
	t.nodes = slices.Clip(t.nodes)
	return t, doubled
}

// open is a node whose prefix was not left yet while spans are cut.
type open struct {
	owner uint32
	last  address
}

// add takes over the rows of one family.
func (t *Table) add(s *spans, rows []row) (doubled [][2]row) {
	slices.SortFunc(rows, func(a, b row) int {
		if a.start != b.start {
			return a.start.compare(b.start)
		}
		return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(a.region, b.region), cmp.Compare(a.line, b.line))
	})
	var around []open
	s.cut(address{}, 0)
	for i := range rows {
		r := &rows[i]
		if i == 0 || r.start != rows[i-1].start || r.bits != rows[i-1].bits {
			around = s.leave(around, r.start)
			parent := uint32(0)
			if len(around) > 0 {
				parent = around[len(around)-1].owner
			}
			t.nodes = append(t.nodes, node{parent: parent, rows: uint32(len(t.micros))})
			around = append(around, open{uint32(len(t.nodes)), r.start.last(int(r.bits))})
			s.cut(r.start, uint32(len(t.nodes)))
		} else if r.region == rows[i-1].region {
			doubled = append(doubled, [2]row{rows[i-1], *r})
		}
		t.regions, t.micros = append(t.regions, r.region), append(t.micros, r.micros)
	}
	for len(around) > 0 {
		around = s.close(around)
	}
	return doubled
}

// leave closes what ends in front of start.
func (s *spans) leave(around []open, start address) []open {
	for len(around) > 0 && around[len(around)-1].last.compare(start) < 0 {
		around = s.close(around)
	}
	return around
}

// close begins a span behind the innermost prefix, which belongs to the one around it.
func (s *spans) close(around []open) []open {
	behind, ok := around[len(around)-1].last.next()
	around = around[:len(around)-1]
	if !ok {
		return around
	}
	owner := uint32(0)
	if len(around) > 0 {
		owner = around[len(around)-1].owner
	}
	s.cut(behind, owner)
	return around
}

// cut begins a span at start, which is not in front of the latest one. One that would have no address is overwritten.
func (s *spans) cut(start address, owner uint32) {
	if n := len(s.long); n > 0 && s.long[n-1] == start {
		s.owners[n-1] = owner
		return
	}
	s.long, s.owners = append(s.long, start), append(s.owners, owner)
}

// indexFrom is how many spans make an index of 256 kB worth it: it saves two thirds of the steps of a search, and most of its cache misses.
const indexFrom = 1 << 12

// index makes searches among many spans of IPv4 short.
func (s *spans) index() {
	if len(s.short) < indexFrom {
		return
	}
	s.first = make([]uint32, 1<<16+1)
	at := 0
	for high := range uint32(1 << 16) {
		for at+1 < len(s.short) && s.short[at+1] <= high<<16 {
			at++
		}
		s.first[high] = uint32(at)
	}
	s.first[1<<16] = uint32(len(s.short) - 1)
}

// at finds the span that holds an IPv4 address.
func (s *spans) at(want uint32) int {
	low, count := 0, len(s.short)
	if s.first != nil {
		low = int(s.first[want>>16])
		count = int(s.first[want>>16+1]) - low + 1
	}
	return low + spanOf(count, func(i int) bool { return s.short[low+i] <= want })
}

// find returns the innermost node around the address, plus one, and the length of the largest prefix around it that stays within its span.
func (t *Table) find(addr netip.Addr) (owner uint32, length int) {
	a := addressOf(addr)
	if addr.Is4() {
		want, starts := uint32(a.hi>>32), t.v4.short
		at := t.v4.at(want)
		if at > 0 {
			length = a.common(address{hi: uint64(starts[at]-1) << 32}) + 1
		}
		if at+1 < len(starts) {
			length = max(length, a.common(address{hi: uint64(starts[at+1]) << 32})+1)
		}
		return t.v4.owners[at], length
	}
	starts := t.v6.long
	at := spanOf(len(starts), func(i int) bool { return starts[i].compare(a) <= 0 })
	if at > 0 {
		length = a.common(starts[at].before()) + 1
	}
	if at+1 < len(starts) {
		length = max(length, a.common(starts[at+1])+1)
	}
	return t.v6.owners[at], length
}

// spanOf finds the last of count places that begins at or before what is looked for; the first one does.
func spanOf(count int, begins func(i int) bool) int {
	low := 0
	for count > 1 {
		half := count / 2
		if begins(low + half) {
			low += half
		}
		count -= half
	}
	return low
}

// linearMax is how many rows of a node are looked through one by one: as many regions as most tables have.
const linearMax = 16

// measured returns the round trip from owner, a node plus one, to the region of that number.
func (t *Table) measured(owner uint32, region uint16) (micros uint32, ok bool) {
	for owner != 0 {
		n, end := t.nodes[owner-1], t.nodes[owner].rows
		rows := t.regions[n.rows:end]
		if len(rows) > linearMax {
			at, _ := slices.BinarySearch(rows, region)
			rows = rows[at:min(at+1, len(rows))]
			n.rows += uint32(at)
		}
		for i, r := range rows {
			if r == region {
				return t.micros[int(n.rows)+i], true
			}
		}
		owner = n.parent
	}
	return 0, false
}

// Bytes is the memory that the table takes.
func (t *Table) Bytes() int {
	return 6*t.Rows + 8*len(t.nodes) + 8*len(t.v4.short) + 4*len(t.v4.first) + 20*len(t.v6.long)
}
