package tcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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

// echo answers with the query and QR set. The byte behind the header may ask for something else: 'D' for silence, 'L' for
// 60,000 bytes, 'W' for waiting until the test lets go.
type echo struct {
	open    bool
	entered chan struct{}
	let     chan struct{}
}

func (e *echo) Begin() { e.open = true }
func (e *echo) End()   { e.open = false }

func (e *echo) Respond(pkt []byte, n int, client netip.AddrPort, tcp bool) int {
	if !e.open || !tcp || len(pkt) != messageLenMax || n < headerLen || !client.IsValid() {
		panic(fmt.Sprintf("Respond outside the contract: begun %v, tcp %v, len %d, n %d, client %v", e.open, tcp, len(pkt), n, client))
	}
	pkt[2] |= 0x80
	switch {
	case n > headerLen && pkt[headerLen] == 'D':
		return 0
	case n > headerLen && pkt[headerLen] == 'L':
		return 60000
	case n > headerLen && pkt[headerLen] == 'W':
		e.entered <- struct{}{}
		<-e.let
	}
	return n
}

func newEcho() Responder { return &echo{} }

// start serves 127.0.0.1 until the test ends.
func start(t *testing.T, limits Limits) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", limits, newEcho)
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, s *Server) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// query returns a framed query with body behind its header; reply is what echo makes of it.
func query(body string) []byte {
	message := binary.BigEndian.AppendUint16(nil, uint16(headerLen+len(body)))
	return append(append(message, make([]byte, headerLen)...), body...)
}

func reply(body string) []byte {
	message := query(body)
	message[prefixLen+2] |= 0x80
	return message
}

func send(t *testing.T, conn net.Conn, data []byte) {
	t.Helper()
	if _, err := conn.Write(data); err != nil {
		t.Fatalf("send %d bytes: %v", len(data), err)
	}
}

func expect(t *testing.T, conn net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("reply: got %d bytes %.60q, %v, want %d bytes %.60q", n, got[:n], err, len(want), want)
	}
}

// expectClosed waits for the server to close conn; it may cut off bytes that it has not read (RST).
func expectClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if n, err := io.Copy(io.Discard, conn); n != 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %d bytes and %v, want the connection closed", n, err)
	}
}

// 1,000 queries in one segment are answered in order, silent ones left out (RFC 7766 section 6.2.1.1).
func TestPipelining(t *testing.T) {
	s := start(t, Limits{})
	conn := dial(t, s)
	var queries, replies []byte
	for i := range 1000 {
		body := fmt.Sprintf("query %d", i)
		if i%7 == 3 {
			queries = append(queries, query("D"+body)...)
		}
		queries = append(queries, query(body)...)
		replies = append(replies, reply(body)...)
	}
	send(t, conn, queries)
	expect(t, conn, replies)
	if c := s.Counters(); c.Queries != 1143 || c.Accepted != 1 || c.Open != 1 {
		t.Errorf("counters: got %+v, want 1143 queries, one connection", c)
	}
}

// However TCP cuts the stream, and whatever the lengths, each query gets its reply.
func TestSegments(t *testing.T) {
	s := start(t, Limits{})
	for _, lengths := range [][]int{{0}, {1, 0, 500}, {484, 485, 486, 487, 488}, {498}, {499}, {4082}, {4083}, {40000, 1, 65523, 2, 4096}} {
		var queries, replies []byte
		for i, length := range lengths {
			body := strings.Repeat(string(rune('a'+i)), length)
			queries = append(queries, query(body)...)
			replies = append(replies, reply(body)...)
		}
		for _, step := range []int{1, 2, 3, 511, 512, 513, 4096, 1 << 20} {
			if step < 511 && len(queries) > 2000 {
				continue // a system call a byte
			}
			conn := dial(t, s)
			go func() {
				for at := 0; at < len(queries); at += step {
					if _, err := conn.Write(queries[at:min(at+step, len(queries))]); err != nil {
						t.Errorf("send: %v", err)
						return
					}
				}
			}()
			expect(t, conn, replies)
			conn.Close()
		}
	}
}

// A message without room for a header is not DNS: what came before is answered, then the connection closes.
func TestShortMessages(t *testing.T) {
	s := start(t, Limits{})
	for _, short := range [][]byte{{0, 0}, append([]byte{0, 11}, make([]byte, 11)...)} {
		conn := dial(t, s)
		send(t, conn, append(query("before"), short...))
		expect(t, conn, reply("before"))
		expectClosed(t, conn)
	}
	if got := s.Counters().Short; got != 2 {
		t.Errorf("Short: got %d, want 2", got)
	}
}

// A query that comes byte by byte is cut off when its time is up, however steadily it comes; the time of one query is not
// taken from the next.
func TestSlowQuery(t *testing.T) {
	s := start(t, Limits{Message: 800 * time.Millisecond, Idle: time.Hour})
	conn := dial(t, s)
	send(t, conn, query("whole")[:5])
	send(t, conn, query("whole")[5:])
	expect(t, conn, reply("whole"))
	begun := time.Now()
	message := query(strings.Repeat("x", 10000))
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	sent := 0
	for ; sent < len(message); sent++ {
		if _, err := conn.Write(message[sent : sent+1]); err != nil {
			break
		}
		<-tick.C
	}
	if took := time.Since(begun); sent == len(message) || took < 700*time.Millisecond {
		t.Errorf("sent %d bytes in %v; want the connection closed after 800ms", sent, took)
	}
	if got := s.Counters().SlowQueries; got != 1 {
		t.Errorf("SlowQueries: got %d, want 1", got)
	}
}

