package geo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// written is a database with the given records, as its maker would write it.
func written(t testing.TB, options mmdbwriter.Options, records map[string]mmdbtype.DataType) []byte {
	t.Helper()
	options.IncludeReservedNetworks = true
	tree, err := mmdbwriter.New(options)
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range records {
		_, parsed, err := net.ParseCIDR(network)
		if err == nil {
			err = tree.Insert(parsed, record)
		}
		if err != nil {
			t.Fatal(network, err)
		}
	}
	var content bytes.Buffer
	if _, err := tree.WriteTo(&content); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

func opened(t testing.TB, content []byte) *Database {
	t.Helper()
	d, err := OpenDatabase(content)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func countryRecord(code string, latitude, longitude float64) mmdbtype.Map {
	return mmdbtype.Map{
		"country":  mmdbtype.Map{"iso_code": mmdbtype.String(code)},
		"location": mmdbtype.Map{"latitude": mmdbtype.Float64(latitude), "longitude": mmdbtype.Float64(longitude)},
	}
}

func tableOf(t testing.TB, text string) *Table {
	t.Helper()
	table, mistakes := ParseTable([]byte(text), NewRegions(testRegions), noHint)
	if table == nil {
		t.Fatal(mistakes)
	}
	return table
}

func noHint(string, []string) string { return "" }

var testRegions = map[string]Region{
	"a": {"a", 52, 5}, "b": {"b", 40, -74}, "c": {"c", 35, 139}, "d": {"d", -33, 151},
}

// scattered makes prefixes that nest a lot: few bits vary.
func scattered(r *rand.Rand, six bool) netip.Prefix {
	bits := r.IntN(17)
	raw := uint32(r.IntN(1<<16)) << 16
	addr := netip.AddrFrom4([4]byte{byte(raw >> 24), byte(raw >> 16), 0, 0})
	if six {
		addr = netip.AddrFrom16([16]byte{0x20, byte(raw >> 24), byte(raw >> 16)})
		bits += 8
		if r.IntN(4) == 0 { // deep ones, around the border of the halves
			addr, bits = netip.AddrFrom16([16]byte{0x20, 1, 7: byte(raw >> 31), 8: byte(raw>>24) & 0xc0}), 60+r.IntN(9)
		}
	}
	return netip.PrefixFrom(addr, bits).Masked()
}

// randomIn is an address of the prefix.
func randomIn(r *rand.Rand, p netip.Prefix) netip.Addr {
	raw := p.Addr().AsSlice()
	for i := range raw {
		keep := byte(0xff)
		if n := p.Bits() - 8*i; n < 8 {
			keep = ^byte(0xff >> max(0, n))
		}
		raw[i] |= byte(r.Uint32()) &^ keep
	}
	addr, _ := netip.AddrFromSlice(raw)
	return addr
}

// world is random data with what a naive reader knows of it.
type world struct {
	data *Data
	rows map[netip.Prefix]map[string]uint32
}

func randomWorld(t *testing.T, r *rand.Rand) world {
	w := world{rows: make(map[netip.Prefix]map[string]uint32)}
	var text strings.Builder
	for range r.IntN(40) {
		p, region := scattered(r, r.IntN(2) == 0), string(rune('a'+r.IntN(3))) // d is never measured
		if w.rows[p] == nil {
			w.rows[p] = make(map[string]uint32)
		}
		if _, is := w.rows[p][region]; !is {
			w.rows[p][region] = uint32(r.IntN(500_000))
			fmt.Fprintf(&text, "%s,%s,%d.%03d\n", p, region, w.rows[p][region]/1000, w.rows[p][region]%1000)
		}
	}
	records, networks := make(map[string]mmdbtype.DataType), make(map[string]mmdbtype.DataType)
	for range r.IntN(20) {
		records[scattered(r, r.IntN(2) == 0).String()] = countryRecord(string([]byte{'A' + byte(r.IntN(26)), 'A'}), float64(r.IntN(180)-90), float64(r.IntN(360)-180))
		networks[scattered(r, r.IntN(2) == 0).String()] = mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(r.IntN(9) + 1)}
	}
	var database, second *Database
	if r.IntN(4) > 0 {
		database = opened(t, written(t, mmdbwriter.Options{RecordSize: 24, DisableIPv4Aliasing: true}, records))
	}
	if r.IntN(4) == 0 {
		second = opened(t, written(t, mmdbwriter.Options{RecordSize: 32, DisableIPv4Aliasing: true}, networks))
	}
	w.data = NewData(database, second, tableOf(t, text.String()))
	return w
}

// naive is the table's definition, written down: of the rows with the region, the longest prefix that holds the address.
func (w world) naive(addr netip.Addr, region string) (micros uint32, ok bool) {
	longest := -1
	for p, rows := range w.rows {
		if value, is := rows[region]; is && p.Bits() > longest && p.Contains(addr) {
			longest, micros, ok = p.Bits(), value, true
		}
	}
	return micros, ok
}

var wanted = []Region{testRegions["a"], testRegions["d"], {}, testRegions["b"], {"", 10, 10}, testRegions["c"]}

// Protects what is found against a naive reading of the same data, and the promise of the scope: two clients in it never get different facts.
func TestFactsAndScopes(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := randomWorld(t, r)
		var kept, other Finder
		for range 60 {
			client := netip.PrefixFrom(randomIn(r, scattered(r, r.IntN(2) == 0)), 0)
			client = netip.PrefixFrom(client.Addr(), r.IntN(client.Addr().BitLen()+1))
			place, placeBits := kept.Place(w.data, client)
			regions := wanted[r.IntN(3):]
			latencies, latencyBits := kept.Latencies(w.data, client, regions, nil)
			first := client.Masked().Addr()
			for i, region := range regions {
				micros, measured := w.naive(first, region.Name)
				want := Latency{micros, Measured}
				switch {
				case measured:
				case place.Located && region != Region{}:
					want = Latency{estimate(kilometres(place.Latitude, place.Longitude, region.Latitude, region.Longitude)), Distance}
				default:
					want = Latency{}
				}
				if latencies[i] != want {
					t.Fatalf("seed %d, client %v, region %v: got %v, want %v", seed, client, region, latencies[i], want)
				}
			}
			for range 20 {
				near := netip.PrefixFrom(randomIn(r, netip.PrefixFrom(first, placeBits).Masked()), first.BitLen())
				if got, bits := other.Place(w.data, near); got != place || bits != placeBits {
					t.Fatalf("seed %d: %v is at %+v for /%d, but %v is at %+v for /%d", seed, client, place, placeBits, near, got, bits)
				}
				near = netip.PrefixFrom(randomIn(r, netip.PrefixFrom(first, latencyBits).Masked()), first.BitLen())
				got, bits := other.Latencies(w.data, near, regions, nil)
				if !slices.Equal(got, latencies) || bits != latencyBits {
					t.Fatalf("seed %d: %v has %v for /%d, but %v has %v for /%d", seed, client, latencies, latencyBits, near, got, bits)
				}
			}
		}
	}
}

