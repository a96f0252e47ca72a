package tcp

import (
	"net"
	"net/netip"
	"time"

	"signpost/host/listen/socket"
)

// How long accept rests after an error: out of descriptors or memory, mostly. It doubles from the first to the second.
const (
	acceptDelayMin = 5 * time.Millisecond
	acceptDelayMax = 500 * time.Millisecond
)

// accept takes connections until the listener is closed.
func (s *Server) accept() {
	delay := acceptDelayMin
	for {
		incoming, err := s.listener.AcceptTCP()
		if s.closing.Load() {
			if err == nil {
				_ = incoming.Close() // too late for it
			}
			return
		}
		if err == nil {
			delay = acceptDelayMin
			s.admit(incoming)
			continue
		}
		s.tally.acceptErrors.Add(1)
		if socket.Exhausted(err) {
			if c := s.table.evict(); c != nil { // makes room for who is waiting
				s.tally.evicted.Add(1)
				_ = c.net.Close() // it was open
			}
		}
		select {
		case <-time.After(delay):
		case <-s.stop:
		}
		delay = min(2*delay, acceptDelayMax)
	}
}

// admit starts serving a connection. TCP_NODELAY is on, as Go does by default.
func (s *Server) admit(incoming *net.TCPConn) {
	remote := incoming.RemoteAddr().(*net.TCPAddr).AddrPort()
	c := &conn{server: s, net: incoming, client: netip.AddrPortFrom(remote.Addr().Unmap().WithZone(""), remote.Port())}
	s.running.Add(1)
	evicted, ok := s.table.admit(c, time.Now())
	if !ok {
		s.running.Done()
		_ = incoming.Close() // the server closes: nobody will serve it
		return
	}
	s.tally.accepted.Add(1)
	if evicted != nil {
		s.tally.evicted.Add(1)
		_ = evicted.net.Close() // it was open
	}
	go c.serve()
}

// reapEvery bounds how late the shrinking of the idle timeout is noticed, as a fraction of that timeout.
const reapEvery = 10

// reap closes connections that asked nothing for too long, until the server closes. It sleeps while there are none.
func (s *Server) reap() {
	for {
		c, wait := s.table.expired(time.Now())
		if c != nil {
			s.tally.idled.Add(1)
			_ = c.net.Close() // it was open
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(min(wait, s.limits.Idle/reapEvery))
		}
		select {
		case <-due:
		case <-s.table.wake:
		case <-s.stop:
			return
		}
	}
}