// A client that asks without end and reads nothing is cut off, and holds nobody else up.
func TestClientThatNeverReads(t *testing.T) {
	s := start(t, Limits{Write: 400 * time.Millisecond, Idle: time.Hour})
	conn := dial(t, s)
	if err := conn.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		for burst := bytes.Repeat(query("L"), 100); ; {
			if _, err := conn.Write(burst); err != nil {
				return
			}
		}
	}()
	other := dial(t, s)
	for served := 0; s.Counters().SlowReaders == 0; served++ {
		send(t, other, query("other"))
		expect(t, other, reply("other"))
	}
	<-flooded
	if got := s.Counters(); got.SlowReaders != 1 || got.Responses == 0 {
		t.Errorf("got %+v, want one slow reader after some responses", got)
	}
}

// A connection that asks nothing is closed after the idle time, one that asks is not.
func TestIdle(t *testing.T) {
	s := start(t, Limits{Idle: time.Second})
	silent, talking := dial(t, s), dial(t, s)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for s.Counters().Idled == 0 {
		send(t, talking, query("still here"))
		expect(t, talking, reply("still here"))
		<-tick.C
	}
	expectClosed(t, silent)
	send(t, talking, query("still here"))
	expect(t, talking, reply("still here"))
	expectClosed(t, talking)
	if c := s.Counters(); c.Idled != 2 || c.Open != 0 {
		t.Errorf("got %+v, want 2 idled, none open", c)
	}
}

// Bind errors are one line that names the address and the reason.
func TestListenErrors(t *testing.T) {
	taken := start(t, Limits{}).Addr().String()
	for _, row := range []struct{ addr, want string }{
		{taken, "listen on " + taken + "/tcp: port in use by another program"},
		{"192.0.2.1:5600", "listen on 192.0.2.1:5600/tcp: address is not on this machine"},
		{"example.com:53", `listen address "example.com:53" is not IP:PORT`},
	} {
		s, err := Listen(row.addr, Limits{}, newEcho)
		if err == nil {
			s.Close()
		}
		if got := fmt.Sprint(err); !strings.HasPrefix(got, row.want) || strings.Contains(got, "\n") {
			t.Errorf("Listen(%q): got %q, want one line that starts with %q", row.addr, got, row.want)
		}
	}
}

// Close lets an answer that is being made reach its client, cuts off silent clients at once and those that do not read
// after the grace, and leaves no goroutine and no descriptor behind.
func TestClose(t *testing.T) {
	goroutines, descriptors := runtime.NumGoroutine(), descriptorCount(t)
	entered, let := make(chan struct{}), make(chan struct{})
	s, err := Listen("127.0.0.1:0", Limits{Grace: 1500 * time.Millisecond, Write: time.Hour, Idle: time.Hour, Message: time.Hour},
		func() Responder { return &echo{entered: entered, let: let} })
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	silent, unfinished, greedy, waiting := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	send(t, unfinished, query("half")[:8])
	if err := greedy.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	go func() {
		for burst := bytes.Repeat(query("L"), 100); ; {
			if _, err := greedy.Write(burst); err != nil {
				return
			}
		}
	}()
	testbed.Await(t, "a flood", func() bool { return s.Counters().Responses >= 4 })
	send(t, waiting, query("W"))
	<-entered
	var closers sync.WaitGroup
	closers.Go(s.Close)
	closers.Go(s.Close)
	expectClosed(t, silent)
	expectClosed(t, unfinished)
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("dial while closing: got nil, want an error")
	}
	close(let)
	expect(t, waiting, reply("W"))
	closers.Wait()
	if c := s.Counters(); c.Open != 0 || c.Closed != c.Accepted {
		t.Errorf("after Close: got %+v, want all closed", c)
	}
	for _, conn := range []net.Conn{silent, unfinished, greedy, waiting} {
		conn.Close()
	}
	testbed.Await(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= goroutines })
	testbed.Await(t, "descriptors to close", func() bool { return descriptorCount(t) <= descriptors })
}

// Many clients at once, more than may be open: all are served in the end, those cut off after trying again.
func TestHammer(t *testing.T) {
	s := start(t, Limits{Connections: 20, PerClient: 16})
	var clients sync.WaitGroup
	for client := range 32 {
		clients.Go(func() {
			for served := 0; served < 20; {
				conn, err := net.Dial("tcp", s.Addr().String())
				if err != nil {
					t.Errorf("dial: %v", err)
					return
				}
				_ = conn.SetDeadline(time.Now().Add(patience))
				body := fmt.Sprintf("%d %d", client, served)
				got := make([]byte, len(reply(body)))
				if _, err := conn.Write(query(body)); err == nil {
					if _, err := io.ReadFull(conn, got); err == nil {
						served++
						if !bytes.Equal(got, reply(body)) {
							t.Errorf("reply: got %q, want %q", got, reply(body))
						}
					} else if errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("query %q: %v", body, err)
						served = 20
					}
				}
				conn.Close()
			}
		})
	}
	clients.Wait()
	testbed.Await(t, "the connections to end", func() bool { c := s.Counters(); return c.Open == 0 && c.Closed == c.Accepted })
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
