package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"signpost/host/diag"
)

// Kinds of checks, as signpost.yaml names them.
const (
	CheckHTTP       = "http"
	CheckHTTPS      = "https"
	CheckTCP        = "tcp"
	CheckDNS        = "dns"
	CheckICMP       = "icmp"
	CheckTLS        = "tls"
	CheckExec       = "exec"
	CheckMetric     = "metric"
	CheckPush       = "push"
	CheckCalculated = "calculated"
)

// What counts before the first verdict, and where a metric or a push check knows nothing.
const (
	UnknownUp   = "up"
	UnknownDown = "down"
	UnknownLast = "last" // of metrics alone: as it was
)

// DefaultJudge is the health plugin that turns probes into verdicts unless a check names another.
const DefaultJudge = "threshold"

// Check is a declared health check: how to probe an endpoint, and which plugin judges what the probes saw. Of the kinds' settings only
// those of its Kind are set.
type Check struct {
	Kind         string
	Interval     time.Duration // between the beginnings of two probes of one endpoint
	FastInterval time.Duration // the same while the latest probe contradicts the verdict; 0: Interval
	Jitter       int           // percent of the interval by which a probe may begin early or late
	Fall         int           // consecutive failures that make it down
	Rise         int           // consecutive passes that make it up
	Connect      time.Duration // until there is a connection, TLS included
	Respond      time.Duration // from then until the head of the response, and again until the end of what is read of its body
	Invert       bool          // down counts as up and up as down
	Disabled     bool          // not probed; up
	OnUnknown    string        // UnknownUp or UnknownDown
	Target       string        // host name or address that is probed in place of the record's own; "": the record's own
	TargetPos    diag.Pos
	Judge        string // the health plugin; DefaultJudge, and CheckCalculated for a check of that kind, unless the file names another
	JudgePos     diag.Pos
	Attributes   []Attribute // for that plugin, beside fall and rise; in the order of the file
	Pos          diag.Pos    // of its name

	HTTP       HTTPCheck // of CheckHTTP and CheckHTTPS
	TCP        TCPCheck
	DNS        DNSCheck
	TLS        TLSCheck // of CheckTLS and CheckHTTPS
	Exec       ExecCheck
	Metric     MetricCheck
	Push       PushCheck
	Calculated CalculatedCheck
}

// endpointWord stands for the endpoint in the arguments of programs and in PromQL.
const endpointWord = "%ENDPOINT%"

// EndpointChecks tells of each declared check whether it is of each record's own address or host name. The others find the same for all who use
// them: those with a Target, disabled ones, what is pushed, a metric without %ENDPOINT%, and what is calculated of such.
func (c *Config) EndpointChecks() map[string]bool {
	known := make(map[string]bool, len(c.Checks))
	for name := range c.Checks {
		c.probesEndpoint(name, known)
	}
	return known
}

// probesEndpoint asks each check once: of who has two children with the same two children, and so on, the last would be asked 2^n times.
func (c *Config) probesEndpoint(name string, known map[string]bool) bool {
	check, declared := c.Checks[name]
	if is, asked := known[name]; asked || !declared {
		return is
	}
	known[name] = false // while it is found out: a cycle has no endpoint
	is := true
	switch {
	case check.Disabled || check.Target != "" || check.Kind == CheckPush:
		is = false
	case check.Kind == CheckMetric:
		is = strings.Contains(check.Metric.Query, endpointWord)
	case check.Kind == CheckCalculated:
		is = slices.ContainsFunc(check.Calculated.Of, func(child string) bool { return c.probesEndpoint(child, known) })
	}
	known[name] = is
	return is
}

// longest is how long one attempt may take; 0: there are none.
func (c *Check) longest() time.Duration {
	switch {
	case c.Disabled, c.Kind == CheckPush, c.Kind == CheckCalculated:
		return 0
	case c.Kind == CheckExec:
		return c.Respond
	case c.Kind == CheckHTTP, c.Kind == CheckHTTPS, c.Kind == CheckMetric:
		return c.Connect + 2*c.Respond // the head, and the body
	case c.Kind == CheckDNS && !c.DNS.TCP:
		return 2 * (c.Connect + c.Respond) // over TCP again
	case c.Kind == CheckTCP && c.TCP.Send == "" && c.TCP.Expect == "", c.Kind == CheckTLS:
		return c.Connect
	}
	return c.Connect + c.Respond
}

// A start waits for the longest attempt of its first round, and startSlack for what comes before. Beyond startWaitMost those who ask have given up.
const (
	startSlack    = time.Second
	startWaitMost = 10 * time.Second
)

