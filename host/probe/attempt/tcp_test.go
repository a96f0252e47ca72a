package attempt

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
)

// serve answers each connection to a new port by a function, until the test ends. It returns the port.
func serve(t *testing.T, each func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				each(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return l.Addr().(*net.TCPAddr).Port
}

// closedPort is one that nobody listens on.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// hosts is a Resolver that knows some names.
type hosts map[string][]netip.Addr

func (h hosts) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if found, ok := h[strings.TrimSuffix(host, ".")]; ok {
		return found, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

var known = hosts{
	"db.example.com":    {netip.MustParseAddr("127.0.0.1")},
	"two.example.com":   {netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.1")},
	"far.example.com":   {netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("127.0.0.1")},
	"empty.example.com": {},
}

// hold keeps a connection open until the other side closes it.
func hold(c net.Conn) { io.Copy(io.Discard, c) }

// Protects TCP checks: what passes, and the words for what does not.
func TestTCP(t *testing.T) {
	open, echo := serve(t, hold), serve(t, func(c net.Conn) {
		raw := make([]byte, 100)
		n, _ := c.Read(raw)
		for i := range n {
			c.Write(raw[i : i+1]) // byte by byte
		}
		hold(c)
	})
	reset := serve(t, func(c net.Conn) { c.Read(make([]byte, 1)); c.(*net.TCPConn).SetLinger(0) })
	endless := serve(t, func(c net.Conn) {
		for raw := make([]byte, 4096); ; {
			if _, err := c.Write(raw); err != nil {
				return
			}
		}
	})
	cases := []struct {
		name, endpoint string
		check          config.TCPCheck
		ok             bool
		text           string
	}{
		{"connect", "127.0.0.1", config.TCPCheck{Port: open}, true, "connected"},
		{"name", "db.example.com", config.TCPCheck{Port: open}, true, "connected"},
		{"second address", "two.example.com", config.TCPCheck{Port: open}, true, "connected"},
		{"refused", "127.0.0.1", config.TCPCheck{Port: closedPort(t)}, false, "connect refused"},
		{"unknown name", "gone.example.com", config.TCPCheck{Port: open}, false, "gone.example.com does not resolve: no such host"},
		{"name without addresses", "empty.example.com", config.TCPCheck{Port: open}, false, "empty.example.com does not resolve: no such host"},
		{"reply", "127.0.0.1", config.TCPCheck{Port: echo, Send: "PING\r\n", Expect: "PING\r"}, true, `replied "PING\r"`},
		{"another reply", "127.0.0.1", config.TCPCheck{Port: echo, Send: "PING\r\n", Expect: "PONG"}, false, "response timeout after 200ms"},
		{"no reply", "127.0.0.1", config.TCPCheck{Port: open, Expect: "PONG"}, false, "response timeout after 200ms"},
		{"reset", "127.0.0.1", config.TCPCheck{Port: reset, Send: "x", Expect: "PONG"}, false, "response: connection reset"},
		{"endless reply", "127.0.0.1", config.TCPCheck{Port: endless, Expect: "PONG"}, false, `reply lacks "PONG"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := New("db", &config.Check{Kind: config.CheckTCP, Connect: 10 * time.Second, Respond: 200 * time.Millisecond, TCP: c.check}, Options{Resolver: known})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			r := p.Attempt(t.Context(), c.endpoint)
			if r.OK != c.ok || r.Text != c.text || r.Took <= 0 {
				t.Errorf("got %+v, want %v %q", r, c.ok, c.text)
			}
		})
	}
}

// Protects the server's end: whoever stops probing does not wait for timeouts.
func TestAttemptStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent := serve(t, func(c net.Conn) { cancel(); hold(c) })
	p, err := New("db", &config.Check{
		Kind: config.CheckTCP, Connect: time.Hour, Respond: time.Hour, TCP: config.TCPCheck{Port: silent, Expect: "x"},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Attempt(ctx, "127.0.0.1"); r.OK || r.Text != stopped {
		t.Errorf("got %+v, want %q", r, stopped)
	}
	if r := p.Attempt(ctx, "127.0.0.1"); r.OK || !strings.Contains(r.Text, stopped) {
		t.Errorf("after the end: got %+v, want %q", r, stopped)
	}
}
