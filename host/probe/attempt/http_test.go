package attempt

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
)

// defaults are those of Route 53 but for the timeouts, which tests wait for.
func defaults(kind string) *config.Check {
	return &config.Check{
		Kind: kind, Connect: 300 * time.Millisecond, Respond: 200 * time.Millisecond,
		HTTP: config.HTTPCheck{Port: 80, Path: "/health", Method: "GET", Expect: []config.StatusRange{{From: 200, To: 399}}},
		TLS:  config.TLSCheck{Port: 443, Verify: true},
	}
}

// attempt makes one attempt of a check.
func attempt(t *testing.T, c *config.Check, o Options, endpoint string) Result {
	t.Helper()
	if o.Resolver == nil {
		o.Resolver = known
	}
	p, err := New("web", c, o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithCancel(t.Context())
	loop, results := NewLoop(ctx), make(chan Result, 1)
	defer loop.Wait()
	defer cancel()
	if !loop.Go(p, endpoint, func(r Result) { results <- r }) {
		return p.Attempt(ctx, endpoint)
	}
	return <-results
}

// portOf is the port of a server of a test.
func portOf(s *httptest.Server) int {
	return int(netip.MustParseAddrPort(s.Listener.Addr().String()).Port())
}

// leakless fails the test if it leaves goroutines or files behind.
func leakless(t *testing.T) {
	t.Helper()
	closedPort(t) // the runtime's poller has files of its own, from the first socket on
	before, files := runtime.NumGoroutine(), openFiles()
	t.Cleanup(func() {
		for until := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before || openFiles() > files; runtime.Gosched() {
			if time.Now().After(until) {
				raw := make([]byte, 64<<10)
				t.Fatalf("%d goroutines and %d files, %d and %d before:\n%s", runtime.NumGoroutine(), openFiles(), before, files, raw[:runtime.Stack(raw, true)])
			}
		}
	})
}

// openFiles counts the files of this process, sockets included; 0 where that cannot be told.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

// response is a server that sends one text to whoever asks, and closes the connection.
func response(text string) func(net.Conn) {
	return func(c net.Conn) {
		readRequest(c)
		io.WriteString(c, text)
	}
}

// readRequest reads up to the empty line.
func readRequest(c net.Conn) string {
	var raw []byte
	for one := make([]byte, 1); !bytes.HasSuffix(raw, []byte("\r\n\r\n")); {
		if n, err := c.Read(one); n == 0 || err != nil {
			break
		}
		raw = append(raw, one[0])
	}
	return string(raw)
}

// slowly sends bytes one by one, pausing, until nobody listens.
func slowly(c net.Conn, text string, pause time.Duration) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		<-time.After(pause)
	}
}

