package geo

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func words(pairs ...string) mmdbtype.Map {
	m := make(mmdbtype.Map)
	for i := 0; i < len(pairs); i += 2 {
		m[mmdbtype.String(pairs[i])] = mmdbtype.String(pairs[i+1])
	}
	return m
}

// layouts are records as the makers of databases lay them out, and the place in them.
var layouts = []struct {
	name   string
	record mmdbtype.DataType
	want   Place
}{
	{"GeoLite2-City", mmdbtype.Map{
		"city":               mmdbtype.Map{"names": words("en", "Munich")},
		"continent":          mmdbtype.Map{"code": mmdbtype.String("EU"), "names": words("en", "Europe")},
		"country":            mmdbtype.Map{"iso_code": mmdbtype.String("DE"), "is_in_european_union": mmdbtype.Bool(true)},
		"location":           mmdbtype.Map{"accuracy_radius": mmdbtype.Uint16(5), "latitude": mmdbtype.Float64(48.1), "longitude": mmdbtype.Float64(11.6)},
		"registered_country": words("iso_code", "US"),
		"subdivisions":       mmdbtype.Slice{words("iso_code", "BY"), words("iso_code", "XX")},
	}, Place{Continent: [2]byte{'E', 'U'}, Country: [2]byte{'D', 'E'}, Subdivision: [4]byte{'B', 'Y'}, Located: true, Latitude: 48.1, Longitude: 11.6}},
	{"GeoLite2-ASN", mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(4200000000), "autonomous_system_organization": mmdbtype.String("x")},
		Place{ASN: 4200000000}},
	{"GeoIP2-Enterprise", mmdbtype.Map{"traits": mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500)}}, Place{ASN: 64500}},
	{"DBIP-City-Lite", mmdbtype.Map{
		"continent":    mmdbtype.Map{"code": mmdbtype.String("SA")},
		"country":      mmdbtype.Map{"iso_code": mmdbtype.String("BR")},
		"location":     mmdbtype.Map{"latitude": mmdbtype.Float32(-23.5), "longitude": mmdbtype.Float32(-46.5)},
		"subdivisions": mmdbtype.Slice{mmdbtype.Map{"names": words("en", "São Paulo")}},
	}, Place{Continent: [2]byte{'S', 'A'}, Country: [2]byte{'B', 'R'}, Located: true, Latitude: -23.5, Longitude: -46.5}},
	{"ipinfo lite", words("asn", "AS64501", "continent", "Europe", "continent_code", "EU", "country", "France", "country_code", "FR"),
		Place{Continent: [2]byte{'E', 'U'}, Country: [2]byte{'F', 'R'}, ASN: 64501}},
	{"ipinfo location", words("country", "FR", "region", "Île-de-France", "region_code", "IDF", "lat", "48.85", "lng", "2.35"),
		Place{Country: [2]byte{'F', 'R'}, Subdivision: [4]byte{'I', 'D', 'F'}, Located: true, Latitude: 48.85, Longitude: 2.35}},
	{"coordinates that are none", mmdbtype.Map{"location": mmdbtype.Map{"latitude": mmdbtype.Float64(91), "longitude": mmdbtype.Float64(2)}}, Place{}},
	{"half of them", mmdbtype.Map{"location": mmdbtype.Map{"latitude": mmdbtype.Float64(9)}}, Place{}},
	{"no map at all", mmdbtype.String("DE"), Place{}},
	{"other kinds", mmdbtype.Map{"country": mmdbtype.Uint32(7), "subdivisions": words("iso_code", "X"), "asn": words("a", "b"), "continent": mmdbtype.Slice{}}, Place{}},
	{"empty list", mmdbtype.Map{"subdivisions": mmdbtype.Slice{}, "country": words("iso_code", "SE")}, Place{Country: [2]byte{'S', 'E'}}},
}

// Protects the layouts of the databases that people have.
func TestLayouts(t *testing.T) {
	for _, l := range layouts {
		d := opened(t, written(t, mmdbwriter.Options{DatabaseType: l.name}, map[string]mmdbtype.DataType{"198.51.100.0/24": l.record}))
		var f Finder
		got, bits := f.Place(NewData(d, nil, nil), netip.MustParsePrefix("198.51.100.7/32"))
		if got != l.want || bits != 24 {
			t.Errorf("%s: got %+v for /%d, want %+v for /24", l.name, got, bits, l.want)
		}
		if d.Type != l.name {
			t.Errorf("%s: got the type %q", l.name, d.Type)
		}
	}
}

// Protects clients of IPv6 from a database of IPv4 alone: they are nowhere, all of them.
func TestDatabaseOfIPv4(t *testing.T) {
	d := opened(t, written(t, mmdbwriter.Options{IPVersion: 4, RecordSize: 24}, map[string]mmdbtype.DataType{"192.0.2.0/24": countryRecord("DE", 1, 1)}))
	var f Finder
	for client, want := range map[string]int{"2001:db8::1/128": 0, "192.0.2.9/32": 24} {
		if place, bits := f.Place(NewData(d, nil, nil), netip.MustParsePrefix(client)); bits != want || place.Located != (want > 0) {
			t.Errorf("%s: got %+v for /%d, want /%d", client, place, bits, want)
		}
	}
}

// Protects the number of the autonomous system: the second database's goes first.
func TestSecondDatabase(t *testing.T) {
	about := countryRecord("DE", 1, 1)
	about["autonomous_system_number"] = mmdbtype.Uint32(1)
	first := opened(t, written(t, mmdbwriter.Options{}, map[string]mmdbtype.DataType{"192.0.2.0/23": about}))
	second := opened(t, written(t, mmdbwriter.Options{}, map[string]mmdbtype.DataType{"192.0.2.0/25": mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(2)}}))
	for client, want := range map[string]uint32{"192.0.2.1/32": 2, "192.0.2.129/32": 1} {
		var f Finder
		place, bits := f.Place(NewData(first, second, nil), netip.MustParsePrefix(client))
		if place.ASN != want || bits != 25 || string(place.Country[:]) != "DE" {
			t.Errorf("%s: got %+v for /%d, want number %d for /25", client, place, bits, want)
		}
	}
}

// Protects the loader from files that are no databases, and workers from damaged ones: nothing panics, whatever bytes changed.
func TestDamage(t *testing.T) {
	for text, want := range map[string]string{"": "no MMDB database", "hello\n": "no MMDB database", "\xab\xcd\xefMaxMind.com": "no MMDB database"} {
		if d, err := OpenDatabase([]byte(text)); d != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	records := make(map[string]mmdbtype.DataType)
	for i, l := range layouts {
		records[netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, byte(i), 0}), 24).String()] = l.record
	}
	whole := written(t, mmdbwriter.Options{RecordSize: 24}, records)
	for length := range len(whole) {
		if d, err := OpenDatabase(whole[:length]); err == nil {
			lookAround(d)
		}
	}
	r := rand.New(rand.NewPCG(7, 7))
	for range 20_000 {
		damaged := slices.Clone(whole)
		for range 1 + r.IntN(4) {
			damaged[r.IntN(len(damaged))] = byte(r.Uint32())
		}
		if d, err := OpenDatabase(damaged); err == nil {
			lookAround(d)
		}
	}
}

// lookAround asks for places everywhere.
func lookAround(d *Database) {
	for i := range layouts {
		_, _, _ = d.probe(netip.AddrFrom4([4]byte{198, 51, byte(i), 9})) // an error is fine
	}
	_, _, _ = d.probe(netip.MustParseAddr("2001:db8::1"))
}
