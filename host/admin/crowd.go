package admin

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	errno "signpost/host/listen/socket"
)

// The most connections that are open at once, in all and from one client. One more closes the one, of that client or of all, that asked nothing
// for longest: as DNS over TCP does. A request asks when all of it is there.
const (
	connectionsMax = 256
	perClientMax   = 64
)

// makeRoomPause bounds how often connections make room for others, and the processors' time that this takes: whoever connects again at once
// waits in the kernel's queue, where a thousand others are served each second.
const makeRoomPause = time.Millisecond

// crowd is a listener that bounds its open connections.
type crowd struct {
	net.Listener

	mu    sync.Mutex // guards what follows, and the fields of members that say so
	open  map[*member]struct{}
	peers map[netip.Prefix]int // connections of each client
	clock uint64               // goes on with each request
}

// member is one connection of a crowd.
type member struct {
	net.Conn
	crowd  *crowd
	client netip.Prefix // the zero Prefix: the client of a Unix socket

	useful uint64 // crowd.clock when it came, had sent a request, or was answered. Guarded by crowd.mu
	busy   bool   // it is being answered. Likewise
}

func newCrowd(listener net.Listener) *crowd {
	return &crowd{Listener: listener, open: map[*member]struct{}{}, peers: map[netip.Prefix]int{}}
}

// clientOf is what counts as one client: an IPv4 address, or an IPv6 /64, which any host can pick addresses from.
func clientOf(addr net.Addr) netip.Prefix {
	from, tcp := addr.(*net.TCPAddr)
	if !tcp {
		return netip.Prefix{}
	}
	ip := from.AddrPort().Addr().Unmap().WithZone("")
	bits := min(ip.BitLen(), 64)
	if ip.IsLoopback() {
		bits = ip.BitLen() // ::1 is no part of a network
	}
	prefix, _ := ip.Prefix(bits) // they fit the family
	return prefix
}

// Accept takes the next connection, and closes one that has to make room for it.
func (c *crowd) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		if errno.Exhausted(err) {
			c.makeRoom(func(*member) bool { return true })
		}
		return nil, err
	}
	m := &member{Conn: conn, crowd: c, client: clientOf(conn.RemoteAddr())}
	c.mu.Lock()
	whole, own := len(c.open) >= connectionsMax, c.peers[m.client] >= perClientMax
	c.mu.Unlock()
	if whole || own {
		c.makeRoom(func(other *member) bool { return !own || other.client == m.client })
		time.Sleep(makeRoomPause)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	m.useful = c.clock
	c.open[m] = struct{}{}
	c.peers[m.client]++
	return m, nil
}

// makeRoom closes the connection that asked nothing for longest, of those that may be; one that is being answered only if all are.
func (c *crowd) makeRoom(may func(*member) bool) {
	var out *member
	c.mu.Lock()
	for m := range c.open {
		if may(m) && (out == nil || out.busy && !m.busy || out.busy == m.busy && m.useful < out.useful) {
			out = m
		}
	}
	c.mu.Unlock()
	if out != nil {
		_ = out.Close() // it was open: whoever serves it finds out
	}
}

// Close ends the connection, which makes room for another.
func (m *member) Close() error {
	m.crowd.mu.Lock()
	if _, open := m.crowd.open[m]; open {
		delete(m.crowd.open, m)
		if m.crowd.peers[m.client]--; m.crowd.peers[m.client] == 0 {
			delete(m.crowd.peers, m.client)
		}
	}
	m.crowd.mu.Unlock()
	return m.Conn.Close()
}

// answered notes that an answer begins, or ends.
func (m *member) answered(busy bool) {
	m.crowd.mu.Lock()
	defer m.crowd.mu.Unlock()
	m.crowd.clock++
	m.useful, m.busy = m.crowd.clock, busy
}

// memberKey is where a request's context has its connection.
type memberKey struct{}

// introduce is http.Server's ConnContext.
func introduce(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, memberKey{}, conn)
}

// memberOf is the connection of a request; nil where there is none.
func memberOf(r *http.Request) *member {
	m, _ := r.Context().Value(memberKey{}).(*member)
	return m
}
