package attempt

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
)

// Protects ordinary servers from errors that they log for each probe: one that writes its body after the head, however much later than the check
// has seen enough, meets no reset, and when it ends the connection first neither side keeps that in TIME_WAIT.
func TestHTTPEndsPolitely(t *testing.T) {
	leakless(t)
	cases := []struct {
		name   string
		behave func(net.Conn) error
	}{
		{"the body comes later", func(c net.Conn) error {
			_, err := io.WriteString(c, ok+"Content-Length: 2000\r\n\r\n")
			<-time.After(10 * time.Millisecond)
			for range 20 {
				_, failed := io.WriteString(c, strings.Repeat("x", 100))
				err = cmp.Or(err, failed)
				<-time.After(time.Millisecond)
			}
			return err
		}},
		{"another status", func(c net.Conn) error {
			_, err := io.WriteString(c, "HTTP/1.1 503 No\r\n\r\n")
			<-time.After(10 * time.Millisecond)
			_, failed := io.WriteString(c, "sorry")
			_, late := io.WriteString(c, "sorry")
			return cmp.Or(err, failed, late)
		}},
		{"the connection stays", func(c net.Conn) error {
			_, err := io.WriteString(c, ok+"Content-Length: 0\r\n\r\n")
			_, failed := c.Read(make([]byte, 1))
			if errors.Is(failed, io.EOF) {
				failed = nil
			}
			return cmp.Or(err, failed)
		}},
	}
	for _, e := range cases {
		t.Run(e.name, func(t *testing.T) {
			met := make(chan error, 1)
			c := defaults(config.CheckHTTP)
			c.HTTP.Port = serve(t, func(conn net.Conn) { readRequest(conn); met <- e.behave(conn) })
			attempt(t, c, Options{}, "127.0.0.1")
			if err := <-met; err != nil {
				t.Errorf("the server met %v", err)
			}
			if waits := waiting(c.HTTP.Port); waits > 0 && e.name != "the connection stays" {
				t.Errorf("%d connections are in TIME_WAIT", waits)
			}
		})
	}
}

// Protects the verdict: what an endpoint sends after all is known delays it by restWait at most, and none of it counts as time that it took.
func TestHTTPEndsInTime(t *testing.T) {
	leakless(t)
	for name, behave := range map[string]func(net.Conn){
		"hangs": hold,
		"drips": func(c net.Conn) { slowly(c, strings.Repeat("x", 1000), 10*time.Millisecond) },
		"flood": func(c net.Conn) { forever(c, strings.Repeat("x", 1000)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := defaults(config.CheckHTTP)
			c.HTTP.Port, c.Respond = serve(t, func(c net.Conn) { response(ok + "\r\n")(c); behave(c) }), 10*time.Second
			started := time.Now()
			r := attempt(t, c, Options{}, "127.0.0.1")
			if took := time.Since(started); !r.OK || took > restWait+2*time.Second {
				t.Errorf("took %v, got %+v", took, r)
			}
		})
	}
}

// Protects servers from resets where a connection is all that is asked for: they read the end of it.
func TestConnectionEndsPolitely(t *testing.T) {
	leakless(t)
	met := make(chan error, 1)
	c := defaults(config.CheckTCP)
	c.TCP.Port = serve(t, func(conn net.Conn) { _, err := conn.Read(make([]byte, 1)); met <- err })
	if r := attempt(t, c, Options{}, "127.0.0.1"); !r.OK {
		t.Fatalf("got %+v", r)
	}
	if err := <-met; !errors.Is(err, io.EOF) {
		t.Errorf("the server met %v, want the end", err)
	}
}

// Protects servers with TLS of another implementation of HTTP from errors that they log, by checks of either kind.
func TestTLSEndsPolitely(t *testing.T) {
	leakless(t)
	var logged bytes.Buffer
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("x", 3000))
	}))
	s.Config.ErrorLog = log.New(&logged, "", 0)
	const each = 20
	ended := make(chan struct{}, 2*each)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			ended <- struct{}{}
		}
	}
	s.StartTLS()
	for _, kind := range []string{config.CheckHTTPS, config.CheckTLS} {
		c := defaults(kind)
		c.TLS = config.TLSCheck{Port: portOf(s)}
		c.HTTP.Port = portOf(s)
		for range each {
			if r := attempt(t, c, Options{}, "127.0.0.1"); !r.OK {
				t.Errorf("%s: got %+v", kind, r)
			}
			<-ended // the server's end of it; Close would cut off a handshake
		}
	}
	s.Close()
	if logged.Len() > 0 {
		t.Errorf("the server says\n%s", logged.String())
	}
}

// waiting counts the connections of a port that are in TIME_WAIT, on either side; 0 where the system does not tell.
func waiting(port int) (count int) {
	table, _ := os.ReadFile("/proc/net/tcp")
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) > 3 && fields[3] == "06" && (strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) || strings.HasSuffix(fields[2], fmt.Sprintf(":%04X", port))) {
			count++
		}
	}
	return count
}
