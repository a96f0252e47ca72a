package wire

import (
	"bytes"
	"testing"

	"github.com/miekg/dns"
)

func pack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	raw, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// parse gives Parse the room it asks for behind the message.
func parse(q *Query, msg []byte) Verdict {
	pkt := make([]byte, len(msg)+slack)
	return q.Parse(pkt, copy(pkt, msg))
}

// Protects eight-at-a-time lowering: every byte value at every place.
func TestLower8(t *testing.T) {
	for c := range 256 {
		for at := range 8 {
			got := byte(lower8(uint64(c)<<(8*at)) >> (8 * at))
			if want := Lower(byte(c)); got != want {
				t.Fatalf("byte %#x at %d: got %#x, want %#x", c, at, got, want)
			}
		}
	}
	if got := lower8(0xFFFFFFFFFFFFFFFF); got != 0xFFFFFFFFFFFFFFFF {
		t.Errorf("got %#x, want all ones", got)
	}
}

// Protects the parser's verdicts on what RFC 1035, 6891, 7871, 7873, 8906 and 9619 say of odd queries.
func TestParseVerdicts(t *testing.T) {
	question := func(change func(*dns.Msg)) []byte {
		m := new(dns.Msg).SetQuestion("Www.Example.Com.", dns.TypeA)
		m.SetEdns0(1232, true)
		change(m)
		return pack(t, m)
	}
	option := func(o dns.EDNS0) []byte {
		return question(func(m *dns.Msg) { m.IsEdns0().Option = append(m.IsEdns0().Option, o) })
	}
	plain := question(func(*dns.Msg) {})
	for _, c := range []struct {
		label string
		msg   []byte
		want  Verdict
	}{
		{"plain", plain, Good},
		{"runt", plain[:11], Drop},
		{"response", question(func(m *dns.Msg) { m.Response = true }), Drop},
		{"no question", question(func(m *dns.Msg) { m.Question = nil }), Malformed},
		{"two questions", question(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), Malformed},
		{"cut in the name", plain[:20], Malformed},
		{"cut in the type", plain[:30], Malformed},
		{"cut in OPT", plain[:len(plain)-1], Malformed},
		{"trailing byte", append(bytes.Clone(plain), 0), Malformed},
		{"two OPTs", question(func(m *dns.Msg) { m.Extra = append(m.Extra, m.Extra[0]) }), Malformed},
		{"ECS", option(&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{192, 0, 2, 0}}), Good},
		{"ECS of family 0", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 0, 0, 0}}), Good},
		{"ECS of family 0 with an address", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 0, 8, 0, 1}}), Malformed},
		{"ECS of family 9", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 9, 8, 0, 1}}), Malformed},
		{"ECS too long", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 1, 8, 0, 1, 2}}), Malformed},
		{"ECS too short", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 1, 24, 0, 1, 2}}), Malformed},
		{"ECS bit past the prefix", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 1, 7, 0, 1}}), Malformed},
		{"ECS with a scope", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 1, 8, 8, 1}}), Malformed},
		{"ECS /33", option(&dns.EDNS0_LOCAL{Code: 8, Data: []byte{0, 1, 33, 0, 1, 2, 3, 4, 5}}), Malformed},
		{"cookie of 7", option(&dns.EDNS0_LOCAL{Code: 10, Data: make([]byte, 7)}), Malformed},
		{"cookie of 8", option(&dns.EDNS0_LOCAL{Code: 10, Data: make([]byte, 8)}), Good},
		{"cookie of 9", option(&dns.EDNS0_LOCAL{Code: 10, Data: make([]byte, 9)}), Malformed},
		{"cookie of 41", option(&dns.EDNS0_LOCAL{Code: 10, Data: make([]byte, 41)}), Malformed},
		{"unknown option", option(&dns.EDNS0_LOCAL{Code: 65001, Data: []byte("hello")}), Good},
	} {
		var q Query
		if got := parse(&q, c.msg); got != c.want {
			t.Errorf("%s: got verdict %d, want %d\n%x", c.label, got, c.want, c.msg)
		}
	}
}

