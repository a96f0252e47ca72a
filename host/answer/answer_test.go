package answer

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/compile"
	"signpost/host/config"
	"signpost/host/metrics"
	"signpost/host/wire"
	"signpost/host/zone"
)

var testClient = netip.MustParseAddrPort("192.0.2.200:4242")

// snapshotOf compiles zones, keyed by origin, into one view. A text may begin with "\n"; $TTL and an SOA are put before it.
func snapshotOf(t testing.TB, c *config.Config, zones map[string]string) *zone.Snapshot {
	t.Helper()
	snap, reason := compileAll(c, zones)
	if snap == nil {
		t.Fatal(reason)
	}
	return snap
}

// compileAll is snapshotOf for zones that may have errors: then it says which.
func compileAll(c *config.Config, zones map[string]string) (snap *zone.Snapshot, reason string) {
	var compiled []*zone.Zone
	for origin, text := range zones {
		z, reason := compileZone(origin, "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\n"+text)
		if z == nil {
			return nil, reason
		}
		compiled = append(compiled, z)
	}
	return &zone.Snapshot{Generation: 1, Config: c, Views: []*zone.View{zone.NewView("public", nil, compiled)}}, ""
}

// compileZone compiles one zone without plugins. If it has errors, the zone is nil and reason says which.
func compileZone(origin, text string) (z *zone.Zone, reason string) {
	wireOrigin := make([]byte, 256)
	length, err := dns.PackDomainName(origin, wireOrigin, 0, nil, false)
	if err != nil {
		return nil, err.Error()
	}
	z, _, diags := compile.Compile(compile.Source{
		Path: "test.zone", Origin: wireOrigin[:length],
		Open: func(string) ([]byte, error) { return []byte(text), nil },
	}, nil)
	return z, fmt.Sprintf("compile %s: %v", origin, diags)
}

func workerOf(t testing.TB, snap *zone.Snapshot) *Worker {
	t.Helper()
	store := new(zone.Store)
	store.Publish(snap)
	w := NewServer(store, nil, nil, new(metrics.Set)).NewWorker()
	t.Cleanup(w.Close)
	return w
}

// exchange sends one message through a worker.
func exchange(t testing.TB, w *Worker, query *dns.Msg, tcp bool) *dns.Msg {
	t.Helper()
	return exchangeFrom(t, w, query, tcp, testClient)
}

// exchangeFrom is exchange for a certain client.
func exchangeFrom(t testing.TB, w *Worker, query *dns.Msg, tcp bool, client netip.AddrPort) *dns.Msg {
	t.Helper()
	raw, err := query.Pack()
	if err != nil {
		t.Fatal(err)
	}
	size := 4096
	if tcp {
		size = 65535
	}
	pkt := make([]byte, size)
	copy(pkt, raw)
	w.Begin()
	n := w.Respond(pkt, len(raw), client, tcp)
	w.End()
	if n == 0 {
		t.Fatalf("no response to %v", query)
	}
	response := new(dns.Msg)
	if err := response.Unpack(pkt[:n]); err != nil {
		t.Fatalf("response to %v does not parse: %v\n%d bytes %x", query, err, n, pkt[:min(n, 512)])
	}
	checkOwners(t, query, response, pkt[:n])
	return response
}

// checkOwners wants compression pointers to point backwards, which miekg/dns does not ask for, and nothing behind the last record.
func checkOwners(t testing.TB, query, response *dns.Msg, msg []byte) {
	t.Helper()
	var question wire.Query
	var name wire.Name
	padded := append(bytes.Clone(msg), make([]byte, 8)...)
	padded[2] &^= 0x80 // as if it were a query
	question.Parse(padded, len(msg))
	off := question.End
	for range len(response.Answer) + len(response.Ns) + len(response.Extra) {
		if name.ParseName(msg, off) == 0 {
			t.Fatalf("response to %v: bad owner at %d\n%x", query, off, msg[:min(len(msg), off+32)])
		}
		off = wire.SkipRecord(msg, off)
	}
	if off != len(msg) {
		t.Fatalf("response to %v: records end at %d of %d bytes", query, off, len(msg))
	}
}

func ask(t testing.TB, w *Worker, name, typ string) *dns.Msg {
	t.Helper()
	return exchange(t, w, new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.StringToType[typ]), false)
}

