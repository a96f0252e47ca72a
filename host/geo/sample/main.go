// Command sample writes zonefiles/sample.mmdb: a database in which the networks that documents use for examples lie in places of the world.
// Run it by go generate ./host/geo; a test compares what is committed.
//
// Plane: none. Floor: 0.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// place is a network of the sample.
type place struct {
	network, continent, country, subdivision string
	asn                                      uint32
	latitude, longitude                      float64
}

// places are all in RFC 5737's and RFC 3849's networks for documentation; the numbers of autonomous systems are RFC 5398's.
var places = []place{
	{"192.0.2.0/25", "EU", "DE", "HE", 64496, 50.11, 8.68},        // Frankfurt
	{"192.0.2.128/26", "EU", "FR", "IDF", 64497, 48.86, 2.35},     // Paris
	{"192.0.2.192/26", "EU", "SE", "AB", 64498, 59.33, 18.07},     // Stockholm
	{"198.51.100.0/25", "NA", "US", "VA", 64499, 39.04, -77.49},   // Ashburn
	{"198.51.100.128/26", "NA", "US", "CA", 64500, 37.34, -121.9}, // San Jose
	{"198.51.100.192/26", "SA", "BR", "SP", 64501, -23.55, -46.6}, // São Paulo
	{"203.0.113.0/25", "AS", "JP", "13", 64502, 35.68, 139.69},    // Tokyo
	{"203.0.113.128/26", "OC", "AU", "NSW", 64503, -33.87, 151.2}, // Sydney
	{"203.0.113.192/26", "AF", "ZA", "WC", 64504, -33.92, 18.42},  // Cape Town
	{"2001:db8:1::/48", "EU", "DE", "HE", 64496, 50.11, 8.68},
	{"2001:db8:2::/48", "NA", "US", "VA", 64499, 39.04, -77.49},
	{"2001:db8:3::/48", "AS", "JP", "13", 64502, 35.68, 139.69},
}

// built is the second of 2026-11-22; the bytes must not depend on when they were made.
const built = 1795305600

func main() {
	out := flag.String("o", "../../zonefiles/sample.mmdb", "file to write")
	flag.Parse()
	content, err := generate()
	if err == nil {
		err = os.WriteFile(*out, content, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
}

// generate returns the database, in the layout of GeoLite2-City with the number of the autonomous system in it.
func generate() ([]byte, error) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		BuildEpoch: built, DatabaseType: "Signpost-Sample", RecordSize: 24, IncludeReservedNetworks: true,
		Description: map[string]string{"en": "networks for documentation, as if they were somewhere"},
	})
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		_, network, err := net.ParseCIDR(p.network)
		if err == nil {
			err = tree.Insert(network, p.record())
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.network, err)
		}
	}
	var content bytes.Buffer
	_, err = tree.WriteTo(&content)
	return content.Bytes(), err
}

func (p *place) record() mmdbtype.Map {
	return mmdbtype.Map{
		"continent":                mmdbtype.Map{"code": mmdbtype.String(p.continent)},
		"country":                  mmdbtype.Map{"iso_code": mmdbtype.String(p.country)},
		"subdivisions":             mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String(p.subdivision)}},
		"location":                 mmdbtype.Map{"latitude": mmdbtype.Float64(p.latitude), "longitude": mmdbtype.Float64(p.longitude)},
		"autonomous_system_number": mmdbtype.Uint32(p.asn),
	}
}
