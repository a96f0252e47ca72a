package attempt

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"signpost/host/config"
)

// httpProber is the Prober of CheckHTTP and CheckHTTPS.
type httpProber struct {
	dialer
	check   config.HTTPCheck
	respond time.Duration
	tls     *secure // nil: without
	request request
	expect  string // the statuses that pass, for people
	buffers sync.Pool
}

// exchange is what one attempt over HTTP needs of memory.
type exchange struct {
	reader  *bufio.Reader
	request []byte
	body    []byte
}

func newHTTP(c *config.Check, o Options) (*httpProber, error) {
	p := &httpProber{dialer: dialer{o.Resolver, c.Connect}, check: c.HTTP, respond: c.Respond, expect: statuses(c.HTTP.Expect)}
	p.buffers.New = func() any {
		return &exchange{reader: bufio.NewReaderSize(nil, windowLen), body: make([]byte, config.BodyMax)}
	}
	portOfScheme := 80
	var err error
	if c.Kind == config.CheckHTTPS {
		portOfScheme = 443
		if p.tls, err = newSecure(c, o, "http/1.1"); p.tls.name == "" {
			p.tls.name = hostOf(c.HTTP.Host)
		}
	}
	p.request = newRequest(&p.check, portOfScheme)
	return p, err
}

func (p *httpProber) Close() {}

// light tells that an attempt may be made on a Loop: it asks nobody, ciphers nothing, and matches no regular expression.
func (p *httpProber) light(endpoint string) bool {
	return literal(endpoint) && p.tls == nil && p.check.Regex == nil
}

// Attempt asks for the page and looks at what comes.
func (p *httpProber) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	l, err := p.dial(ctx, endpoint, p.check.Port, started.Add(p.within))
	if err != nil {
		return refused(started, reason("connect", p.within, err), err)
	}
	defer l.Close()
	stream := io.ReadWriter(l)
	if p.tls != nil {
		secured, text := p.tls.handshake(l, endpoint, started.Add(p.within), p.within)
		if text != "" {
			return failed(started, 0, text)
		}
		stream = secured
	}
	x := p.buffers.Get().(*exchange)
	defer p.buffers.Put(x)
	x.reader.Reset(stream)
	defer x.reader.Reset(nil)
	x.request = p.request.append(x.request[:0], endpoint)
	result := p.exchange(l, stream, x, started)
	if result.Code != 0 {
		l.finish(x.reader)
	}
	return result // without the time that politeness took
}

// exchange sends the request and judges the response.
func (p *httpProber) exchange(l *line, stream io.Writer, x *exchange, started time.Time) Result {
	l.within(p.respond)
	if _, err := stream.Write(x.request); err != nil {
		return refused(started, l.reason("request", p.respond, err), err)
	}
	h, err := readHead(x.reader)
	if err != nil {
		return refused(started, l.reason("response", p.respond, err), err)
	}
	code := uint16(h.status)
	if !p.expected(h.status) {
		return failed(started, code, fmt.Sprintf("status %d, expected %s", h.status, p.expect))
	}
	if p.check.Contains != "" || p.check.Regex != nil {
		l.within(p.respond)
		if text := p.search(l, newBody(x.reader, h, p.check.Method), x.body); text != "" {
			return failed(started, code, text)
		}
	}
	return passed(started, code, strings.TrimSpace(strconv.Itoa(h.status)+" "+http.StatusText(h.status)))
}

// expected reports whether a status passes.
func (p *httpProber) expected(status int) bool {
	for _, r := range p.check.Expect {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// search looks for what must be in the body. It returns why that is not so; "": it is. What must be contained is found the moment it has come; a
// regular expression is asked when there is no more to come, because it may say what must not follow.
func (p *httpProber) search(l *line, from *body, room []byte) string {
	missing := []byte(p.check.Contains)
	length := 0
	for {
		n, err := from.Read(room[length:])
		since := max(0, length-len(missing)+1)
		length += n
		if len(missing) > 0 && bytes.Contains(room[since:length], missing) {
			missing = nil
		}
		if len(missing) == 0 && p.check.Regex == nil {
			return ""
		}
		switch {
		case err == nil && length < len(room):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return l.reason("body", p.respond, err)
		case len(missing) > 0:
			return "body lacks " + quote(p.check.Contains)
		case !p.check.Regex.Match(room[:length]):
			return "body does not match " + quote(p.check.Regex.String())
		}
		return ""
	}
}

// statuses writes ranges as people do: "200-399, 418".
func statuses(ranges []config.StatusRange) string {
	var words []string
	for _, r := range ranges {
		word := strconv.Itoa(r.From)
		if r.To != r.From {
			word += "-" + strconv.Itoa(r.To)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// request is the request of a check, in two parts around the name of the host.
type request struct {
	before, after string
	host          string // "": the endpoint
	port          string // ":8080" behind the endpoint; "": the port of the scheme
}

func newRequest(c *config.HTTPCheck, portOfScheme int) request {
	r := request{before: c.Method + " " + c.Path + " HTTP/1.1\r\nHost: ", host: c.Host}
	if c.Port != portOfScheme {
		r.port = ":" + strconv.Itoa(c.Port)
	}
	fields := http.Header{"User-Agent": {"Signpost"}, "Accept-Encoding": {"identity"}, "Connection": {"close"}}
	var text strings.Builder
	for _, header := range c.Headers {
		fields.Del(header.Name)
		fmt.Fprintf(&text, "%s: %s\r\n", header.Name, header.Value)
	}
	for _, name := range []string{"User-Agent", "Accept-Encoding", "Connection"} {
		if value := fields.Get(name); value != "" {
			fmt.Fprintf(&text, "%s: %s\r\n", name, value)
		}
	}
	r.after = "\r\n" + text.String() + "\r\n"
	return r
}

// append writes the request for an endpoint.
func (r *request) append(to []byte, endpoint string) []byte {
	to = append(to, r.before...)
	switch addr, err := netip.ParseAddr(endpoint); {
	case r.host != "":
		to = append(to, r.host...)
	case err == nil && addr.Is6():
		to = append(to, '[')
		to = append(to, addr.WithZone("").String()...)
		to = append(append(to, ']'), r.port...)
	default:
		to = append(append(to, strings.TrimSuffix(endpoint, ".")...), r.port...)
	}
	return append(to, r.after...)
}

// hostOf is the name of a Host field without its port.
func hostOf(host string) string {
	if name, port, ok := strings.Cut(host, "]:"); ok && port != "" {
		host = name
	} else if name, port, ok := strings.Cut(host, ":"); ok && !strings.Contains(port, ":") {
		host = name
	}
	return strings.Trim(host, "[]")
}

// quoteMax is how much of a text is told of.
const quoteMax = 60

// quote puts a text in quotation marks, or its beginning.
func quote(text string) string {
	if len(text) > quoteMax {
		return strconv.Quote(strings.ToValidUTF8(text[:quoteMax], "")) + "…"
	}
	return strconv.Quote(text)
}