// Protects what a good query says.
func TestParseFields(t *testing.T) {
	m := new(dns.Msg).SetQuestion("Www.Example.Com.", dns.TypeMX)
	m.SetEdns0(4000, true)
	m.IsEdns0().Option = []dns.EDNS0{
		&dns.EDNS0_NSID{Code: dns.EDNS0NSID},
		&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 2, SourceNetmask: 33, Address: []byte{0x20, 1, 0xd, 0xb8, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"},
	}
	var q Query
	if got := parse(&q, pack(t, m)); got != Good {
		t.Fatalf("got verdict %d", got)
	}
	if got, want := string(q.Name.Bytes()), "\x03www\x07example\x03com\x00"; got != want || q.Name.Labels != 3 {
		t.Errorf("name: got %q with %d labels, want %q with 3", got, q.Name.Labels, want)
	}
	if got, want := string(q.Name.Suffix(2)), "\x07example\x03com\x00"; got != want {
		t.Errorf("suffix: got %q, want %q", got, want)
	}
	e := &q.EDNS
	if q.Type != dns.TypeMX || q.Class != dns.ClassINET || !e.Present || !e.DO || !e.NSID || e.UDPSize != 4000 || e.CookieLen != 8 ||
		e.ECS.Source != 33 || e.ECS.AddrLen() != 5 || e.ECS.Addr[4] != 0x80 {
		t.Errorf("got %+v", q.EDNS)
	}
}

// FuzzParse wants the parser to agree with miekg/dns on every question that both take, and never to fall over.
func FuzzParse(f *testing.F) {
	m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	f.Add(pack(f, m))
	m.SetEdns0(1232, true)
	f.Add(pack(f, m))
	f.Add([]byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		var q Query
		if parse(&q, msg) != Good {
			return
		}
		theirs := new(dns.Msg)
		if theirs.Unpack(msg) != nil {
			return // it looks into records that a query's reader does not need
		}
		name := make([]byte, 256)
		length, err := dns.PackDomainName(dns.CanonicalName(theirs.Question[0].Name), name, 0, nil, false)
		if err != nil {
			return
		}
		if string(name[:length]) != string(q.Name.Bytes()) || theirs.Question[0].Qtype != q.Type || theirs.Question[0].Qclass != q.Class {
			t.Errorf("%x: got %q %d %d, want %v", msg, q.Name.Bytes(), q.Type, q.Class, theirs.Question[0])
		}
		if opt := theirs.IsEdns0(); (opt != nil) != q.EDNS.Present || opt != nil && opt.Do() != q.EDNS.DO {
			t.Errorf("%x: got EDNS %+v, want %v", msg, q.EDNS, opt)
		}
	})
}

// FuzzName wants names with compression pointers to be read as miekg/dns reads them, and to end.
func FuzzName(f *testing.F) {
	f.Add([]byte("\x03www\x07example\x03com\x00\x01a\xc0\x04"), 17)
	f.Add([]byte("\xc0\x00"), 0)
	f.Fuzz(func(t *testing.T, msg []byte, off int) {
		if off < 0 || off >= len(msg) || len(msg) > 4096 {
			return
		}
		var n Name
		past := n.ParseName(msg, off)
		text, theirPast, err := dns.UnpackDomainName(msg, off)
		if past == 0 {
			return // pointers forward, which miekg/dns follows, are refused
		}
		if err != nil {
			t.Fatalf("%x at %d: read %q, miekg/dns says %v", msg, off, n.Bytes(), err)
		}
		name := make([]byte, 256)
		length, err := dns.PackDomainName(dns.CanonicalName(text), name, 0, nil, false)
		if err != nil || string(name[:length]) != string(n.Bytes()) || past != theirPast {
			t.Errorf("%x at %d: got %q past %d, want %q past %d (%v)", msg, off, n.Bytes(), past, text, theirPast, err)
		}
		for i := range n.Labels + 1 {
			if msg[n.At[i]] != n.Buf[n.Off[i]] {
				t.Errorf("%x at %d: label %d stands at %d?", msg, off, i, n.At[i])
			}
		}
	})
}
