package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"signpost/host/rrdata"
)

// Bounds of what checks send and look for.
const (
	bodyWordMax  = 255  // as in Route 53
	pathMax      = 1024 // of a request
	queryMax     = 4096 // of PromQL
	tokenMax     = 4096
	headersMax   = 32
	argumentsMax = 64
	childrenMax  = 256 // of a calculated check, as in Route 53
)

// openCheck begins a check with the defaults of every kind.
func openCheck(p *parser, name string, where value) {
	check := defaultCheck()
	check.Pos = where.pos
	p.checks[name] = &check
}

// openKind begins the settings of a check's kind with their defaults.
func openKind(kind string) func(*parser, string, value) {
	return func(p *parser, name string, v value) {
		check := p.checks[name]
		if check.Kind != "" {
			p.diags.Errorf(v.pos, "checks.%s is both %s and %s; a check has one kind", name, check.Kind, kind)
			return
		}
		check.Kind = kind
		p.begin(v)
		switch kind {
		case CheckHTTP:
			check.HTTP = defaultHTTP(80)
		case CheckHTTPS:
			check.HTTP, check.TLS = defaultHTTP(443), TLSCheck{Verify: true}
		case CheckTLS:
			check.TLS = TLSCheck{Port: 443, Verify: true}
		case CheckDNS:
			check.DNS = DNSCheck{Port: dnsPort, Type: rrdata.TypeA}
		case CheckMetric:
			check.Metric = MetricCheck{OnNoData: UnknownLast}
		case CheckPush:
			check.Push = PushCheck{Within: defaultWithin}
		}
	}
}

func defaultHTTP(port int) HTTPCheck {
	return HTTPCheck{Port: port, Path: "/", Method: "GET", Expect: []StatusRange{{200, 399}}}
}

// setBareKind is for a kind without settings.
func setBareKind(kind string) setter {
	open := openKind(kind)
	return func(p *parser, name string, v value) {
		open(p, name, v)
		pairs, _ := p.pairs(v)
		for _, pair := range pairs {
			key := pair.Key.GetToken()
			p.diags.Errorf(p.yaml.At(key), "unknown key %q (%s has none)", join(v.key, printable(key.Value)), kind)
		}
	}
}

func setTarget(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "an address or a host name")
	switch {
	case !ok:
	case !isHost(raw):
		p.diags.Errorf(v.pos, "%s: %q is no address and no host name%s", v.key, raw, withPort(raw))
	default:
		p.checks[name].Target, p.checks[name].TargetPos = raw, v.pos
	}
}

// withPort says where the port belongs, if raw is a host with one.
func withPort(raw string) string {
	if i := strings.LastIndexByte(raw, ':'); i > 0 && isDigits(raw[i+1:]) && isHost(strings.Trim(raw[:i], "[]")) {
		return "; the port stands with the kind, such as tcp: { port: " + raw[i+1:] + " }"
	}
	return ""
}

// isHost tells whether raw is an address or a host name, perhaps with its last dot.
func isHost(raw string) bool {
	if _, err := netip.ParseAddr(raw); err == nil {
		return true
	}
	return isHostName(raw)
}

// isHostName tells whether raw can be a host's name: its last label is not a number, or it is a mistaken address.
func isHostName(raw string) bool {
	name := strings.TrimSuffix(raw, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
		last = label
	}
	return !isDigits(last)
}

func setServerName(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a host name")
	switch {
	case !ok:
	case !isHostName(raw):
		p.diags.Errorf(v.pos, "%s: %q is no host name", v.key, raw)
	default:
		p.checks[name].TLS.ServerName = strings.TrimSuffix(raw, ".")
	}
}

func setJudge(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "the name of a plugin")
	switch {
	case !ok:
	case !isName(raw):
		p.diags.Errorf(v.pos, "%s: %q is no name of a plugin", v.key, raw)
	default:
		p.checks[name].Judge, p.checks[name].JudgePos = raw, v.pos
	}
}

