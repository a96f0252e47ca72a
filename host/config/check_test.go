package config

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"signpost/host/diag"
)

const everyKind = `checks:
  page:  { http: { port: 8080, path: /health?deep=1, method: GET, host: "www.example.com:81", headers: { X-Probe: 1, Accept: text/plain }, expect: [200-299, 301], regex: "ok|fine" } }
  head:  { https: { method: HEAD, server-name: www.example.com., verify: no, certificate: tls/a.pem, key: /etc/a.key, expect: 204 }, interval: 1s, fast-interval: 500ms, jitter: 0 }
  shop:  { https: { host: shop.example.com, ca: tls/ca.pem, contains: '"status":"healthy"' }, connect-timeout: 1s, response-timeout: 1500ms, on-unknown: down }
  redis: { tcp: { port: 6379, send: "PING\r\n", expect: +PONG }, fall: 2, rise: 1, judge: quorum, attributes: { share: 50, of: [a, b] } }
  fast:  { tcp: { port: 80 }, interval: 2s, target: 192.0.2.9 }
  ns:    { dns: { name: www.example.com, type: aaaa, rcode: nxdomain, rdata: "2001:db8::1", tcp: yes, port: 5353 } }
  root:  { dns: { name: . } }
  ping:  { icmp: {}, disabled: true }
  cert:  { tls: { port: 8443, server-name: www.example.com, days-left: 14 } }
  own:   { exec: { command: is-primary, arguments: [-h, "%ENDPOINT%", ""] } }
  load:  { metric: { url: "http://127.0.0.1:9090/prom", query: 'load1{instance="%ENDPOINT%"}', above: -1.5, below: 8e1, on-no-data: down, token: abc } }
  beat:  { push: { within: 90s, token: s3cret }, invert: true }
  all:   { calculated: { of: [page, redis, deep] } }
  deep:  { calculated: { of: [beat], at-least: 0 }, judge: mine }
probing: { concurrency: 10, concurrency-per-host: 3, start-wait: 0s }
notices:
  webhooks:
    - url: https://chat.example.com/hooks/x?y=z
      format: slack
    - { url: "http://127.0.0.1:9093", format: alertmanager, secret: key, token: tok, timeout: 1s, attempts: 1 }
  exec: { command: page-somebody, arguments: [now] }
overrides: overrides.yaml
admin-socket: /run/signpost/admin.sock
admin-token-file: token
views: { internal: { clients: 10.0.0.0/8, check: fast } }
`

