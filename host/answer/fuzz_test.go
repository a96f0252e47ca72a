package answer

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/config"
)

// FuzzRespond throws packets at a worker: each response must parse, carry the query's ID and question, be a response, and be no
// longer than the client takes.
func FuzzRespond(f *testing.F) {
	c := config.Default()
	c.NSID, c.ServerID, c.Version = strings.Repeat("n", 255), strings.Repeat("i", 255), "1"
	c.Keys = []config.Key{{Name: "office.", Algorithm: "hmac-sha256", Secret: make([]byte, 32)}}
	w := workerOf(f, snapshotOf(f, c, map[string]string{"example.com.": exampleZone, "example.net.": netZone, ".": "@ NS a.nic\na.nic A 192.0.2.1\ncom NS a.nic\n"}))
	for _, name := range []string{"web.example.com.", "x.dn.example.com.", "foo.wild.example.com.", "sub.example.com.", "al.example.com.", "loop1.example.com.", "."} {
		for _, typ := range []uint16{dns.TypeA, dns.TypeANY, dns.TypeMX, dns.TypeDS, dns.TypeRRSIG} {
			m := new(dns.Msg).SetQuestion(name, typ)
			raw, _ := m.Pack()
			f.Add(raw, false)
			m.SetEdns0(4096, true)
			m.IsEdns0().Option = []dns.EDNS0{
				&dns.EDNS0_NSID{Code: dns.EDNS0NSID}, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"},
				&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{192, 0, 2, 0}},
			}
			raw, _ = m.Pack()
			f.Add(raw, true)
		}
	}
	for _, key := range []string{"office.", "nobody.", strings.Repeat(strings.Repeat("k", 60)+".", 4)} {
		m := new(dns.Msg).SetQuestion("web.example.com.", dns.TypeA)
		m.SetEdns0(4096, true)
		m.SetTsig(key, dns.HmacSHA256, 0xFFFF, time.Now().Unix())
		raw, _, _ := dns.TsigGenerate(m, base64.StdEncoding.EncodeToString(make([]byte, 32)), "", false)
		f.Add(raw, false)
	}
	chaos := new(dns.Msg).SetQuestion("id.server.", dns.TypeTXT)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	raw, _ := chaos.Pack()
	f.Add(raw, false)
	pkt := make([]byte, 65535+16)
	f.Fuzz(func(t *testing.T, query []byte, tcp bool) {
		if len(query) > 4096 {
			return
		}
		size := 4096
		if tcp {
			size = len(pkt)
		}
		w.Begin()
		n := w.Respond(pkt[:size:size], copy(pkt, query), testClient, tcp)
		w.End()
		if n == 0 {
			if len(query) >= 12 && query[2]&0x80 == 0 {
				t.Fatalf("%x: no response", query)
			}
			return
		}
		limit := min(c.UDPPayload, max(512, int(w.query.EDNS.UDPSize)))
		if !tcp && n > limit {
			t.Fatalf("%x: response of %d bytes, limit %d", query, n, limit)
		}
		response := new(dns.Msg)
		if err := response.Unpack(pkt[:n]); err != nil {
			t.Fatalf("%x: response %x: %v", query, pkt[:n], err)
		}
		if response.Id != binary.BigEndian.Uint16(query) || !response.Response {
			t.Fatalf("%x: response %v", query, response)
		}
		if w.query.EDNS.Present != (response.IsEdns0() != nil) {
			t.Fatalf("%x: OPT in the query %v, response %v", query, w.query.EDNS.Present, response)
		}
	})
}
