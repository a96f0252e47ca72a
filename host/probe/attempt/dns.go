package attempt

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"signpost/host/config"
)

// dnsProber is the Prober of CheckDNS.
type dnsProber struct {
	dialer
	check   config.DNSCheck
	respond time.Duration
	query   []byte // without its id
	rdata   dns.RR // expected; nil: any
}

func newDNS(c *config.Check, o Options) (*dnsProber, error) {
	p := &dnsProber{dialer: dialer{o.Resolver, c.Connect}, check: c.DNS, respond: c.Respond}
	message := new(dns.Msg).SetQuestion(dns.Fqdn(c.DNS.Name), c.DNS.Type) // recursion is wanted: resolvers are probed, too
	raw, err := message.Pack()
	if err != nil {
		return p, &Obstacle{c.Pos, "dns: name " + quote(c.DNS.Name) + " is none"}
	}
	p.query = raw
	if c.DNS.Rdata == "" {
		return p, nil
	}
	if p.rdata, err = dns.NewRR(". 0 IN " + dns.Type(c.DNS.Type).String() + " " + c.DNS.Rdata); err != nil || p.rdata == nil {
		p.query = nil // nothing may pass by what was not understood
		return p, &Obstacle{c.Pos, "dns: rdata " + quote(c.DNS.Rdata) + " is none of a record of type " + dns.Type(c.DNS.Type).String()}
	}
	return p, nil
}

func (p *dnsProber) Close() {}

// Attempt asks the question and looks at the answer.
func (p *dnsProber) Attempt(ctx context.Context, endpoint string) Result {
	started := time.Now()
	if p.query == nil {
		return failed(started, 0, "dns: the check cannot be asked")
	}
	id := uint16(rand.Uint32()) // seeded by the system, which is all that an answer on a connected socket has to be guessed against
	query := append(binary.BigEndian.AppendUint16(nil, id), p.query[2:]...)
	var (
		answer *dns.Msg
		text   string
		err    error // of the way to the server
	)
	if !p.check.TCP {
		answer, text, err = p.overUDP(ctx, endpoint, query)
	}
	if text == "" && (answer == nil || answer.Truncated) {
		answer, text, err = p.overTCP(ctx, endpoint, query)
	}
	if text != "" {
		return refused(started, text, err)
	}
	return p.judge(started, answer)
}

// judge compares an answer with what is expected.
func (p *dnsProber) judge(started time.Time, answer *dns.Msg) Result {
	if answer.Rcode != p.check.Rcode {
		return failed(started, 0, rcode(answer.Rcode)+", expected "+rcode(p.check.Rcode))
	}
	if p.rdata == nil {
		return passed(started, 0, rcode(answer.Rcode))
	}
	for _, record := range answer.Answer {
		wanted := dns.Copy(p.rdata)
		wanted.Header().Name, wanted.Header().Class = record.Header().Name, record.Header().Class
		if dns.IsDuplicate(record, wanted) {
			return passed(started, 0, rcode(answer.Rcode)+", "+p.check.Rdata)
		}
	}
	return failed(started, 0, "answer lacks "+quote(p.check.Rdata))
}

// rcode is the name of a response code.
func rcode(number int) string {
	if name, ok := dns.RcodeToString[number]; ok {
		return name
	}
	return "RCODE" + strconv.Itoa(number)
}

// overUDP asks over UDP, the addresses of a host name in turn until one answers.
func (p *dnsProber) overUDP(ctx context.Context, endpoint string, query []byte) (answer *dns.Msg, text string, err error) {
	found, err := p.addresses(ctx, endpoint, time.Now().Add(p.within))
	if err != nil {
		return nil, reason("connect", p.within, err), err
	}
	var told error
	err = each(ctx, found, time.Now().Add(p.respond), func(addr netip.Addr, deadline time.Time) (err error) {
		why := ""
		if answer, why, err = p.askUDP(ctx, netip.AddrPortFrom(addr, uint16(p.check.Port)), query, deadline); told == nil || exhausted(told) {
			text, told = why, err // as each does
		}
		return err
	})
	if answer != nil {
		return answer, "", nil
	}
	return nil, text, err
}

// askUDP asks one address. The socket is connected: the system drops what others send, and tells that nobody listens.
func (p *dnsProber) askUDP(ctx context.Context, to netip.AddrPort, query []byte, deadline time.Time) (*dns.Msg, string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", to.String())
	if err != nil {
		return nil, reason("connect", p.within, err), err
	}
	l := newLine(ctx, conn)
	defer l.Close()
	l.SetDeadline(deadline)
	if _, err := l.Write(query); err != nil {
		return nil, l.reason("query", p.respond, err), err
	}
	raw := make([]byte, 4096)
	for {
		n, err := l.Read(raw)
		if err != nil {
			return nil, l.reason("response", p.respond, err), err
		}
		if answer := answerTo(query, raw[:n]); answer != nil {
			return answer, "", nil
		} // something else may be forged, and the answer be on its way
	}
}

// overTCP asks over TCP.
func (p *dnsProber) overTCP(ctx context.Context, endpoint string, query []byte) (*dns.Msg, string, error) {
	l, err := p.dial(ctx, endpoint, p.check.Port, time.Now().Add(p.within))
	if err != nil {
		return nil, reason("connect", p.within, err), err
	}
	defer l.Close()
	l.within(p.respond)
	if _, err := l.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		return nil, l.reason("query", p.respond, err), nil
	}
	raw := make([]byte, 2)
	if _, err := io.ReadFull(l, raw); err != nil {
		return nil, l.reason("response", p.respond, err), nil
	}
	raw = make([]byte, binary.BigEndian.Uint16(raw))
	if _, err := io.ReadFull(l, raw); err != nil {
		return nil, l.reason("response", p.respond, err), nil
	}
	answer := answerTo(query, raw)
	if answer == nil {
		return nil, l.reason("response", p.respond, errNoAnswer), nil
	}
	return answer, "", nil
}

var errNoAnswer = errors.New("no answer to the question")

// answerTo reads a message; nil: it is no answer to the query.
func answerTo(query, raw []byte) *dns.Msg {
	if len(raw) < 12 || raw[0] != query[0] || raw[1] != query[1] || raw[2]&0x80 == 0 {
		return nil
	}
	answer, asked := new(dns.Msg), new(dns.Msg)
	if err := answer.Unpack(raw); err != nil && !answer.Truncated { // what was cut off is asked for again over TCP
		return nil
	}
	if asked.Unpack(query) != nil || answer.Opcode != dns.OpcodeQuery || len(answer.Question) != 1 {
		return nil
	}
	a, q := answer.Question[0], asked.Question[0]
	if a.Qtype != q.Qtype || a.Qclass != q.Qclass || !strings.EqualFold(a.Name, q.Name) {
		return nil
	}
	return answer
}