// Protects that each setting of each kind reaches its field, with the defaults of its kind beside it.
func TestParseEveryKind(t *testing.T) {
	got, diags := Parse(FileName, []byte(everyKind))
	if len(diags) > 0 {
		t.Fatalf("got %v, want nothing", diags)
	}
	address := func(raw string) *url.URL {
		parsed, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	above, below := -1.5, 80.0
	kinds := map[string]Check{
		"page": {HTTP: HTTPCheck{8080, "/health?deep=1", "GET", "www.example.com:81", []Header{{"X-Probe", "1"}, {"Accept", "text/plain"}}, []StatusRange{{200, 299}, {301, 301}}, "", regexp.MustCompile("ok|fine")}},
		"head": {
			HTTP: HTTPCheck{443, "/", "HEAD", "", nil, []StatusRange{{204, 204}}, "", nil},
			TLS:  TLSCheck{ServerName: "www.example.com", Certificate: File{Path: "tls/a.pem"}, Key: File{Path: "/etc/a.key"}},
		},
		"shop": {
			HTTP: HTTPCheck{443, "/", "GET", "shop.example.com", nil, []StatusRange{{200, 399}}, `"status":"healthy"`, nil},
			TLS:  TLSCheck{Verify: true, CA: File{Path: "tls/ca.pem"}},
		},
		"redis": {TCP: TCPCheck{6379, "PING\r\n", "+PONG"}},
		"fast":  {TCP: TCPCheck{Port: 80}},
		"ns":    {DNS: DNSCheck{5353, "www.example.com.", 28, 3, "2001:db8::1", true}},
		"root":  {DNS: DNSCheck{Port: 53, Name: ".", Type: 1}},
		"ping":  {},
		"cert":  {TLS: TLSCheck{Port: 8443, ServerName: "www.example.com", Verify: true, DaysLeft: 14}},
		"own":   {Exec: ExecCheck{"is-primary", []string{"-h", "%ENDPOINT%", ""}}},
		"load":  {Metric: MetricCheck{address("http://127.0.0.1:9090/prom"), `load1{instance="%ENDPOINT%"}`, &above, &below, UnknownDown, "abc"}},
		"beat":  {Push: PushCheck{90 * time.Second, "s3cret"}},
		"all":   {Calculated: CalculatedCheck{[]string{"page", "redis", "deep"}, nil, 3}},
		"deep":  {Calculated: CalculatedCheck{[]string{"beat"}, nil, 0}},
	}
	for name, want := range kinds {
		check := got.Checks[name]
		check.TLS.CA.Pos, check.TLS.Certificate.Pos, check.TLS.Key.Pos, check.Calculated.OfPos = diag.Pos{}, diag.Pos{}, diag.Pos{}, nil
		settings := Check{HTTP: check.HTTP, TCP: check.TCP, DNS: check.DNS, TLS: check.TLS, Exec: check.Exec, Metric: check.Metric, Push: check.Push, Calculated: check.Calculated}
		if !reflect.DeepEqual(settings, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, settings, want)
		}
	}
	for name, want := range map[string]string{
		"page":  "http 30s 0s 5 3 3 4s 2s false false up  threshold []",
		"head":  "https 1s 500ms 0 3 3 1s 1s false false up  threshold []",
		"shop":  "https 30s 0s 5 3 3 1s 1.5s false false down  threshold []",
		"redis": "tcp 30s 0s 5 2 1 10s 2s false false up  quorum [share=50 of=a,b]",
		"fast":  "tcp 2s 0s 5 3 3 2s 2s false false up 192.0.2.9 threshold []",
		"ping":  "icmp 30s 0s 5 3 3 4s 2s false true up  threshold []",
		"beat":  "push 30s 0s 5 3 3 4s 2s true false up  threshold []",
		"all":   "calculated 30s 0s 5 3 3 4s 2s false false up  calculated []",
		"deep":  "calculated 30s 0s 5 3 3 4s 2s false false up  mine []",
	} {
		c := got.Checks[name]
		var attributes []string
		for _, a := range c.Attributes {
			attributes = append(attributes, a.Key+"="+a.Value)
		}
		said := fmt.Sprint(c.Kind, " ", c.Interval, " ", c.FastInterval, " ", c.Jitter, c.Fall, c.Rise, " ", c.Connect, " ", c.Respond, " ", c.Invert, " ", c.Disabled, " ", c.OnUnknown, " ", c.Target, " ", c.Judge, " ", attributes)
		if said != want {
			t.Errorf("%s: got %s, want %s", name, said, want)
		}
	}
	pos := func(line, col int) diag.Pos { return diag.Pos{File: FileName, Line: line, Col: col} }
	notices := Notices{
		[]Webhook{
			{address("https://chat.example.com/hooks/x?y=z"), pos(19, 12), "slack", "", "", 5 * time.Second, 5},
			{address("http://127.0.0.1:9093"), pos(21, 14), "alertmanager", "key", "tok", time.Second, 1},
		}, []ExecCheck{{"page-somebody", []string{"now"}}},
	}
	if !reflect.DeepEqual(got.Notices, notices) {
		t.Errorf("got %+v, want %+v", got.Notices, notices)
	}
	if want := (Probing{10, 3, 0}); got.Probing != want {
		t.Errorf("got %+v, want %+v", got.Probing, want)
	}
	files := []File{got.Overrides, got.AdminSocket, got.AdminTokenFile}
	if want := []File{{"overrides.yaml", pos(23, 12)}, {"/run/signpost/admin.sock", pos(24, 15)}, {"token", pos(25, 19)}}; !reflect.DeepEqual(files, want) {
		t.Errorf("got %v, want %v", files, want)
	}
	if view := got.Views[0]; view.Check != "fast" || view.CheckPos != pos(26, 50) {
		t.Errorf("got %+v, want the check in line 26", view)
	}
}

