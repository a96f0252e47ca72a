package main

import (
	"net"
	"os"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// geographyNetworks is how many networks the database of the geo load has beside that of the clients.
const geographyNetworks = 20_000

// writeGeography writes a database as MaxMind's City databases are laid out: this machine's own networks are in Germany, thousands of others
// in the United States, so that the tree is as deep as a real one.
func writeGeography(path string) error {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-City", RecordSize: 28, IncludeReservedNetworks: true})
	if err != nil {
		return err
	}
	record := func(continent, country string, latitude, longitude float64) mmdbtype.Map {
		return mmdbtype.Map{
			"continent": mmdbtype.Map{"code": mmdbtype.String(continent)},
			"country":   mmdbtype.Map{"iso_code": mmdbtype.String(country)},
			"location":  mmdbtype.Map{"latitude": mmdbtype.Float64(latitude), "longitude": mmdbtype.Float64(longitude)},
		}
	}
	far := record("NA", "US", 38, -97)
	for i := range geographyNetworks {
		network := &net.IPNet{IP: net.IPv4(20+byte(i>>13), byte(i>>5), byte(i<<3), 0), Mask: net.CIDRMask(24, 32)}
		if err := tree.Insert(network, far); err != nil {
			return err
		}
	}
	here := &net.IPNet{IP: net.IPv4(127, 0, 0, 0), Mask: net.CIDRMask(8, 32)}
	if err := tree.Insert(here, record("EU", "DE", 51, 9)); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := tree.WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