func setPath(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a path such as /health")
	switch {
	case !ok:
	case len(raw) > pathMax:
		p.diags.Errorf(v.pos, "%s has %d bytes, more than %d", v.key, len(raw), pathMax)
	case !strings.HasPrefix(raw, "/"):
		p.diags.Errorf(v.pos, "%s: %q does not begin with / (did you mean %q?)", v.key, raw, "/"+raw)
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }):
		p.diags.Errorf(v.pos, "%s: %q has a character that no request may have; write it with %% and two hex digits", v.key, raw)
	default:
		p.checks[name].HTTP.Path = raw
	}
}

func setHost(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a host name")
	if !ok {
		return
	}
	host := raw
	if i := strings.LastIndexByte(raw, ':'); i > 0 && isDigits(raw[i+1:]) && (raw[i-1] == ']' || !strings.Contains(raw[:i], ":")) {
		host = raw[:i]
	}
	if !isHost(host) && !(strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") && isHost(strings.Trim(host, "[]"))) {
		p.diags.Errorf(v.pos, "%s: %q is no host name such as www.example.com or www.example.com:8080", v.key, raw)
		return
	}
	p.checks[name].HTTP.Host = raw
}

// ownHeaders are those that a request has anyway.
var ownHeaders = map[string]string{
	"host": "it stands beside headers", "connection": "each probe has a connection of its own", "content-length": "a probe has no body",
	"transfer-encoding": "a probe has no body", "upgrade": "a probe stays with HTTP/1.1",
}

func setHeaders(p *parser, name string, v value) {
	pairs, _ := p.pairs(v)
	if len(pairs) > headersMax {
		p.diags.Errorf(v.pos, "%s has %d headers, more than %d", v.key, len(pairs), headersMax)
		return
	}
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		keyPos, full := p.yaml.At(pair.Key.GetToken()), join(v.key, printable(key))
		child := p.resolve(value{node: pair.Value, key: full, pos: p.yaml.At(pair.Value.GetToken())})
		text, ok := p.scalar(child, "a text")
		switch why, own := ownHeaders[strings.ToLower(key)]; {
		case !ok:
		case own:
			p.diags.Errorf(keyPos, "%s cannot be set: %s", full, why)
		case key == "" || len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return !isHeaderRune(r) }):
			p.diags.Errorf(keyPos, "%s is no name of a header", full)
		case len(text) > pathMax || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			p.diags.Errorf(child.pos, "%s: the value of a header is one line of at most %d bytes", full, pathMax)
		case p.once(v.key+" header "+strings.ToLower(key), keyPos, full):
			p.checks[name].HTTP.Headers = append(p.checks[name].HTTP.Headers, Header{key, text})
		}
	}
}

