package config

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"signpost/host/diag"
	"signpost/host/geo"
)

var update = flag.Bool("update", false, "rewrite the table in README.md")

// Protects the default column of the manual: each value in it, written into a file, changes nothing.
func TestDefaultsAreWhatTheTableSays(t *testing.T) {
	for _, o := range options {
		if o.fallback == "" || strings.HasPrefix(o.path, "checks.") || strings.HasPrefix(o.path, "notices.") || strings.HasPrefix(o.path, "keys.") {
			continue // check_test.go has those
		}
		keys := strings.Split(strings.ReplaceAll(o.path, "*", "web"), ".")
		text := strings.Join(keys, ": { ") + ": " + o.fallback + strings.Repeat(" }", len(keys)-1)
		want := Default()
		switch keys[0] {
		case "views":
			want.Views = []View{{Name: "web", Pos: diag.Pos{File: FileName, Line: 1, Col: 10}}, {Name: PublicView}}
		case "view-policy":
			want.ViewPolicyPos = diag.Pos{File: FileName, Line: 1, Col: 14}
		case "plugins":
			limits := DefaultPluginLimits()
			limits.Pos = diag.Pos{File: FileName, Line: 1, Col: 12}
			want.Plugins["web"] = limits
		}
		got, diags := Parse(FileName, []byte(text))
		if diags.Errors() > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v\n%v", text, got, want, diags)
		}
	}
}

// Protects files that say nothing.
func TestNothingIsDefault(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "{}", "~", "views:\nserver:\n", "\ufeff# with a byte order mark\n"} {
		got, diags := Parse(FileName, []byte(text))
		if len(diags) > 0 || !reflect.DeepEqual(got, Default()) {
			t.Errorf("%q: got %+v, %v, want the default", text, got, diags)
		}
	}
}

const everything = `listen: [192.0.2.1, "[::1]:5300", "*:54", 8053, "[2001:db8::1]"]
admin: off
views:
  internal: { clients: [10.0.0.0/8, fd00::/8, 192.0.2.7], listen: [192.0.2.1, 54], fallthrough: yes, attributes: { weight: 3, of: [a, b] } }
  public: {}
serial: auto
view-policy: geolocation+mine
server: { id: ns1.example.com, version: "9", nsid: 0x6e7331 }
udp-payload: 4096
minimal-any: no
cookies:
  secrets:
    - e5e973e5a6b2a43f48e7dc849e37bfcf
    - "00000000000000000000000000000001"
rate-limit:
  responses-per-second: 20
  window: 1m
  slip: 1
  prefix-v4: 32
  prefix-v6: 64
  table-size: 65_536
  exempt: 198.51.100.0/24
tcp: { max-connections: 10, max-per-client: 2, idle-timeout: 1m30s }
acl: { allow: [192.0.2.0/24], deny: [192.0.2.128/25] }
checks:
  web: &web { http: { port: 8080, path: /health, contains: '"status":"healthy"' }, interval: 10s, fall: 2, rise: 4, invert: true }
  same: *web
  stack: { calculated: { of: [web, same], at-least: 1 }, disabled: true }
geo: { database: ./data//city.mmdb, asn: /usr/share/GeoIP/asn.mmdb }
latency: { table: latency.csv, regions: { our-dc: { lat: 52.1, lon: -5.2 }, eu-west-1: { lat: 0, lon: 180 } } }
collections:
  offices: [192.0.2.0/24, 2001:db8::/32]
  home: 198.51.100.7
plugins:
  canary: { sha256: E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855, fuel: 1000, memory: 512KiB }
`

