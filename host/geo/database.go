package geo

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Database is an MMDB file: records about networks, in the layouts of MaxMind (GeoLite2, GeoIP2), DB-IP and IPinfo.
type Database struct {
	reader *maxminddb.Reader
	Type   string    // as it calls itself: "GeoLite2-City"
	Built  time.Time // when its maker made it
}

// OpenDatabase reads the content of an MMDB file, which must not change afterwards. The error completes "FILE: ".
func OpenDatabase(content []byte) (*Database, error) {
	reader, err := maxminddb.OpenBytes(content, maxminddb.DisableStringCache())
	if err != nil {
		return nil, fmt.Errorf("no MMDB database: %w", err)
	}
	about := reader.Metadata
	switch {
	case about.BinaryFormatMajorVersion != 2:
		return nil, fmt.Errorf("an MMDB database of format %d, this reads format 2", about.BinaryFormatMajorVersion)
	case about.IPVersion != 4 && about.IPVersion != 6, about.RecordSize != 24 && about.RecordSize != 28 && about.RecordSize != 32:
		return nil, fmt.Errorf("an MMDB database of IP version %d with records of %d bits", about.IPVersion, about.RecordSize)
	}
	d := &Database{reader: reader, Type: about.DatabaseType, Built: about.BuildTime().UTC()}
	for _, probe := range [...]string{"192.0.2.1", "2001:db8::1"} { // the tree's root, and whether a record can be read at all
		if _, _, err := d.probe(netip.MustParseAddr(probe)); err != nil {
			return nil, fmt.Errorf("a damaged MMDB database: %w", err)
		}
	}
	return d, nil
}

// probe looks an address up and decodes what is there.
func (d *Database) probe(addr netip.Addr) (Place, int, error) {
	result, bits, ok := d.find(addr)
	if !ok {
		return Place{}, bits, result.Err()
	}
	var r record
	err := result.Decode(&r)
	return r.place, bits, err
}

// find looks an address up: its record if there is one, and the length of the prefix around it of which that is true.
func (d *Database) find(addr netip.Addr) (result maxminddb.Result, bits int, ok bool) {
	if addr.Is6() && d.reader.Metadata.IPVersion == 4 {
		return result, 0, false // nothing about IPv6 at all
	}
	if result = d.reader.Lookup(addr); result.Err() != nil {
		return result, addr.BitLen(), false // damaged: nothing is known of anybody else
	}
	network := result.Prefix()
	if network.Addr().Is4() != addr.Is4() {
		return result, 0, result.Found() // it is true of all IPv4
	}
	return result, network.Bits(), result.Found()
}

// errExcess is a record that is larger than any map of a place.
var errExcess = errors.New("a record with too many fields")
