package answer

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/compile"
	"signpost/host/config"
	"signpost/host/geo"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/zone"
)

// locatedWorker answers from example.com with the sample's database and a table.
func locatedWorker(t testing.TB, text, table string) *Worker {
	t.Helper()
	h, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	text = "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\n NS ns1\nns1 A 192.0.2.53\n" + text
	regions := geo.NewRegions(nil)
	z, _, diags := compile.Compile(compile.Source{
		Path: "test.zone", Origin: []byte("\x07example\x03com\x00"), Open: func(string) ([]byte, error) { return []byte(text), nil },
		Terms: plugin.Terms{Regions: regions}, Checks: map[string]bool{"web": true},
	}, h)
	if z == nil {
		t.Fatal(diags)
	}
	content, err := os.ReadFile("../../zonefiles/sample.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	database, err := geo.OpenDatabase(content)
	if err != nil {
		t.Fatal(err)
	}
	measured, mistakes := geo.ParseTable([]byte(table), regions, func(string, []string) string { return "" })
	if measured == nil {
		t.Fatal(mistakes)
	}
	store := new(zone.Store)
	store.Publish(&zone.Snapshot{
		Generation: 1, Config: config.Default(), Geo: geo.NewData(database, nil, measured),
		Views: []*zone.View{zone.NewView("public", nil, []*zone.Zone{z})},
	})
	w := NewServer(store, h, nil, new(metrics.Set)).NewWorker()
	t.Cleanup(w.Close)
	return w
}

const locatedZone = `
near A 192.0.2.1 ;@ latency region=eu-central-1
near A 192.0.2.2 ;@ latency region=us-east-1
near A 192.0.2.3 ;@ latency region=ap-northeast-1
near AAAA 2001:db8::1 ;@ latency region=eu-central-1
near AAAA 2001:db8::2 ;@ latency region=us-east-1
land A 192.0.2.1 ;@ geolocation continent=EU
land A 192.0.2.2 ;@ geolocation country=FR
land A 192.0.2.3 ;@ geolocation country=US subdivision=CA
land A 192.0.2.4 ;@ geolocation asn=64499
land A 192.0.2.9 ;@ geolocation default=yes
both A 192.0.2.1 ;@ geolocation+weighted continent=EU weight=1
both A 192.0.2.2 ;@ geolocation+weighted default=yes weight=1
al ALIAS near
`

const locatedTable = "192.0.2.0/24,eu-central-1,50\n192.0.2.0/25,us-east-1,3\n192.0.2.64/26,eu-central-1,2\n2001:db8:1::/48,us-east-1,1\n"

// from asks for a name from a subnet, and returns the answer's address and scope.
func from(t testing.TB, w *Worker, name string, client netip.Prefix) (answer string, scope int) {
	t.Helper()
	query := new(dns.Msg).SetQuestion(name, dns.TypeA)
	query.SetEdns0(1232, false)
	family := uint16(1)
	if client.Addr().Is6() {
		family = 2
	}
	query.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_SUBNET{
		Code: dns.EDNS0SUBNET, Family: family, SourceNetmask: uint8(client.Bits()), Address: client.Addr().AsSlice(),
	}}
	m := exchange(t, w, query, false)
	for _, option := range m.IsEdns0().Option {
		if subnet, ok := option.(*dns.EDNS0_SUBNET); ok {
			scope = int(subnet.SourceScope)
		}
	}
	var addresses []string
	for _, rr := range m.Answer {
		if a, ok := rr.(*dns.A); ok {
			addresses = append(addresses, a.A.String())
		}
	}
	return strings.Join(addresses, " "), scope
}

