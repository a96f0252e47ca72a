package udp

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signpost/host/testbed"
)

// patience is how long a test waits for what must come. It is long because the machine may be busy; nothing waits for it
// when all is well.
const patience = 10 * time.Second

// echo answers with the query and QR set; an empty query or one that starts with 'D' gets nothing.
type echo struct{ open bool }

func (e *echo) Begin() { e.open = true }
func (e *echo) End()   { e.open = false }

func (e *echo) Respond(pkt []byte, n int, client netip.AddrPort, tcp bool) int {
	if !e.open || tcp || len(pkt) != slotLen || !client.IsValid() || client.Addr().Zone() != "" {
		panic(fmt.Sprintf("Respond outside the contract: begun %v, tcp %v, len %d, client %v", e.open, tcp, len(pkt), client))
	}
	if n == 0 || pkt[0] == 'D' {
		return 0
	}
	if n > 2 {
		pkt[2] |= 0x80
	}
	return n
}

func newEcho() Responder { return &echo{} }

// eachPath runs test for the batched path, where there is one, and for the portable one.
func eachPath(t *testing.T, test func(t *testing.T, batched bool)) {
	if batched {
		t.Run("batched", func(t *testing.T) { test(t, true) })
	}
	t.Run("portable", func(t *testing.T) { test(t, false) })
}

// start serves addr with two workers until the test ends.
func start(t *testing.T, addr string, batched bool) *Server {
	t.Helper()
	s, err := listen(addr, 2, newEcho, batched)
	if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Skipf("%v", err)
	}
	if err != nil {
		t.Fatalf("listen(%q): got %v, want nil", addr, err)
	}
	s.Serve()
	t.Cleanup(s.Close)
	return s
}

