package answer

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/zone"
)

// bigZone has a set of 100 addresses, a referral whose glue is long, and targets with many addresses.
func bigZone() string {
	var b strings.Builder
	b.WriteString("@ NS ns1\nns1 A 192.0.2.53\n")
	for i := range 100 {
		fmt.Fprintf(&b, "big A 10.0.0.%d\nchain CNAME big\nmany AAAA 2001:db8::%d\n", i, i)
	}
	b.WriteString("mx MX 1 many\nsub NS ns.sub\n")
	for i := range 60 {
		fmt.Fprintf(&b, "ns.sub AAAA 2001:db8:1::%d\n", i)
	}
	return strings.ReplaceAll(b.String(), "chain CNAME big\nmany", "many") + "chain CNAME big\n"
}

// Protects truncation: by whole RRsets, required glue only with TC, optional addresses silently left out, all of it over TCP.
func TestTruncation(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": bigZone()}))
	for _, c := range []struct {
		name, typ  string
		size       uint16 // of EDNS; 0 none
		tcp        bool
		tc         bool
		an, ns, ar int
	}{
		{"big.example.com.", "A", 0, false, true, 0, 0, 0},
		{"big.example.com.", "A", 4096, false, true, 0, 0, 0}, // 1232 is the server's own limit
		{"big.example.com.", "A", 0, true, false, 100, 0, 0},
		{"chain.example.com.", "A", 0, false, true, 1, 0, 0},
		{"mx.example.com.", "MX", 0, false, false, 1, 0, 0},
		{"mx.example.com.", "MX", 0, true, false, 1, 0, 100},
		{"sub.example.com.", "A", 0, false, true, 0, 1, 0},
		{"sub.example.com.", "A", 0, true, false, 0, 1, 60},
	} {
		query := new(dns.Msg).SetQuestion(c.name, dns.StringToType[c.typ])
		if c.size > 0 {
			query.SetEdns0(c.size, false)
		}
		m := exchange(t, w, query, c.tcp)
		extra := 0
		for _, rr := range m.Extra {
			if rr.Header().Rrtype != dns.TypeOPT {
				extra++
			}
		}
		if m.Truncated != c.tc || len(m.Answer) != c.an || len(m.Ns) != c.ns || extra != c.ar {
			t.Errorf("%s %s size %d tcp %v: got tc %v %d/%d/%d, want tc %v %d/%d/%d", c.name, c.typ, c.size, c.tcp, m.Truncated, len(m.Answer), len(m.Ns), extra, c.tc, c.an, c.ns, c.ar)
		}
	}
}

// Protects what OPT says back: NSID when configured, a cookie that the server then knows, the client subnet with its scope, and errors.
func TestOPT(t *testing.T) {
	c := config.Default()
	c.NSID = "here"
	w := workerOf(t, snapshotOf(t, c, map[string]string{"example.com.": "www A 192.0.2.1\n"}))
	query := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	query.SetEdns0(4096, true)
	opt := query.IsEdns0()
	opt.Option = []dns.EDNS0{
		&dns.EDNS0_NSID{Code: dns.EDNS0NSID}, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"},
		&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{192, 0, 2, 0}},
	}
	got := exchange(t, w, query, false).IsEdns0()
	if got == nil || got.UDPSize() != 1232 || !got.Do() || len(got.Option) != 3 {
		t.Fatalf("got %v, want an OPT of size 1232 with DO and three options", got)
	}
	if nsid := got.Option[2].(*dns.EDNS0_NSID); nsid.Nsid != "68657265" {
		t.Errorf("NSID: got %s, want here", nsid.Nsid)
	}
	cookie := got.Option[0].(*dns.EDNS0_COOKIE)
	if len(cookie.Cookie) != 48 || !strings.HasPrefix(cookie.Cookie, "0102030405060708") {
		t.Errorf("cookie: got %s", cookie.Cookie)
	}
	if ecs := got.Option[1].(*dns.EDNS0_SUBNET); ecs.SourceNetmask != 24 || ecs.SourceScope != 0 || !ecs.Address.Equal([]byte{192, 0, 2, 0}) {
		t.Errorf("client subnet: got %v", ecs)
	}
	opt.Option = []dns.EDNS0{cookie}
	exchange(t, w, query, false)
	if !w.out.verified {
		t.Error("the server does not know its own cookie")
	}
	opt.SetVersion(1)
	if m := exchange(t, w, query, false); m.Rcode != dns.RcodeBadVers || m.IsEdns0().Version() != 0 {
		t.Errorf("EDNS version 1: got %v", m)
	}
}

