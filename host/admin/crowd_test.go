package admin

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"signpost/host/metrics"
	"signpost/host/testbed"
)

// crowded is a server of one endpoint, /explain, which answers when it is told to, and its crowd.
func crowded(t *testing.T, addr string) (s *Server, c *crowd, entered, leave chan struct{}) {
	t.Helper()
	entered, leave = make(chan struct{}), make(chan struct{})
	state := &fixture{}
	state.status.Store(&Status{Loaded: true})
	s, err := Listen(Options{Addr: addr, State: state, Counters: &metrics.Set{}, Explain: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		select {
		case <-leave:
		case <-r.Context().Done():
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Error(err) })
	t.Cleanup(func() { _ = s.Close() })
	return s, s.listener.(*crowd), entered, leave
}

// dialFrom connects from an address of this machine; "" is any, and that of a Unix socket.
func dialFrom(t *testing.T, s *Server, from string) net.Conn {
	t.Helper()
	dialer := net.Dialer{}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := dialer.Dial(s.Addr().Network(), s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// lives asks on a connection that stays open, and tells whether there is an answer.
func lives(conn net.Conn, path string) bool {
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		return false
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil
}

func (c *crowd) count() (all, clients int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), len(c.peers)
}

func (c *crowd) ticks() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock
}

// Protects the connections of a client that asks from its own others that say nothing: the one that asked nothing for longest goes, one that is being
// answered stays. Over the socket, too.
func TestCrowdOfOneClient(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "unix:" + t.TempDir() + "/s"} {
		s, c, entered, leave := crowded(t, addr)
		polls := dialFrom(t, s, "")
		waits := dialFrom(t, s, "")
		answered := make(chan bool)
		go func() { answered <- lives(waits, "/explain") }()
		<-entered
		if !lives(polls, "/healthz") {
			t.Fatal("got no answer")
		}
		testbed.Await(t, "the answer has ended", func() bool { return c.ticks() == 5 }) // two came, two asked, one was answered
		for range 10 {
			before := c.ticks()
			for range perClientMax - 2 {
				dialFrom(t, s, "")
			}
			testbed.Await(t, "all are accepted", func() bool { return c.ticks() >= before+perClientMax-2 })
			if !lives(polls, "/healthz") {
				t.Fatalf("%s: a connection that asks now and then was closed for those that say nothing", addr)
			}
			testbed.Await(t, "the answer has ended", func() bool { return c.ticks() == before+perClientMax })
		}
		testbed.Await(t, "the crowd has its limit", func() bool { all, clients := c.count(); return all == perClientMax && clients == 1 })
		close(leave)
		if !<-answered {
			t.Errorf("%s: a connection was closed while it was answered", addr)
		}
	}
}

// Protects a connection that asks from others whose requests never end: they are the first to go.
func TestCrowdOfSlowSenders(t *testing.T) {
	s, c, _, _ := crowded(t, "127.0.0.1:0")
	for range perClientMax - 1 {
		sendsSlowly(t, dialFrom(t, s, ""), "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n123456789")
	}
	before := c.ticks()
	polls := dialFrom(t, s, "")
	for range 3 {
		if !lives(polls, "/healthz") {
			t.Fatal("a connection that asks was closed for those that send slowly")
		}
		testbed.Await(t, "the answer has ended", func() bool { return c.ticks() >= before+3 })
		before = c.ticks()
		dialFrom(t, s, "")
		testbed.Await(t, "one more is accepted", func() bool { return c.ticks() > before })
	}
}

// Protects the IPv6 clients of this machine from being taken for one stranger, and strangers of one network from being many.
func TestClientOf(t *testing.T) {
	for _, c := range []struct {
		addr, want string
		stranger   bool
	}{
		{"127.0.0.1", "127.0.0.1/32", false},
		{"::1", "::1/128", false},
		{"::ffff:127.0.0.1", "127.0.0.1/32", false},
		{"192.0.2.1", "192.0.2.1/32", true},
		{"2001:db8::1", "2001:db8::/64", true},
	} {
		m := &member{client: clientOf(&net.TCPAddr{IP: net.ParseIP(c.addr), Port: 1})}
		r := (&http.Request{}).WithContext(introduce(t.Context(), m))
		if m.client.String() != c.want || remote(r).IsValid() != c.stranger {
			t.Errorf("%s: got client %v, a stranger: %t, want %s and %t", c.addr, m.client, remote(r).IsValid(), c.want, c.stranger)
		}
	}
}

// Protects clients from others: who fills the limit of one client has no part of the rest, and of all of them one is let in anyway.
func TestCrowdOfAll(t *testing.T) {
	s, c, _, _ := crowded(t, "0.0.0.0:0")
	_, port, _ := net.SplitHostPort(s.Addr().String())
	first, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	dial := func(from string) net.Conn {
		t.Helper()
		conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Skip("needs all of 127.0.0.0/8:", err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	for range 10 * perClientMax {
		dial("127.0.0.2")
	}
	if !lives(first, "/healthz") {
		t.Error("one client's connections cost another one its own")
	}
	for i := range connectionsMax {
		dial(fmt.Sprintf("127.0.1.%d", i%250))
	}
	testbed.Await(t, "the crowd has its limit", func() bool { all, _ := c.count(); return all == connectionsMax })
	if !lives(dial("127.0.0.3"), "/healthz") {
		t.Error("no client more is let in")
	}
}

// Protects the count from connections that come and go.
func TestCrowdForgets(t *testing.T) {
	s, c, _, _ := crowded(t, "127.0.0.1:0")
	for range 3 * perClientMax {
		conn := dialFrom(t, s, "")
		if !lives(conn, "/healthz") {
			t.Fatal("got no answer")
		}
		_ = conn.Close()
	}
	testbed.Await(t, "all are gone", func() bool { all, clients := c.count(); return all == 0 && clients == 0 })
}
