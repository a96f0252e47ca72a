package tcp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

const (
	inlineLen = 512     // of the read buffer every connection has: some ten queries
	blockLen  = 4 << 10 // of the one it borrows while more is on its way: some eighty
	smallLen  = 1 << 10 // of a borrowed response buffer; longer responses get one of their own
)

// conn is one connection. Its goroutine owns everything but what table.mu guards; an idle one holds no buffer but inline.
type conn struct {
	server  *Server
	net     net.Conn
	client  netip.AddrPort
	in      []byte          // read buffer: inline, block or, for a longer query, one of its own
	block   *[blockLen]byte // borrowed; nil for none
	start   int             // in[start:end] was read and is not answered
	end     int
	inline  [inlineLen]byte
	rushed  bool      // a read deadline is set, for an unfinished query
	writeBy time.Time // write deadline that is set

	// Guarded by table.mu.
	useful time.Time        // when it last asked something
	links  [orderCount]link // places in table.all and peers
	peers  *order           // connections of this client; nil once out of the table
}

// serve answers queries until the client leaves, is too slow, or the server closes.
func (c *conn) serve() {
	defer c.server.running.Done()
	defer c.leave()
	c.in = c.inline[:]
	for {
		if err := c.read(); err != nil {
			if c.rushed && errors.Is(err, os.ErrDeadlineExceeded) && !c.server.closing.Load() {
				c.server.tally.slowQueries.Add(1)
			}
			return
		}
		for whole(c.in[c.start:c.end]) {
			if !c.answer() {
				return
			}
		}
		filled := c.end == len(c.in)
		if !c.rush() {
			return
		}
		c.makeRoom(filled)
	}
}

// leave closes the connection and gives everything back.
func (c *conn) leave() {
	c.server.table.remove(c)
	_ = c.net.Close() // a second close of an evicted connection fails, and nothing follows from it
	c.releaseBlock()
	c.server.tally.closed.Add(1)
}

// read waits for bytes and appends what came to in[:end]. There is always room.
func (c *conn) read() error {
	n, err := c.net.Read(c.in[c.end:])
	c.end += n
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// whole is whether in starts with a whole message.
func whole(in []byte) bool {
	_, ok := cut(in)
	return ok
}

// answer answers one burst of the whole queries read and writes the responses with one call. It returns false when the
// connection is over.
func (c *conn) answer() bool {
	s := c.server
	l := <-s.lanes
	b := l.answer(c.in[c.start:c.end], c)
	var small *[smallLen]byte
	var out []byte
	if b.outLen <= smallLen {
		small = s.small.Get().(*[smallLen]byte)
		out = small[:b.outLen]
	} else {
		out = make([]byte, b.outLen)
	}
	copy(out, l.out[:b.outLen])
	s.lanes <- l

	c.start += b.consumed
	now := time.Now()
	s.table.touch(c, now)
	s.tally.queries.Add(uint64(b.queries))
	err := c.write(out, now)
	if small != nil {
		s.small.Put(small)
	}
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.tally.slowReaders.Add(1)
		}
		return false
	}
	s.tally.responses.Add(uint64(b.responses))
	if b.broken {
		s.tally.short.Add(1)
	}
	return !b.broken
}

// write writes out, at now. The deadline is moved only when half of it is gone, which saves doing so for every burst.
func (c *conn) write(out []byte, now time.Time) error {
	if len(out) == 0 {
		return nil
	}
	limit := c.server.limits.Write
	if c.writeBy.Sub(now) < limit/2 {
		c.writeBy = now.Add(limit)
		if err := c.net.SetWriteDeadline(c.writeBy); err != nil {
			return err
		}
	}
	_, err := c.net.Write(out)
	return err
}

// rush sets a deadline for the rest of an unfinished query, once, and lifts it when there is none: idle connections are
// the reaper's. It returns false when the server closes, whose own deadline this one may have replaced.
func (c *conn) rush() bool {
	unfinished := c.end > c.start
	switch {
	case unfinished && (!c.rushed || c.start > 0): // a query that was begun just now
		_ = c.net.SetReadDeadline(time.Now().Add(c.server.limits.Message)) // fails only if closed: read will tell
		c.rushed = true
	case !unfinished && c.rushed:
		_ = c.net.SetReadDeadline(time.Time{})
		c.rushed = false
	}
	return !c.server.closing.Load()
}

// makeRoom moves what is unanswered to the front of a buffer with room for more: inline as long as that does, a block
// when it was filled, a buffer of the query's length when the block was. So nobody makes the server hold more than eight
// times what they sent, but for the last step, which takes 4 KiB of one query.
func (c *conn) makeRoom(filled bool) {
	rest := c.in[c.start:c.end]
	switch {
	case len(rest) == 0:
		c.in = c.inline[:]
		c.releaseBlock()
	case len(rest) == blockLen && c.block != nil:
		own := make([]byte, prefixLen+int(rest[0])<<8+int(rest[1]))
		copy(own, rest)
		c.in = own
		c.releaseBlock()
	case filled && len(c.in) == inlineLen:
		c.block = c.server.blocks.Get().(*[blockLen]byte)
		copy(c.block[:], rest)
		c.in = c.block[:]
	default:
		copy(c.in, rest)
	}
	c.start, c.end = 0, len(rest)
}

func (c *conn) releaseBlock() {
	if c.block != nil {
		c.server.blocks.Put(c.block)
		c.block = nil
	}
}