// brief prints a response as its code, AA and TC, then the records of each section, in a fixed order within an RRset.
func brief(m *dns.Msg) string {
	out := dns.RcodeToString[m.Rcode]
	if m.Authoritative {
		out += " aa"
	}
	if m.Truncated {
		out += " tc"
	}
	for i, section := range [][]dns.RR{m.Answer, m.Ns, m.Extra} {
		for _, rr := range section {
			if rr.Header().Rrtype == dns.TypeOPT {
				continue
			}
			out += "\n" + []string{"an", "ns", "ar"}[i] + " " + strings.Join(strings.Fields(rr.String()), " ")
		}
	}
	return out
}

const exampleZone = `
@       NS ns1
@       NS ns2.example.net.
@       MX 10 mail
@       MX 20 mail.example.net.
ns1     A 192.0.2.53
mail    A 192.0.2.25
mail    AAAA 2001:db8::25
www     CNAME web
web     A 192.0.2.80
a.b.ent A 192.0.2.1
*.wild  A 192.0.2.99
*.wild  TXT "any"
x.y.wild A 192.0.2.98
*.cw    CNAME web
sub     NS ns.sub
sub     NS ns.example.net.
ns.sub  A 192.0.2.54
dn      DNAME web.example.net.
loop1   CNAME loop2
loop2   CNAME loop1
out     CNAME elsewhere.example.org.
across  CNAME host.example.net.
al      ALIAS web
srv     SRV 1 2 80 mail
`

const netZone = `
@    NS ns2
ns2  A 192.0.2.55
ns   A 192.0.2.56
host A 192.0.2.77
mail A 192.0.2.26
x.web A 192.0.2.78
`

// Protects the algorithm of RFC 1034 §4.3.2 with its later rules, on the smallest zones that show each.
func TestAnswers(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": exampleZone, "example.net.": netZone}))
	soa := "example.com. 60 IN SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 60"
	for _, c := range []struct{ name, typ, want string }{
		{"web.example.com", "A", "NOERROR aa\nan web.example.com. 300 IN A 192.0.2.80"},
		{"WEB.example.COM", "A", "NOERROR aa\nan WEB.example.COM. 300 IN A 192.0.2.80"},
		{"web.example.com", "AAAA", "NOERROR aa\nns " + soa},
		{"nothing.example.com", "A", "NXDOMAIN aa\nns " + soa},
		{"b.ent.example.com", "A", "NOERROR aa\nns " + soa},
		{"ent.example.com", "A", "NOERROR aa\nns " + soa},
		{"c.b.ent.example.com", "A", "NXDOMAIN aa\nns " + soa},
		{"www.example.com", "A", "NOERROR aa\nan www.example.com. 300 IN CNAME web.example.com.\nan web.example.com. 300 IN A 192.0.2.80"},
		{"www.example.com", "CNAME", "NOERROR aa\nan www.example.com. 300 IN CNAME web.example.com."},
		{"www.example.com", "MX", "NOERROR aa\nan www.example.com. 300 IN CNAME web.example.com.\nns " + soa},
		{"foo.wild.example.com", "A", "NOERROR aa\nan foo.wild.example.com. 300 IN A 192.0.2.99"},
		{"a.b.c.wild.example.com", "TXT", "NOERROR aa\nan a.b.c.wild.example.com. 300 IN TXT \"any\""},
		{"y.wild.example.com", "A", "NOERROR aa\nns " + soa},
		{"z.y.wild.example.com", "A", "NXDOMAIN aa\nns " + soa},
		{"foo.wild.example.com", "MX", "NOERROR aa\nns " + soa},
		{"foo.cw.example.com", "A", "NOERROR aa\nan foo.cw.example.com. 300 IN CNAME web.example.com.\nan web.example.com. 300 IN A 192.0.2.80"},
		{"sub.example.com", "A", "NOERROR\nns sub.example.com. 300 IN NS ns.sub.example.com.\nns sub.example.com. 300 IN NS ns.example.net.\nar ns.sub.example.com. 300 IN A 192.0.2.54"},
		{"deep.ns.sub.example.com", "A", "NOERROR\nns sub.example.com. 300 IN NS ns.sub.example.com.\nns sub.example.com. 300 IN NS ns.example.net.\nar ns.sub.example.com. 300 IN A 192.0.2.54"},
		{"sub.example.com", "DS", "NOERROR aa\nns " + soa},
		{"x.dn.example.com", "A", "NOERROR aa\nan dn.example.com. 300 IN DNAME web.example.net.\nan x.dn.example.com. 300 IN CNAME x.web.example.net.\nan x.web.example.net. 300 IN A 192.0.2.78"},
		{"dn.example.com", "A", "NOERROR aa\nns " + soa},
		{"out.example.com", "A", "NOERROR aa\nan out.example.com. 300 IN CNAME elsewhere.example.org."},
		{"across.example.com", "A", "NOERROR aa\nan across.example.com. 300 IN CNAME host.example.net.\nan host.example.net. 300 IN A 192.0.2.77"},
		{"loop1.example.com", "A", "NOERROR aa\nan loop1.example.com. 300 IN CNAME loop2.example.com.\nan loop2.example.com. 300 IN CNAME loop1.example.com."},
		{"al.example.com", "A", "NOERROR aa\nan al.example.com. 300 IN A 192.0.2.80"},
		{"al.example.com", "AAAA", "NOERROR aa\nns " + soa},
		{"srv.example.com", "SRV", "NOERROR aa\nan srv.example.com. 300 IN SRV 1 2 80 mail.example.com.\nar mail.example.com. 300 IN A 192.0.2.25\nar mail.example.com. 300 IN AAAA 2001:db8::25"},
		{"example.org", "A", "REFUSED"},
		{".", "NS", "REFUSED"},
	} {
		if got := brief(ask(t, w, c.name, c.typ)); got != c.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c.name, c.typ, got, c.want)
		}
	}
}

