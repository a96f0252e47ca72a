package line

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"signpost/host/querylog"
)

var lines = []string{
	"2026-11-22T21:07:03.123456Z 192.0.2.7 udp:192.0.2.53:53 app.example.com. A IN 203.0.113.0/24 NOERROR public canary 5b8b2e2d0a1f3c44 -",
	"2026-11-22T21:07:03.000000Z 2001:db8::7 tcp:[2001:db8::53]:53 . NS IN 2001:db8::/48 REFUSED - - - -",
	"2026-11-22T21:07:03.000000Z 192.0.2.7 udp - - - - FORMERR - - 00000000000000ff -",
	`2026-11-22T21:07:03.000000Z 192.0.2.7 udp a\032b\.c.example. TYPE65280 CH - NOERROR internal near\032one,two/far - lab\032one.example.`,
	"2026-11-22T21:07:03.000000Z 192.0.2.7 udp example. AAAA CLASS254 0.0.0.0/0 DROPPED - - - -",
}

// Protects the log's form: what is read is what was written.
func TestLinesRoundTrip(t *testing.T) {
	for _, text := range lines {
		q, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := string(q.Append(nil)); got != text+"\n" {
			t.Errorf("got %swant %s", got, text)
		}
	}
}

// Protects logs of before lines had a key: they are read.
func TestLinesWithoutKey(t *testing.T) {
	want, err := Parse(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Parse(strings.TrimSuffix(lines[0], " -")); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// Protects the reader of a replay from lines that are none: each says what is wrong.
func TestBadLines(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{" public", " public public", "13 fields instead of 12"},
		{"2026-11-22T", "yesterday", "is no time"},
		{"192.0.2.7", "192.0.2", "is no address"},
		{"app.example.com.", "app..example.com.", "empty label"},
		{" A ", " AA ", `"AA" is no type`},
		{" IN ", " XX ", `"XX" is no class`},
		{"203.0.113.0/24", "203.0.113.0", "is no prefix"},
		{"5b8b2e2d0a1f3c44", "digest", "is no digest"},
	} {
		_, err := Parse(strings.Replace(lines[0], c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s → %s: got %v, want %q", c.old, c.new, err, c.want)
		}
	}
}

// Protects what becomes of a response: the question, the code, and a digest that does not change with the order of the records.
func TestOfEntry(t *testing.T) {
	const head = "\x00\x07\x84\x00\x00\x01\x00\x02\x00\x00\x00\x00\x03WWW\x07example\x00\x00\x01\x00\x01"
	const one, two = "\xC0\x0C\x00\x01\x00\x01\x00\x00\x00\x3C\x00\x04\xC0\x00\x02\x01", "\xC0\x0C\x00\x01\x00\x01\x00\x00\x00\x3C\x00\x04\xC0\x00\x02\x02"
	e := querylog.Entry{Micros: 1_700_000_000_000_001, Client: netip.MustParseAddr("192.0.2.7"), TCP: true, Picked: []byte("a,b"), View: "public", Key: "office.", Message: []byte(head + one + two)}
	got := Of(&e, "192.0.2.53:53")
	want := Query{
		Time: time.UnixMicro(1_700_000_000_000_001).UTC(), Client: e.Client, Listener: "tcp:192.0.2.53:53", Name: []byte("\x03www\x07example\x00"), Type: 1, Class: 1,
		Rcode: "NOERROR", View: "public", Picked: "a,b", Key: "office.", Digest: got.Digest,
	}
	if !reflect.DeepEqual(got, want) || got.Digest == 0 {
		t.Errorf("got %+v, want %+v with a digest", got, want)
	}
	e.Message = []byte(head + two + one)
	if turned := Of(&e, ""); turned.Digest != got.Digest || turned.Listener != "tcp" {
		t.Errorf("turned round: got %+v, want the digest %x", turned, got.Digest)
	}
	e.Message = e.Message[:len(e.Message)-3]
	if cut := Of(&e, ""); cut.Digest != 0 {
		t.Errorf("cut off: got the digest %x, want none", cut.Digest)
	}
	e.Dropped = true
	if dropped := Of(&e, ""); dropped.Digest != 0 || dropped.Rcode != Dropped {
		t.Errorf("dropped: got %+v", dropped)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range lines {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil {
			return
		}
		written := q.Append(nil)
		again, err := Parse(strings.TrimSuffix(string(written), "\n"))
		if err != nil {
			t.Fatalf("%q became %q: %v", text, written, err)
		}
		if second := again.Append(nil); string(second) != string(written) {
			t.Fatalf("%q became %q, then %q", text, written, second)
		}
	})
}
