package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// pollInterval is how often a poll asks; the resolution of every "time to the new answer".
const pollInterval = time.Millisecond

// pollUntil asks for name's A record once per interval until accept likes a reply, and returns when that came.
// gone, asked between tries, ends the poll early.
func pollUntil(ctx context.Context, addr, name string, accept func(reply []byte) bool, gone func() error) (time.Time, error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return time.Time{}, err
	}
	defer conn.Close()
	packet, err := packQuery(name)
	if err != nil {
		return time.Time{}, err
	}
	reply := make([]byte, 4096)
	for id := uint16(1); ctx.Err() == nil; id++ {
		binary.BigEndian.PutUint16(packet, id)
		next := time.Now().Add(pollInterval)
		_, _ = conn.Write(packet) // refused until the server listens
		for {
			_ = conn.SetReadDeadline(next)
			n, err := conn.Read(reply)
			if err != nil {
				break
			}
			if accept(reply[:n]) {
				return time.Now(), nil
			}
		}
		if err := gone(); err != nil {
			return time.Time{}, err
		}
		sleepUntil(ctx, next)
	}
	return time.Time{}, fmt.Errorf("%s A had no correct answer: %w", name, ctx.Err())
}

// acceptAddress likes a response whose first answer record has one of the addresses.
func acceptAddress(wants ...netip.Addr) func([]byte) bool {
	return func(reply []byte) bool {
		m := new(dns.Msg)
		if err := m.Unpack(reply); err != nil || !m.Response || len(m.Answer) == 0 {
			return false
		}
		got, err := netip.ParseAddr(addressOf(m.Answer[0]))
		return err == nil && slices.Contains(wants, got)
	}
}

// acceptAny likes whatever comes back.
func acceptAny([]byte) bool { return true }

func packQuery(name string) ([]byte, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), dns.TypeA)
	m.RecursionDesired = false
	return m.Pack()
}

// sleepUntil waits for at, or for the end of ctx.
func sleepUntil(ctx context.Context, at time.Time) {
	wait := time.Until(at)
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// sample is one query of a prober.
type sample struct {
	sent    time.Time
	latency time.Duration // 0: no answer
}

// lostLatency is what an unanswered query counts as in percentiles, and how long stragglers are waited for.
const lostLatency = time.Second

// prober is a modest open-loop load: queries leave at a fixed rate whether or not answers come, so a server that
// stops for a while is seen by all the queries that came meanwhile. It exists beside dnsperf because what is asked
// here is which queries were sent during a reload, and dnsperf gives no time of sending. Where the kernel can say
// when an answer arrived, the time this process then took to wake up does not count.
type prober struct {
	conn             *net.UDPConn
	packets          [][]byte
	rate             int
	cancel           context.CancelFunc
	sender, receiver sync.WaitGroup

	mu      sync.Mutex
	samples []sample // by order of sending; the id is the index modulo 65536
}

// startProber begins to ask addr random ones of names.
func startProber(ctx context.Context, addr string, names []string, rate int) (*prober, error) {
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	conn, err := net.DialUDP("udp", nil, to)
	if err != nil {
		return nil, err
	}
	if err := stampArrivals(conn); err != nil {
		conn.Close()
		return nil, err
	}
	p := &prober{conn: conn, rate: rate}
	for _, name := range names {
		packet, err := packQuery(name)
		if err != nil {
			conn.Close()
			return nil, fmt.Errorf("query for %q: %w", name, err)
		}
		p.packets = append(p.packets, packet)
	}
	ctx, p.cancel = context.WithCancel(ctx)
	p.sender.Go(func() { p.send(ctx) })
	p.receiver.Go(p.receive)
	return p, nil
}

func (p *prober) send(ctx context.Context) {
	started := time.Now()
	gap := time.Second / time.Duration(p.rate)
	for count := 0; ctx.Err() == nil; count++ {
		if sleepUntil(ctx, started.Add(time.Duration(count)*gap)); ctx.Err() != nil {
			return
		}
		packet := p.packets[rand.IntN(len(p.packets))]
		p.mu.Lock()
		binary.BigEndian.PutUint16(packet, uint16(len(p.samples)))
		p.samples = append(p.samples, sample{sent: time.Now()})
		p.mu.Unlock()
		_, _ = p.conn.Write(packet) // not sent is lost
	}
}

func (p *prober) receive() {
	reply, control := make([]byte, 4096), make([]byte, 128)
	for {
		n, controlLen, _, _, err := p.conn.ReadMsgUDPAddrPort(reply, control)
		now := arrival(control[:max(controlLen, 0)])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n < 12 || reply[3]&0x0F != 0 {
			continue // refused by a server that restarts, or not a good answer: lost
		}
		p.mu.Lock()
		p.answered(binary.BigEndian.Uint16(reply), now)
		p.mu.Unlock()
	}
}

// answered notes the latency of the latest sample with this id.
func (p *prober) answered(id uint16, now time.Time) {
	last := len(p.samples) - 1
	at := last - int(uint16(last)-id)
	if at < 0 || p.samples[at].latency != 0 {
		return
	}
	// The kernel stamps arrivals with the wall clock, so both ends are read from that.
	p.samples[at].latency = max(now.Round(0).Sub(p.samples[at].sent.Round(0)), 1)
}

// stop ends the load, waits for stragglers and returns every query that was sent.
func (p *prober) stop() []sample {
	p.cancel()
	p.sender.Wait()
	for end := time.Now().Add(lostLatency); p.waiting() && time.Now().Before(end); {
		sleepUntil(context.Background(), time.Now().Add(pollInterval))
	}
	p.conn.Close()
	p.receiver.Wait()
	return p.samples
}

// waiting tells whether an answer may still come in time to count.
func (p *prober) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest := time.Now().Add(-lostLatency)
	for i := len(p.samples) - 1; i >= 0 && p.samples[i].sent.After(oldest); i-- {
		if p.samples[i].latency == 0 {
			return true
		}
	}
	return false
}

// between returns the latencies of the queries sent in [from, to), and how many of them had no answer; those count
// as lostLatency.
func between(samples []sample, from, to time.Time) (latencies []time.Duration, lost int) {
	for _, s := range samples {
		if s.sent.Before(from) || !s.sent.Before(to) {
			continue
		}
		if s.latency == 0 {
			lost++
			s.latency = lostLatency
		}
		latencies = append(latencies, s.latency)
	}
	return latencies, lost
}
