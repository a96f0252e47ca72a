package attempt

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/config"
)

// dnsServer answers on one port over UDP and TCP; a nil function leaves that out. Each returns what is sent, message by message.
func dnsServer(t *testing.T, udp, tcp func(query *dns.Msg) [][]byte) int {
	t.Helper()
	port := serve(t, func(c net.Conn) {
		length := make([]byte, 2)
		for {
			if _, err := io.ReadFull(c, length); err != nil {
				return
			}
			raw := make([]byte, binary.BigEndian.Uint16(length))
			if _, err := io.ReadFull(c, raw); err != nil || tcp == nil {
				return
			}
			query := new(dns.Msg)
			if query.Unpack(raw) != nil {
				return
			}
			for _, answer := range tcp(query) {
				c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			}
		}
	})
	if udp == nil {
		return port
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for raw := make([]byte, 4096); ; {
			n, from, err := conn.ReadFromUDP(raw)
			if err != nil {
				return
			}
			query := new(dns.Msg)
			if query.Unpack(raw[:n]) != nil {
				continue
			}
			for _, answer := range udp(query) {
				conn.WriteToUDP(answer, from)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-ended })
	return port
}

// reply is an answer with records, changed as a test wants.
func reply(query *dns.Msg, change func(*dns.Msg), records ...string) []byte {
	m := new(dns.Msg).SetReply(query)
	for _, text := range records {
		record, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, record)
	}
	if change != nil {
		change(m)
	}
	raw, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return raw
}

// Protects DNS checks: what passes, and that only an answer to the question that was asked is believed.
func TestDNS(t *testing.T) {
	leakless(t)
	good := func(q *dns.Msg) [][]byte {
		return [][]byte{reply(q, nil, "www.example.com. 60 IN CNAME WEB.example.com.", "web.example.com. 60 IN A 192.0.2.1", "web.example.com. 60 IN A 192.0.2.2")}
	}
	forged := func(q *dns.Msg) [][]byte {
		return [][]byte{
			{0}, {},
			reply(q, func(m *dns.Msg) { m.Id++ }), reply(q, func(m *dns.Msg) { m.Question[0].Name = "other.example.com." }),
			reply(q, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeTXT }), reply(q, func(m *dns.Msg) { m.Response = false }),
			reply(q, func(m *dns.Msg) { m.Question = nil }),
		}
	}
	truncated := func(q *dns.Msg) [][]byte {
		return [][]byte{reply(q, func(m *dns.Msg) { m.Truncated = true })}
	}
	silent := func(*dns.Msg) [][]byte { return nil }
	cases := []struct {
		name     string
		udp, tcp func(*dns.Msg) [][]byte
		check    config.DNSCheck
		ok       bool
		text     string
	}{
		{"answer", good, nil, config.DNSCheck{}, true, "NOERROR"},
		{"address", good, nil, config.DNSCheck{Rdata: "192.0.2.2"}, true, "NOERROR, 192.0.2.2"},
		{"no such address", good, nil, config.DNSCheck{Rdata: "192.0.2.3"}, false, `answer lacks "192.0.2.3"`},
		{"name in other letters", good, nil, config.DNSCheck{Type: dns.TypeCNAME, Rdata: "web.EXAMPLE.com."}, true, "NOERROR, web.EXAMPLE.com."},
		{"another code", func(q *dns.Msg) [][]byte {
			return [][]byte{reply(q, func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure })}
		}, nil,
			config.DNSCheck{}, false, "SERVFAIL, expected NOERROR"},
		{"expected code", func(q *dns.Msg) [][]byte { return [][]byte{reply(q, func(m *dns.Msg) { m.Rcode = dns.RcodeRefused })} }, nil,
			config.DNSCheck{Rcode: dns.RcodeRefused}, true, "REFUSED"},
		{"forged ones only", forged, nil, config.DNSCheck{}, false, "response timeout after 200ms"},
		{"forged ones first", func(q *dns.Msg) [][]byte { return append(forged(q), good(q)...) }, nil, config.DNSCheck{}, true, "NOERROR"},
		{"silence", silent, nil, config.DNSCheck{}, false, "response timeout after 200ms"},
		{"nobody", nil, nil, config.DNSCheck{}, false, "response refused"},
		{"truncated", truncated, good, config.DNSCheck{Rdata: "192.0.2.1"}, true, "NOERROR, 192.0.2.1"},
		{"truncated, and silence over TCP", truncated, silent, config.DNSCheck{}, false, "response timeout after 200ms"},
		{"truncated, and closed over TCP", truncated, nil, config.DNSCheck{}, false, "response: connection closed"},
		{"over TCP at once", nil, good, config.DNSCheck{TCP: true}, true, "NOERROR"},
		{"forged over TCP", nil, forged, config.DNSCheck{TCP: true}, false, "response: no answer to the question"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := defaults(config.CheckDNS)
			if check.DNS = c.check; check.DNS.Type == 0 {
				check.DNS.Type = dns.TypeA
			}
			check.DNS.Name, check.DNS.Port = "www.example.com.", dnsServer(t, c.udp, c.tcp)
			if r := attempt(t, check, Options{}, "127.0.0.1"); r.OK != c.ok || r.Text != c.text {
				t.Errorf("got %+v, want %v %q", r, c.ok, c.text)
			}
		})
	}
	check := defaults(config.CheckDNS)
	check.DNS = config.DNSCheck{Name: "www.example.com.", Type: dns.TypeA, Rdata: "nonsense"}
	p, err := New("ns", check, Options{})
	if err == nil || !strings.Contains(err.Error(), `rdata "nonsense"`) {
		t.Errorf("bad rdata: got %v", err)
	}
	if r := p.Attempt(t.Context(), "127.0.0.1"); r.OK {
		t.Errorf("bad rdata: got %+v", r)
	}
}

