package geo

import (
	"cmp"
	"maps"
	"slices"
)

// Regions is the regions that annotations may name. A nil one has none.
type Regions struct{ own map[string]Region }

// NewRegions returns the known regions of AWS, Google Cloud and Azure, and those of own, which go first. own must not change afterwards.
func NewRegions(own map[string]Region) *Regions { return &Regions{own} }

// Find returns the region of that name.
func (r *Regions) Find(name string) (Region, bool) {
	if r == nil {
		return Region{}, false
	}
	if region, ok := r.own[name]; ok {
		return region, true
	}
	at, ok := slices.BinarySearchFunc(clouds[:], name, func(region Region, name string) int { return cmp.Compare(region.Name, name) })
	if !ok {
		return Region{}, false
	}
	return clouds[at], true
}

// Names returns all names, sorted.
func (r *Regions) Names() []string {
	if r == nil {
		return nil
	}
	names := slices.Collect(maps.Keys(r.own))
	for _, region := range clouds {
		names = append(names, region.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