// Protects that each key reaches its field.
func TestParseEverything(t *testing.T) {
	got, diags := Parse("signpost.yaml", []byte(everything))
	if diags.Errors() > 0 {
		t.Fatalf("got %v", diags)
	}
	prefix := netip.MustParsePrefix
	pos := func(line, col int) diag.Pos { return diag.Pos{File: "signpost.yaml", Line: line, Col: col} }
	web := defaultCheck()
	web.Kind, web.Interval, web.Fall, web.Rise, web.Invert, web.Pos = "http", 10*time.Second, 2, 4, true, pos(26, 3)
	web.HTTP = HTTPCheck{Port: 8080, Path: "/health", Method: "GET", Expect: []StatusRange{{200, 399}}, Contains: `"status":"healthy"`}
	stack := defaultCheck()
	stack.Kind, stack.Disabled, stack.Pos, stack.Judge = "calculated", true, pos(28, 3), "calculated"
	stack.Calculated = CalculatedCheck{[]string{"web", "same"}, []diag.Pos{pos(28, 31), pos(28, 36)}, 1}
	same := web
	same.Pos = pos(27, 3)
	want := &Config{
		Listen: []string{"192.0.2.1:53", "[::1]:5300", ":54", ":8053", "[2001:db8::1]:53"},
		Views: []View{
			{
				Name: "internal", Pos: pos(4, 3), Clients: []netip.Prefix{prefix("10.0.0.0/8"), prefix("fd00::/8"), prefix("192.0.2.7/32")}, ClientsPos: pos(4, 24),
				Listen: []string{"192.0.2.1:53", "0.0.0.0:54", "[::]:54"}, Fallthrough: true,
				Attributes: []Attribute{{"weight", "3", pos(4, 116), pos(4, 124)}, {"of", "a,b", pos(4, 127), pos(4, 131)}},
			},
			{Name: "public", Pos: pos(5, 3)},
		},
		ViewPolicy: []string{"geolocation", "mine"}, ViewPolicyPos: pos(7, 14),
		Serial: SerialAuto, ServerID: "ns1.example.com", Version: "9", NSID: "ns1", UDPPayload: 4096,
		Cookies: Cookies{Enabled: true, Secrets: [][16]byte{
			{0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f, 0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf}, {15: 1},
		}},
		RateLimit: RateLimit{20, 60, 1, 32, 64, 65536, []netip.Prefix{prefix("198.51.100.0/24")}},
		TCP:       TCPLimits{10, 2, 90 * time.Second},
		ACL:       ACL{[]netip.Prefix{prefix("192.0.2.0/24")}, []netip.Prefix{prefix("192.0.2.128/25")}},
		Geo:       Geo{File{"data/city.mmdb", pos(29, 18)}, File{"/usr/share/GeoIP/asn.mmdb", pos(29, 42)}},
		Latency: Latency{File{"latency.csv", pos(30, 19)}, map[string]geo.Region{
			"our-dc": {Name: "our-dc", Latitude: 52.1, Longitude: -5.2}, "eu-west-1": {Name: "eu-west-1", Longitude: 180},
		}},
		Collections: map[string][]netip.Prefix{
			"offices": {prefix("192.0.2.0/24"), prefix("2001:db8::/32")}, "home": {prefix("198.51.100.7/32")},
		},
		Checks: map[string]Check{
			"web": web, "same": same, "stack": stack,
		},
		Probing: Probing{512, 64, 9 * time.Second},
		Plugins: map[string]PluginLimits{"canary": {
			pos(35, 3), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", pos(35, 21), 1000, 512 << 10,
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(diags) > 0 {
		t.Errorf("got %v, want no warning", diags)
	}
}

// Protects IPv6 prefixes without quotes, in each place where people write them.
func TestPlainIPv6(t *testing.T) {
	for _, text := range []string{
		"views: { v: { clients: [10.0.0.0/8, fd00::/8, 2001:db8::1, ::1, ::/0, 2001:db8:1:2:3:4:5:6] } }",
		"views:\n  v: { clients: [10.0.0.0/8, fd00::/8,\n 2001:db8::1 , ::1,::/0 ,2001:db8:1:2:3:4:5:6] }",
		"views:\n  v:\n    clients: [10.0.0.0/8, fd00::/8, 2001:db8::1, ::1, ::/0, 2001:db8:1:2:3:4:5:6]",
		"views:\n  v:\n    clients:\n    - 10.0.0.0/8\n    - fd00::/8\n    - 2001:db8::1\n    - ::1\n    - ::/0\n    - 2001:db8:1:2:3:4:5:6",
		"{views: {v: {clients: [10.0.0.0/8, fd00::/8, '2001:db8::1', ::1, \"::/0\", 2001:db8:1:2:3:4:5:6]}}}",
	} {
		config, diags := Parse(FileName, []byte(text))
		want := "[10.0.0.0/8 fd00::/8 2001:db8::1/128 ::1/128 ::/0 2001:db8:1:2:3:4:5:6/128]"
		if got := fmt.Sprint(config.Views[0].Clients); got != want || len(diags) > 0 {
			t.Errorf("%s: got %s %v, want %s", text, got, diags, want)
		}
	}
	config, diags := Parse(FileName, []byte("views: { v: { attributes: [{a: b}, {\"c\":1}] } }\nlisten: [ ::1 , 127.0.0.1:54 ]"))
	if got := fmt.Sprint(config.Listen); got != "[[::1]:53 127.0.0.1:54]" || len(diags) != 1 {
		t.Errorf("got %s %v, want both addresses", got, diags)
	}
}

// mistakes are texts and what is said of them, without the file's name.
var mistakes = []struct{ text, want string }{
	{"lisen: 1", `1:1: unknown key "lisen" (did you mean "listen"?)`},
	{"server: { banana: x }", `1:11: unknown key "server.banana" (known: id, version, nsid)`},
	{"views:\n  internal: { cleints: 10.0.0.0/8 }", `2:15: unknown key "views.internal.cleints" (did you mean "clients"?)`},
	{`"a\nb": 1`, `1:1: unknown key "a?b"`},
	{`views: {"a\nb": {}}`, `1:9: views.a?b: a name has 1..63 letters, digits, - and _, and begins with a letter or digit`},
	{"server.id: x", `1:1: unknown key "server.id" (did you mean "server: { id: … }"?)`},
	{"\"checks.*\": { fall: 1 }", `1:1: unknown key "checks.*" (did you mean "checks"?)`},
	{"forward: []", `1:1: forward is not available in this version; remove it`},
	{"forward: []\ntls: []", "1:1: forward is not available in this version; remove it\n2:1: tls is not available in this version; remove it"},
	{"geo: { databas: x.mmdb }", `1:8: unknown key "geo.databas" (did you mean "database"?)`},
	{"geo: { database: ../x.mmdb }", `1:18: geo.database: "../x.mmdb" leaves the data directory; a file elsewhere needs its whole path, from / on`},
	{"geo: { asn: '' }", `1:13: geo.asn is empty; leave the line out for none`},
	{"latency: { table: [] }", `1:19: latency.table wants a path, got a list`},
	{"latency: { table: ./ }", `1:19: latency.table: "./" is no file`},
	{"latency: { regions: { dc: { lat: 91, lon: x } } }", "1:34: latency.regions.dc.lat: 91 is outside -90..90\n" +
		`1:43: latency.regions.dc.lon: "x" is not degrees such as 52.1 or -0.13`},
	{"latency: { regions: { dc: { lat: 9 } } }", `1:23: latency.regions.dc needs both lat and lon, such as { lat: 52.1, lon: 5.2 }`},
	{"latency: { regions: { dc: { lat: nan, lon: [] } } }", "1:34: latency.regions.dc.lat: \"nan\" is not degrees such as 52.1 or -0.13\n" +
		`1:44: latency.regions.dc.lon wants degrees, got a list`},
	{"latency: { regions: { our dc: {} } }", `1:23: latency.regions.our dc: a name has 1..63 letters, digits, - and _, and begins with a letter or digit`},
	{"collections: { offices: [] }", `1:25: collections.offices is empty; a collection has at least one prefix`},
	{"collections: { offices: [10.0.0.1/8, 192.0.2.0/24, 192.0.2.0/24] }", "1:26: collections.offices: 10.0.0.1/8 has bits set behind the prefix (did you mean 10.0.0.0/8 or 10.0.0.1/32?)\n" +
		`1:52: duplicate collections.offices 192.0.2.0/24; the first is in line 1`},
	{"collections: { offices: { a: 10.0.0.0/8 } }", `1:25: collections.offices wants a list of prefixes, got keys and values`},
	{"- a", `1:1: the file wants keys and values, got a list`},
	{"nonsense", `1:1: the file wants keys and values, got "nonsense"`},
	{"server: [a]", `1:9: server wants keys and values, got a list`},
	{"serial: file\nserial: auto", `2:1: duplicate serial; the first is in line 1`},
	{"serial: atuo", `1:9: serial: "atuo" is not file or auto (did you mean "auto"?)`},
	{"serial:", `1:8: serial has no value; write file or auto, or leave the line out for the default`},
	{"serial: {a: 1}", `1:9: serial wants file or auto, got keys and values`},
	{"udp-payload: 9000", `1:14: udp-payload: 9000 is outside 512..4096`},
	{"udp-payload: 99999999999999999999", `1:14: udp-payload: 99999999999999999999 is outside 512..4096`},
	{"udp-payload: 1.5", `1:14: udp-payload: "1.5" is not a whole number`},
	{"minimal-any: maybe", `1:14: minimal-any: "maybe" is neither true nor false`},
	{"listen: []", `1:9: listen is empty; leave it out for the default`},
	{"listen: [127.0.0.1:53, 127.0.0.1]", `1:24: listen: 127.0.0.1:53 is listed twice`},
	{"listen: [127.0.0.1:53, ':53']", `1:24: listen: 127.0.0.1:53 is part of :53; keep one of them`},
	{"listen: ['[::]:53', '[::1]:53', 127.0.0.1:53]", `1:21: listen: [::1]:53 is part of [::]:53; keep one of them`},
	{"listen: ['é', 'localhost:53']", "1:10: listen: \"é\" is no IP address; write 127.0.0.1:5300, [::1]:5300 or :53\n" +
		"1:16: listen: \"localhost\" is no IP address in \"localhost:53\"; write 127.0.0.1:5300, [::1]:5300 or :53"},
	{"listen: 127.0.0.1:70000", `1:9: listen: "127.0.0.1:70000" has no port 0..65535`},
	{"listen: 70000", `1:9: listen: "70000" has no port 0..65535`},
	{"admin: 127.0.0.1", `1:8: admin: "127.0.0.1" has no port`},
	{"admin: unix:/run/signpost.sock", `1:8: admin: "unix:/run/signpost.sock" is a Unix socket; its key is admin-socket`},
	{"admin-socket: ''", `1:15: admin-socket is empty; leave the line out for none`},
	{"admin-socket: ../x", `1:15: admin-socket: "../x" leaves the data directory; a file elsewhere needs its whole path, from / on`},
	{"admin-socket: /" + strings.Repeat("x", 104), `1:15: admin-socket: the path has 105 bytes; systems take 103 at most`},
	{"admin-token-file: .", `1:19: admin-token-file: "." is no file`},
	{"admin-hosts: [http://ns1]", `1:15: admin-hosts: "http://ns1" is no host name such as ns1.example.com`},
	{"admin-hosts: [ns1, 'ns1:5380']", `1:20: admin-hosts: "ns1:5380" is no host name such as ns1.example.com`},
	{"admin: 0.0.0.0:5380", `1:8: warning: admin: 0.0.0.0:5380 is reachable from other machines: everybody there may read what it serves`},
	{"acl: { allow: 10.0.0.1/8 }", `1:15: acl.allow: 10.0.0.1/8 has bits set behind the prefix (did you mean 10.0.0.0/8 or 10.0.0.1/32?)`},
	{"acl: { allow: [10.0.0.0/8, 10.0.0.0/8] }", `1:28: duplicate acl.allow 10.0.0.0/8; the first is in line 1`},
	{"acl: { allow: 10.0.0.0/8, deny: 10.0.0.0/8 }", `1:33: acl.deny: 10.0.0.0/8 is in acl.allow too`},
	{"acl: { allow: example.com }", `1:15: acl.allow: "example.com" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32`},
	{"acl: { allow: '::ffff:10.0.0.0/104' }", `1:15: acl.allow: ::ffff:10.0.0.0/104 is an IPv4-mapped address; write it as IPv4`},
	{"views: { a: {}, b: {clients: 10.0.0.0/8} }", `1:10: warning: views.a has no clients, so everybody sees its zones, and before those of views.b`},
	{"views: { a: {listen: 127.0.0.1:5301}, b: {listen: [\"[::1]:5300\", 53, 127.0.0.1:5300, 127.0.0.1:5300]} }", `1:22: views.a.listen: 127.0.0.1:5301 is not among the addresses of listen (did you mean "127.0.0.1:5300"?)
1:66: views.b.listen: :53 is not among the addresses of listen
1:86: duplicate views.b.listen 127.0.0.1:5300; the first is in line 1`},
	{"views: { a: {listen: []}, b: {listen: x} }", `1:22: views.a.listen is empty; leave it out for all addresses
1:39: views.b.listen: "x" is no IP address; write 127.0.0.1:5300, [::1]:5300 or :53`},
	{"views: { a: {attributes: {clients: x, id: x, check: x, on-all-down: x, of: {}, of: y}} }", `1:27: views.a.attributes.clients is not an attribute: it stands beside attributes
1:39: views.a.attributes.id is not an attribute: the view's name is its id
1:46: views.a.attributes.check is not an attribute: it stands beside attributes
1:56: views.a.attributes.on-all-down is not an attribute: views that are all down are seen as if they were up
1:76: views.a.attributes.of wants a list of values, got keys and values
1:80: duplicate views.a.attributes.of; the first is in line 1`},
	{"views: { a: {fallthrough: perhaps} }", `1:27: views.a.fallthrough: "perhaps" is neither true nor false`},
	{"view-policy: a++b", `1:14: view-policy: "a++b" is no name of a plugin, or several joined by +`},
	{"view-policy: [a]", `1:14: view-policy wants the name of a plugin, got a list`},
	{"views: { a: {clients: []} }", `1:23: views.a.clients is empty; leave it out for everybody`},
	{"views: { plugins: {clients: 10.0.0.0/8} }", `1:10: views.plugins: the folder plugins/ holds plugins; choose another name`},
	{"views: { ../etc: {} }", `1:10: views.../etc: a name has 1..63 letters, digits, - and _, and begins with a letter or digit`},
	{"cookies: { secrets: [abc] }", `1:22: cookies.secrets: the secret is not 32 hex digits (128 bits); "openssl rand -hex 16" makes one`},
	{"rate-limit: { window: 10 }", `1:23: rate-limit.window: 10 has no unit (did you mean 10s?)`},
	{"rate-limit: { window: 1500ms }", `1:23: rate-limit.window: 1.5s is not whole seconds`},
	{"tcp: { idle-timeout: 2h }", `1:22: tcp.idle-timeout: 2h is outside 100ms..1h`},
	{"tcp: { idle-timeout: soon }", `1:22: tcp.idle-timeout: "soon" is not a duration such as 500ms, 10s or 1m30s`},
	{"server: { id: '' }", `1:15: server.id is empty; leave it out for none`},
	{"server: { nsid: 0xf }", `1:17: server.nsid: "0xf" is not 0x and pairs of hex digits`},
	{"plugins: { p: { memory: 100KiB } }", `1:25: plugins.p.memory: 100KiB is not whole pages of 64KiB (did you mean 128KiB?)`},
	{"plugins: { p: { memory: 16MB } }", `1:25: plugins.p.memory: "16MB" is not a size such as 512KiB or 16MiB`},
	{"plugins: { p: { memory: 2GiB } }", `1:25: plugins.p.memory: 2GiB is outside 64KiB..1GiB`},
	{"plugins: { p: { sha256: 5f3c } }", `1:25: plugins.p.sha256: "5f3c" is not 64 hex digits`},
	{"serial: *nowhere", "1:9: serial: no anchor \"&nowhere\"\n1:9: serial has no value; write file or auto, or leave the line out for the default"},
	{"serial: !!str auto", `1:9: serial wants file or auto, got the tag !!str`},
	{"a: [1", `1:4: YAML: sequence end token ']' not found`},
	{"listen: [127.0.0.1:54, [::1]:54]", `1:29: YAML: ',' or ']' must be specified (an address with brackets needs quotes: "[::1]:5300")`},
	{"\tserial: auto", "1:7: YAML: tab character cannot use as a map key directly"},
	{"serial: auto\n---\nserial: file", `3:7: a second document; keep everything in the first`},
	{"serial: \xff", `the file is not UTF-8 text`},
	{"a: " + strings.Repeat("[", 1000), `1:36: nested more than 32 deep`},
	{strings.Repeat("- ", 1000), `1:65: nested more than 32 deep`},
}

// Protects the text and place of every kind of mistake.
func TestDiagnostics(t *testing.T) {
	for _, c := range slices.Concat(mistakes, checkMistakes, keyMistakes) {
		_, diags := Parse("", []byte(c.text))
		var got []string
		for _, d := range diags {
			got = append(got, d.String())
		}
		want := c.want
		for i, line := range got {
			got[i] = strings.TrimPrefix(line, ":")
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.text, strings.Join(got, "\n     "), want)
		}
	}
}

// Protects the spellings of addresses on the command line, where there is no file to point at.
func TestParseListen(t *testing.T) {
	for raw, want := range map[string]string{
		"127.0.0.1:5300": "127.0.0.1:5300", "127.0.0.1": "127.0.0.1:53", "[::1]:5300": "[::1]:5300", "::1": "[::1]:53", "[::1]": "[::1]:53",
		":53": ":53", "53": ":53", "*:53": ":53", "0.0.0.0:53": "0.0.0.0:53", "[::]:53": "[::]:53", "[::ffff:192.0.2.1]:53": "192.0.2.1:53",
		"[fe80::1%eth0]:53": "[fe80::1%eth0]:53", "127.0.0.1:0": "127.0.0.1:0", "[2001:DB8::0:1]:53": "[2001:db8::1]:53",
		"": "", ":": "", ":dns": "", ":65536": "", "-1": "", "127.0.0.1:": "", "127.0.0.1:-1": "", "example.com:53": "", "[::1:53": "", "*": "", "*53": "",
		"1.2.3:53": "", "[127.0.0.1]:53": "", "::1:5300:": "",
	} {
		got, err := ParseListen(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", raw, got, err, want)
		}
	}
	for want, addrs := range map[string][]string{
		"":                            {"127.0.0.1:53", "[::1]:53", "127.0.0.1:54", "127.0.0.1:0", "127.0.0.1:0"},
		":53 is listed twice":         {":53", ":54", ":53"},
		"127.0.0.1:53 is part of :53": {"127.0.0.1:53", ":53"},
		"0.0.0.0:53 is part of :53":   {":53", "0.0.0.0:53"},
	} {
		err := CheckListen(addrs)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", addrs, err, want)
		}
	}
	for addr, want := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "127.9.9.9:1": true, ":1": false, "0.0.0.0:1": false, "[::]:1": false, "192.0.2.1:1": false, "": false} {
		if got := IsLoopback(addr); got != want {
			t.Errorf("loopback %q: got %v, want %v", addr, got, want)
		}
	}
}

