package zonefile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Protects the wire form of names and what each malformed one is told.
func TestAppendName(t *testing.T) {
	origin := []byte("\x07example\x00")
	label63 := strings.Repeat("a", 63)
	for _, c := range []struct{ text, want, msg string }{
		{".", "\x00", ""},
		{"a", "\x01a\x07example\x00", ""},
		{"a.b", "\x01a\x01b\x07example\x00", ""},
		{"A.b.", "\x01A\x01b\x00", ""},
		{`a\.b.`, "\x03a.b\x00", ""},
		{`\065\b.`, "\x02Ab\x00", ""},
		{`\000\255.`, "\x02\x00\xff\x00", ""},
		{label63 + ".", "\x3f" + label63 + "\x00", ""},
		{"", "", "name is empty"},
		{"..", "", `name ".." has an empty label`},
		{".a", "", `name ".a" has an empty label`},
		{"a..b", "", `name "a..b" has an empty label`},
		{label63 + "a", "", "has a label of 64 bytes, at most 63 are allowed"},
		{label63 + "a.", "", "has a label of 64 bytes, at most 63 are allowed"},
		{strings.Repeat(label63+".", 4), "", "has 257 bytes on the wire, at most 255 are allowed"},
		{strings.Repeat("a.", 124), "", "has 257 bytes on the wire"},
		{`a\256.`, "", `name "a\256." has a bad escape "\256"`},
		{`a\25`, "", `name "a\25" has a bad escape "\25"`},
		{`a\`, "", `name "a\" has a bad escape "\"`},
	} {
		if c.text == strings.Repeat("a.", 124) {
			c.text = strings.TrimSuffix(c.text, ".")
		}
		out, msg := appendName([]byte("x"), []byte(c.text), origin)
		if string(out) != "x"+c.want || (msg == "") != (c.msg == "") || !strings.Contains(msg, c.msg) {
			t.Errorf("appendName(%q): got %q, %q, want %q, %q", c.text, out, msg, "x"+c.want, c.msg)
		}
	}
	if _, msg := appendName(nil, []byte("a"), nil); msg != `name "a" is relative and there is no origin` {
		t.Errorf("appendName without origin: got %q", msg)
	}
}

// Protects the printed form, which messages and dumps show and which must read back as the same name.
func TestAppendNamePrints(t *testing.T) {
	for wire, want := range map[string]string{
		"\x00":                     ".",
		"":                         ".",
		"\x01a\x07Example\x00":     "a.Example.",
		"\x04a.b\"\x00":            `a\.b\".`,
		"\x05 \x00\xff;@\x00":      `\032\000\255\;\@.`,
		"\x01*\x02$(\x03_\\-\x00":  `*.\$\(._\\-.`,
		"\x03abc\x09cut":           "abc.",
		"\x01a\x00\x01b\x00":       "a.",
		"\x07example\x03com\x00!!": "example.com.",
	} {
		if got := string(AppendName([]byte("> "), []byte(wire))); got != "> "+want {
			t.Errorf("AppendName(%q): got %q, want %q", wire, got, "> "+want)
		}
	}
}

// Protects names in both directions: the wire form agrees with miekg/dns, and printing reads back as the same bytes.
func FuzzName(f *testing.F) {
	for _, text := range []string{".", "example.com.", "a", `a\.b.c.`, `\000.`, `\1234.`, "a..b", `a\`, strings.Repeat("a.", 127), "*.x.", "é."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wire, msg := appendName(nil, []byte(text), []byte("\x00"))
		buf := make([]byte, 512)
		n, err := dns.PackDomainName(dns.Fqdn(text), buf, 0, nil, false)
		if msg != "" {
			if len(wire) != 0 {
				t.Errorf("%q: got %x with error %q, want nothing", text, wire, msg)
			}
			// miekg/dns packs names of 256 bytes.
			if _, ok := dns.IsDomainName(text); ok && err == nil && text != "" && n <= nameLenMax && !strings.Contains(text, `\`) {
				t.Errorf("%q: got %q, miekg/dns packs %x", text, msg, buf[:n])
			}
			return
		}
		if err == nil && !strings.Contains(text, `\`) && !bytes.Equal(wire, buf[:n]) {
			t.Errorf("%q: got %x, miekg/dns %x", text, wire, buf[:n])
		}
		theirs, off, err := dns.UnpackDomainName(wire, 0)
		if err != nil || off != len(wire) {
			t.Fatalf("%q: got %x, which miekg/dns does not unpack: %v", text, wire, err)
		}
		for _, printed := range []string{string(AppendName(nil, wire)), theirs} {
			if again, msg := appendName(nil, []byte(printed), nil); msg != "" || !bytes.Equal(again, wire) {
				t.Errorf("%q: %x prints as %q, which reads as %x %s", text, wire, printed, again, msg)
			}
		}
	})
}
