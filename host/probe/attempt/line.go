package attempt

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// readMax is how much of what an endpoint sends is looked at in one attempt, whatever it is: certificates, head, body.
const readMax = 256 << 10

// errFlood is the error of a line on which an endpoint sends more than readMax.
var errFlood = errors.New("more than 256 KiB")

// line is the connection of one attempt. It is closed when the attempt's context is done, so nothing waits on it longer.
type line struct {
	net.Conn
	ctx     context.Context
	unguard func() bool
	left    int   // bytes that may be read yet
	end     error // of what can be read; io.EOF: the endpoint has closed its side
}

// newLine makes a line of a connection whose Close resets it. The reset leaves no socket in TIME_WAIT: 1,000 probes a second would hold 60,000.
func newLine(ctx context.Context, conn net.Conn) *line {
	l := &line{Conn: conn, ctx: ctx, left: readMax}
	l.unguard = context.AfterFunc(ctx, func() { conn.Close() })
	return l
}

// Read reads from the connection.
func (l *line) Read(p []byte) (int, error) {
	if l.left <= 0 {
		l.end = errFlood
		return 0, errFlood
	}
	n, err := l.Conn.Read(p[:min(len(p), l.left)])
	l.left -= n
	l.end = err
	return n, err
}

// What an endpoint sends after all is known is read for its sake: one that is cut off while it writes notes an error for every probe. One that
// sends more, or takes longer, is cut off.
const (
	restMax  = 16 << 10
	restWait = 50 * time.Millisecond
)

// finish reads the rest of a response, up to where the endpoint closes the connection as it was asked to.
func (l *line) finish(rest *bufio.Reader) {
	if l.end != nil {
		return
	}
	l.within(restWait)
	if _, err := rest.Discard(restMax); err != nil {
		l.end = err // TLS knows of the end before the connection does
	}
}

// within gives everything that follows on the line so much time.
func (l *line) within(d time.Duration) { l.SetDeadline(time.Now().Add(d)) } // an error is met again by whatever follows

// Close resets the connection. An endpoint that has not closed its side reads its end first, which is no error to it.
func (l *line) Close() error {
	if l.unguard() && !errors.Is(l.end, io.EOF) {
		if half, ok := l.Conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite() // an error: the reset is all that it gets
		}
	}
	return l.Conn.Close()
}

// reason puts an error on the line into words.
func (l *line) reason(doing string, within time.Duration, err error) string {
	if l.ctx.Err() != nil {
		return stopped
	}
	return reason(doing, within, err)
}