// Protects the default column of the manual where a key needs others beside it: each value, written into a file, changes nothing.
func TestDefaultsOfKinds(t *testing.T) {
	beside := map[string]string{
		"checks.http": "", "checks.https": "verify: yes", "checks.tls": "server-name: a.example", "checks.dns": "name: .", "checks.push": "",
		"checks.metric": "url: http://127.0.0.1, query: up, above: 0", "notices.webhooks": "url: http://127.0.0.1",
		"keys": "secret: MDEyMzQ1Njc4OWFiY2RlZg==",
	}
	checked := 0
	for _, o := range options {
		if o.fallback == "" || !strings.HasPrefix(o.path, "checks.") && !strings.HasPrefix(o.path, "notices.") && !strings.HasPrefix(o.path, "keys.") {
			continue
		}
		words := strings.Split(strings.NewReplacer(".*", "", ".-", "").Replace(o.path), ".")
		before, after := words[0]+": { web: { http: {} , ", " } }"
		if words[0] == "notices" {
			before = words[0] + ": { "
			after = " }"
		}
		if words[0] == "keys" {
			before, after = words[0]+": { web: { "+beside["keys"]+", ", " } }"
		}
		key := words[len(words)-1]
		if len(words) == 3 {
			body, known := beside[words[0]+"."+words[1]]
			if !known {
				t.Fatalf("%s: what stands beside it?", o.path)
			}
			before, after = strings.Replace(before, " http: {} ,", "", 1)+words[1]+": { "+body, " }"+after
			if strings.HasPrefix(body, key+":") {
				before = strings.TrimSuffix(before, body)
				body = ""
			}
			if body != "" {
				before += ", "
			}
		}
		plain, diags := Parse(FileName, []byte(strings.TrimSuffix(before, ", ")+after))
		with, withDiags := Parse(FileName, []byte(before+key+": "+o.fallback+after))
		if judged := with.Checks["web"]; key == "judge" {
			judged.JudgePos = diag.Pos{}
			with.Checks["web"] = judged
		}
		if diags.Errors()+withDiags.Errors() > 0 || !reflect.DeepEqual(plain, with) {
			t.Errorf("%s%s: %s%s: got %+v %v, want %+v %v", before, key, o.fallback, after, with, withDiags, plain, diags)
		}
		checked++
	}
	if checked < 20 {
		t.Errorf("%d defaults were compared, want at least 20", checked)
	}
}

