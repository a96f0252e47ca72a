package geo

import (
	"cmp"
	"net/netip"
	"slices"
)

// networksLookedAt bounds the networks of a database that Networks looks at: small databases, whose networks nobody would guess, fit in.
const networksLookedAt = 1 << 16

// Networks returns a network of each place that the data knows, at most limit, in order: clients to try policies with. Of large databases it
// looks only at the beginning.
func (d *Data) Networks(limit int) []netip.Prefix {
	if d == nil {
		return nil
	}
	var list []netip.Prefix
	seen := map[Place]bool{}
	for _, database := range []*Database{d.database, d.networks} {
		if database == nil {
			continue
		}
		looked := 0
		for result := range database.reader.Networks() {
			if looked++; looked > networksLookedAt || len(list) == limit {
				break
			}
			var r record
			if result.Decode(&r) != nil || seen[r.place] {
				continue
			}
			seen[r.place] = true
			list = append(list, result.Prefix())
		}
	}
	slices.SortFunc(list, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	return list
}