// Protects tables that are large enough for an index, and nodes that have many rows.
func TestLargeTable(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	w := world{rows: make(map[netip.Prefix]map[string]uint32)}
	var text strings.Builder
	add := func(p netip.Prefix, region string) {
		if w.rows[p] == nil {
			w.rows[p] = make(map[string]uint32)
		}
		if _, is := w.rows[p][region]; !is {
			w.rows[p][region] = uint32(r.IntN(60_000)) * 1000
			fmt.Fprintf(&text, "%s,%s,%d\n", p, region, w.rows[p][region]/1000)
		}
	}
	for i := range 5000 {
		raw := [4]byte{byte(r.IntN(8)), byte(r.IntN(40)), byte(r.Uint32()), byte(r.Uint32())}
		add(netip.PrefixFrom(netip.AddrFrom4(raw), 8+r.IntN(25)).Masked(), clouds[i%20].Name)
	}
	for i := range 40 {
		add(netip.MustParsePrefix("3.0.0.0/9"), clouds[2*i].Name)
		add(netip.MustParsePrefix("255.255.0.0/16"), clouds[3*i].Name)
		add(netip.MustParsePrefix("255.255.255.255/32"), clouds[3*i+1].Name)
	}
	table := tableOf(t, text.String())
	if table.v4.first == nil {
		t.Fatalf("%d spans and no index", len(table.v4.short))
	}
	data, asked := NewData(nil, nil, table), clouds[:24]
	var f Finder
	clients := []netip.Addr{netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("255.255.255.255"), netip.MustParseAddr("255.255.255.254"), netip.MustParseAddr("3.1.2.3")}
	for range 120 {
		clients = append(clients, netip.AddrFrom4([4]byte{byte(r.IntN(9)), byte(r.IntN(42)), byte(r.Uint32()), byte(r.Uint32())}))
	}
	for _, client := range clients {
		latencies, bits := f.Latencies(data, netip.PrefixFrom(client, 32), asked, nil)
		near := randomIn(r, netip.PrefixFrom(client, bits).Masked())
		for i, region := range asked {
			micros, _ := w.naive(client, region.Name)
			same, _ := w.naive(near, region.Name)
			if latencies[i].Micros != micros || same != micros {
				t.Fatalf("%v to %s: got %v for /%d, want %d µs, and %v has %d", client, region.Name, latencies[i], bits, micros, near, same)
			}
		}
	}
}