// Protects the README from going stale. Run with -update to rewrite it.
func TestReadmeTable(t *testing.T) {
	const begin, end = "<!-- table -->\n", "<!-- end of table -->"
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(raw), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("README.md has no %q and %q", begin, end)
	}
	want := before + begin + Table() + end + after
	if string(raw) == want {
		return
	}
	if !*update {
		t.Fatal("README.md: the table differs from options.go; run: go test ./host/config -run ReadmeTable -update")
	}
	if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Protects the example of the manual: it must load.
func TestReadmeExample(t *testing.T) {
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(raw), "```yaml\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("README.md has no yaml block")
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if _, diags := Parse(FileName, []byte(text)); diags.Errors() > 0 {
			t.Errorf("%s\ngot %v, want no error", text, diags)
		}
	}
}

// Protects the loader from hostile text: no panic, positions inside the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte(everyKind))
	for _, c := range slices.Concat(checkMistakes, keyMistakes) {
		f.Add([]byte(c.text))
	}
	f.Add([]byte("a: &a [*a]\nserial: *a\nviews: *a\n? [x]\n: y\n<<: {}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		config, diags := Parse(FileName, text)
		if config == nil {
			t.Fatalf("%q: got nil", text)
		}
		lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 1 // YAML knows both ends of line
		for _, d := range diags {
			if d.Pos.Line > lines+1 || d.Pos.Line < 0 {
				t.Errorf("%q: got %v, want a line of 1..%d", text, d, lines)
			}
			if printable(d.Text) != d.Text {
				t.Errorf("%q: got %q, want one printable line", text, d.Text)
			}
		}
	})
}