// Protects the packed answers with rotation, compression and additional data together.
func TestRotationKeepsNamesWhole(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": exampleZone}))
	for range 64 {
		m := ask(t, w, "example.com", "MX")
		targets := map[string]bool{}
		for _, rr := range m.Answer {
			targets[rr.(*dns.MX).Mx] = true
		}
		if len(m.Answer) != 2 || !targets["mail.example.com."] || !targets["mail.example.net."] || len(m.Extra) != 2 || m.Extra[0].Header().Name != "mail.example.com." {
			t.Fatalf("got %s", brief(m))
		}
	}
}

// Protects the rule that a routed answer costs no garbage, nor does any other.
func TestRespondAllocs(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": exampleZone, "example.net.": netZone}))
	pkt := make([]byte, 4096)
	for _, c := range []struct{ name, typ string }{
		{"web.example.com.", "A"}, {"nothing.example.com.", "A"}, {"www.example.com.", "A"}, {"foo.wild.example.com.", "A"},
		{"sub.example.com.", "A"}, {"x.dn.example.com.", "A"}, {"al.example.com.", "A"}, {"example.com.", "ANY"}, {"example.org.", "A"},
	} {
		query := new(dns.Msg).SetQuestion(c.name, dns.StringToType[c.typ])
		query.SetEdns0(1232, true)
		raw, _ := query.Pack()
		allocs := testing.AllocsPerRun(100, func() {
			w.Begin()
			w.Respond(pkt, copy(pkt, raw), testClient, false)
			w.End()
		})
		if allocs != 0 {
			t.Errorf("%s %s: got %v allocations, want 0", c.name, c.typ, allocs)
		}
	}
}

func BenchmarkRespond(b *testing.B) {
	w := workerOf(b, snapshotOf(b, config.Default(), map[string]string{"example.com.": exampleZone, "example.net.": netZone}))
	for _, c := range []struct{ label, name, typ string }{
		{"answer", "web.example.com.", "A"}, {"nxdomain", "nothing.example.com.", "A"}, {"cname", "www.example.com.", "A"},
		{"wildcard", "foo.wild.example.com.", "A"}, {"referral", "sub.example.com.", "A"},
	} {
		b.Run(c.label, func(b *testing.B) {
			raw, _ := new(dns.Msg).SetQuestion(c.name, dns.StringToType[c.typ]).Pack()
			pkt := make([]byte, 4096)
			b.ReportAllocs()
			w.Begin()
			for b.Loop() {
				w.Respond(pkt, copy(pkt, raw), testClient, false)
			}
			w.End()
		})
	}
}
