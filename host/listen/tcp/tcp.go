// Package tcp answers DNS queries over TCP (RFC 7766): many mostly idle connections, each cheap, none able to hold others up.
//
// Plane: data. Floor: 5. Journey of a query: steps 1 and 6, for clients that got a truncated answer or prefer TCP.
// A goroutine serves a connection; it borrows one of a few Responders for the time of a burst of queries and never holds
// one while it waits for the network.
package tcp

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"signpost/host/listen/socket"
)

// Responder answers one message at a time. A Responder is used by one goroutine at a time. Begin is called before and End
// after a burst of messages.
//
// Respond answers the query in pkt[:n] in place and returns the length of the response, 0 for none; it may use all of
// pkt, which is messageLenMax bytes long. n is 12 to messageLenMax. The client's address carries no zone.
type Responder interface {
	Begin()
	Respond(pkt []byte, n int, client netip.AddrPort, tcp bool) int
	End()
}

// Limits bound what clients can take. A zero field means its default.
type Limits struct {
	// Connections is how many may be open at once; 4096. One more closes the one that asked nothing for longest.
	Connections int
	// PerClient is how many may be open at once from one client, an IPv4 address or an IPv6 /64; 256. One more closes
	// that client's own one that asked nothing for longest.
	PerClient int
	// Idle is how long a connection may ask nothing; 10 s. From half of Connections on it shrinks, to a tenth when full.
	Idle time.Duration
	// Message is how long one query may take to arrive, from its first byte; 3 s, a lost segment's retransmission.
	Message time.Duration
	// Write is how long a client may take to take its responses, within a factor of two; 4 s.
	Write time.Duration
	// Workers is how many answer at once; one for each core Go may use.
	Workers int
	// Grace is how long Close waits for responses on their way; 2 s.
	Grace time.Duration
}

func (l Limits) withDefaults() Limits {
	for _, field := range []struct{ value, standard *int }{
		{&l.Connections, new(4096)},
		{&l.PerClient, new(256)},
		{&l.Workers, new(runtime.GOMAXPROCS(0))},
	} {
		if *field.value <= 0 {
			*field.value = *field.standard
		}
	}
	for _, field := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&l.Idle, 10 * time.Second},
		{&l.Message, 3 * time.Second},
		{&l.Write, 4 * time.Second},
		{&l.Grace, 2 * time.Second},
	} {
		if *field.value <= 0 {
			*field.value = field.standard
		}
	}
	return l
}

// Server is a bound address and the connections that came in by it.
type Server struct {
	addr         netip.AddrPort
	listener     *net.TCPListener
	limits       Limits
	newResponder func() Responder
	lanes        chan *lane
	small        sync.Pool // of *[smallLen]byte, for responses
	blocks       sync.Pool // of *[blockLen]byte, for bursts of queries
	table        *table
	stop         chan struct{} // closed by Close
	closing      atomic.Bool
	running      sync.WaitGroup // accept, reap and every connection
	tally        tally
}

// Kernel buffers of one connection, which Linux doubles. They bound what a client that never reads, or one that only
// writes, can pin: left alone Linux lets each grow to 4 MiB and more. A response of 64 KiB still fits.
const (
	kernelReceiveLen = 32 << 10
	kernelSendLen    = 128 << 10
)

// Listen binds addr, an IP:PORT as socket.Parse reads it. The socket is bound when Listen returns, so clients wait in its
// backlog until Serve. Every error is one line that names addr and the reason.
func Listen(addr string, limits Limits, newResponder func() Responder) (*Server, error) {
	parsed, err := socket.Parse(addr)
	if err != nil {
		return nil, err
	}
	listener, err := socket.ListenTCP(parsed, func(fd uintptr) error {
		return socket.SetBuffers(fd, kernelReceiveLen, kernelSendLen)
	})
	if err != nil {
		return nil, err
	}
	s := &Server{
		addr:         listener.Addr().(*net.TCPAddr).AddrPort(),
		listener:     listener,
		limits:       limits.withDefaults(),
		newResponder: newResponder,
		stop:         make(chan struct{}),
	}
	s.small.New = func() any { return new([smallLen]byte) }
	s.blocks.New = func() any { return new([blockLen]byte) }
	s.table = newTable(s.limits)
	return s, nil
}

// Addr returns the bound address, with the real port where port 0 was asked for.
func (s *Server) Addr() netip.AddrPort {
	return s.addr
}

// Serve starts accepting and returns. It calls newResponder once for each of Limits.Workers, from the caller's goroutine.
// Call it once, before Close.
func (s *Server) Serve() {
	s.lanes = make(chan *lane, s.limits.Workers)
	for range cap(s.lanes) {
		s.lanes <- &lane{responder: s.newResponder()}
	}
	s.running.Go(s.accept)
	s.running.Go(s.reap)
}

// Close stops accepting, closes connections that wait for a query, gives responses on their way Limits.Grace to be taken,
// closes the rest, and waits for every goroutine. It may be called more than once, from any goroutine.
func (s *Server) Close() {
	if s.closing.Swap(true) {
		s.running.Wait()
		return
	}
	_ = s.listener.Close() // it was open: nothing a caller could do
	open := s.table.shut()
	close(s.stop)
	for _, c := range open {
		_ = c.net.SetReadDeadline(time.Unix(1, 0)) // wakes the reader; fails only if closed
	}
	finished := make(chan struct{})
	go func() { s.running.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(s.limits.Grace):
		for _, c := range open {
			_ = c.net.Close() // ends the write that is still under way
		}
		<-finished
	}
}
