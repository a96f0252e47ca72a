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

	table     []uint64 // high half: tag of the origin's hash, low half: index in Zones plus one
	mask      uint32
	labelsMin int // of the origins
	labelsMax int
}

// NewView makes a view of zones, of which no two may have the same origin. The slices must not change afterwards.
func NewView(name string, clients []netip.Prefix, zones []*Zone) *View {
	v := &View{Name: name, Clients: clients, Zones: zones, labelsMin: wire.LabelCountMax}
	size := tableSize(len(zones))
	v.table, v.mask = make([]uint64, size), uint32(size-1)
	for i, z := range zones {
		insert(v.table, v.mask, hashName(z.Origin), uint32(i+1))
		v.labelsMin, v.labelsMax = min(v.labelsMin, z.Labels), max(v.labelsMax, z.Labels)
	}
	return v
}

// tableSize is the power of two that holds count entries at a load of at most three quarters.
func tableSize(count int) int {
	size := 4
	for size*3 < count*4 {
		size *= 2
	}
	return size
}

// insert puts value (not zero) into a table that has room.
func insert(table []uint64, mask uint32, hash uint64, value uint32) {
	i := uint32(hash)
	for table[i&mask] != 0 {
		i++
	}
	table[i&mask] = hash>>32<<32 | uint64(value)
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
		for i := uint32(hash); ; i++ {
			slot := v.table[i&v.mask]
			if slot == 0 {
				break
			}
			if uint32(slot>>32) != uint32(hash>>32) {
				continue
			}
			if z := v.Zones[uint32(slot)-1]; string(z.Origin) == string(name.Suffix(labels)) {
				return z
			}
		}
	}
	return nil
}
