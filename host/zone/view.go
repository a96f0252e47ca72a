package zone

import (
	"net/netip"
	"sync/atomic"

	"signpost/host/config"
	"signpost/host/wire"
)

// Snapshot is the compiled state that workers answer from: immutable, one generation of everything.
type Snapshot struct {
	Generation uint64
	Config     *config.Config
	Views      []*View // a client belongs to the first that takes it
}

// Store holds the snapshot. Writer: load. Readers: any.
type Store struct{ current atomic.Pointer[Snapshot] }

// Load returns the current snapshot, nil before the first Publish.
func (s *Store) Load() *Snapshot { return s.current.Load() }

// Publish makes next visible to every batch that starts after it returns.
func (s *Store) Publish(next *Snapshot) { s.current.Store(next) }

// View is the zones that one group of clients sees.
type View struct {
	Name    string
	Clients []netip.Prefix // nil: everybody
	Zones   []*Zone

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

// Takes tells whether a client at addr belongs to the view.
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