// checkMistakes are texts about checks and what is said of them.
var checkMistakes = []struct{ text, want string }{
	{"checks: { web: { htpt: {} } }", "1:11: checks.web has no kind, such as http: {} or tcp: { port: 5432 }\n" +
		`1:18: unknown key "checks.web.htpt" (did you mean "http"?)`},
	{"checks: { web: { http: {}, icmp: {}, fall: 0 } }", "1:34: checks.web is both http and icmp; a check has one kind\n1:44: checks.web.fall: 0 is outside 1..10"},
	{"checks: { web: { icmp: { count: 3 } } }", `1:26: unknown key "checks.web.icmp.count" (icmp has none)`},
	{"checks: { web: { tcp: 80 } }", `1:23: checks.web.tcp wants keys and values, got "80"`},
	{"checks: { web: { tcp: {} } }", `1:23: checks.web.tcp has no port, such as { port: 5432 }`},
	{"checks: { web: { tcp: { prot: 80 } } }", "1:23: checks.web.tcp has no port, such as { port: 5432 }\n" + `1:25: unknown key "checks.web.tcp.prot" (did you mean "port"?)`},
	{"checks: { web: { http: { port: 70000, path: health, method: POST, expect: [20, 300-200, 600, ok] } } }", `1:32: checks.web.http.port: 70000 is outside 1..65535
1:45: checks.web.http.path: "health" does not begin with / (did you mean "/health"?)
1:61: checks.web.http.method: "POST" is not GET or HEAD
1:76: checks.web.http.expect: "20" is neither a status 100..599 nor a range such as 200-299
1:80: checks.web.http.expect: "300-200" is neither a status 100..599 nor a range such as 200-299
1:89: checks.web.http.expect: "600" is neither a status 100..599 nor a range such as 200-299
1:94: checks.web.http.expect: "ok" is neither a status 100..599 nor a range such as 200-299`},
	{"checks: { web: { http: { expect: [], path: '/a b', host: 'a b' } } }", `1:34: checks.web.http.expect is empty; leave it out for 200-399
1:44: checks.web.http.path: "/a b" has a character that no request may have; write it with % and two hex digits
1:58: checks.web.http.host: "a b" is no host name such as www.example.com or www.example.com:8080`},
	{"checks: { web: { http: { headers: { Host: x, 'a b': c, X: \"a\\nb\", x: 1, y: 2, Y: 3 } } } }", `1:37: checks.web.http.headers.Host cannot be set: it stands beside headers
1:46: checks.web.http.headers.a b is no name of a header
1:59: checks.web.http.headers.X: the value of a header is one line of at most 1024 bytes
1:79: duplicate checks.web.http.headers.Y; the first is in line 1`},
	{"checks: { web: { http: { contains: ok, regex: '(' } } }", "1:40: checks.web.http has both contains and regex; keep one of them\n1:47: checks.web.http.regex: missing closing ): `(`"},
	{"checks: { web: { http: { contains: '" + strings.Repeat("x", 256) + "' } } }", `1:36: checks.web.http.contains has 256 bytes, more than 255`},
	{"checks: { web: { https: { contains: ok, method: HEAD, verify: no, ca: a.pem, key: b.pem } } }", `1:27: checks.web.https looks for text, but the response to HEAD has none; write method: GET
1:67: warning: checks.web.https.ca means nothing with verify: no
1:78: checks.web.https.key needs its certificate`},
	{"checks: { web: { tls: { certificate: a.pem, days: 3 } } }", `1:18: warning: checks.web.tls: certificates must be good for each endpoint, which may be an address; write server-name, or verify: no, or yes
1:25: checks.web.tls.certificate needs its key
1:45: unknown key "checks.web.tls.days" (known: port, days-left, server-name, verify, ca, certificate, key)`},
	{"checks: { web: { https: { days-left: 3, server-name: 192.0.2.1 } } }", "1:27: unknown key \"checks.web.https.days-left\"\n" +
		`1:54: checks.web.https.server-name: "192.0.2.1" is no host name`},
	{"checks: { web: { dns: { type: AXFR, rcode: OK, rdata: '' } } }", `1:23: checks.web.dns has no name, such as { name: www.example.com }
1:31: checks.web.dns.type: "AXFR" is no type such as A, MX or TYPE65
1:44: checks.web.dns.rcode: "OK" is no response code such as NOERROR or NXDOMAIN, and none of 0..10
1:55: checks.web.dns.rdata is empty; leave it out for none`},
	{"checks: { web: { dns: { name: a..b } } }", `1:31: checks.web.dns.name: "a..b" is no name such as www.example.com`},
	{"checks: { web: { exec: { command: /bin/true, arguments: {} } } }", `1:35: checks.web.exec.command: "/bin/true" has a slash; write the name of a program in the directory of --exec-dir
1:57: checks.web.exec.arguments wants a list of arguments, got keys and values`},
	{"checks: { web: { exec: {} }, two: { exec: { command: .. } } }", "1:24: checks.web.exec has no command, such as { command: is-primary }\n" +
		`1:54: checks.two.exec.command: ".." is no name of a program`},
	{"checks: { web: { metric: { } } }", `1:26: checks.web.metric has no url, such as { url: http://127.0.0.1:9090, query: up, above: 0 }
1:26: checks.web.metric has no query, such as { url: http://127.0.0.1:9090, query: up, above: 0 }
1:26: checks.web.metric has neither above nor below, so no value would fail`},
	{"checks: { web: { metric: { url: 'prometheus:9090', query: up, above: 5, below: 5, on-no-data: no } } }", `1:33: checks.web.metric.url is no URL such as http://127.0.0.1:9090
1:73: checks.web.metric: no value is above 5 and below 5
1:95: checks.web.metric.on-no-data: "no" is not up or down or last`},
	{"checks: { web: { metric: { url: 'ftp://h', query: up, above: much } } }", `1:33: checks.web.metric.url begins with ftp:, not with http: or https:
1:62: checks.web.metric.above: "much" is not a number such as 0.5`},
	{"checks: { a: { metric: { url: 'http://u:p@h', query: up, above: nan } }, b: { metric: { url: 'http://h?q', query: up, above: 1 } } }", `1:31: checks.a.metric.url has a password in it; write it as token
1:65: checks.a.metric.above: "nan" is not a number such as 0.5
1:94: checks.b.metric.url has a query; the expression stands under query`},
	{"checks: { a: { metric: { url: 'http://h:0/', query: up, above: 1 } } }", `1:31: checks.a.metric.url has no host, or no port, such as http://127.0.0.1:9090`},
	{"checks: { beat: { push: { within: 500ms }, target: 192.0.2.1, connect-timeout: 1s } }", `1:35: checks.beat.push.within: 500ms is outside 1s..168h
1:44: warning: checks.beat.target means nothing for a check that is push; remove it
1:63: warning: checks.beat.connect-timeout means nothing for a check that is push; remove it`},
	{"checks: { web: { icmp: {} }, all: { calculated: { of: [wbe, web, web], at-least: 3 } } }", `1:56: checks.all.calculated.of: no check "wbe" (did you mean "web"?)
1:66: duplicate checks.all.calculated.of web; the first is in line 1
1:72: warning: checks.all.calculated.at-least: 3 are more than the 2 there are, so it is always down`},
	{"checks: { a: { calculated: { of: [] } }, b: { calculated: {} }, c: { calculated: { of: [c], at-least: 300 } } }", `1:34: checks.a.calculated.of is empty; name the checks that count
1:59: checks.b.calculated has no of, such as { of: [web, database] }
1:89: checks.c.calculated.of: a cycle: c → c
1:103: checks.c.calculated.at-least: 300 is outside 0..256`},
	{"checks:\n  a: { calculated: { of: [b, d] } }\n  b: { calculated: { of: c } }\n  c: { calculated: { of: [b, a] } }\n  d: { icmp: {} }", `4:27: checks.c.calculated.of: a cycle: b → c → b
4:30: checks.c.calculated.of: a cycle: a → b → c → a`},
	{"checks: { a: { calculated: { of: [" + strings.Repeat("x,", 257) + "] } } }", `1:34: checks.a.calculated.of has 257 checks, more than 256`},
	{"checks: { web: { icmp: {}, interval: 5s, fast-interval: 10s, response-timeout: 6s, on-unknown: last, jitter: 60% } }", `1:42: checks.web.fast-interval: 10s is longer than the interval, 5s
1:62: warning: checks.web.response-timeout: 6s is longer than the interval, 5s, so a probe that hangs delays the next ones
1:96: checks.web.on-unknown: "last" is not up or down
1:110: checks.web.jitter: 60% is outside 0%..50%`},
	{"checks: { web: { http: {}, interval: 5s, connect-timeout: 6s } }", `1:42: warning: checks.web.connect-timeout: 6s is longer than the interval, 5s, so a probe that hangs delays the next ones`},
	{"checks: { web: { http: {}, interval: 5s, connect-timeout: 3s, response-timeout: 3s } }", `1:63: warning: checks.web.response-timeout: 3s and the connect-timeout, 3s, are together longer than the interval, 5s, so a probe that hangs delays the next ones`},
	{"checks: { web: { http: {}, target: 'db.example.com:5432', judge: a/b, attributes: { fall: 3 }, jitter: some } }", `1:36: checks.web.target: "db.example.com:5432" is no address and no host name; the port stands with the kind, such as tcp: { port: 5432 }
1:66: checks.web.judge: "a/b" is no name of a plugin
1:85: checks.web.attributes.fall is not an attribute: it stands beside attributes
1:104: checks.web.jitter: "some" is not a percentage such as 5%`},
	{"checks: { web: { http: {}, target: 192.0.2.256 } }", `1:36: checks.web.target: "192.0.2.256" is no address and no host name`},
	{"views: { v: { clients: 10.0.0.0/8, check: wbe }, w: { clients: 10.0.0.0/8, check: web } }\nchecks: { web: { http: {} } }", `1:43: views.v.check: no check "wbe" (did you mean "web"?)
1:83: views.w.check: web is of an endpoint, which a view does not have; give it a target`},
	{"views: { public: { check: off } }\nchecks: { off: { icmp: {}, disabled: yes } }", `1:27: warning: views.public.check means nothing while there is one view`},
	{"probing: { concurrency: 0, concurency-per-host: 1, start-wait: 5 }", `1:25: probing.concurrency: 0 is outside 1..10000
1:28: unknown key "probing.concurency-per-host" (did you mean "concurrency-per-host"?)
1:64: probing.start-wait: 5 has no unit (did you mean 5s?)`},
	{"notices: { webhooks: [{ format: xml }, 5, { url: 'hooks.example.com', secret: '' }], exec: [page, { command: a/b }, {}] }", `1:23: notices.webhooks[0] has no url, such as { url: https://chat.example.com/hooks/x }
1:33: notices.webhooks[0].format: "xml" is not json or alertmanager or slack
1:40: notices.webhooks[1] wants keys and values, got "5"
1:50: notices.webhooks[2].url is no URL such as https://chat.example.com/hooks/x
1:79: notices.webhooks[2].secret is empty; leave it out for none
1:93: notices.exec[0] wants keys and values, got "page"
1:110: notices.exec[1].command: "a/b" has a slash; write the name of a program in the directory of --exec-dir
1:117: notices.exec[2] has no command, such as { command: page-somebody }`},
	{"notices: { webhooks: [" + strings.Repeat("{},", 17) + "] }", `1:22: notices.webhooks has 17 members, more than 16`},
	{"admin-socket: ../x\noverrides: ''", "1:15: admin-socket: \"../x\" leaves the data directory; a file elsewhere needs its whole path, from / on\n2:12: overrides is empty; leave the line out for none"},
}

