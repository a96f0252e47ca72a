package explain

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"signpost/host/message"
	"signpost/host/rrdata"
	"signpost/host/wire"
)

// Difference is what changes from one directory to another. --json prints it; names stay.
type Difference struct {
	Clients int            `json:"clients"` // networks that were compared
	Zones   []ZoneChange   `json:"zones"`
	Records []RecordChange `json:"records"` // without policy in either
	Names   []NameChange   `json:"names"`   // routed, or an ALIAS, in at least one
	Views   []ViewChange   `json:"views"`
	// MaxShift is the largest share of answers that any name moves, in percent; MaxName is the name. A record set that is removed moves all,
	// one that is added nothing.
	MaxShift float64 `json:"maxShift"`
	MaxName  string  `json:"maxName,omitempty"`
}

// ZoneChange is a zone whose file says something else.
type ZoneChange struct {
	View   string `json:"view"`
	Zone   string `json:"zone"`
	Change string `json:"change"` // added, removed, changed, broken: it cannot be served any more
	Old    uint32 `json:"oldSerial,omitempty"`
	New    uint32 `json:"newSerial,omitempty"`
}

// RecordChange is a record set without policy that says something else.
type RecordChange struct {
	View    string   `json:"view"`
	Zone    string   `json:"zone"`
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Change  string   `json:"change"` // added, removed, changed, ttl
	Old     []string `json:"old,omitempty"`
	New     []string `json:"new,omitempty"`
	OldTTL  uint32   `json:"oldTTL,omitempty"`
	NewTTL  uint32   `json:"newTTL,omitempty"`
	Percent float64  `json:"percent"` // of its answers that move
}

// NameChange is a routed name whose answers move.
type NameChange struct {
	Views   string  `json:"views,omitempty"` // of the clients that it moves for, in the order in which they are asked; left out: there is one
	Name    string  `json:"name"`
	Type    string  `json:"type"`
	Change  string  `json:"change"`  // added, removed, moved, ttl
	Percent float64 `json:"percent"` // of the answers that move, over the clients of these views
	Moves   []Move  `json:"moves,omitempty"`
	OldTTL  uint32  `json:"oldTTL,omitempty"` // the shortest, if it changed
	NewTTL  uint32  `json:"newTTL,omitempty"`
}

// Move is a share of a name's answers that moves from one answer to another. Where several lose and several gain, each gainer takes from each
// loser in proportion.
type Move struct {
	Percent float64 `json:"percent"`
	From    string  `json:"from"`
	To      string  `json:"to"`
}

// ViewChange is a group of clients that other views are asked for.
type ViewChange struct {
	Old     string   `json:"old"`
	New     string   `json:"new"`
	Clients []string `json:"clients"` // networks, at most ten
	Count   int      `json:"count"`
}

// Empty tells whether nothing changes.
func (d *Difference) Empty() bool {
	return len(d.Zones)+len(d.Records)+len(d.Names)+len(d.Views) == 0
}

// Diff compares what clients get from a and from b, which must have been loaded. Distributions are computed, not sampled; the clients are a sample.
func Diff(a, b *Server, clients []Client) *Difference {
	c := &comparison{
		a: a, b: b, spreadA: newSpread(a), spreadB: newSpread(b), names: map[asked]bool{},
		out: &Difference{Clients: len(clients), Zones: []ZoneChange{}, Records: []RecordChange{}, Names: []NameChange{}, Views: []ViewChange{}},
	}
	defer c.spreadA.close()
	defer c.spreadB.close()
	c.zones()
	for _, g := range c.groups(clients) {
		c.group(g)
	}
	c.out.largest()
	return c.out
}

// comparison is one Diff on its way.
type comparison struct {
	a, b             *Server
	spreadA, spreadB *spread
	names            map[asked]bool // to be compared by what clients get
	out              *Difference
}

// asked is a question of clients.
type asked struct {
	name string // wire form
	typ  uint16
}

// group is the clients that are sent to the same views.
type group struct {
	old, new string
	clients  []Client
}

// groups sorts clients by their views.
func (c *comparison) groups(clients []Client) []*group {
	var list []*group
	for _, who := range clients {
		as := client{network: who.Network, source: who.Network.Addr()}
		before, now := c.spreadA.views(as), c.spreadB.views(as)
		at := slices.IndexFunc(list, func(g *group) bool { return g.old == before && g.new == now })
		if at < 0 {
			at = len(list)
			list = append(list, &group{old: before, new: now})
		}
		list[at].clients = append(list[at].clients, who)
	}
	for _, g := range list {
		if g.old != g.new && g.old != "" && g.new != "" {
			change := ViewChange{Old: g.old, New: g.new, Count: len(g.clients)}
			for _, who := range g.clients[:min(len(g.clients), 10)] {
				change.Clients = append(change.Clients, who.Network.String())
			}
			c.out.Views = append(c.out.Views, change)
		}
	}
	return list
}

// group compares all names that need it for one group of clients.
func (c *comparison) group(g *group) {
	list := make([]asked, 0, len(c.names))
	for name := range c.names {
		list = append(list, name)
	}
	slices.SortFunc(list, func(x, y asked) int { return cmp.Or(strings.Compare(x.name, y.name), cmp.Compare(x.typ, y.typ)) })
	for _, name := range list {
		change := c.name(name, g)
		if change == nil {
			continue
		}
		if change.Views = g.new; change.Views == "" {
			change.Views = g.old
		}
		c.out.Names = append(c.out.Names, *change)
	}
}

