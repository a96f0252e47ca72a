//go:build unix

package tcp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"signpost/host/listen/tcp"
	"signpost/host/listen/udp"
	"signpost/host/testbed"
)

const patience = 10 * time.Second

type echo struct{}

func (echo) Begin() {}
func (echo) End()   {}

func (echo) Respond(pkt []byte, n int, _ netip.AddrPort, _ bool) int {
	pkt[2] |= 0x80
	return n
}

// silentCount is how many connections say nothing while others want answers.
const silentCount = 10_000

// raiseDescriptors lets this process open want files, if it may, and returns how many it can.
func raiseDescriptors(t *testing.T, want uint64) uint64 {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if uint64(limit.Cur) >= want {
		return uint64(limit.Cur)
	}
	before, raised := limit, limit
	setLimit(&raised, want)
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) != nil { // needs privilege beyond the hard limit
		return uint64(limit.Cur)
	}
	t.Cleanup(func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before) }) // back to what it was: allowed
	return want
}

// 10,000 connections that say nothing stop neither UDP nor new TCP clients, whether they fill the server's limit or the
// process's descriptors, and cost no goroutine or descriptor after they are gone.
func TestCrowd(t *testing.T) {
	for _, row := range []struct {
		name        string
		connections int
	}{
		{"limit not reached", 2 * silentCount},
		{"limit reached", silentCount / 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			goroutines := runtime.NumGoroutine()
			silent := silentCount
			if room := raiseDescriptors(t, 2*silentCount+1000); room < 2*silentCount+1000 {
				silent = int(room-room/10) / 2
				t.Logf("only %d descriptors allowed: %d silent connections instead of %d", room, silent, silentCount)
			}
			tcpServer, err := tcp.Listen("127.0.0.1:0", tcp.Limits{Connections: row.connections, PerClient: row.connections, Idle: time.Hour},
				func() tcp.Responder { return echo{} })
			if err != nil {
				t.Fatal(err)
			}
			tcpServer.Serve()
			defer tcpServer.Close()
			udpServer, err := udp.Listen("127.0.0.1:0", 0, func() udp.Responder { return echo{} })
			if err != nil {
				t.Fatal(err)
			}
			udpServer.Serve()
			defer udpServer.Close()

			crowd := make([]net.Conn, 0, silent)
			for len(crowd) < silent {
				conn, err := net.Dial("tcp", tcpServer.Addr().String())
				if err != nil {
					t.Fatalf("connection %d: %v", len(crowd), err)
				}
				crowd = append(crowd, conn)
				if len(crowd)%1000 == 0 {
					exchange(t, "udp", udpServer.Addr().String(), nil)
					exchange(t, "tcp", tcpServer.Addr().String(), []byte{0, 20})
				}
			}
			open := tcpServer.Counters().Open
			if want := min(silent, row.connections); open < uint64(want)-10 || open > uint64(want)+10 {
				t.Errorf("open: got %d, want about %d", open, want)
			}
			for _, conn := range crowd {
				conn.Close()
			}
			tcpServer.Close()
			udpServer.Close()
			testbed.Await(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= goroutines })
		})
	}
}

// exchange opens a connection, asks once behind prefix and wants the echo.
func exchange(t *testing.T, network, addr string, prefix []byte) {
	t.Helper()
	conn, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	query := append(prefix, "ab\x00a query: 20 bytes"...)
	want := bytes.Clone(query)
	want[len(prefix)+2] = 0x80
	if _, err := conn.Write(query); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s query beside the crowd: got %q, %v, want %q", network, got, err, want)
	}
}

// When descriptors run out, accepting goes on at a walking pace, makes room by closing the connection that asked nothing
// for longest, and the next client is answered.
func TestDescriptorsRunOut(t *testing.T) {
	s, err := tcp.Listen("127.0.0.1:0", tcp.Limits{Idle: time.Hour}, func() tcp.Responder { return echo{} })
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	defer s.Close()
	exchange(t, "tcp", s.Addr().String(), []byte{0, 20})
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	lowered := before
	setLimit(&lowered, 64)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lowered); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before) }() // back to what it was: allowed
	var crowd []net.Conn
	for {
		conn, err := net.Dial("tcp", s.Addr().String())
		if errors.Is(err, syscall.EMFILE) {
			break // the crowd's own descriptors count too
		}
		if err != nil {
			t.Fatal(err)
		}
		crowd = append(crowd, conn)
	}
	testbed.Await(t, "accept to run out", func() bool { return s.Counters().AcceptErrors > 0 })
	last := len(crowd) - 1
	crowd[last].Close()
	crowd[last-1].Close()
	exchange(t, "tcp", s.Addr().String(), []byte{0, 20})
	if c := s.Counters(); c.AcceptErrors > 100 || c.Evicted == 0 {
		t.Errorf("got %+v, want some evicted, at most 100 errors", c)
	}
	for _, conn := range crowd {
		conn.Close()
	}
}