// Protects what compile and the views ask: which checks need an endpoint.
func TestEndpointChecks(t *testing.T) {
	config, diags := Parse(FileName, []byte(`checks:
  web: { http: {} }
  fixed: { http: {}, target: 192.0.2.1 }
  off: { http: {}, disabled: true }
  beat: { push: {} }
  global: { metric: { url: "http://h", query: up, above: 0 } }
  each: { metric: { url: "http://h", query: 'up{i="%ENDPOINT%"}', above: 0 } }
  own: { exec: { command: x } }
  none: { calculated: { of: [fixed, beat, global, off] } }
  some: { calculated: { of: [none, deep] } }
  deep: { calculated: { of: [none, own] } }
`))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for name, want := range map[string]bool{
		"web": true, "fixed": false, "off": false, "beat": false, "global": false, "each": true, "own": true, "none": false, "some": true, "deep": true, "nobody": false,
	} {
		if got := config.EndpointChecks()[name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// Protects the loader from a file with nothing but names that are not there: the first of them have a hint, and all are told.
func TestHintsEnd(t *testing.T) {
	var text strings.Builder
	const count = 5000
	text.WriteString("checks:\n")
	for i := range count {
		fmt.Fprintf(&text, "  c%d: { calculated: { of: [x%d] } }\n", i, i)
	}
	_, diags := Parse(FileName, []byte(text.String()))
	hints := 0
	for _, d := range diags {
		if strings.Contains(d.Text, "did you mean") {
			hints++
		}
	}
	if diags.Errors() != count || hints == 0 || hints > hintsMax {
		t.Errorf("got %d errors, %d of them with hints; want %d, at most %d with hints", diags.Errors(), hints, count, hintsMax)
	}
}

// Protects the loader from checks that are calculated of the same two, which are of the same two, and so on: as many as there may be ways through
// them, each is asked once. No endpoint is found before the last of them.
func TestEndpointChecksOfSharedOnes(t *testing.T) {
	const height = 10_000
	config := Default()
	config.Checks = map[string]Check{"a0": {Kind: CheckPush}, "b0": {Kind: CheckHTTP}}
	for i := 1; i < height; i++ {
		of := []string{fmt.Sprint("a", i-1), fmt.Sprint("a", i-1)}
		config.Checks[fmt.Sprint("a", i)] = Check{Kind: CheckCalculated, Calculated: CalculatedCheck{Of: of}}
		config.Checks[fmt.Sprint("b", i)] = Check{Kind: CheckCalculated, Calculated: CalculatedCheck{Of: append(of, fmt.Sprint("b", i-1))}}
	}
	asked := config.EndpointChecks()
	for i := range height {
		if a, b := fmt.Sprint("a", i), fmt.Sprint("b", i); asked[a] || !asked[b] || len(asked) != 2*height {
			t.Fatalf("%s: got %v, want false; %s: got %v, want true", a, asked[a], b, asked[b])
		}
	}
}

// Protects the start's promise that its first answers know: unless the file says otherwise, it waits as long as one attempt may take, within bounds.
func TestStartWait(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":                                               0,
		"beat: { push: {} }":                             0,
		"off: { http: {}, disabled: true }":              0,
		"web: { http: {} }":                              9 * time.Second, // 4 s to connect, 2 s each for head and body
		"web: { http: {}, interval: 1s }":                4 * time.Second,
		"db: { tcp: { port: 5432 } }":                    10 * time.Second,
		"ping: { icmp: {} }":                             7 * time.Second,
		"own: { exec: { command: x } }":                  3 * time.Second,
		"web: { http: {}, connect-timeout: 30s }":        10 * time.Second,
		"a: { exec: { command: x } }, b: { icmp: {} }":   7 * time.Second,
		"web: { http: {} } }\nprobing: { start-wait: 2s": 2 * time.Second,
		"web: { http: {} } }\nprobing: { start-wait: 0s": 0,
	} {
		config, diags := Parse(FileName, []byte("checks: { "+text+" }\n"))
		if diags.Errors() > 0 {
			t.Fatalf("%s: %v", text, diags)
		}
		if got := config.Probing.StartWait; got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
