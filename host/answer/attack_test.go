package answer

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/policy"
	"signpost/host/zone"
)

// Protects the server from odd zones, which load with warnings at most: signatures over nothing, NSEC3 at a wildcard or above other names.
// Each of them was a panic once, when the zone loaded or at the first query.
func TestOddSignatures(t *testing.T) {
	const (
		rrsig = " RRSIG A 13 2 300 20300101000000 20200101000000 1 example.com. AAAA\n"
		nsec3 = " NSEC3 1 0 0 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A\n"
		soa   = "\nns example.com. 60 IN SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 60"
	)
	for _, c := range []struct{ zone, name, typ, want string }{
		{"foo" + rrsig, "foo.example.com", "A", "NOERROR aa" + soa},
		{"foo" + rrsig, "foo.example.com", "RRSIG", "NOERROR aa" + soa},
		{"foo" + rrsig + "sub.foo NS ns.example.net.\n", "x.sub.foo.example.com", "A", "NOERROR\nns sub.foo.example.com. 300 IN NS ns.example.net."},
		{"*" + rrsig, "foo.example.com", "A", "NOERROR aa" + soa},
		{"*" + nsec3, "foo.example.com", "A", "NOERROR aa" + soa},
		{"abc" + nsec3, "abc.example.com", "A", "NXDOMAIN aa" + soa},
		{"abc" + nsec3 + "sub.abc NS ns.example.net.\n", "x.sub.abc.example.com", "A", "NOERROR\nns sub.abc.example.com. 300 IN NS ns.example.net."},
		{"abc" + nsec3 + "sub.abc NS ns.example.net.\n", "abc.example.com", "A", "NOERROR aa" + soa},
	} {
		w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": c.zone}))
		if got := brief(ask(t, w, c.name, c.typ)); got != c.want {
			t.Errorf("%s%s %s:\ngot  %s\nwant %s", c.zone, c.name, c.typ, got, c.want)
		}
	}
}

// Protects the ends of chains whose last name has more labels than the question: once a panic with the rate limit on.
func TestChainToDeeperZone(t *testing.T) {
	c := config.Default()
	c.RateLimit.ResponsesPerSecond = 1000
	w := workerOf(t, snapshotOf(t, c, map[string]string{
		".":            "a CNAME x.y.z.example.com.\nd DNAME y.example.com.\n",
		"example.com.": "x.y.z ALIAS t\nt TXT x\nany.y TXT x\n",
	}))
	soa := "\nns example.com. 60 IN SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 60"
	for _, c := range []struct{ name, typ, want string }{
		{"a", "A", "NOERROR aa\nan a. 300 IN CNAME x.y.z.example.com." + soa},
		{"any.d", "RRSIG", "NOERROR aa\nan d. 300 IN DNAME y.example.com.\nan any.d. 300 IN CNAME any.y.example.com." + soa},
	} {
		if got := brief(ask(t, w, c.name, c.typ)); got != c.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c.name, c.typ, got, c.want)
		}
	}
}

// Protects what ANY says of a routed set that cannot be decided yet: it is no NODATA that resolvers would keep.
func TestAnyPending(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": "app A 192.0.2.1 ;@ weighted weight=1\napp TXT x\n"}))
	for _, tcp := range []bool{false, true} {
		if got := brief(exchange(t, w, new(dns.Msg).SetQuestion("app.example.com.", dns.TypeANY), tcp)); got != "SERVFAIL" {
			t.Errorf("tcp %v: got %s, want SERVFAIL", tcp, got)
		}
	}
}