// Protects the way of facts from the data to the answer and its scope.
func TestLocated(t *testing.T) {
	w := locatedWorker(t, locatedZone, locatedTable)
	for _, c := range []struct{ name, client, want string }{
		{"near", "192.0.2.0/24", "192.0.2.2 /26"},      // measured: its first address is in the /25 and not in the /26
		{"near", "192.0.2.70/32", "192.0.2.1 /26"},     // measured in the /26
		{"near", "192.0.2.128/26", "192.0.2.1 /26"},    // by distance to all but one
		{"near", "198.51.100.0/25", "192.0.2.2 /25"},   // by distance
		{"near", "203.0.113.7/32", "192.0.2.3 /25"},    // by distance
		{"near", "2001:db8:3::/48", "192.0.2.3 /48"},   // by distance
		{"near", "2001:db8:1::/56", "192.0.2.2 /48"},   // measured
		{"al", "203.0.113.7/32", "192.0.2.3 /25"},      // through an ALIAS
		{"land", "192.0.2.1/32", "192.0.2.1 /25"},      // Europe
		{"land", "192.0.2.130/32", "192.0.2.2 /26"},    // France before Europe
		{"land", "198.51.100.130/32", "192.0.2.3 /26"}, // California
		{"land", "198.51.100.3/32", "192.0.2.4 /25"},   // the autonomous system
		{"land", "10.0.0.0/8", "192.0.2.9 /1"},         // nowhere
		{"both", "192.0.2.200/32", "192.0.2.1 /26"},
		{"both", "203.0.113.200/32", "192.0.2.2 /26"},
	} {
		answer, scope := from(t, w, c.name+".example.com.", netip.MustParsePrefix(c.client))
		if got := fmt.Sprintf("%s /%d", answer, scope); got != c.want {
			t.Errorf("%s from %s: got %s, want %s", c.name, c.client, got, c.want)
		}
	}
	if m := ask(t, w, "near.example.com", "AAAA"); len(m.Answer) != 1 || m.Answer[0].(*dns.AAAA).AAAA.String() != "2001:db8::1" {
		t.Errorf("without a subnet, from %s: got %s", testClient, brief(m))
	}
}

// weights is the distribution that a client gets, and its scope.
func weights(t testing.TB, w *Worker, name string, client netip.Prefix) (string, int) {
	var trace Trace
	w.Trace(&trace)
	defer w.Trace(nil)
	_, scope := from(t, w, name, client)
	var all []string
	for _, hop := range trace.Hops {
		for _, fork := range hop.Forks {
			all = append(all, fmt.Sprint(fork.Decision.Weights, fork.Decision.Outcome))
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s: nothing was decided", name)
	}
	return strings.Join(all, " "), scope
}

// Protects RFC 7871 §7.3.1: who is inside the scope of an answer gets the same distribution.
func TestScopeHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	var table strings.Builder
	seen := make(map[netip.Prefix]bool)
	for i := range 60 {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(190 + r.IntN(14)), byte(r.IntN(4)), byte(r.IntN(4)), byte(r.Uint32())}), 6+r.IntN(27)).Masked()
		if seen[prefix] {
			continue
		}
		seen[prefix] = true
		fmt.Fprintf(&table, "%s,%s,%d\n", prefix, []string{"eu-central-1", "us-east-1"}[i%2], r.IntN(200))
	}
	w := locatedWorker(t, locatedZone, table.String())
	for range 400 {
		first := [4]byte{byte(190 + r.IntN(14)), byte(r.IntN(4)), byte(r.IntN(4)), byte(r.Uint32())}
		if r.IntN(2) == 0 {
			first = [4]byte{192, 0, 2, first[3]}
		}
		client := netip.PrefixFrom(netip.AddrFrom4(first), 8+r.IntN(25)).Masked()
		for _, name := range []string{"near.example.com.", "land.example.com.", "both.example.com.", "al.example.com."} {
			answer, scope := weights(t, w, name, client)
			for range 6 {
				raw := client.Addr().As4()
				random := [4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
				for bit := scope; bit < 32; bit++ {
					raw[bit/8] ^= random[bit/8] & (0x80 >> (bit % 8))
				}
				other := netip.PrefixFrom(netip.AddrFrom4(raw), 32)
				if got, _ := weights(t, w, name, other); got != answer {
					t.Fatalf("%s: %v gets %s for /%d, but %v, inside, gets %s\n%s", name, client, answer, scope, other, got, table.String())
				}
			}
		}
	}
}

// Protects the promise of package answer for names that are routed by facts.
func TestLocatedAllocs(t *testing.T) {
	w := locatedWorker(t, locatedZone, locatedTable)
	pkt := make([]byte, 4096)
	for _, name := range []string{"near.example.com.", "both.example.com."} {
		raw, _ := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		answer := func() {
			w.Begin()
			w.Respond(pkt, copy(pkt, raw), testClient, false)
			w.End()
		}
		noAllocs(t, name, answer)
	}
}

// BenchmarkLocated compares answers that are routed by facts about the client with a static one.
func BenchmarkLocated(b *testing.B) {
	w := locatedWorker(b, locatedZone, locatedTable)
	pkt := make([]byte, 4096)
	for _, name := range []string{"ns1", "near", "land", "both"} {
		raw, _ := new(dns.Msg).SetQuestion(name+".example.com.", dns.TypeA).Pack()
		b.Run(name, func(b *testing.B) {
			w.Begin()
			for b.Loop() {
				w.Respond(pkt, copy(pkt, raw), testClient, false)
			}
			w.End()
		})
	}
}
