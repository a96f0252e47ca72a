package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/miekg/dns"
)

// metronomeRate is how many questions a metronome asks in a second: few enough to cost nobody anything.
const metronomeRate = 1_000

// metronome asks some names in turn, at a fixed rate, whether or not answers come: a server that stops for a while is felt by all questions of that
// while. The kernel says when an answer came, so it does not matter when this process gets to read it.
type metronome struct {
	t        *testing.T
	conn     *net.UDPConn
	names    []string
	packets  [][]byte
	wants    []string
	quit     chan struct{}
	sent     sync.WaitGroup
	received sync.WaitGroup

	mu    sync.Mutex
	beats []beat // by order of asking; the id is the index modulo 65,536

	phases []phase
}

// phase is what happened meanwhile, and when.
type phase struct {
	what  string
	spans []span
}

type span struct{ from, to time.Time }

// spanOf does something and tells when.
func spanOf(do func()) span {
	from := time.Now()
	do()
	return span{from, time.Now()}
}

// answers tells whether a reply ends with one record, of that address.
func answers(reply []byte, address string) bool {
	return len(reply) > 12 && reply[7] == 1 && bytes.HasSuffix(reply, net.ParseIP(address).To4())
}

// beat is one question of a metronome.
type beat struct {
	at   time.Time
	took time.Duration // 0: no answer
}

// newMetronome begins to ask for the names' addresses.
func newMetronome(p *program, wants map[string]string) *metronome {
	p.t.Helper()
	m := &metronome{t: p.t, quit: make(chan struct{})}
	conn, err := net.Dial("udp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	m.conn = conn.(*net.UDPConn)
	raw, err := m.conn.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1) })
	if err != nil {
		p.t.Fatal(err)
	}
	for name, want := range wants {
		packet, err := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		if err != nil {
			p.t.Fatal(err)
		}
		m.names, m.packets, m.wants = append(m.names, name), append(m.packets, packet), append(m.wants, want)
	}
	m.sent.Go(m.send)
	m.received.Go(m.receive)
	return m
}

func (m *metronome) send() {
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := 0; ; i++ {
		select {
		case <-m.quit:
			return
		case <-timer.C:
		}
		packet := m.packets[i%len(m.packets)]
		binary.BigEndian.PutUint16(packet, uint16(i))
		m.mu.Lock()
		m.beats = append(m.beats, beat{at: time.Now()})
		m.mu.Unlock()
		_, _ = m.conn.Write(packet) // what is not sent has no answer
		timer.Reset(time.Until(began.Add(time.Duration(i+1) * time.Second / metronomeRate)))
	}
}

func (m *metronome) receive() {
	reply, control := make([]byte, 512), make([]byte, 64)
	for {
		n, controlLen, _, _, err := m.conn.ReadMsgUDP(reply, control)
		if err != nil {
			return
		}
		m.take(reply[:n], arrival(control[:controlLen]))
	}
}

// take notes an answer that came at a time.
func (m *metronome) take(reply []byte, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := len(m.beats) - 1
	i := last - int(uint16(last)-binary.BigEndian.Uint16(reply))
	if want := m.wants[i%len(m.wants)]; !answers(reply, want) {
		m.t.Errorf("%s: got the answer %x, want %s", m.names[i%len(m.names)], reply, want)
	}
	m.beats[i].took = at.Sub(m.beats[i].at.Round(0)) // the kernel stamps by the wall clock
}

// arrival is when the kernel got a datagram, by its control message.
func arrival(control []byte) time.Time {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 {
		return time.Now()
	}
	return time.Unix((*syscall.Timespec)(unsafe.Pointer(&messages[0].Data[0])).Unix())
}

// phase remembers when something happened, for stop.
func (m *metronome) phase(what string, spans []span) { m.phases = append(m.phases, phase{what, spans}) }

// stop ends the questions and prints how long the answers took in each phase. What was lost is not an error: a machine may be so busy that a
// socket's buffer is too small.
func (m *metronome) stop() {
	close(m.quit)
	m.sent.Wait()
	for patient := time.Now().Add(time.Second); m.waiting() && time.Now().Before(patient); {
		<-time.After(time.Millisecond)
	}
	_ = m.conn.Close()
	m.received.Wait()
	for _, p := range m.phases {
		for i := range m.names {
			m.t.Logf("%-17s %s", p.what, m.during(p.spans, i))
		}
	}
}

// waiting tells whether there are questions without an answer.
func (m *metronome) waiting() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.beats, func(b beat) bool { return b.took == 0 })
}

// during says how long the answers to questions after one name took in some spans.
func (m *metronome) during(spans []span, name int) string {
	var took []time.Duration
	lost := 0
	for i := name; i < len(m.beats); i += len(m.names) {
		b := m.beats[i]
		if !slices.ContainsFunc(spans, func(s span) bool { return !b.at.Before(s.from) && b.at.Before(s.to) }) {
			continue
		}
		if b.took == 0 {
			lost++
			continue
		}
		took = append(took, b.took)
	}
	if len(took) == 0 {
		return m.names[name] + " no answers"
	}
	slices.Sort(took)
	at := func(share float64) time.Duration {
		return took[int(share*float64(len(took)-1))].Round(time.Microsecond)
	}
	return fmt.Sprintf("%s %5d answers, p50 %7v, p99 %8v, p99.9 %8v, %d lost", m.names[name], len(took), at(0.5), at(0.99), at(0.999), lost)
}