// forever sends a text again and again.
func forever(c net.Conn, text string) {
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\n"

// endpoints are all that an endpoint may do to us, and what is to be said of it.
var endpoints = []struct {
	name     string
	contains string
	regex    string
	behave   func(net.Conn)
	ok       bool
	code     uint16
	text     string
}{
	{"200", "", "", response(ok + "Content-Length: 0\r\n\r\n"), true, 200, "200 OK"},
	{"200 of HTTP/1.0", "", "", response("HTTP/1.0 200\r\n\r\n"), true, 200, "200 OK"},
	{"lines that end in LF", "up", "", response("HTTP/1.1 200 OK\nContent-Length: 2\n\nup"), true, 200, "200 OK"},
	{"a status without a name", "", "", response("HTTP/1.1 299\r\n\r\n"), true, 299, "299"},
	{"a redirect", "", "", response("HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n"), true, 302, "302 Found"},
	{"503", "", "", response("HTTP/1.1 503 No\r\n\r\n"), false, 503, "status 503, expected 200-399"},
	{"103, then 200", "", "", response("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + ok + "\r\n"), true, 200, "200 OK"},
	{"100 for ever", "", "", func(c net.Conn) { readRequest(c); forever(c, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10)) }, false, 0, "response: head longer than 64 KiB"},
	{"101", "", "", response("HTTP/1.1 101 Switching Protocols\r\n\r\n"), false, 101, "status 101, expected 200-399"},

	{"hangs after accept", "", "", hold, false, 0, "response timeout after 200ms"},
	{"hangs after the request", "", "", func(c net.Conn) { readRequest(c); hold(c) }, false, 0, "response timeout after 200ms"},
	{"closes", "", "", func(c net.Conn) { readRequest(c) }, false, 0, "response: connection closed"},
	{"resets", "", "", func(c net.Conn) { readRequest(c); c.(*net.TCPConn).SetLinger(0) }, false, 0, "response: connection reset"},
	{"closes within the head", "", "", response(ok + "Content-"), false, 0, "response: connection closed"},
	{"slow head", "", "", func(c net.Conn) { readRequest(c); slowly(c, ok+"\r\n", 50*time.Millisecond) }, false, 0, "response timeout after 200ms"},
	{"head byte by byte", "", "", func(c net.Conn) { readRequest(c); slowly(c, ok+"Content-Length: 0\r\n\r\n", 0) }, true, 200, "200 OK"},
	{"fields for ever", "", "", func(c net.Conn) { readRequest(c); io.WriteString(c, ok); forever(c, strings.Repeat("X: y\r\n", 100)) }, false, 0, "response: head longer than 64 KiB"},
	{"a field for ever", "", "", func(c net.Conn) { readRequest(c); io.WriteString(c, ok+"X: "); forever(c, strings.Repeat("y", 1000)) }, false, 0, "response: head longer than 64 KiB"},
	{"a status line for ever", "", "", func(c net.Conn) {
		readRequest(c)
		io.WriteString(c, "HTTP/1.1 200 ")
		forever(c, strings.Repeat("y", 1000))
	}, false, 0, "response: head longer than 64 KiB"},
	{"a long status line", "", "", response("HTTP/1.1 200 " + strings.Repeat("y", 10000) + "\r\n\r\n"), true, 200, "200 OK"},
	{"a long field", "up", "", response(ok + "X: " + strings.Repeat("y", 10000) + "\r\n\r\nup"), true, 200, "200 OK"},
	{"garbage", "", "", response("\x16\x03\x01\x00\xff\r\n\r\n"), false, 0, "response: not HTTP"},
	{"garbage for ever", "", "", func(c net.Conn) { readRequest(c); forever(c, strings.Repeat("\x00\xff", 1000)) }, false, 0, "response: head longer than 64 KiB"},
	{"HTTP/2", "", "", response("HTTP/2 200\r\n\r\n"), false, 0, "response: not HTTP"},
	{"a status of two digits", "", "", response("HTTP/1.1 20 OK\r\n\r\n"), false, 0, "response: not HTTP"},
	{"a line without a colon", "", "", response(ok + "Content-Length 2\r\n\r\nup"), false, 0, "response: malformed head"},
	{"two lengths", "up", "", response(ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nup"), false, 0, "response: malformed head"},
	{"one length twice", "up", "", response(ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nup"), true, 200, "200 OK"},
	{"a negative length", "up", "", response(ok + "Content-Length: -2\r\n\r\nup"), false, 0, "response: malformed head"},

	{"body", `"status":"healthy"`, "", response(ok + "Content-Length: 20\r\n\r\n{\"status\":\"healthy\"}"), true, 200, "200 OK"},
	{"body of another status", "healthy", "", response("HTTP/1.1 500 No\r\n\r\nhealthy"), false, 500, "status 500, expected 200-399"},
	{"body without it", "healthy", "", response(ok + "Content-Length: 4\r\n\r\nsick"), false, 200, `body lacks "healthy"`},
	{"body after the length", "healthy", "", response(ok + "Content-Length: 3\r\n\r\nhealthy"), false, 200, `body lacks "healthy"`},
	{"body up to the end", "healthy", "", response(ok + "\r\nit is healthy"), true, 200, "200 OK"},
	{"no body", "healthy", "", response(ok + "Content-Length: 0\r\n\r\nhealthy"), false, 200, `body lacks "healthy"`},
	{"no body by its status", "healthy", "", response("HTTP/1.1 204 No Content\r\n\r\nhealthy"), false, 204, `body lacks "healthy"`},
	{"missing body", "healthy", "", response(ok + "Content-Length: 20\r\n\r\n"), false, 200, "body: connection closed"},
	{"body that hangs", "healthy", "", func(c net.Conn) { response(ok + "Content-Length: 20\r\n\r\nheal")(c); hold(c) }, false, 200, "body timeout after 200ms"},
	{"body that is reset", "healthy", "", func(c net.Conn) { response(ok + "Content-Length: 20\r\n\r\nheal")(c); c.(*net.TCPConn).SetLinger(0) }, false, 200, "body: connection reset"},
	{"body that is slow", "healthy", "", func(c net.Conn) { response(ok + "\r\n")(c); slowly(c, strings.Repeat(" ", 100), 20*time.Millisecond) }, false, 200, "body timeout after 200ms"},
	{"body byte by byte", "healthy", "", func(c net.Conn) { response(ok + "\r\n")(c); slowly(c, "it is healthy", 0); hold(c) }, true, 200, "200 OK"},
	{"body for ever", "healthy", "", func(c net.Conn) { response(ok + "\r\n")(c); forever(c, strings.Repeat("it is healthier", 100)) }, false, 200, `body lacks "healthy"`},
	{"body in the last bytes", "healthy", "", response(ok + "\r\n" + strings.Repeat(" ", config.BodyMax-7) + "healthy"), true, 200, "200 OK"},
	{"body one byte too late", "healthy", "", response(ok + "\r\n" + strings.Repeat(" ", config.BodyMax-6) + "healthy"), false, 200, `body lacks "healthy"`},
	{"chunks", "it is healthy", "", response(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nit is\r\n8;x=y\r\n healthy\r\n0\r\n\r\n"), true, 200, "200 OK"},
	{"chunks without it", "healthy", "", response(ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nheal\r\n0\r\n\r\n"), false, 200, `body lacks "healthy"`},
	{"chunks win over a length", "healthy", "", response(ok + "Content-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n\r\n7\r\nhealthy\r\n0\r\n\r\n"), true, 200, "200 OK"},
	{"chunks byte by byte", "healthy", "", func(c net.Conn) {
		response(ok + "Transfer-Encoding: chunked\r\n\r\n")(c)
		slowly(c, "1\r\nh\r\n1\r\ne\r\n1\r\na\r\n1\r\nl\r\n1\r\nt\r\n1\r\nh\r\n1\r\ny\r\n0\r\n\r\n", 0)
	}, true, 200, "200 OK"},
	{"chunks that end early", "healthy", "", response(ok + "Transfer-Encoding: chunked\r\n\r\n7\r\nheal"), false, 200, "body: connection closed"},
	{"chunks of no number", "healthy", "", response(ok + "Transfer-Encoding: chunked\r\n\r\nhealthy\r\n"), false, 200, "body: malformed chunks"},
	{"chunks of other lengths", "healthy!", "", response(ok + "Transfer-Encoding: chunked\r\n\r\n7\r\nhealthy!\r\n0\r\n\r\n"), false, 200, "body: malformed chunks"},
	{"chunks of a huge length", "healthy", "", response(ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhealthy"), false, 200, "body: malformed chunks"},
	{"one chunk for ever", "healthy", "", func(c net.Conn) {
		response(ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n")(c)
		forever(c, strings.Repeat("sick", 100))
	}, false, 200, `body lacks "healthy"`},
	{"extensions of chunks for ever", "healthy", "", func(c net.Conn) {
		response(ok + "Transfer-Encoding: chunked\r\n\r\n")(c)
		forever(c, "1;"+strings.Repeat("x", 60000)+"\r\nh\r\n")
	}, false, 200, "body: more than 256 KiB"},

	{"matches", "", `"up":\s*true`, response(ok + "\r\n{\"up\":  true}"), true, 200, "200 OK"},
	{"does not match", "", `^ok$`, response(ok + "\r\nok, but"), false, 200, `body does not match "^ok$"`},
	{"contains and matches", "ok", `^o`, response(ok + "\r\nok"), true, 200, "200 OK"},
	{"contains and does not match", "ok", `^k`, response(ok + "\r\nok"), false, 200, `body does not match "^k"`},
	{"matches in an endless body", "", `^ok`, func(c net.Conn) { response(ok + "\r\n")(c); forever(c, "ok") }, true, 200, "200 OK"},
}

// Protects checks over HTTP from whatever an endpoint does: each attempt has the right outcome and the right words, ends within its timeouts, and
// leaves nothing behind.
func TestHTTP(t *testing.T) {
	leakless(t)
	for _, e := range endpoints {
		t.Run(e.name, func(t *testing.T) {
			c := defaults(config.CheckHTTP)
			c.HTTP.Port = serve(t, e.behave)
			if c.HTTP.Contains = e.contains; e.regex != "" {
				c.HTTP.Regex = regexp.MustCompile(e.regex)
			}
			started := time.Now()
			r := attempt(t, c, Options{}, "127.0.0.1")
			if r.OK != e.ok || r.Code != e.code || r.Text != e.text {
				t.Errorf("got %+v, want %v %d %q", r, e.ok, e.code, e.text)
			}
			if limit, took := c.Connect+2*c.Respond+500*time.Millisecond, time.Since(started); took > limit || r.Took > took {
				t.Errorf("took %v and says %v, may take %v", took, r.Took, limit)
			}
		})
	}
}

// Protects what a server is asked: by another HTTP implementation, and to the letter.
func TestHTTPRequest(t *testing.T) {
	asked := make(chan string, 1)
	port := serve(t, func(c net.Conn) { asked <- readRequest(c); io.WriteString(c, ok+"\r\n") })
	where := ":" + strconv.Itoa(port)
	cases := []struct {
		name, endpoint string
		check          config.HTTPCheck
		want           string
	}{
		{"address", "127.0.0.1", config.HTTPCheck{Path: "/health?full=1"},
			"GET /health?full=1 HTTP/1.1\r\nHost: 127.0.0.1" + where + "\r\nUser-Agent: Signpost\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"},
		{"name", "db.example.com.", config.HTTPCheck{Path: "/"},
			"GET / HTTP/1.1\r\nHost: db.example.com" + where + "\r\nUser-Agent: Signpost\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"},
		{"host", "127.0.0.1", config.HTTPCheck{Path: "/", Host: "app.example.com", Headers: []config.Header{{Name: "user-agent", Value: "x y"}, {Name: "X-Key", Value: "1"}}},
			"GET / HTTP/1.1\r\nHost: app.example.com\r\nuser-agent: x y\r\nX-Key: 1\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"},
	}
	for _, c := range cases {
		check := defaults(config.CheckHTTP)
		c.check.Port, c.check.Method, c.check.Expect = port, "GET", check.HTTP.Expect
		check.HTTP = c.check
		if r := attempt(t, check, Options{}, c.endpoint); !r.OK {
			t.Fatalf("%s: got %+v", c.name, r)
		}
		if got := <-asked; got != c.want {
			t.Errorf("%s: got\n%q, want\n%q", c.name, got, c.want)
		}
	}
	r := newRequest(&config.HTTPCheck{Port: 80, Method: "GET", Path: "/"}, 80)
	if got := string(r.append(nil, "2001:db8::1")); !strings.HasPrefix(got, "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n") {
		t.Errorf("IPv6: got %q", got)
	}
}

// Protects HEAD, which has no body, with a server that is not ours.
func TestHTTPHead(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "HEAD" || r.Host == "" {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
		w.Header().Set("Content-Length", "5000")
	}))
	defer s.Close()
	c := defaults(config.CheckHTTP)
	c.HTTP.Port, c.HTTP.Method = portOf(s), "HEAD"
	if r := attempt(t, c, Options{}, "127.0.0.1"); !r.OK || r.Code != 200 {
		t.Errorf("got %+v", r)
	}
	c.HTTP.Contains = "x"
	if r := attempt(t, c, Options{}, "127.0.0.1"); r.OK || r.Text != `body lacks "x"` {
		t.Errorf("got %+v", r)
	}
}

// Protects the texts of statuses.
func TestStatuses(t *testing.T) {
	if got, want := statuses([]config.StatusRange{{From: 200, To: 200}, {From: 301, To: 302}}), "200, 301-302"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Protects the end of the server, and names that cannot be resolved in time.
func TestHTTPStops(t *testing.T) {
	leakless(t)
	c := defaults(config.CheckHTTP)
	c.Connect, c.Respond = time.Hour, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	c.HTTP.Port = serve(t, func(c net.Conn) { readRequest(c); cancel(); hold(c) })
	p, err := New("web", c, Options{Resolver: deaf{}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if r := p.Attempt(ctx, "127.0.0.1"); r.OK || r.Text != stopped {
		t.Errorf("got %+v, want %q", r, stopped)
	}
	if r := p.Attempt(ctx, "app.example.com"); r.OK || r.Text != stopped {
		t.Errorf("name: got %+v, want %q", r, stopped)
	}
	c.Connect = 100 * time.Millisecond
	if r := attempt(t, c, Options{Resolver: deaf{}}, "app.example.com"); r.OK || r.Text != "app.example.com does not resolve: timeout" {
		t.Errorf("slow name: got %+v", r)
	}
}

// deaf is a Resolver that never answers.
type deaf struct{}

func (deaf) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
