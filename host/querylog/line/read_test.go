package line

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Protects the reading of dnstap as other programs write it: testdata/tap.dnstap is made by github.com/dnstap/golang-dnstap, two queries, each
// with its response.
func TestReadDnstap(t *testing.T) {
	raw, err := os.ReadFile("testdata/tap.dnstap")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	bad, err := Read(bytes.NewReader(raw), func(q *Query, response bool) {
		line := string(q.Append(nil))
		if response {
			line = "response " + line
		}
		got = append(got, strings.TrimSuffix(line, "\n"))
	})
	want := []string{
		"2023-11-14T22:13:20.000000Z 192.0.2.7 udp app.example.com. A IN 203.0.113.0/24 - - - - -",
		"response 2023-11-14T22:13:20.000000Z 192.0.2.7 udp app.example.com. A IN 203.0.113.0/24 NOERROR - - 50afd282dc0229f8 -",
		"2023-11-14T22:13:20.000000Z 2001:db8::7 udp app.example.com. A IN 203.0.113.0/24 - - - - -",
		"response 2023-11-14T22:13:20.000000Z 2001:db8::7 udp app.example.com. A IN 203.0.113.0/24 NOERROR - - 50afd282dc0229f8 -",
	}
	if err != nil || bad.Count != 0 || len(got) != len(want) {
		t.Fatalf("got %q, %v, %v", got, bad, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
	for cut := range raw { // a file that breaks off, or is none, ends the reading and no more
		_, _ = Read(bytes.NewReader(raw[:cut]), func(*Query, bool) {})
	}
	if _, err := Read(bytes.NewReader(raw[4:]), func(*Query, bool) {}); err == nil {
		t.Error("a stream without its first word: got no error")
	}
}

// Protects what is read of dnstap's signed queries: the key of a response, but not the one of a signature that was refused.
func TestReadDnstapKey(t *testing.T) {
	for rcode, want := range map[int]string{dns.RcodeSuccess: "office.", dns.RcodeNotAuth: ""} {
		m := new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA)
		m.Response, m.Rcode = true, rcode
		m.Extra = append(m.Extra, &dns.TSIG{Hdr: dns.RR_Header{Name: "Office.", Rrtype: dns.TypeTSIG, Class: dns.ClassANY}, Algorithm: dns.HmacSHA256})
		answer, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		message := []byte{fieldType << 3, authResponse, fieldQueryAddress<<3 | 2, 4, 192, 0, 2, 7, fieldResponseMessage<<3 | 2, byte(len(answer))}
		message = append(message, answer...)
		q, response, err := parseDnstap(append([]byte{fieldMessage<<3 | 2, byte(len(message))}, message...))
		if err != nil || !response || q == nil || q.Key != want {
			t.Errorf("%s: got %+v, %v, want the key %q", dns.RcodeToString[rcode], q, err, want)
		}
	}
}

// Protects the reader of text from long and broken lines: the others count.
func TestReadText(t *testing.T) {
	log := Head + lines[0] + "\n" + strings.Repeat("x", 3*lineLenMax) + "\nnonsense\n\n" + lines[1]
	count := 0
	bad, err := Read(strings.NewReader(log), func(*Query, bool) { count++ })
	if err != nil || count != 2 || bad.Count != 2 || bad.First == nil || !strings.HasPrefix(bad.First.Error(), "line 3: longer than") {
		t.Errorf("got %d lines, %+v, %v; want 2, 2 bad, the first on line 3", count, bad, err)
	}
}

func FuzzRead(f *testing.F) {
	raw, err := os.ReadFile("testdata/tap.dnstap")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(lines[0]))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _ = Read(bytes.NewReader(raw), func(q *Query, _ bool) { q.Append(nil) })
	})
}
