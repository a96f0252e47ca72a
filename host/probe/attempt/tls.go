package attempt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"signpost/host/config"
)

// tlsProber is the Prober of CheckTLS.
type tlsProber struct {
	dialer
	port    int
	respond time.Duration
	tls     *secure
}

func newTLS(c *config.Check, o Options) (*tlsProber, error) {
	p := &tlsProber{dialer: dialer{o.Resolver, c.Connect}, port: c.TLS.Port, respond: c.Respond}
	var err error
	p.tls, err = newSecure(c, o, "")
	return p, err
}

func (p *tlsProber) Close() {}

// Attempt makes a handshake and looks at the certificate.
func (p *tlsProber) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	l, err := p.dial(ctx, endpoint, p.port, started.Add(p.within))
	if err != nil {
		return refused(started, reason("connect", p.within, err), err)
	}
	defer l.Close()
	secured, text := p.tls.handshake(l, endpoint, started.Add(p.within), p.within)
	if text != "" {
		return failed(started, 0, text)
	}
	state := secured.ConnectionState()
	ends, now := lastDay(state), time.Now()
	if !ends.After(now) { // nobody has looked where the certificate need not be verified
		return failed(started, 0, "certificate expired "+date(ends))
	}
	left := int(ends.Sub(now) / day)
	result := passed(started, 0, fmt.Sprintf("certificate is good for %d %s", left, plural("day", left)))
	if text := p.refusal(l, secured); text != "" {
		return failed(started, 0, text)
	}
	secured.CloseWrite() // an error: it is not told
	return result        // without the time that silence took
}

// refusal waits for what a server thinks of the client's certificate, or of there being none: in TLS 1.3 a handshake is over for the client
// before the server has seen it. A server that is content says nothing, so this takes as long as a response may. "": it is content.
func (p *tlsProber) refusal(l *line, s *session) string {
	if !s.asked || s.ConnectionState().Version < tls.VersionTLS13 {
		return ""
	}
	l.within(p.respond)
	_, err := s.Read(make([]byte, 1))
	if err == nil || errors.Is(err, io.EOF) || l.ctx.Err() == nil && timedOut(err) {
		return ""
	}
	return l.reason("TLS handshake", p.respond, err)
}