// dial connects to host at the server's port. A connected socket accepts a reply only from the address it sent to.
func dial(t *testing.T, s *Server, host string) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", net.JoinHostPort(host, fmt.Sprint(s.Addr().Port())))
	if err != nil {
		t.Fatalf("dial %s: %v", host, err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// exchange sends query and returns the reply.
func exchange(t *testing.T, conn net.Conn, query []byte) []byte {
	t.Helper()
	if _, err := conn.Write(query); err != nil {
		t.Fatalf("send %d bytes to %v: %v", len(query), conn.RemoteAddr(), err)
	}
	reply := make([]byte, 65536)
	n, err := conn.Read(reply)
	if err != nil {
		t.Fatalf("query of %d bytes to %v: got %v, want a reply", len(query), conn.RemoteAddr(), err)
	}
	return reply[:n]
}

// A reply must leave from the address the query came to, or a client drops it.
func TestReplySource(t *testing.T) {
	for _, row := range []struct{ listen, query string }{
		{"127.0.0.1:0", "127.0.0.1"},
		{"[::1]:0", "::1"},
		{"0.0.0.0:0", "127.0.0.1"},
		{"0.0.0.0:0", "127.0.0.5"},
		{"0.0.0.0:0", "127.77.1.2"},
		{"[::]:0", "::1"},
	} {
		if runtime.GOOS != "linux" && strings.HasPrefix(row.query, "127.") && row.query != "127.0.0.1" {
			continue // only Linux has all of 127.0.0.0/8
		}
		t.Run(row.listen+" "+row.query, func(t *testing.T) {
			eachPath(t, func(t *testing.T, batched bool) {
				conn := dial(t, start(t, row.listen, batched), row.query)
				got, want := exchange(t, conn, []byte("ab\x00query")), []byte("ab\x80query")
				if !bytes.Equal(got, want) {
					t.Errorf("reply: got %q, want %q", got, want)
				}
			})
		})
	}
}

// A link-local address means nothing without its interface, on the way in as on the way out.
func TestReplySourceLinkLocal(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, face := range interfaces {
		addrs, err := face.Addrs()
		if err != nil {
			t.Fatal(err)
		}
		for _, addr := range addrs {
			ip := addr.(*net.IPNet).IP
			if !ip.IsLinkLocalUnicast() || ip.To4() != nil {
				continue
			}
			host := ip.String() + "%" + face.Name
			eachPath(t, func(t *testing.T, batched bool) {
				exchange(t, dial(t, start(t, "[::]:0", batched), host), []byte("abquery"))
				exchange(t, dial(t, start(t, "["+host+"]:0", batched), host), []byte("abquery"))
			})
			return
		}
	}
	t.Skip("no interface has a link-local IPv6 address")
}

// 0.0.0.0 and [::] can be listed side by side, also when two servers are bound one after the other.
func TestBothFamilies(t *testing.T) {
	eachPath(t, func(t *testing.T, batched bool) {
		four := start(t, "0.0.0.0:0", batched)
		six := start(t, fmt.Sprintf("[::]:%d", four.Addr().Port()), batched)
		exchange(t, dial(t, four, "127.0.0.1"), []byte("abquery"))
		exchange(t, dial(t, six, "::1"), []byte("abquery"))
		if got := six.Counters().Received; got != 1 {
			t.Errorf("received over IPv6: got %d, want 1", got)
		}
	})
}

// Every length that UDP can carry is read, answered up to a slot, and leaves the worker able to go on.
func TestOddLengths(t *testing.T) {
	eachPath(t, func(t *testing.T, batched bool) {
		s := start(t, "127.0.0.1:0", batched)
		conn := dial(t, s, "127.0.0.1")
		if _, err := conn.Write(nil); err != nil { // gets no reply
			t.Fatal(err)
		}
		for _, length := range []int{1, 11, 12, 4095, 4096, 4097, 65507} {
			query := bytes.Repeat([]byte{'a'}, length)
			if got, want := len(exchange(t, conn, query)), min(length, slotLen); got != want {
				t.Errorf("query of %d bytes: got a reply of %d, want %d", length, got, want)
			}
		}
		s.Close()
		got := s.Counters()
		got.Batches = 0 // depends on timing
		want := Counters{Received: 8, Sent: 7, Unanswered: 1, Truncated: 2}
		if got != want {
			t.Errorf("counters: got %+v, want %+v", got, want)
		}
	})
}

// Answers of one burst all arrive, each to its own client, whatever is left out between them.
func TestManyClients(t *testing.T) {
	eachPath(t, func(t *testing.T, batched bool) {
		s := start(t, "127.0.0.1:0", batched)
		var clients sync.WaitGroup
		for client := range 16 {
			conn := dial(t, s, "127.0.0.1")
			clients.Go(func() {
				for i := range 100 {
					silent := fmt.Appendf(nil, "D%d", i)
					query := fmt.Appendf(nil, "aa\x80 %d %d", client, i)
					for _, packet := range [][]byte{silent, query, silent} {
						if _, err := conn.Write(packet); err != nil {
							t.Errorf("send: %v", err)
							return
						}
					}
					reply := make([]byte, slotLen)
					n, err := conn.Read(reply)
					if err != nil || !bytes.Equal(reply[:n], query) {
						t.Errorf("reply: got %q, %v, want %q", reply[:n], err, query)
						return
					}
				}
			})
		}
		clients.Wait()
		s.Close()
		c := s.Counters()
		if c.Sent != 1600 || c.Unanswered < 1600 || c.Received != c.Sent+c.Unanswered {
			t.Errorf("counters: got %+v, want 1600 sent, the rest unanswered", c)
		}
	})
}

// Bind errors are one line that names the address and the reason.
func TestListenErrors(t *testing.T) {
	eachPath(t, func(t *testing.T, batched bool) {
		taken := start(t, "127.0.0.1:0", batched).Addr().String()
		for _, row := range []struct{ addr, want string }{
			{taken, "listen on " + taken + "/udp: port in use by another program"},
			{"192.0.2.1:5600", "listen on 192.0.2.1:5600/udp: address is not on this machine"},
			{"localhost:53", `listen address "localhost:53" is not IP:PORT`},
			{":53", `listen address ":53" is not IP:PORT`},
			{"127.0.0.1", `listen address "127.0.0.1" is not IP:PORT`},
			{"[::ffff:127.0.0.1]:5600", `listen address "[::ffff:127.0.0.1]:5600" is an IPv4 address in IPv6 form; write 127.0.0.1:5600`},
		} {
			s, err := listen(row.addr, 2, newEcho, batched)
			if err == nil {
				s.Close()
			}
			if got := fmt.Sprint(err); !strings.HasPrefix(got, row.want) || strings.Contains(got, "\n") {
				t.Errorf("listen(%q): got %q, want one line that starts with %q", row.addr, got, row.want)
			}
		}
	})
}

// Close under load returns, and leaves no goroutine and no descriptor behind.
func TestCloseUnderLoad(t *testing.T) {
	eachPath(t, func(t *testing.T, batched bool) {
		goroutines, descriptors := runtime.NumGoroutine(), descriptorCount(t)
		s, err := listen("127.0.0.1:0", 4, newEcho, batched)
		if err != nil {
			t.Fatal(err)
		}
		s.Serve()
		stop := make(chan struct{})
		var clients sync.WaitGroup
		for range 4 {
			conn, err := net.Dial("udp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			clients.Go(func() {
				defer conn.Close()
				for {
					select {
					case <-stop:
						return
					default:
						_, _ = conn.Write([]byte("abquery")) // refused once the server is gone
					}
				}
			})
		}
		testbed.Await(t, "1000 datagrams", func() bool { return s.Counters().Received >= 1000 })
		s.Close()
		s.Close()
		close(stop)
		clients.Wait()
		testbed.Await(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= goroutines })
		testbed.Await(t, "descriptors to close", func() bool { return descriptorCount(t) <= descriptors })
		again, err := listen(s.Addr().String(), 1, newEcho, batched)
		if err != nil {
			t.Fatalf("listen on the address just closed: got %v, want nil", err)
		}
		again.Close() // without Serve
	})
}

// descriptorCount returns how many files this process has open; 0 where that cannot be told.
func descriptorCount(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
