package geo

import "net/netip"

// Bounds of a Finder's memory: 200 kB of records, and the regions of so many policies.
const (
	recordsBits = 12
	policiesMax = 1 << 12
)

// Finder finds the facts of clients. It is for one goroutine at a time, and allocates only for its first
// client and when it meets a policy.
//
// A client's network is where its first address is. So facts are a function of an address, and what a Finder returns as bits is the length of a
// prefix around that address in which it returns the same for every client.
type Finder struct {
	of      uint64             // Data.id of everything that is kept here
	records []kept             // by the hash of their place in the file
	regions map[*Region][]site // of policies, by the first of each
	latest  found
	record  record // the one that is being decoded
}

// kept is a decoded record.
type kept struct {
	key   uint64 // 0: none
	place Place
}

// site is what never changes about a region.
type site struct {
	at       vector
	number   uint16 // in the table
	measured bool   // the table names it
	located  bool   // it has coordinates
}

// found is the answer to the latest Place: Latencies mostly follows it.
type found struct {
	client netip.Addr // the zero Addr: none
	place  Place
	bits   int
	at     vector // valid if isAt
	isAt   bool
}

// renew forgets what is of another Data.
func (f *Finder) renew(d *Data) {
	if f.of == d.id {
		return
	}
	if f.records == nil {
		f.records = make([]kept, 1<<recordsBits)
		f.regions = make(map[*Region][]site)
	}
	f.of = d.id
	clear(f.records)
	clear(f.regions)
	f.latest = found{}
}

// Place returns where client is, and the length of the prefix around its first address in which everybody is there.
func (f *Finder) Place(d *Data, client netip.Prefix) (Place, int) {
	if d == nil || !client.IsValid() {
		return Place{}, 0
	}
	f.renew(d)
	l := f.find(d, client.Masked().Addr())
	return l.place, l.bits
}

// find makes the latest answer the one for client.
func (f *Finder) find(d *Data, client netip.Addr) *found {
	l := &f.latest
	if l.client == client {
		return l
	}
	*l = found{client: client}
	if d.database != nil {
		l.place, l.bits = f.look(d.database, client, 0)
	}
	if d.networks != nil {
		network, bits := f.look(d.networks, client, 1)
		l.bits = max(l.bits, bits)
		if network.ASN != 0 {
			l.place.ASN = network.ASN
		}
	}
	return l
}

// look finds an address's record; which tells the databases apart. What cannot be decoded is a place that is not known.
func (f *Finder) look(d *Database, client netip.Addr, which uint64) (Place, int) {
	result, bits, ok := d.find(client)
	if !ok {
		return Place{}, bits
	}
	key := uint64(result.Offset())<<2 | which<<1 | 1
	k := &f.records[key*0x9e3779b97f4a7c15>>(64-recordsBits)]
	if k.key != key {
		if result.Decode(&f.record) != nil {
			f.record.place = Place{}
		}
		*k = kept{key, f.record.place}
	}
	return k.place, bits
}

// Latencies appends to dst[:0] the round trip between client and each of regions: the measured one if the table has it, or else an estimate from
// the distance if both places are known. bits is the length of the prefix around the client's first address for which all of it is true.
// regions is a policy's: its elements never change.
func (f *Finder) Latencies(d *Data, client netip.Prefix, regions []Region, dst []Latency) (latencies []Latency, bits int) {
	dst = dst[:0]
	if d == nil || !client.IsValid() {
		for range regions {
			dst = append(dst, Latency{})
		}
		return dst, 0
	}
	f.renew(d)
	addr := client.Masked().Addr()
	var owner uint32
	looked := false
	sites := f.sitesOf(d, regions)
	for i := range sites {
		s := &sites[i]
		if s.measured && !looked {
			owner, bits = d.table.find(addr)
			looked = true
		}
		if s.measured {
			if micros, ok := d.table.measured(owner, s.number); ok {
				dst = append(dst, Latency{micros, Measured})
				continue
			}
		}
		var far Latency
		if s.located {
			far = f.find(d, addr).distance(s)
		}
		dst = append(dst, far)
	}
	for i := range sites {
		if sites[i].located && dst[i].Source != Measured {
			return dst, max(bits, f.latest.bits)
		}
	}
	return dst, bits
}

// distance estimates the round trip to a region.
func (l *found) distance(s *site) Latency {
	if !l.place.Located {
		return Latency{}
	}
	if !l.isAt {
		l.at, l.isAt = vectorOf(l.place.Latitude, l.place.Longitude), true
	}
	return Latency{estimate(l.at.kilometres(s.at)), Distance}
}

// sitesOf returns what is known of a policy's regions. One without name and coordinates is none.
func (f *Finder) sitesOf(d *Data, regions []Region) []site {
	if len(regions) == 0 {
		return nil
	}
	sites := f.regions[&regions[0]] // the map keeps what the key points to, so no other policy's regions can come to stand there
	if len(sites) == len(regions) {
		return sites
	}
	if len(f.regions) == policiesMax {
		clear(f.regions)
	}
	sites = make([]site, len(regions))
	for i, region := range regions {
		s := &sites[i]
		s.at, s.located = vectorOf(region.Latitude, region.Longitude), region != Region{}
		if d.table != nil && region.Name != "" {
			s.number, s.measured = d.table.numbers[region.Name]
		}
	}
	f.regions[&regions[0]] = sites
	return sites
}