// Protects scopes from being longer than need be: resolvers keep one answer for each.
func TestScopesAreShort(t *testing.T) {
	database := opened(t, written(t, mmdbwriter.Options{RecordSize: 28}, map[string]mmdbtype.DataType{
		"192.0.2.0/24": countryRecord("DE", 50, 8), "2001:db8::/32": countryRecord("FR", 48, 2),
	}))
	table := tableOf(t, "198.51.100.0/24,a,10\n198.51.100.0/24,b,20\n198.51.100.128/25,a,5\n198.51.0.0/16,c,7\n")
	regions := []Region{testRegions["a"], testRegions["b"]}
	var f Finder
	for _, c := range []struct {
		data           *Data
		client         string
		place, latency int
	}{
		{nil, "192.0.2.1/32", 0, 0},
		{NewData(nil, nil, nil), "192.0.2.1/32", 0, 0},
		{NewData(database, nil, nil), "192.0.2.1/32", 24, 24},
		{NewData(database, nil, nil), "192.0.3.1/32", 24, 24},
		{NewData(database, nil, nil), "10.0.0.1/32", 1, 1},
		{NewData(database, nil, nil), "2001:db8:1::/48", 32, 32},
		{NewData(nil, nil, table), "198.51.100.1/32", 0, 25},
		{NewData(nil, nil, table), "198.51.100.200/32", 0, 25},
		{NewData(nil, nil, table), "198.51.101.0/24", 0, 24},
		{NewData(nil, nil, table), "10.0.0.0/8", 0, 1},
		{NewData(nil, nil, table), "2001:db8::/56", 0, 0},
		{NewData(database, nil, table), "198.51.100.1/32", 6, 25}, // both are measured: where the client is does not matter
		{NewData(database, nil, tableOf(t, "")), "192.0.2.1/32", 24, 24},
	} {
		client := netip.MustParsePrefix(c.client)
		_, place := f.Place(c.data, client)
		_, latency := f.Latencies(c.data, client, regions, nil)
		if place != c.place || latency != c.latency {
			t.Errorf("%s: got the scopes /%d and /%d, want /%d and /%d", c.client, place, latency, c.place, c.latency)
		}
	}
}

// Protects the promise of the data plane: no allocation once a Finder is warm.
func TestFinderAllocs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := randomWorld(t, r)
	for w.data.database == nil || w.data.networks == nil {
		w = randomWorld(t, r)
	}
	var clients []netip.Prefix
	for range 64 {
		addr := randomIn(r, scattered(r, r.IntN(2) == 0))
		clients = append(clients, netip.PrefixFrom(addr, addr.BitLen()))
	}
	var f Finder
	latencies := make([]Latency, len(wanted))
	ask := func() {
		for _, client := range clients {
			f.Place(w.data, client)
			latencies, _ = f.Latencies(w.data, client, wanted, latencies)
		}
	}
	ask()
	if allocs := testing.AllocsPerRun(100, ask); allocs != 0 {
		t.Errorf("got %v allocations for %d clients, want 0", allocs, len(clients))
	}
	clear(f.records) // a record that was not met before
	if allocs := testing.AllocsPerRun(100, func() { clear(f.records); f.latest = found{}; ask() }); allocs != 0 {
		t.Errorf("records that are new: got %v allocations for %d clients, want 0", allocs, len(clients))
	}
}

// Protects hot reload: what was kept of other data is forgotten.
func TestFinderForgets(t *testing.T) {
	make := func(country string) *Data {
		records := map[string]mmdbtype.DataType{"192.0.2.0/24": countryRecord(country, 1, 1)}
		return NewData(opened(t, written(t, mmdbwriter.Options{}, records)), nil, tableOf(t, "192.0.2.0/24,"+strings.ToLower(country[:1])+",7"))
	}
	var f Finder
	client := netip.MustParsePrefix("192.0.2.1/32")
	for _, country := range []string{"AA", "BB", "AA"} {
		d := make(country)
		place, _ := f.Place(d, client)
		latencies, _ := f.Latencies(d, client, []Region{testRegions["a"], testRegions["b"]}, nil)
		at := int(country[0] - 'A')
		if string(place.Country[:]) != country || latencies[at] != (Latency{7000, Measured}) || latencies[1-at].Source != Distance {
			t.Errorf("got %s %v, want %s and what is measured in %d", place.Country, latencies, country, at)
		}
	}
}