// isHeaderRune tells whether r may stand in a header's name (RFC 9110 section 5.6.2).
func isHeaderRune(r rune) bool {
	return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || r < 0x7f && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func setExpect(p *parser, name string, v value) {
	var ranges []StatusRange
	items := p.items(v, "statuses")
	for _, item := range items {
		raw, ok := p.scalar(item, "a status")
		if !ok {
			continue
		}
		first, last, isRange := strings.Cut(raw, "-")
		if !isRange {
			last = first
		}
		from, fromErr := strconv.Atoi(first)
		to, toErr := strconv.Atoi(last)
		if fromErr != nil || toErr != nil || from < 100 || to > 599 || from > to {
			p.diags.Errorf(item.pos, "%s: %q is neither a status 100..599 nor a range such as 200-299", v.key, raw)
			continue
		}
		ranges = append(ranges, StatusRange{from, to})
	}
	if list, ok := v.node.(*ast.SequenceNode); ok && len(list.Values) == 0 {
		p.diags.Errorf(v.pos, "%s is empty; leave it out for 200-399", v.key)
	}
	p.checks[name].HTTP.Expect = ranges
}

func setRegex(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a regular expression")
	if !ok {
		return
	}
	if len(raw) > pathMax {
		p.diags.Errorf(v.pos, "%s has %d bytes, more than %d", v.key, len(raw), pathMax)
		return
	}
	regex, err := regexp.Compile(raw)
	if err != nil {
		p.diags.Errorf(v.pos, "%s: %s", v.key, printable(strings.TrimPrefix(err.Error(), "error parsing regexp: ")))
		return
	}
	p.checks[name].HTTP.Regex = regex
}

func setQuestionName(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a name")
	if !ok {
		return
	}
	full := strings.TrimSuffix(raw, ".")
	for label := range strings.SplitSeq(full, ".") {
		if raw != "." && (label == "" || len(label) > 63) || len(full) > 253 || strings.ContainsFunc(label, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' || r == '"' }) {
			p.diags.Errorf(v.pos, "%s: %q is no name such as www.example.com", v.key, raw)
			return
		}
	}
	p.checks[name].DNS.Name = full + "."
}

func setQuestionType(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a type")
	if !ok {
		return
	}
	typ, known := rrdata.TypeByName([]byte(raw))
	if !known || !rrdata.Zoneable(typ) && typ != rrdata.TypeANY {
		p.diags.Errorf(v.pos, "%s: %q is no type such as A, MX or TYPE65", v.key, raw)
		return
	}
	p.checks[name].DNS.Type = typ
}

// rcodeNames are the response codes of RFC 1035 and RFC 2136, by number.
var rcodeNames = []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"}

func setRcode(p *parser, name string, v value) {
	raw, ok := p.scalar(v, "a response code")
	if !ok {
		return
	}
	for code, word := range rcodeNames {
		if strings.EqualFold(raw, word) || raw == strconv.Itoa(code) {
			p.checks[name].DNS.Rcode = code
			return
		}
	}
	p.diags.Errorf(v.pos, "%s: %q is no response code such as NOERROR or NXDOMAIN, and none of 0..%d", v.key, raw, len(rcodeNames)-1)
}

// setCommand reads the name of a program: where it stands is for the command line to say, not for a file that is perhaps pulled.
func setCommand(field func(*parser, string) *string) setter {
	return func(p *parser, name string, v value) {
		raw, ok := p.scalar(v, "the name of a program")
		switch {
		case !ok:
		case strings.ContainsAny(raw, `/\`):
			p.diags.Errorf(v.pos, "%s: %q has a slash; write the name of a program in the directory of --exec-dir", v.key, raw)
		case raw == "" || raw == "." || raw == ".." || len(raw) > 255 || printable(raw) != raw:
			p.diags.Errorf(v.pos, "%s: %q is no name of a program", v.key, raw)
		default:
			*field(p, name) = raw
		}
	}
}

func setArguments(field func(*parser, string) *[]string) setter {
	return func(p *parser, name string, v value) {
		items := p.items(v, "arguments")
		if len(items) > argumentsMax {
			p.diags.Errorf(v.pos, "%s has %d arguments, more than %d", v.key, len(items), argumentsMax)
			return
		}
		var arguments []string
		for _, item := range items {
			raw, ok := p.scalar(item, "an argument")
			if ok && (len(raw) > queryMax || strings.ContainsRune(raw, 0)) {
				p.diags.Errorf(item.pos, "%s: an argument has at most %d bytes and none of them is 0", v.key, queryMax)
			} else if ok {
				arguments = append(arguments, raw)
			}
		}
		*field(p, name) = arguments
	}
}

func setMetricURL(p *parser, name string, v value) {
	address, ok := p.address(v, "http://127.0.0.1:9090")
	switch {
	case !ok:
	case address.RawQuery != "":
		p.diags.Errorf(v.pos, "%s has a query; the expression stands under query", v.key)
	default:
		p.checks[name].Metric.URL = address
	}
}

// address reads a URL. It is not in the messages: the addresses of webhooks are secrets.
func (p *parser) address(v value, example string) (*url.URL, bool) {
	raw, ok := p.scalar(v, "a URL")
	if !ok {
		return nil, false
	}
	address, err := url.Parse(raw)
	if err != nil || address.Hostname() == "" {
		p.diags.Errorf(v.pos, "%s is no URL such as %s", v.key, example)
		return nil, false
	}
	port, err := strconv.ParseUint(address.Port(), 10, 16)
	switch {
	case address.Scheme != "http" && address.Scheme != "https":
		p.diags.Errorf(v.pos, "%s begins with %s:, not with http: or https:", v.key, printable(address.Scheme))
	case !isHost(address.Hostname()) || address.Port() != "" && (err != nil || port == 0):
		p.diags.Errorf(v.pos, "%s has no host, or no port, such as %s", v.key, example)
	case address.User != nil:
		p.diags.Errorf(v.pos, "%s has a password in it; write it as token", v.key)
	default:
		return address, true
	}
	return nil, false
}
