package load

import (
	"strings"
	"testing"
)

// Protects which directory entries count as zones: what editors leave behind never does.
func TestIsZoneFile(t *testing.T) {
	for name, want := range map[string]bool{
		"example.com.zone":      true,
		"root.zone":             true,
		"0%2F25.example.zone":   true,
		"example.com.zone~":     false,
		".example.com.zone.swp": false,
		".#example.com.zone":    false,
		"#example.com.zone#":    false,
		"#example.com.zone":     false,
		"example.com.zone.bak":  false,
		"4913":                  false,
		".zone":                 false,
		"common.inc":            false,
		"signpost.yaml":         false,
	} {
		if got := isZoneFile(name); got != want {
			t.Errorf("isZoneFile(%q): got %v, want %v", name, got, want)
		}
	}
}

// Protects the way from file name to zone name, escapes and limits included.
func TestOriginOf(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, c := range []struct{ file, origin, problem string }{
		{"example.com.zone", "\x07example\x03com\x00", ""},
		{"Example.COM.zone", "\x07example\x03com\x00", ""},
		{"example.com..zone", "\x07example\x03com\x00", ""},
		{"com.zone", "\x03com\x00", ""},
		{"root.zone", "\x00", ""},
		{"r%6fot.zone", "\x04root\x00", ""},
		{"0%2F25.2.0.192.in-addr.arpa.zone", "\x040/25\x012\x010\x03192\x07in-addr\x04arpa\x00", ""},
		{"a%2eb.example.zone", "\x03a.b\x07example\x00", ""},
		{"a..b.zone", "", "empty label"},
		{"a%2.zone", "", "percent sign"},
		{"a%zz.zone", "", "percent sign"},
		{`a\046b.zone`, "", "backslash"},
		{"bücher.example.zone", "", "xn--"},
		{"a b.zone", "", "%20"},
		{long + ".zone", "\x3f" + long + "\x00", ""},
		{long + "a.zone", "", "label of 64 bytes"},
		{strings.Join([]string{long, long, long, long}, ".") + ".zone", "", "257 bytes long"},
	} {
		origin, problem := originOf(c.file)
		if string(origin) != c.origin && c.problem == "" || !strings.Contains(problem, c.problem) || (problem == "") != (c.problem == "") {
			t.Errorf("originOf(%q): got %q, %q, want %q, %q", c.file, origin, problem, c.origin, c.problem)
		}
	}
}

// Protects the names in log lines: special bytes are escaped as in a zone file.
func TestNameText(t *testing.T) {
	for wire, want := range map[string]string{
		"\x00":                       ".",
		"\x07example\x03com\x00":     "example.com.",
		"\x03a.b\x07example\x00":     `a\.b.example.`,
		"\x04a b\xff\x07example\x00": `a\032b\255.example.`,
	} {
		if got := NameText([]byte(wire)); got != want {
			t.Errorf("NameText(%q): got %q, want %q", wire, got, want)
		}
	}
}