// largest finds the largest shift.
func (d *Difference) largest() {
	for i := range d.Records {
		if r := &d.Records[i]; r.Percent > d.MaxShift {
			d.MaxShift, d.MaxName = r.Percent, r.Name+" "+r.Type
		}
	}
	for i := range d.Names {
		if n := &d.Names[i]; n.Percent > d.MaxShift {
			d.MaxShift, d.MaxName = n.Percent, n.Name+" "+n.Type
		}
	}
}

// name compares one name's distributions over a group; nil: they are the same.
func (c *comparison) name(name asked, g *group) *NameChange {
	flow := newFlow()
	total := 0.0
	type pair struct{ before, now *share } // the first of each: clients within one scope share a distribution
	weights := map[pair]float64{}
	distributions := map[pair][2][]share{}
	var order []pair
	for _, who := range g.clients {
		as := client{network: who.Network, source: who.Network.Addr()}
		before, now := c.spreadA.of([]byte(name.name), name.typ, as, g.old), c.spreadB.of([]byte(name.name), name.typ, as, g.new)
		key := pair{&before[0], &now[0]}
		if weights[key] == 0 {
			order = append(order, key)
			distributions[key] = [2][]share{before, now}
		}
		weights[key] += who.Weight
		total += who.Weight
	}
	for _, key := range order {
		flow.add(distributions[key][0], distributions[key][1], weights[key])
	}
	out := &NameChange{Name: message.NameText([]byte(name.name)), Type: rrdata.TypeName(name.typ), Change: "moved"}
	out.Moves, out.Percent = flow.moves(total)
	switch {
	case flow.onlyAbsent(flow.old) && flow.onlyAbsent(flow.new):
		return nil
	case flow.onlyAbsent(flow.old):
		out.Change, out.Percent = "added", 0
	case flow.onlyAbsent(flow.new):
		out.Change = "removed"
	case len(out.Moves) == 0 && flow.oldTTL != flow.newTTL:
		out.Change = "ttl"
	case len(out.Moves) == 0:
		return nil
	}
	if flow.oldTTL != flow.newTTL && out.Change != "added" && out.Change != "removed" {
		out.OldTTL, out.NewTTL = flow.oldTTL, flow.newTTL
	}
	return out
}

// flow sums what moves from answer to answer over clients.
type flow struct {
	moved          map[[2]string]float64 // by keys
	old, new       map[string]string     // labels by key
	oldTTL, newTTL uint32                // the shortest
}

func newFlow() *flow {
	return &flow{moved: map[[2]string]float64{}, old: map[string]string{}, new: map[string]string{}, oldTTL: math.MaxUint32, newTTL: math.MaxUint32}
}

// noise is what rounding may leave of a share.
const noise = 1e-9

// add adds one client's two distributions.
func (f *flow) add(before, now []share, weight float64) {
	chance := map[string]float64{}
	for _, s := range before {
		f.old[s.key], f.oldTTL = s.label, min(f.oldTTL, s.ttl)
		chance[s.key] -= s.chance
	}
	for _, s := range now {
		f.new[s.key], f.newTTL = s.label, min(f.newTTL, s.ttl)
		chance[s.key] += s.chance
	}
	gained := 0.0
	for _, change := range chance {
		gained += max(change, 0)
	}
	if gained < noise {
		return
	}
	for from, loss := range chance {
		for to, gain := range chance {
			if loss < -noise && gain > noise {
				f.moved[[2]string{from, to}] += weight * -loss * gain / gained
			}
		}
	}
}

// onlyAbsent tells whether no client gets records.
func (f *flow) onlyAbsent(labels map[string]string) bool {
	for key := range labels {
		if key != "NXDOMAIN" && key != "NODATA" && key != "REFUSED" {
			return false
		}
	}
	return true
}

// moves lists what moves, the largest share first, in percent of total, and the sum.
func (f *flow) moves(total float64) (list []Move, percent float64) {
	for keys, weight := range f.moved {
		share := rounded(100 * weight / total)
		percent += share
		list = append(list, Move{share, f.label(f.old, keys[0]), f.label(f.new, keys[1])})
	}
	slices.SortFunc(list, func(a, b Move) int {
		return cmp.Or(-cmp.Compare(math.Round(a.Percent*1e6), math.Round(b.Percent*1e6)), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return list, min(rounded(percent), 100)
}

// rounded takes off what sums of many shares leave behind the ninth decimal place.
func rounded(percent float64) float64 { return math.Round(percent*1e9) / 1e9 }

// label names an answer by its candidates, and by its data too where another answer of either side has that name.
func (f *flow) label(side map[string]string, key string) string {
	label := side[key]
	for _, other := range []map[string]string{f.old, f.new} {
		for otherKey, otherLabel := range other {
			if otherLabel == label && otherKey != key && label != key {
				return label + " (" + key + ")"
			}
		}
	}
	return label
}

// addresses are the types that an ALIAS or CNAME is asked for.
var addresses = [...]uint16{wire.TypeA, wire.TypeAAAA}

// ask has a name compared by what clients get.
func (c *comparison) ask(name []byte, typ uint16) {
	if typ == wire.TypeALIAS || typ == wire.TypeCNAME {
		for _, address := range addresses {
			c.names[asked{string(name), address}] = true
		}
		return
	}
	c.names[asked{string(name), typ}] = true
}