// Protects answers for clients whom a policy has no candidate for: NODATA from the zone of the name that the client is told of.
func TestNoCandidate(t *testing.T) {
	w, z := routedWorker(t, "a.b.app A 192.0.2.1 ;@ weighted weight=1\na.b.app TXT x\nc CNAME a.b.app\nal ALIAS a.b.app\nal TXT x\n")
	own := snapshotOf(t, config.Default(), map[string]string{".": "r CNAME a.b.app.example.com.\nral ALIAS a.b.app.example.com.\n"}).Views[0].Zones[0]
	store := w.server.store
	store.Publish(&zone.Snapshot{Generation: 2, Config: config.Default(), Views: []*zone.View{zone.NewView("public", nil, []*zone.Zone{z, own})}})
	w.Begin()
	w.kept[z.Policies[0]] = &keptDecision{epoch: w.epoch, Decision: policy.Decision{Outcome: policy.NoData}}
	const soa = "\nns example.com. 60 IN SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 60"
	for _, c := range []struct{ name, typ, want string }{
		{"a.b.app.example.com", "A", "NOERROR aa" + soa},
		{"c.example.com", "A", "NOERROR aa\nan c.example.com. 300 IN CNAME a.b.app.example.com." + soa},
		{"al.example.com", "A", "NOERROR aa" + soa},
		{"r", "A", "NOERROR aa\nan r. 300 IN CNAME a.b.app.example.com." + soa},
		{"ral", "A", "NOERROR aa\nns . 60 IN SOA ns1. hostmaster. 1 7200 900 1209600 60"},
		{"a.b.app.example.com", "ANY", "NOERROR aa\nan a.b.app.example.com. 300 IN TXT \"x\""},
	} {
		for _, tcp := range []bool{false, true} {
			m := exchange(t, w, new(dns.Msg).SetQuestion(dns.Fqdn(c.name), dns.StringToType[c.typ]), tcp)
			if got := brief(m); got != c.want {
				t.Errorf("%s %s tcp %v:\ngot  %s\nwant %s", c.name, c.typ, tcp, got, c.want)
			}
		}
	}
}

// Protects the rate limit: names that one record of the zone answers share one budget, however many there are.
func TestRateLimitClasses(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": exampleZone + "*.wal ALIAS web\n", "example.net.": netZone}))
	for _, c := range []struct{ below, typ, want string }{
		{"wild.example.com.", "A", "wild.example.com."},
		{"wild.example.com.", "ANY", "wild.example.com."},
		{"wild.example.com.", "MX", "example.com."},
		{"cw.example.com.", "A", "cw.example.com."},
		{"wal.example.com.", "A", "wal.example.com."},
		{"dn.example.com.", "A", "dn.example.com."},
		{"sub.example.com.", "A", "sub.example.com."},
		{"example.com.", "A", "example.com."},
	} {
		ask(t, w, "random-label."+c.below, c.typ)
		_, wireName := w.class()
		if name, _, _ := dns.UnpackDomainName(wireName, 0); name != c.want {
			t.Errorf("random-label.%s %s: got the budget of %s, want %s", c.below, c.typ, name, c.want)
		}
	}
}

// Protects reloads: between batches a worker refers to nothing of a snapshot, so an old one can be freed.
func TestIdleWorkerKeepsNothing(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": exampleZone, "example.net.": netZone}))
	pkt := make([]byte, 4096)
	w.Begin()
	for _, name := range []string{"x.dn.example.com.", "example.com.", "web.example.com."} {
		raw, _ := new(dns.Msg).SetQuestion(name, dns.TypeMX).Pack()
		w.Respond(pkt, copy(pkt, raw), testClient, false)
	}
	w.End()
	if w.snap != nil || w.hit.Zone != nil || w.hit.Node != nil || w.hit.Set != nil || w.out.msg != nil || w.out.main != nil ||
		!reflect.ValueOf(w.out.proofs).IsZero() || !reflect.ValueOf(w.chain.dnames).IsZero() {
		t.Errorf("got %+v", w)
	}
}

// Protects sets that are larger than a compression pointer reaches: whatever comes first after rotation, names stay whole and addresses have
// the names that they belong to.
func TestLongSets(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "srv SRV 1 1 %d h%d\nh%d A 192.0.2.1\nmx MX %d h%d\nout MX %d h%d.example.net.\n", i, i, i, i, i, i, i)
	}
	for i := range 700 {
		fmt.Fprintf(&b, "any A 192.0.%d.%d\n", i/256, i%256)
	}
	b.WriteString("any MX 1 a.example.net.\nany MX 2 b.example.net.\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "huge A 10.0.%d.%d\n", i/256, i%256)
	}
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": b.String()}))
	for _, c := range []struct {
		name, typ string
		tc        bool
		an        int
		ar        bool // some addresses of targets
	}{
		{"srv.example.com.", "SRV", false, 1000, true},
		{"mx.example.com.", "MX", false, 1000, true},
		{"out.example.com.", "MX", false, 1000, false},
		{"any.example.com.", "ANY", false, 702, false},
		{"huge.example.com.", "A", true, 0, false}, // 80,000 bytes
	} {
		for range 20 {
			m := exchange(t, w, new(dns.Msg).SetQuestion(c.name, dns.StringToType[c.typ]), true)
			if m.Truncated != c.tc || len(m.Answer) != c.an {
				t.Fatalf("%s %s: got tc %v, %d records, want tc %v, %d", c.name, c.typ, m.Truncated, len(m.Answer), c.tc, c.an)
			}
			for _, rr := range m.Answer {
				if mx, ok := rr.(*dns.MX); ok && c.typ == "MX" && !strings.HasPrefix(mx.Mx, fmt.Sprintf("h%d.example.", mx.Preference)) {
					t.Fatalf("%s: got %v", c.name, mx)
				}
			}
			for _, rr := range m.Extra {
				if name := rr.Header().Name; !c.ar || name[0] != 'h' || !strings.HasSuffix(name, ".example.com.") {
					t.Fatalf("%s %s: got %v", c.name, c.typ, rr)
				}
			}
		}
	}
}

