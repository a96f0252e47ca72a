package config

import (
	"slices"
	"time"
)

// checkOptions are the rows of checks.
var checkOptions = slices.Concat([]option{
	{"checks", "", "Health checks that annotations name with `check=NAME`, and views with `check: NAME`. Each has one of the kinds `http` to `calculated`; [Health checks](#health-checks) has an example of every kind.", nil, nil},
	{"checks.*", "", "", nil, openCheck},
	{"checks.*.interval", "30s", "Time from the beginning of a probe to that of the next, 1s..1h.", duration(time.Second, time.Hour, ofCheck(func(c *Check) *time.Duration { return &c.Interval })), nil},
	{"checks.*.fast-interval", "", "The same while the latest probe says otherwise than the verdict, 100ms..1h; left out: `interval`.", duration(100*time.Millisecond, time.Hour, ofCheck(func(c *Check) *time.Duration { return &c.FastInterval })), nil},
	{"checks.*.jitter", "5%", "Part of the interval by which a probe begins early or late, 0%..50%.", percent(50, ofCheck(func(c *Check) *int { return &c.Jitter })), nil},
	{"checks.*.fall", "3", "Failures in a row that make it down, 1..10.", number(1, 10, ofCheck(func(c *Check) *int { return &c.Fall })), nil},
	{"checks.*.rise", "3", "Passes in a row that make it up, 1..10.", number(1, 10, ofCheck(func(c *Check) *int { return &c.Rise })), nil},
	{"checks.*.connect-timeout", "4s", "Until there is a connection, TLS included, 10ms..1m. `tcp` has 10s. What is left out is never longer than the interval.", duration(10*time.Millisecond, time.Minute, ofCheck(func(c *Check) *time.Duration { return &c.Connect })), nil},
	{"checks.*.response-timeout", "2s", "From then until the head of the response, and again until the end of what is read of its body, 10ms..1m; of `exec`, until it ends; of `dns` and `icmp`, shared by a host name's addresses. What is left out is never longer than the interval.", duration(10*time.Millisecond, time.Minute, ofCheck(func(c *Check) *time.Duration { return &c.Respond })), nil},
	{"checks.*.invert", "false", "Down counts as up and up as down.", boolean(ofCheck(func(c *Check) *bool { return &c.Invert })), nil},
	{"checks.*.disabled", "false", "Not probed; up.", boolean(ofCheck(func(c *Check) *bool { return &c.Disabled })), nil},
	{"checks.*.on-unknown", "up", "`up` or `down`: what counts before the first verdict.", oneOf(ofCheck(func(c *Check) *string { return &c.OnUnknown }), UnknownUp, UnknownDown), nil},
	{"checks.*.target", "", "Address or host name that is probed for all who use the check, in place of each record's own. Of the addresses of a host name, 8 at most, the first that answers counts; each gets its part of the time.", setTarget, nil},
	{"checks.*.judge", DefaultJudge, "The health plugin that makes probes into verdicts: `threshold`, `quorum`, `response-time`, `degraded` ([their keys](../../sdk/README.md#health-plugins)) or one of your own; of `calculated`: `calculated`.", setJudge, nil},
	{"checks.*.attributes", "", "Keys and values for that plugin, beside `fall` and `rise`; a list is joined by commas.", setCheckAttributes, nil},
},
	httpOptions(CheckHTTP, "80", true),
	[]option{{"checks.*.https", "", "The same over TLS: the keys of `http` with port 443, and those of `tls` without `days-left`. The certificate is for `server-name`, else for `host`, else for the endpoint.", nil, openKind(CheckHTTPS)}},
	httpOptions(CheckHTTPS, "443", false),
	tlsOptions(CheckHTTPS, false),
	[]option{
		{"checks.*.tcp", "", "A TCP connection.", nil, openKind(CheckTCP)},
		{"checks.*.tcp.port", "", "Port; needed.", number(1, 65535, ofCheck(func(c *Check) *int { return &c.TCP.Port })), nil},
		{"checks.*.tcp.send", "", "Text that is written after connecting; `\"PING\\r\\n\"` in double quotes ends a line.", textUpTo(bodyWordMax, ofCheck(func(c *Check) *string { return &c.TCP.Send })), nil},
		{"checks.*.tcp.expect", "", "Text that must stand in the first 5,120 bytes that arrive; left out: nothing is read.", textUpTo(bodyWordMax, ofCheck(func(c *Check) *string { return &c.TCP.Expect })), nil},

		{"checks.*.dns", "", "An answer of a DNS server.", nil, openKind(CheckDNS)},
		{"checks.*.dns.port", "53", "Port.", number(1, 65535, ofCheck(func(c *Check) *int { return &c.DNS.Port })), nil},
		{"checks.*.dns.name", "", "Name that is asked for; needed.", setQuestionName, nil},
		{"checks.*.dns.type", "A", "Type that is asked for.", setQuestionType, nil},
		{"checks.*.dns.rcode", "NOERROR", "Response code that passes, by name or number.", setRcode, nil},
		{"checks.*.dns.rdata", "", "Data that a record of the answer must have, as a zone file writes it; left out: any.", textUpTo(textMax, ofCheck(func(c *Check) *string { return &c.DNS.Rdata })), nil},
		{"checks.*.dns.tcp", "false", "Ask over TCP; otherwise only when the answer over UDP is truncated.", boolean(ofCheck(func(c *Check) *bool { return &c.DNS.TCP })), nil},

		{"checks.*.icmp", "", "An ICMP echo reply. It has no keys: `icmp: {}`.", setBareKind(CheckICMP), nil},

		{"checks.*.tls", "", "A TLS handshake, and the certificate's last day.", nil, openKind(CheckTLS)},
	},
	tlsOptions(CheckTLS, true),
	[]option{
		{"checks.*.exec", "", "A program: exit status 0 passes. It runs only with `--exec-dir`.", nil, openKind(CheckExec)},
		{"checks.*.exec.command", "", "Name of a program in the directory of `--exec-dir`; needed.", setCommand(ofCheck(func(c *Check) *string { return &c.Exec.Command })), nil},
		{"checks.*.exec.arguments", "", "Its arguments. `%ENDPOINT%` in them is the address or host name, which it also gets as SIGNPOST_ENDPOINT.", setArguments(ofCheck(func(c *Check) *[]string { return &c.Exec.Arguments })), nil},

		{"checks.*.metric", "", "The value of a PromQL expression, from a Prometheus server.", nil, openKind(CheckMetric)},
		{"checks.*.metric.url", "", "The server, such as `http://127.0.0.1:9090`; needed.", setMetricURL, nil},
		{"checks.*.metric.query", "", "The expression; needed. `%ENDPOINT%` in it is the address or host name. Each value of its result must pass.", textUpTo(queryMax, ofCheck(func(c *Check) *string { return &c.Metric.Query })), nil},
		{"checks.*.metric.above", "", "The value must be above this.", bound(ofCheck(func(c *Check) **float64 { return &c.Metric.Above })), nil},
		{"checks.*.metric.below", "", "The value must be below this. At least one of both is needed.", bound(ofCheck(func(c *Check) **float64 { return &c.Metric.Below })), nil},
		{"checks.*.metric.on-no-data", UnknownLast, "`up`, `down` or `last` (as it was): when the result is empty or the server does not answer.", oneOf(ofCheck(func(c *Check) *string { return &c.Metric.OnNoData }), UnknownUp, UnknownDown, UnknownLast), nil},
		{"checks.*.metric.token", "", "Token for `Authorization: Bearer`.", textUpTo(tokenMax, ofCheck(func(c *Check) *string { return &c.Metric.Token })), nil},

		{"checks.*.push", "", "What others report: POST /push/NAME at the admin address.", nil, openKind(CheckPush)},
		{"checks.*.push.within", "1m", "Silence that is longer is a failure, 1s..168h.", duration(time.Second, 7*24*time.Hour, ofCheck(func(c *Check) *time.Duration { return &c.Push.Within })), nil},
		{"checks.*.push.token", "", "Token that a report must bring; left out: none is asked for.", textUpTo(tokenMax, ofCheck(func(c *Check) *string { return &c.Push.Token })), nil},

		{"checks.*.calculated", "", "So many of other checks, of the same endpoint.", nil, openKind(CheckCalculated)},
		{"checks.*.calculated.of", "", "Their names, 1 to 256; needed. Of more than 64 the server itself counts those that are up, whatever `judge` says.", setOf, nil},
		{"checks.*.calculated.at-least", "", "How many of them must be up; 0: always up. Left out: all.", setAtLeast, nil},
	})

