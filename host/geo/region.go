package geo

import (
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
	region, ok := r.own[name]
	return region, ok
}

// Names returns all names, sorted.
func (r *Regions) Names() []string {
	if r == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(r.own))
}