// startWait is the time that the first round of probes may take.
func (c *Config) startWait() (wait time.Duration) {
	for _, check := range c.Checks {
		if longest := check.longest(); longest > 0 {
			wait = max(wait, min(longest+startSlack, startWaitMost))
		}
	}
	return wait
}

// HTTPCheck asks for a page over HTTP/1.1, on a connection of its own.
type HTTPCheck struct {
	Port     int    // 80, or 443
	Path     string // begins with /; the query may follow
	Method   string // GET or HEAD
	Host     string // of the Host header; "": the endpoint
	Headers  []Header
	Expect   []StatusRange  // statuses that pass; default 200..399
	Contains string         // must stand in the first BodyMax bytes of the body; "": anything
	Regex    *regexp.Regexp // must match in those; nil: anything
}

// BodyMax is how much of a body is searched: as Route 53 does.
const BodyMax = 5120

// Header is one header field of a request.
type Header struct{ Name, Value string }

// StatusRange is a range of HTTP statuses, both ends included.
type StatusRange struct{ From, To int }

// TLSCheck says what is asked of a TLS handshake.
type TLSCheck struct {
	Port        int    // of CheckTLS; 443
	ServerName  string // of SNI and of the certificate; "": the Host of HTTP, else the endpoint's name
	Verify      bool   // the certificate must be good for ServerName; for an endpoint that is an address and no ServerName, for the address
	CA          File   // PEM of the authorities that are trusted instead of the system's; "": the system's
	Certificate File   // PEM of the client's certificate; "": none
	Key         File   // PEM of its key
	DaysLeft    int    // the certificate must be good for so many days more; 0: for now
}

// TCPCheck opens a connection.
type TCPCheck struct {
	Port   int
	Send   string // written after connecting; "": nothing
	Expect string // must stand in the first BodyMax bytes that arrive within Respond; "": nothing is read
}

// DNSCheck asks a question over UDP, again over TCP when truncated.
type DNSCheck struct {
	Port  int    // 53
	Name  string // with the last dot
	Type  uint16
	Rcode int    // expected; default 0
	Rdata string // of a record of the answer, as a zone file has it; "": any answer with the Rcode
	TCP   bool   // over TCP at once
}

// ExecCheck runs a program: exit status 0 passes. It gets the endpoint as SIGNPOST_ENDPOINT and for %ENDPOINT% in its arguments.
type ExecCheck struct {
	Command   string // the name of a program in the directory that --exec-dir names
	Arguments []string
}

// MetricCheck asks a Prometheus server for the value of an expression. Every value of the result must pass.
type MetricCheck struct {
	URL          *url.URL // of the server, such as http://127.0.0.1:9090
	Query        string   // PromQL; %ENDPOINT% stands for the endpoint
	Above, Below *float64 // the value must be above, and below; at least one is set
	OnNoData     string   // UnknownUp, UnknownDown or UnknownLast: when the result is empty or the server does not answer
	Token        string   // bearer token; "": none
}

// PushCheck waits for others to say that they are well, POST /push/NAME of the admin server.
type PushCheck struct {
	Within time.Duration // silence that is longer is a failed attempt
	Token  string        // that they must bring; "": none is asked for
}

// CalculatedCheck is made of other checks, of the same endpoint where they have no Target of their own.
type CalculatedCheck struct {
	Of      []string // names of checks
	OfPos   []diag.Pos
	AtLeast int // of them must be up; 0: always up; more than there are: always down, as in Route 53. Default: all
}

// Webhook is an address that is told of changes of health.
type Webhook struct {
	URL      *url.URL
	Pos      diag.Pos
	Format   string // one of WebhookFormats
	Secret   string // of the HMAC-SHA256 in the header Signpost-Signature; "": not signed
	Token    string // bearer token; "": none
	Timeout  time.Duration
	Attempts int // tries of one notice
}

// Formats of webhooks: Signpost's own JSON, Alertmanager's API v2, and Slack's and Mattermost's incoming webhooks.
var WebhookFormats = []string{"json", "alertmanager", "slack"}

// Notices says who is told of changes of health.
type Notices struct {
	Webhooks []Webhook
	Exec     []ExecCheck // run once for each notice, which it gets as JSON on its standard input
}

// Probing bounds all probes together.
type Probing struct {
	Concurrency        int           // probes under way
	ConcurrencyPerHost int           // of these, to one endpoint's address
	StartWait          time.Duration // at the start, for the first round of probes; 0: not at all. Left out: as startWait says
}
