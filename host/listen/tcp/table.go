package tcp

import (
	"net/netip"
	"sync"
	"time"
)

// table holds the open connections in the order in which they last asked something, all together and by client. Being
// opened counts as asking; bytes of an unfinished query do not.
type table struct {
	limits Limits

	mu      sync.Mutex // guards everything below and conn.useful, conn.links, conn.peers
	shutNow bool
	all     order
	clients map[netip.Prefix]*order
	wake    chan struct{} // the table is no longer empty; capacity 1
}

// Which of a connection's links an order uses.
const (
	byAll = iota
	byClient
	orderCount
)

// link is a connection's place in one order.
type link struct {
	older, newer *conn
}

// order is a list of connections threaded through conn.links[by].
type order struct {
	by             int
	oldest, newest *conn
	count          int
}

func newTable(limits Limits) *table {
	return &table{limits: limits, clients: map[netip.Prefix]*order{}, wake: make(chan struct{}, 1)}
}

// clientPrefix is what counts as one client: an IPv4 address, or an IPv6 /64, which any host can pick addresses from.
func clientPrefix(addr netip.Addr) netip.Prefix {
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, _ := addr.Prefix(bits) // the bits fit the family
	return prefix
}

// admit adds c, opened at now. evicted is the connection it displaces, already out of the table, for the caller to close;
// nil for none. ok is false if the table is shut.
func (t *table) admit(c *conn, now time.Time) (evicted *conn, ok bool) {
	prefix := clientPrefix(c.client.Addr())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shutNow {
		return nil, false
	}
	peers := t.clients[prefix]
	switch {
	case peers != nil && peers.count >= t.limits.PerClient:
		evicted = peers.oldest
	case t.all.count >= t.limits.Connections:
		evicted = t.all.oldest
	}
	if evicted != nil {
		t.dropLocked(evicted)
		peers = t.clients[prefix] // gone if evicted was the last
	}
	if peers == nil {
		peers = &order{by: byClient}
		t.clients[prefix] = peers
	}
	c.peers, c.useful = peers, now
	peers.push(c)
	t.all.push(c)
	if t.all.count == 1 {
		select {
		case t.wake <- struct{}{}:
		default: // woken already
		}
	}
	return evicted, true
}

// touch notes that c asked something at now. It is nothing for a connection that left the table.
func (t *table) touch(c *conn, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.peers == nil {
		return
	}
	c.useful = now
	t.all.take(c)
	t.all.push(c)
	c.peers.take(c)
	c.peers.push(c)
}

// remove takes c out, if it is still in.
func (t *table) remove(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.peers != nil {
		t.dropLocked(c)
	}
}

// evict takes out the connection that asked nothing for longest; nil if there is none.
func (t *table) evict() *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.all.oldest
	if c != nil {
		t.dropLocked(c)
	}
	return c
}

// expired takes out one connection that was idle for too long at now; nil if there is none, and then wait is how long
// until there may be one, 0 for an empty table.
func (t *table) expired(now time.Time) (c *conn, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c = t.all.oldest
	if c == nil {
		return nil, 0
	}
	if left := t.limits.idle(t.all.count) - now.Sub(c.useful); left > 0 {
		return nil, left
	}
	t.dropLocked(c)
	return c, 0
}

// idle is how long a connection may ask nothing while open ones are open: Idle up to half of Connections, then falling
// in a straight line to a tenth of it.
func (l *Limits) idle(open int) time.Duration {
	half := l.Connections / 2
	if open <= half {
		return l.Idle
	}
	span := l.Connections - half
	return l.Idle - l.Idle/10*9*time.Duration(min(open-half, span))/time.Duration(span)
}

// shut refuses all further connections and returns those that are open.
func (t *table) shut() []*conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shutNow = true
	open := make([]*conn, 0, t.all.count)
	for c := t.all.oldest; c != nil; c = c.links[byAll].newer {
		open = append(open, c)
	}
	return open
}

// open returns how many connections are open.
func (t *table) open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.count
}

func (t *table) dropLocked(c *conn) {
	t.all.take(c)
	c.peers.take(c)
	if c.peers.count == 0 {
		delete(t.clients, clientPrefix(c.client.Addr()))
	}
	c.peers = nil
}

// push adds c as the newest.
func (o *order) push(c *conn) {
	c.links[o.by] = link{older: o.newest}
	if o.newest != nil {
		o.newest.links[o.by].newer = c
	} else {
		o.oldest = c
	}
	o.newest = c
	o.count++
}

// take removes c, which is in o.
func (o *order) take(c *conn) {
	l := c.links[o.by]
	if l.older != nil {
		l.older.links[o.by].newer = l.newer
	} else {
		o.oldest = l.newer
	}
	if l.newer != nil {
		l.newer.links[o.by].older = l.older
	} else {
		o.newest = l.older
	}
	c.links[o.by] = link{}
	o.count--
}
