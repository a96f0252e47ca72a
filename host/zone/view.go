package zone

import (
	"net/netip"
	"slices"
	"sync/atomic"

	"signpost/host/config"
	"signpost/host/geo"
	"signpost/host/policy"
	"signpost/host/wire"
)

// Snapshot is the compiled state that workers answer from: immutable, one generation of everything.
type Snapshot struct {
	Generation uint64
	Config     *config.Config
	Views      []*View
	Geo        *geo.Data // what is known of clients; nil: nothing
	Choice     *Choice   // which of Views a client sees; nil: there is one, and everybody sees it
}

// Choice decides which views a client sees, and in which order.
type Choice struct {
	// Policy's candidates are the snapshot's Views, in their order. The one that it chooses is asked first; the next is chosen among those
	// that were not asked. nil: the plugins are not compiled yet, or do not accept it.
	Policy *policy.Policy
	// Native: what Policy says is the rule of Takes, so that rule may stand in while Policy is nil or fails. Otherwise nobody sees anything then.
	Native bool
}

// Store holds the snapshot. Writer: load. Readers: any.
type Store struct{ current atomic.Pointer[Snapshot] }

// Load returns the current snapshot, nil before the first Publish.
func (s *Store) Load() *Snapshot { return s.current.Load() }

// Publish makes next visible to every batch that starts after it returns.
func (s *Store) Publish(next *Snapshot) { s.current.Store(next) }

// View is the zones that one group of clients sees. The fields that NewView does not set may be set before it is published.
type View struct {
	Name        string
	Clients     []netip.Prefix // nil: everybody
	Zones       []*Zone
	Listeners   []string // only queries that come in there may see it, each spelled as a socket is bound: "192.0.2.1:53"; nil: all
	Keys        []string // only queries that are signed with one of them may see it, as config.Key names them; nil: all
	Fallthrough bool     // a name that its zone lacks is looked up in the next view, too

	index     Index // of the origins: index in Zones plus one
	labelsMin int   // of the origins
	labelsMax int
}

// NewView makes a view of zones, of which no two may have the same origin. The slices must not change afterwards.
func NewView(name string, clients []netip.Prefix, zones []*Zone) *View {
	v := &View{Name: name, Clients: clients, Zones: zones, labelsMin: wire.LabelCountMax}
	v.index.Reserve(len(zones) + 1)
	for i, z := range zones {
		v.index.Add(hashName(z.Origin), uint32(i+1))
		v.labelsMin, v.labelsMax = min(v.labelsMin, z.Labels), max(v.labelsMax, z.Labels)
	}
	return v
}

// Takes tells whether addr is one of the view's clients: the rule of the built-in plugin split-horizon.
func (v *View) Takes(addr netip.Addr) bool {
	if v.Clients == nil {
		return true
	}
	for _, prefix := range v.Clients {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// ListensAt tells whether queries that come in at listener may see the view.
func (v *View) ListensAt(listener string) bool {
	return v.Listeners == nil || slices.Contains(v.Listeners, listener)
}

// Sums is scratch space for the hashes of a name and its ancestors; a worker owns one.
type Sums [wire.LabelCountMax + 1]uint64

// zoneOf finds the zone with the longest origin of at most labels labels that ends name, or nil.
func (v *View) zoneOf(name *wire.Name, sums *Sums, labels int) *Zone {
	for labels = min(labels, v.labelsMax); labels >= v.labelsMin; labels-- {
		hash := sums[labels]
		for place := v.index.Place(hash); ; place++ {
			number, same := v.index.Slot(place, hash)
			if number == 0 {
				break
			}
			if !same {
				continue
			}
			if z := v.Zones[number-1]; string(z.Origin) == string(name.Suffix(labels)) {
				return z
			}
		}
	}
	return nil
}