// Protects the client's limit: options that are as long as they may be never make a response longer.
func TestLongOptions(t *testing.T) {
	c := config.Default()
	c.NSID, c.ServerID = strings.Repeat("n", 255), strings.Repeat("i", 255)
	w := workerOf(t, snapshotOf(t, c, map[string]string{"example.com.": "www A 192.0.2.1\napp A 192.0.2.1 ;@ weighted weight=1\n"}))
	for _, q := range []dns.Question{
		{Name: strings.Repeat("abcdefg.", 29) + "example.org.", Qtype: dns.TypeA, Qclass: dns.ClassINET},
		{Name: strings.Repeat("abcdefg.", 29) + "example.com.", Qtype: dns.TypeA, Qclass: dns.ClassINET},
		{Name: "app.example.com.", Qtype: dns.TypeA, Qclass: dns.ClassINET},
		{Name: "www.example.com.", Qtype: dns.TypeA, Qclass: dns.ClassINET},
		{Name: "id.server.", Qtype: dns.TypeTXT, Qclass: dns.ClassCHAOS},
	} {
		for _, opcode := range []int{dns.OpcodeQuery, dns.OpcodeNotify} {
			query := new(dns.Msg)
			query.Opcode, query.Question = opcode, []dns.Question{q}
			query.SetEdns0(512, true)
			query.IsEdns0().Option = []dns.EDNS0{
				&dns.EDNS0_NSID{Code: dns.EDNS0NSID}, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"},
				&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 2, SourceNetmask: 128, Address: netip.MustParseAddr("2001:db8::1").AsSlice()},
			}
			raw, _ := query.Pack()
			pkt := make([]byte, 4096)
			w.Begin()
			n := w.Respond(pkt, copy(pkt, raw), testClient, false)
			w.End()
			m := new(dns.Msg)
			if err := m.Unpack(pkt[:n]); err != nil || n > 512 || m.IsEdns0() == nil {
				t.Errorf("%v: got %d bytes, %v\n%v", q, n, err, m)
			}
		}
	}
}

// Protects additional sections: each target's addresses once, and none at all rather than thousands.
func TestAdditionalOnce(t *testing.T) {
	var b strings.Builder
	b.WriteString("srv SRV 1 1 1 h\nsrv SRV 1 1 2 h\nsrv SRV 1 1 3 i\nh A 192.0.2.1\ni A 192.0.2.2\nlong SRV 1 1 1 many\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "many A 10.0.%d.%d\n", i/256, i%256)
	}
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": b.String()}))
	for name, want := range map[string]int{"srv.example.com.": 2, "long.example.com.": 0} {
		if m := exchange(t, w, new(dns.Msg).SetQuestion(name, dns.TypeSRV), true); len(m.Extra) != want {
			t.Errorf("%s: got %s, want %d additional records", name, brief(m), want)
		}
	}
}

// Protects the compiler's warning about ALIAS: what leads through sixteen names is answered, what leads through one more is not.
func TestAliasPath(t *testing.T) {
	var b strings.Builder
	for i := range 16 {
		fmt.Fprintf(&b, "a%d ALIAS a%d\n", i, i+1)
	}
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": b.String() + "a16 A 192.0.2.1\n"}))
	for name, want := range map[string]string{"a1.example.com": "NOERROR aa\nan a1.example.com. 300 IN A 192.0.2.1", "a0.example.com": "SERVFAIL"} {
		if got := brief(ask(t, w, name, "A")); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
