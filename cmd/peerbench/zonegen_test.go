package main

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// parseZone reads a master file with the oracle and counts its records by type.
func parseZone(t *testing.T, origin, text string) (map[string]dns.RR, map[uint16]int) {
	t.Helper()
	first, count := map[string]dns.RR{}, map[uint16]int{}
	p := dns.NewZoneParser(strings.NewReader(text), dns.Fqdn(origin), "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		count[rr.Header().Rrtype]++
		if first[rr.Header().Name] == nil {
			first[rr.Header().Name] = rr
		}
	}
	if err := p.Err(); err != nil {
		t.Fatalf("zone %s: %v in\n%s", origin, err, text)
	}
	return first, count
}

func zoneString(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestZoneText(t *testing.T) {
	const hosts = 300
	text := zoneString(t, zoneText{hosts: hosts, serial: 1, awkward: true}.write)
	first, count := parseZone(t, benchOrigin, text)
	want := map[uint16]int{
		dns.TypeSOA: 1, dns.TypeNS: 2 + delegationCount, dns.TypeCNAME: aliasCount,
		dns.TypeA: 2 + hosts + delegationCount + 1,
	}
	if !maps.Equal(count, want) {
		t.Errorf("records by type %v, want %v", count, want)
	}
	for _, i := range []int{0, 255, 256, hosts - 1} {
		rr := first[dns.Fqdn(hostName(i))]
		if rr == nil || addressOf(rr) != hostAddr(i).String() {
			t.Errorf("host %d is %v, want %s", i, rr, hostAddr(i))
		}
	}
}

// An edit changes one host's record and the serial, nothing else.
func TestZoneTextEdit(t *testing.T) {
	before := strings.Split(zoneString(t, zoneText{hosts: 20, serial: 1}.write), "\n")
	after := strings.Split(zoneString(t, zoneText{hosts: 20, serial: 2, changed: 7, edit: 300}.write), "\n")
	var changed []string
	for i := range before {
		if before[i] != after[i] {
			changed = append(changed, after[i])
		}
	}
	if len(before) != len(after) || len(changed) != 2 || !strings.Contains(changed[0], "SOA") || changed[1] != "h7\tIN A\t203.0.114.44" {
		t.Errorf("%d lines became %d, changed %q; want the SOA and h7", len(before), len(after), changed)
	}
}

// Every address can be told from every other.
func TestAddresses(t *testing.T) {
	seen := map[string]int{}
	for _, i := range []int{0, 1, 255, 256, 65535, 65536, 1_000_000, recordsMax - 1} {
		addr := hostAddr(i).String()
		if other, dup := seen[addr]; dup {
			t.Errorf("hosts %d and %d are both %s", i, other, addr)
		}
		seen[addr] = i
		if !strings.HasPrefix(addr, "10.") {
			t.Errorf("host %d is %s, want 10/8", i, addr)
		}
	}
	if a, b := editedAddr(1), editedAddr(257); a == b {
		t.Errorf("edits 1 and 257 both give %s", a)
	}
}

func TestRoutedZone(t *testing.T) {
	text := zoneString(t, func(w io.Writer) error { return writeRouted(w, dialectSignpost) })
	_, count := parseZone(t, routedOrigin, text) // annotations are comments to others
	if got, want := count[dns.TypeA], 2+6*routedCount; got != want {
		t.Errorf("%d A records, want %d", got, want)
	}
	for d, line := range map[dialect]string{
		dialectSignpost: "w99\t60 IN A\t198.51.100.7\t;@ weighted id=light weight=10\n",
		dialectGdnsd:    "w99\t60 DYNA\tweighted!w99\n",
		dialectLua:      "w99\t60 IN LUA\tA \"pickwrandom({{90,'192.0.2.10'},{10,'198.51.100.7'}})\"\n",
	} {
		if text := zoneString(t, func(w io.Writer) error { return writeRouted(w, d) }); !strings.Contains(text, line) {
			t.Errorf("dialect %d lacks %q in\n%s", d, line, text)
		}
	}
	if got, want := strings.Count(gdnsdResources("geo.mmdb"), "192.0.2.10, 90"), routedCount; got != want {
		t.Errorf("%d gdnsd resources, want %d", got, want)
	}
}

// Every generated query has its name in the zone, or under a wildcard or delegation, or missing, as its kind says.
func TestQueries(t *testing.T) {
	const hosts = 500
	first, _ := parseZone(t, benchOrigin, zoneString(t, zoneText{hosts: hosts, serial: 1, awkward: true}.write))
	routed, _ := parseZone(t, routedOrigin, zoneString(t, func(w io.Writer) error { return writeRouted(w, dialectSignpost) }))
	for _, l := range queryLoads(hosts) {
		const count = 20_000
		got, sum := map[kind]int{}, 0
		for _, q := range l.queries(hosts, count) {
			got[q.kind]++
			_, inZone := first[dns.Fqdn(q.name)]
			_, inRouted := routed[dns.Fqdn(q.name)]
			if want := q.kind == kindHost || q.kind == kindAlias; inZone != want || inRouted != l.steered() {
				t.Fatalf("%s: %+v: in the zone %t, in the routed zone %t", l.name, q, inZone, inRouted)
			}
		}
		for k, percent := range l.percent {
			sum += percent
			if share := 100 * float64(got[k]) / count; share < float64(percent)-2 || share > float64(percent)+2 {
				t.Errorf("%s: kind %d is %.1f %% of the queries, want %d", l.name, k, share, percent)
			}
		}
		if sum != 100 || len(got) != len(l.percent) {
			t.Errorf("%s: shares add up to %d, kinds are %v; want 100 and %v", l.name, sum, got, l.percent)
		}
	}
}

// A server never sees half of a zone that saveZone writes, and the file keeps its name.
func TestSaveZone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "zones", "bench.example.zone")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for serial := range uint32(2) {
		z := zoneText{hosts: 3, serial: serial + 1}
		if err := saveZone(path, z.write); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != zoneString(t, z.write) {
			t.Errorf("serial %d: got %q, %v; want the zone", serial+1, got, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "zones", "*")); len(left) != 1 {
			t.Errorf("serial %d: %q stand in the zone directory, want one file", serial+1, left)
		}
	}
}
