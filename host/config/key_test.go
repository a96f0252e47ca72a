package config

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"signpost/host/diag"
)

// Protects that keys reach their fields, under one spelling of their names, and that views find them.
func TestKeys(t *testing.T) {
	got, diags := Parse(FileName, []byte(`keys:
  office: { secret: MDEyMzQ1Njc4OWFiY2RlZg== }
  Branch.Example.com.: { algorithm: hmac-sha512, secret-file: /etc/signpost/branch.key }
views: { internal: { key: [OFFICE., branch.example.com] }, lab: { key: office } }
`))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	pos := func(line, col int) diag.Pos { return diag.Pos{File: FileName, Line: line, Col: col} }
	want := []Key{
		{Name: "office.", Pos: pos(2, 3), Algorithm: "hmac-sha256", Secret: []byte("0123456789abcdef")},
		{Name: "branch.example.com.", Pos: pos(3, 3), Algorithm: "hmac-sha512", SecretFile: File{"/etc/signpost/branch.key", pos(3, 63)}},
	}
	if !reflect.DeepEqual(got.Keys, want) {
		t.Errorf("got %+v, want %+v", got.Keys, want)
	}
	if keys := got.Views[0].Keys; !reflect.DeepEqual(keys, []string{"office.", "branch.example.com."}) {
		t.Errorf("got %q, want both keys", keys)
	}
	for text, want := range map[string]string{
		" MDEyMzQ1Njc4OWFiY2RlZg==\n": "", "": "has 0 bytes and not 16..1024", "MDEyMzQ=": "has 5 bytes", "no base64": "is not base64",
		base64.StdEncoding.EncodeToString(make([]byte, 1025)): "has 1025 bytes",
	} {
		secret, err := ParseSecret(text)
		if want == "" && (err != nil || string(secret) != "0123456789abcdef") || want != "" && (err == nil || !strings.Contains(err.Error(), want) || len(text) > 0 && strings.Contains(err.Error(), text)) {
			t.Errorf("%q: got %q %v, want %q", text, secret, err, want)
		}
	}
}

// keyMistakes are texts about keys and what is said of them.
var keyMistakes = []struct{ text, want string }{
	{"keys: { office: {} }", `1:9: keys.office has neither a secret nor a secret-file; "openssl rand -base64 32" makes one`},
	{"keys: { office: { secret: hunter2 } }", `1:27: keys.office.secret: the secret is not base64; "openssl rand -base64 32" makes one`},
	{"keys: { office: { secret: aHVudGVyMg== } }", `1:27: keys.office.secret: the secret has 7 bytes and not 16..1024; "openssl rand -base64 32" makes one`},
	{"keys: { office: { secret: MDEyMzQ1Njc4OWFiY2RlZg==, secret-file: office.key } }", `1:66: keys.office has both a secret and a secret-file; keep one of them`},
	{"keys: { office: { algorithm: hmac-md5, secret: MDEyMzQ1Njc4OWFiY2RlZg== } }", `1:30: keys.office.algorithm: "hmac-md5" is not hmac-sha256 or hmac-sha384 or hmac-sha512 or hmac-sha1`},
	{"keys: { a b: {}, .: {}, x..y: {}, " + strings.Repeat("x", 62) + ": {} }", "1:9: keys.a b: the name of a key is a domain name of at most 63 bytes, letters, digits, - and _ between dots\n" +
		"1:18: keys..: the name of a key is a domain name of at most 63 bytes, letters, digits, - and _ between dots\n" +
		"1:25: keys.x..y: the name of a key is a domain name of at most 63 bytes, letters, digits, - and _ between dots\n" +
		"1:35: keys." + strings.Repeat("x", 62) + ": the name of a key is a domain name of at most 63 bytes, letters, digits, - and _ between dots"},
	{"keys: { office: { secret: MDEyMzQ1Njc4OWFiY2RlZg== }, Office.: { algorithm: hmac-sha1 } }", `1:55: duplicate keys.Office.; the first is in line 1`},
	{"keys: { office: { secert: x } }", "1:9: keys.office has neither a secret nor a secret-file; \"openssl rand -base64 32\" makes one\n" + `1:19: unknown key "keys.office.secert" (did you mean "secret"?)`},
	{"keys: { office: { secret: MDEyMzQ1Njc4OWFiY2RlZg== } }\nviews: { v: { key: [ofice, office, OFFICE] }, w: { key: [] } }", `2:21: views.v.key: no key "ofice" (did you mean "office"?)
2:36: duplicate views.v.key OFFICE; the first is in line 2
2:57: views.w.key is empty; leave it out for everybody`},
}