// Protects DNS checks of host names: the first address that answers decides, within the time that one address has; if none does, the first is told.
func TestDNSAddresses(t *testing.T) {
	leakless(t)
	check := defaults(config.CheckDNS)
	check.Respond = time.Second
	check.DNS = config.DNSCheck{Name: "www.example.com.", Type: dns.TypeA, Port: dnsServer(t, func(q *dns.Msg) [][]byte { return [][]byte{reply(q, nil)} }, nil)}
	for _, endpoint := range []string{"two.example.com", "far.example.com"} {
		if r := attempt(t, check, Options{Resolver: known}, endpoint); !r.OK || r.Took >= 2*check.Respond {
			t.Errorf("%s: got %+v, want the second address' answer", endpoint, r)
		}
	}
	check.DNS.Port = dnsServer(t, func(*dns.Msg) [][]byte { return nil }, nil)
	check.Respond = 200 * time.Millisecond
	if r := attempt(t, check, Options{Resolver: hosts{"mute.example.com": {netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}}}, "mute.example.com"); r.OK || r.Text != "response timeout after 200ms" {
		t.Errorf("nobody answers: got %+v, want what the first address did", r)
	}
}

// Protects ICMP checks where the machine lets us have them.
func TestICMP(t *testing.T) {
	leakless(t)
	check := defaults(config.CheckICMP)
	check.Respond = 2 * time.Second
	p, err := New("ping", check, Options{Resolver: known})
	if err != nil {
		if r := p.Attempt(t.Context(), "127.0.0.1"); r.OK || !strings.HasPrefix(r.Text, "icmp is not permitted here: ") {
			t.Errorf("got %+v", r)
		}
		t.Skip(err)
	}
	defer p.Close()
	for _, endpoint := range []string{"127.0.0.1", "db.example.com", "far.example.com", "::1"} {
		if r := p.Attempt(t.Context(), endpoint); !r.OK && endpoint != "::1" || r.OK && r.Text != "echo reply" {
			t.Errorf("%s: got %+v", endpoint, r)
		}
	}
	check.Respond = 100 * time.Millisecond
	for endpoint, text := range map[string]string{"203.0.113.1": "", "gone.example.com": "gone.example.com does not resolve: no such host"} {
		if r := attempt(t, check, Options{}, endpoint); r.OK || !strings.HasPrefix(r.Text, text) {
			t.Errorf("%s: got %+v", endpoint, r)
		}
	}
}
