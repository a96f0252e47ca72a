package attempt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"signpost/host/config"
)

// tcpProber is the Prober of CheckTCP.
type tcpProber struct {
	dialer
	check   config.TCPCheck
	respond time.Duration
}

func newTCP(c *config.Check, o Options) *tcpProber {
	return &tcpProber{dialer{o.Resolver, c.Connect}, c.TCP, c.Respond}
}

func (p *tcpProber) Close() {}

// light tells that an attempt may be made on a Loop: it asks nobody.
func (p *tcpProber) light(endpoint string) bool { return literal(endpoint) }

// Attempt connects, sends what there is to send, and waits for what is expected.
func (p *tcpProber) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	l, err := p.dial(ctx, endpoint, p.check.Port, started.Add(p.within))
	if err != nil {
		return refused(started, reason("connect", p.within, err), err)
	}
	defer l.Close()
	l.within(p.respond)
	if p.check.Send != "" {
		if _, err := io.WriteString(l, p.check.Send); err != nil {
			return refused(started, l.reason("request", p.respond, err), err)
		}
	}
	if p.check.Expect == "" {
		return passed(started, 0, "connected")
	}
	return p.await(l, started)
}

// await reads until what is expected has come.
func (p *tcpProber) await(l *line, started time.Time) Result {
	raw := make([]byte, 0, config.BodyMax)
	for {
		n, err := l.Read(raw[len(raw):cap(raw)])
		raw = raw[:len(raw)+n]
		switch {
		case bytes.Contains(raw, []byte(p.check.Expect)):
			return passed(started, 0, "replied "+strconv.Quote(p.check.Expect))
		case errors.Is(err, io.EOF) || len(raw) == cap(raw):
			return failed(started, 0, "reply lacks "+strconv.Quote(p.check.Expect))
		case err != nil:
			return refused(started, l.reason("response", p.respond, err), err)
		}
	}
}
