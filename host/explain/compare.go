package explain

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"signpost/host/message"
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zone"
)

// zones compares the zones of all views, record set by record set.
func (c *comparison) zones() {
	before, now := c.a.Store.Load().Views, c.b.Store.Load().Views
	var names []string
	for _, v := range slices.Concat(before, now) {
		if !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	for _, name := range names {
		old, new := zonesOf(before, name), zonesOf(now, name)
		var origins []string
		for origin := range old {
			origins = append(origins, origin)
		}
		for origin := range new {
			if old[origin] == nil {
				origins = append(origins, origin)
			}
		}
		slices.Sort(origins)
		for _, origin := range origins {
			c.zone(name, old[origin], new[origin])
		}
	}
}

func zonesOf(views []*zone.View, name string) map[string]*zone.Zone {
	zones := map[string]*zone.Zone{}
	for _, v := range views {
		if v.Name == name {
			for _, z := range v.Zones {
				zones[string(z.Origin)] = z
			}
		}
	}
	return zones
}

// zone compares one zone; nil where there is none.
func (c *comparison) zone(view string, old, new *zone.Zone) {
	before := len(c.out.Records)
	change := ZoneChange{View: view, Change: "changed"}
	switch {
	case old == nil:
		change.Change, change.New, change.Zone = "added", new.Serial, message.NameText(new.Origin)
	case new == nil:
		change.Change, change.Old, change.Zone = "removed", old.Serial, message.NameText(old.Origin)
	default:
		change.Old, change.New, change.Zone = old.Serial, new.Serial, message.NameText(new.Origin)
	}
	if old != nil && !old.Broken {
		old.All(func(n zone.Node) { c.node(view, change.Zone, old, n, nodeOf(new, n)) })
	}
	if new != nil && !new.Broken {
		new.All(func(n zone.Node) {
			if nodeOf(old, n) == nil {
				c.node(view, change.Zone, new, nil, n)
			}
		})
	}
	slices.SortFunc(c.out.Records[before:], func(a, b RecordChange) int {
		return strings.Compare(a.Name+" "+a.Type, b.Name+" "+b.Type)
	})
	broken := old != nil && new != nil && old.Broken != new.Broken
	if broken && new.Broken {
		change.Change = "broken"
	}
	if old == nil || new == nil || broken || old.Serial != new.Serial || len(c.out.Records) > before {
		c.out.Zones = append(c.out.Zones, change)
	}
}

// nodeOf is the node of z that has n's name; nil if there is none.
func nodeOf(z *zone.Zone, n zone.Node) zone.Node {
	if z == nil || z.Broken {
		return nil
	}
	return z.Node(n.Relative())
}

// node compares what a name owns; nil where it does not exist.
func (c *comparison) node(view, zoneName string, z *zone.Zone, old, new zone.Node) {
	var types []uint16
	for _, n := range []zone.Node{old, new} {
		if n == nil {
			continue
		}
		n.All(func(set zone.RRset) bool {
			if !slices.Contains(types, set.Type()) {
				types = append(types, set.Type())
			}
			return true
		})
	}
	relative := new
	if new == nil {
		relative = old
	}
	name := slices.Concat(relative.Relative(), z.Origin)
	for _, typ := range types {
		if typ == wire.TypeSOA || typ == wire.TypeNSEC || typ == wire.TypeNSEC3 {
			continue // they change with everything else
		}
		before, now := setOf(old, typ), setOf(new, typ)
		if isAsked(before) || isAsked(now) {
			c.ask(name, typ)
			continue
		}
		if change := recordChange(name, typ, before, now); change != nil {
			change.View, change.Zone = view, zoneName
			c.out.Records = append(c.out.Records, *change)
		}
	}
}

func setOf(n zone.Node, typ uint16) zone.RRset {
	if n == nil {
		return nil
	}
	return n.RRset(typ)
}

// isAsked tells whether what clients get of a set cannot be read from its records.
func isAsked(set zone.RRset) bool {
	return set != nil && (set.Routed() || set.Type() == wire.TypeALIAS)
}

// recordChange compares two sets without policy; nil: they say the same.
func recordChange(name []byte, typ uint16, before, now zone.RRset) *RecordChange {
	if before != nil && now != nil && bytes.Equal(before.Data(), now.Data()) {
		return nil
	}
	out := &RecordChange{Name: message.NameText(name), Type: rrdata.TypeName(typ), Change: "changed"}
	if before != nil {
		out.Old, out.OldTTL = sortedData(before, name), before.TTL()
	}
	if now != nil {
		out.New, out.NewTTL = sortedData(now, name), now.TTL()
	}
	switch {
	case before == nil:
		out.Change = "added"
		return out
	case now == nil:
		out.Change, out.Percent = "removed", 100
		return out
	case slices.Equal(out.Old, out.New) && out.OldTTL == out.NewTTL:
		return nil
	case slices.Equal(out.Old, out.New):
		out.Change = "ttl"
		return out
	}
	kept := 0.0 // each record has the same share of its set
	for _, record := range out.Old {
		if slices.Contains(out.New, record) {
			kept += math.Min(1/float64(len(out.Old)), 1/float64(len(out.New)))
		}
	}
	out.Percent = 100 * (1 - kept)
	return out
}

func sortedData(set zone.RRset, name []byte) []string {
	var list []string
	for _, rr := range setRecords(set, name) {
		list = append(list, rr.Data)
	}
	slices.Sort(list)
	return list
}
