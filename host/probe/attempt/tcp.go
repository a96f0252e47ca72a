package attempt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"time"

	"signpost/host/config"
)

// tcp is the Prober of CheckTCP.
type tcp struct {
	dialer
	check   config.TCPCheck
	respond time.Duration
}

func newTCP(c *config.Check, o Options) *tcp {
	return &tcp{dialer{o.Resolver, c.Connect}, c.TCP, c.Respond}
}

func (p *tcp) Close() {}

// Attempt connects, sends what there is to send, and waits for what is expected.
func (p *tcp) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	conn, err := p.dial(ctx, endpoint, p.check.Port, started.Add(p.within))
	if err != nil {
		return failed(started, 0, reason("connect", p.within, err))
	}
	defer drop(conn)
	defer guard(ctx, conn)()
	if err := conn.SetDeadline(time.Now().Add(p.respond)); err != nil {
		return failed(started, 0, reason("connection", p.respond, err))
	}
	if p.check.Send != "" {
		if _, err := io.WriteString(conn, p.check.Send); err != nil {
			return failed(started, 0, interrupted(ctx, "write", p.respond, err))
		}
	}
	if p.check.Expect == "" {
		return passed(started, 0, "connected")
	}
	return p.await(ctx, conn, started)
}

// await reads until what is expected has come.
func (p *tcp) await(ctx context.Context, conn net.Conn, started time.Time) Result {
	raw := make([]byte, 0, config.BodyMax)
	for {
		n, err := conn.Read(raw[len(raw):cap(raw)])
		raw = raw[:len(raw)+n]
		switch {
		case bytes.Contains(raw, []byte(p.check.Expect)):
			return passed(started, 0, "replied "+strconv.Quote(p.check.Expect))
		case errors.Is(err, io.EOF) || len(raw) == cap(raw):
			return failed(started, 0, "reply lacks "+strconv.Quote(p.check.Expect))
		case err != nil:
			return failed(started, 0, interrupted(ctx, "response", p.respond, err))
		}
	}
}

// guard makes what waits on a connection return when ctx is done, until the function that it returns is called.
func guard(ctx context.Context, conn net.Conn) func() bool {
	return context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
}

// interrupted is the reason of an error on a guarded connection.
func interrupted(ctx context.Context, doing string, within time.Duration, err error) string {
	if ctx.Err() != nil {
		return stopped
	}
	return reason(doing, within, err)
}

// drop closes a connection at once. The reset that linger 0 sends leaves no socket in TIME_WAIT: 10,000 checks would hold 60,000 of them.
func drop(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	conn.Close()
}