// httpOptions are the rows of a kind that asks for a page; only one of them is in the manual.
func httpOptions(kind, port string, inManual bool) []option {
	const base = "checks.*."
	path := base + kind
	rows := []option{
		{path, "", "A response over HTTP/1.1 with a status that passes. Redirects are not followed.", nil, openKind(kind)},
		{path + ".port", port, "Port.", number(1, 65535, ofCheck(func(c *Check) *int { return &c.HTTP.Port })), nil},
		{path + ".path", "/", "Path, and perhaps a query.", setPath, nil},
		{path + ".method", "GET", "`GET` or `HEAD`.", oneOf(ofCheck(func(c *Check) *string { return &c.HTTP.Method }), "GET", "HEAD"), nil},
		{path + ".host", "", "The Host header; left out: the endpoint.", setHost, nil},
		{path + ".headers", "", "More headers, names and values.", setHeaders, nil},
		{path + ".expect", "200-399", "Statuses that pass, and ranges of them.", setExpect, nil},
		{path + ".contains", "", "Text that must stand in the first 5,120 bytes of the body, 255 bytes at most.", textUpTo(bodyWordMax, ofCheck(func(c *Check) *string { return &c.HTTP.Contains })), nil},
		{path + ".regex", "", "Regular expression ([RE2](https://github.com/google/re2/wiki/Syntax)) that must match in them.", setRegex, nil},
	}
	if !inManual {
		rows = rows[1:]
		for i := range rows {
			rows[i].doc = ""
		}
	}
	return rows
}