// Protects RFC 8914 and RFC 8906: whatever is refused says why, and is answered.
func TestRefusals(t *testing.T) {
	c := config.Default()
	c.ServerID = "ns1.example.com"
	c.ACL.Deny = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	w := workerOf(t, snapshotOf(t, c, map[string]string{"example.com.": "www A 192.0.2.1\n"}))
	for _, c := range []struct {
		label  string
		change func(*dns.Msg)
		rcode  int
		ede    int // -1 none
	}{
		{"outside", func(m *dns.Msg) { m.Question[0].Name = "example.org." }, dns.RcodeRefused, 20},
		{"NOTIFY", func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }, dns.RcodeNotImplemented, 21},
		{"UPDATE", func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, dns.RcodeNotImplemented, 21},
		{"opcode 15", func(m *dns.Msg) { m.Opcode = 15 }, dns.RcodeNotImplemented, 21},
		{"class HS", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassHESIOD }, dns.RcodeRefused, 21},
		{"version", func(m *dns.Msg) {
			m.Question[0] = dns.Question{Name: "version.server.", Qtype: dns.TypeTXT, Qclass: dns.ClassCHAOS}
		}, dns.RcodeRefused, 18},
		{"id", func(m *dns.Msg) {
			m.Question[0] = dns.Question{Name: "id.server.", Qtype: dns.TypeTXT, Qclass: dns.ClassCHAOS}
		}, dns.RcodeSuccess, -1},
	} {
		query := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
		query.SetEdns0(1232, false)
		c.change(query)
		m := exchange(t, w, query, false)
		ede := -1
		for _, o := range m.IsEdns0().Option {
			if e, ok := o.(*dns.EDNS0_EDE); ok {
				ede = int(e.InfoCode)
			}
		}
		if m.Rcode != c.rcode || ede != c.ede || m.Opcode != query.Opcode {
			t.Errorf("%s: got %v, want %s with extended error %d", c.label, m, dns.RcodeToString[c.rcode], c.ede)
		}
	}
}

// Protects the guards' place in the path: a denied client is refused, a limited one is cut short, one with a cookie is not.
func TestGuards(t *testing.T) {
	c := config.Default()
	c.ACL.Deny = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	c.RateLimit.ResponsesPerSecond, c.RateLimit.Slip, c.RateLimit.WindowSeconds = 2, 1, 1
	w := workerOf(t, snapshotOf(t, c, map[string]string{"example.com.": "www A 192.0.2.1\n"}))
	query := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	send := func(client string, tcp bool) *dns.Msg {
		raw, _ := query.Pack()
		pkt := make([]byte, 65535)
		w.Begin()
		n := w.Respond(pkt, copy(pkt, raw), netip.MustParseAddrPort(client), tcp)
		w.End()
		m := new(dns.Msg)
		if err := m.Unpack(pkt[:n]); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := send("198.51.100.7:53", false); m.Rcode != dns.RcodeRefused {
		t.Errorf("denied client: got %v", m)
	}
	slipped := 0
	for range 20 {
		if m := send("203.0.113.9:4242", false); m.Truncated && len(m.Answer) == 0 {
			slipped++
		}
	}
	if slipped < 10 {
		t.Errorf("20 equal answers in a moment at 2 a second: got %d slipped", slipped)
	}
	if m := send("203.0.113.9:4242", true); m.Truncated {
		t.Errorf("over TCP: got %v", m)
	}
	for range 20 {
		if m := send("127.0.0.1:4242", false); m.Truncated {
			t.Fatalf("loopback: got %v", m)
		}
	}
}

// Protects RFC 8914's text: an ALIAS that cannot be followed says why, and so does a client that no view takes.
func TestReasons(t *testing.T) {
	var long strings.Builder
	for i := range 17 {
		fmt.Fprintf(&long, "a%d ALIAS a%d\n", i, i+1)
	}
	zones := map[string]string{"example.com.": long.String() + "a17 A 192.0.2.1\nout ALIAS www.example.org.\nlab NS ns.example.org.\ncut ALIAS www.lab\n"}
	snap := snapshotOf(t, config.Default(), zones)
	w := workerOf(t, snap)
	for name, want := range map[string]string{
		"a0.example.com.":  "too many names",
		"out.example.com.": "no zone of this server answers for",
		"cut.example.com.": "no zone of this server answers for",
		"www.example.org.": "none of this server's zones",
	} {
		if got := extraText(exchange(t, w, new(dns.Msg).SetQuestion(name, dns.TypeA).SetEdns0(1232, false), false)); !strings.Contains(got, want) {
			t.Errorf("%s: got the text %q, want %q in it", name, got, want)
		}
	}
	snap.Views, snap.Choice, snap.Generation = nil, &zone.Choice{Native: true}, 2
	if got, want := extraText(exchange(t, w, new(dns.Msg).SetQuestion("a.example.com.", dns.TypeA).SetEdns0(1232, false), false)), "no view"; !strings.Contains(got, want) {
		t.Errorf("without views: got the text %q, want %q in it", got, want)
	}
	for code, r := range reasons {
		if (r.text == "") != (reason(code) == unexplained) {
			t.Errorf("reason %d: got the text %q", code, r.text)
		}
	}
}

// extraText is the text of a response's extended error, "" without one.
func extraText(m *dns.Msg) string {
	for _, o := range m.IsEdns0().Option {
		if e, ok := o.(*dns.EDNS0_EDE); ok {
			return e.ExtraText
		}
	}
	return ""
}
