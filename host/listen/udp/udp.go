// Package udp answers DNS queries over UDP: one worker per core, whole batches of datagrams, answers written in place.
//
// Plane: data. Floor: 5. Journey of a query: steps 1 and 6.
// On Linux a worker owns a socket, its buffers and a Responder for life, and allocates nothing after Listen; elsewhere the
// workers share one socket and handle a datagram at a time.
package udp

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"

	"signpost/host/listen/socket"
)

// Responder answers one message at a time. A Responder is used by one goroutine only. Begin is called before and End after
// a batch of messages.
//
// Respond answers the query in pkt[:n] in place and returns the length of the response, 0 for none; it may use all of
// pkt, which is slotLen bytes long. n may be anything from 0 to slotLen: a longer datagram arrives cut to slotLen. The
// client's address carries no zone.
type Responder interface {
	Begin()
	Respond(pkt []byte, n int, client netip.AddrPort, tcp bool) int
	End()
}

// slotLen is the room of one datagram, query and response. Queries are shorter than 512 bytes but for padding, and a
// response is at most what EDNS and the configuration agree on. A longer query is cut (MSG_TRUNC) and still handed to the
// Responder, whose FORMERR tells the client more than silence would (RFC 8906 section 3).
const slotLen = 4096

// bufferLen is asked of the kernel for each socket and direction, best effort. The kernel charges a small query about
// 800 bytes, so 4 MiB bridge a pause of 20 ms at 250,000 queries a second.
const bufferLen = 4 << 20

// ipv6MinMTU is what every IPv6 path carries (RFC 8200 section 5): 1232 bytes of payload.
const ipv6MinMTU = 1280

// Server is a bound address and the workers that serve it.
type Server struct {
	addr         netip.AddrPort
	conns        []*net.UDPConn // one a worker, or one for all
	workers      []worker
	newResponder func() Responder
	closing      atomic.Bool
	running      sync.WaitGroup
	tally        tally
}

// worker serves datagrams until the server closes.
type worker interface {
	run(responder Responder)
}

// Listen binds addr, an IP:PORT as socket.Parse reads it, for the given number of workers; 0 means one for each core Go
// may use. The socket is bound when Listen returns, so datagrams wait in it until Serve. A port that another program
// holds is an error, also when that program would share it. Every error is one line that names addr and the reason.
func Listen(addr string, workers int, newResponder func() Responder) (*Server, error) {
	return listen(addr, workers, newResponder, batched)
}

// listen is Listen with the choice between the batched and the portable path.
func listen(addr string, workers int, newResponder func() Responder, batched bool) (*Server, error) {
	parsed, err := socket.Parse(addr)
	if err != nil {
		return nil, err
	}
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	s := &Server{newResponder: newResponder}
	if batched {
		err = s.bindBatched(parsed, workers)
	} else {
		err = s.bindPortable(parsed, workers)
	}
	if err != nil {
		s.closeConns()
		return nil, err
	}
	s.addr = s.conns[0].LocalAddr().(*net.UDPAddr).AddrPort()
	return s, nil
}

// Addr returns the bound address, with the real port where port 0 was asked for.
func (s *Server) Addr() netip.AddrPort {
	return s.addr
}

// Serve starts the workers and returns. It calls newResponder once for each of them, from the caller's goroutine. Call it
// once, before Close.
func (s *Server) Serve() {
	for _, w := range s.workers {
		responder := s.newResponder()
		s.running.Go(func() { w.run(responder) })
	}
}

// Close stops the workers and waits for them. The batch a worker is at is answered; datagrams still in the socket are
// lost. It may be called more than once, from any goroutine.
func (s *Server) Close() {
	s.closing.Store(true)
	s.closeConns()
	s.running.Wait()
}

func (s *Server) closeConns() {
	for _, conn := range s.conns {
		_ = conn.Close() // it was open or is closed already: nothing a caller could do
	}
}