// tlsOptions are the rows of a kind that shakes hands; only those of CheckTLS itself are in the manual.
func tlsOptions(kind string, itself bool) []option {
	path := "checks.*." + kind
	rows := []option{
		{path + ".port", "443", "Port.", number(1, 65535, ofCheck(func(c *Check) *int { return &c.TLS.Port })), nil},
		{path + ".days-left", "0", "Days for which the certificate must be good from now on, 0..3650.", number(0, 3650, ofCheck(func(c *Check) *int { return &c.TLS.DaysLeft })), nil},
		{path + ".server-name", "", "Host name of SNI, and of the certificate; left out: the endpoint's.", setServerName, nil},
		{path + ".verify", "true", "The certificate must be good for that name, or for the address where there is none.", boolean(ofCheck(func(c *Check) *bool { return &c.TLS.Verify })), nil},
		{path + ".ca", "", "PEM file of the authorities that are trusted instead of the system's.", setFileOf(ofCheck(func(c *Check) *File { return &c.TLS.CA })), nil},
		{path + ".certificate", "", "PEM file of the client's own certificate.", setFileOf(ofCheck(func(c *Check) *File { return &c.TLS.Certificate })), nil},
		{path + ".key", "", "PEM file of its key.", setFileOf(ofCheck(func(c *Check) *File { return &c.TLS.Key })), nil},
	}
	if !itself {
		rows = rows[2:]
		for i := range rows {
			rows[i].doc = ""
		}
	}
	return rows
}

// ofCheck is a setting of the check that a path's * stands for.
func ofCheck[T any](field func(*Check) *T) func(*parser, string) *T {
	return func(p *parser, name string) *T { return field(p.checks[name]) }
}
