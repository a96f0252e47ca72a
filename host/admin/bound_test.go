package admin

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"signpost/host/testbed"
)

// overConn is a ResponseWriter that is done when the client took it all, or the connection is closed.
type overConn struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (w overConn) Write(text []byte) (int, error) {
	_, _ = w.ResponseRecorder.Write(text) // cannot fail
	return w.conn.Write(text)
}

// asks sends a request from an address; client is the other end of its connection. served is called in the end.
func asks(t *testing.T, b http.Handler, c *crowd, from string, served func(code int)) (client net.Conn, m *member) {
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	m = &member{Conn: server, crowd: c, client: clientOf(&net.TCPAddr{IP: net.ParseIP(from)})}
	r := httptest.NewRequest("GET", "/metrics", nil)
	go func() {
		w := overConn{httptest.NewRecorder(), server}
		b.ServeHTTP(w, r.WithContext(introduce(r.Context(), m)))
		_ = server.Close()
		served(w.Code)
	}()
	return client, m
}

// Protects /metrics from strangers that do not read: the one that took its answer for longest is cut off for who comes next, and nobody on this machine.
func TestSlowReaders(t *testing.T) {
	made := make(chan struct{}, 4*asksMax)
	b := bounded(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "metrics") // cannot fail
		made <- struct{}{}
	}), newTurns(2)).(*bound)
	c := newCrowd(nil)
	slow := func(from string) {
		t.Helper()
		_, m := asks(t, b, c, from, func(int) {})
		<-made
		testbed.Await(t, "the answer is on its way", func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return m.client.Addr().IsLoopback() || slices.ContainsFunc(b.sending, func(a *ask) bool { return a.conn == m })
		})
	}
	fast := func(from string, want int) {
		t.Helper()
		code := make(chan int)
		client, _ := asks(t, b, c, from, func(got int) { code <- got })
		go func() { _, _ = io.Copy(io.Discard, client) }()
		if got := <-code; got != want {
			t.Fatalf("%s: got %d, want %d", from, got, want)
		}
		if want == http.StatusOK {
			<-made
		}
	}
	for range 3 { // more than their share cuts off their own
		for range shareMax {
			slow("192.0.2.1")
			slow("192.0.2.2")
		}
	}
	fast("192.0.2.3", http.StatusOK)
	fast("::1", http.StatusOK)
	fast("192.0.2.1", http.StatusOK)
	for range asksMax {
		slow("127.0.0.1")
	}
	fast("192.0.2.3", http.StatusServiceUnavailable)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asks != asksMax || len(b.of) != 1 {
		t.Errorf("got %d requests of %v, want %d of this machine", b.asks, b.of, asksMax)
	}
}
