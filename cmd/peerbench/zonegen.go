package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

const (
	benchOrigin  = "bench.example"
	routedOrigin = "routed.example"

	recordsMax      = 10_000_000 // host i has the address 10.0.0.0 + i
	delegationCount = 100
	aliasCount      = 100
	routedCount     = 100

	wildcardAddr = "192.0.2.99"
	glueAddr     = "192.0.2.77"
	heavyAddr    = "192.0.2.10"   // of the routed names: weight 90
	lightAddr    = "198.51.100.7" // weight 10
	heavyWeight  = 90
	lightWeight  = 10
	otherAddr    = "203.0.113.9" // of routed names on another continent
)

// dialect is how a server is told of weighted answers.
type dialect uint8

const (
	dialectPlain    dialect = iota // not at all
	dialectSignpost                // ;@ weighted
	dialectGdnsd                   // DYNA weighted!resource
	dialectLua                     // LUA A "pickwrandom(…)"
)

// can tells whether a server of this dialect has what the load asks for.
func (d dialect) can(l load) bool {
	if l.percent[kindGeo] > 0 {
		return d == dialectSignpost || d == dialectGdnsd
	}
	return d != dialectPlain || !l.steered()
}

// zoneText describes a generated zone. The same description always gives the same text.
type zoneText struct {
	hosts   int    // host names h0, h1, … with one A record each
	serial  uint32 // of the SOA; at least 1
	changed int    // with edit > 0: the host whose address is editedAddr(edit)
	edit    int
	awkward bool // with delegations d0 …, aliases c0 … and a wildcard *.w
}

func hostName(i int) string { return fmt.Sprintf("h%d.%s", i, benchOrigin) }

func routedName(i int) string { return fmt.Sprintf("w%d.%s", i, routedOrigin) }

func geoName(i int) string { return fmt.Sprintf("g%d.%s", i, routedOrigin) }

// hostAddr is the address of host i in an unedited zone.
func hostAddr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

// editedAddr is the address that edit number n gives; 203.0.113.0/24 and on, never a hostAddr.
func editedAddr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{203, 0, 113 + byte(n>>8), byte(n)})
}

// addr is the address host i has in this zone.
func (z zoneText) addr(i int) netip.Addr {
	if z.edit > 0 && i == z.changed {
		return editedAddr(z.edit)
	}
	return hostAddr(i)
}

// write writes the zone as a master file every server reads.
func (z zoneText) write(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	writeHead(b, benchOrigin, z.serial)
	for i := range z.hosts {
		fmt.Fprintf(b, "h%d\tIN A\t%s\n", i, z.addr(i))
	}
	if z.awkward {
		for i := range delegationCount {
			fmt.Fprintf(b, "d%[1]d\tIN NS\tns.d%[1]d\nns.d%[1]d\tIN A\t%[2]s\n", i, glueAddr)
		}
		for i := range aliasCount {
			fmt.Fprintf(b, "c%d\tIN CNAME\th%d\n", i, i%z.hosts)
		}
		fmt.Fprintf(b, "*.w\tIN A\t%s\n", wildcardAddr)
	}
	return b.Flush()
}

func writeHead(w io.Writer, origin string, serial uint32) {
	fmt.Fprintf(w, `$ORIGIN %s.
$TTL 300
@	IN SOA	ns1 hostmaster %d 7200 900 1209600 300
	IN NS	ns1
	IN NS	ns2
ns1	IN A	192.0.2.53
ns2	IN A	198.51.100.53
`, origin, serial)
}

// writeRouted writes the zone of weighted names w0, w1, …: 90 parts heavyAddr, 10 parts lightAddr.
func writeRouted(w io.Writer, d dialect) error {
	b := bufio.NewWriter(w)
	writeHead(b, routedOrigin, 1)
	for i := range routedCount {
		switch d {
		case dialectSignpost:
			fmt.Fprintf(b, "w%d\t60 IN A\t%s\t;@ weighted id=heavy weight=%d\n", i, heavyAddr, heavyWeight)
			fmt.Fprintf(b, "w%d\t60 IN A\t%s\t;@ weighted id=light weight=%d\n", i, lightAddr, lightWeight)
			fmt.Fprintf(b, "g%d\t60 IN A\t%s\t;@ geolocation+weighted id=heavy continent=EU weight=%d\n", i, heavyAddr, heavyWeight)
			fmt.Fprintf(b, "g%d\t60 IN A\t%s\t;@ geolocation+weighted id=light continent=EU weight=%d\n", i, lightAddr, lightWeight)
			fmt.Fprintf(b, "g%d\t60 IN A\t%s\t;@ geolocation+weighted id=other continent=NA weight=1\n", i, otherAddr)
			fmt.Fprintf(b, "g%d\t60 IN A\t203.0.113.10\t;@ geolocation+weighted id=rest default=yes weight=1\n", i)
		case dialectGdnsd:
			fmt.Fprintf(b, "w%[1]d\t60 DYNA\tweighted!w%[1]d\n", i)
			fmt.Fprintf(b, "g%[1]d\t60 DYNA\tgeoip!g%[1]d\n", i)
		case dialectLua:
			fmt.Fprintf(b, "w%d\t60 IN LUA\tA \"pickwrandom({{%d,'%s'},{%d,'%s'}})\"\n", i, heavyWeight, heavyAddr, lightWeight, lightAddr)
		}
	}
	return b.Flush()
}

// gdnsdResources is the part of gdnsd's configuration that routed zones refer to.
func gdnsdResources(geography string) string {
	var b strings.Builder
	b.WriteString("plugins => { weighted => {\n")
	for i := range routedCount {
		fmt.Fprintf(&b, "  w%d => { heavy => [ %s, %d ], light => [ %s, %d ] }\n", i, heavyAddr, heavyWeight, lightAddr, lightWeight)
	}
	b.WriteString("}\ngeoip => {\n")
	fmt.Fprintf(&b, "  maps => { continents => { geoip2_db => %q, datacenters => [ eu, na, rest ], map => { EU => [ eu ], NA => [ na ], default => [ rest ] } } }\n", geography)
	b.WriteString("  resources => {\n")
	for i := range routedCount {
		fmt.Fprintf(&b, "  g%[1]d => { map => continents, dcmap => { eu => %%weighted!w%[1]d, na => %[2]s, rest => 203.0.113.10 } }\n", i, otherAddr)
	}
	b.WriteString("} }\n}\n")
	return b.String()
}

// saveZone replaces path in one step, as careful editors and deployments do.
func saveZone(path string, write func(io.Writer) error) error {
	beside, err := stageZone(path, write)
	if err != nil {
		return err
	}
	return os.Rename(beside, path)
}

// stageZone writes the new text in a directory beside the zones, where no server watches, and returns its path.
func stageZone(path string, write func(io.Writer) error) (string, error) {
	dir := filepath.Join(filepath.Dir(filepath.Dir(path)), "staged")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	beside := filepath.Join(dir, filepath.Base(path))
	f, err := os.Create(beside)
	if err != nil {
		return "", err
	}
	if err := write(f); err != nil {
		f.Close()
		return "", err
	}
	return beside, f.Close()
}
