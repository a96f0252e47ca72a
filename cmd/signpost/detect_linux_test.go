package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// mortal is a backend that says 200 until it is killed: from then on it resets connections, and notes when.
type mortal struct {
	addr     string
	listener net.Listener

	mu     sync.Mutex
	dead   bool
	resets []time.Time // the ends of attempts since it is dead
}

const mortalPage = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

func (m *mortal) serve() {
	for {
		conn, err := m.listener.Accept()
		if err != nil {
			return
		}
		go m.answer(conn.(*net.TCPConn))
	}
}

func (m *mortal) answer(conn *net.TCPConn) {
	m.mu.Lock()
	dead := m.dead
	m.mu.Unlock()
	if dead {
		_ = conn.SetLinger(0)
		_ = conn.Close()
		m.mu.Lock()
		m.resets = append(m.resets, time.Now())
		m.mu.Unlock()
		return
	}
	_, _ = conn.Read(make([]byte, 1024)) // what is asked for does not matter
	_, _ = conn.Write([]byte(mortalPage))
	_ = conn.Close()
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// third is the end of the third failed attempt; zero: it is to come.
func (m *mortal) third() (at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.resets) >= 3 {
		at = m.resets[2]
	}
	return at
}

// mortals listen at 127.0.1.1 and on, on one port.
func mortals(t *testing.T, count int) (list []*mortal, port string) {
	port = "0"
	for i := range count {
		m := &mortal{addr: fmt.Sprintf("127.0.%d.%d", 1+i/250, 1+i%250)}
		var err error
		if m.listener, err = net.Listen("tcp", net.JoinHostPort(m.addr, port)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.listener.Close() })
		_, port, _ = net.SplitHostPort(m.listener.Addr().String())
		list = append(list, m)
		go m.serve()
	}
	return list, port
}

const detectHead = `$TTL 300
@     IN SOA ns1 hostmaster 1 7200 900 1209600 300
      IN NS  ns1
ns1   IN A   192.0.2.53
`

// Protects the promise of detection: with fall=3 and an interval of 1 s, a backend that is killed leaves the answers at most 100 ms after its third
// failed attempt ended. Fifty are killed at once, and all of them are asked for all the time over four sockets. The figures are in the log; a busy machine is slower, but
// one that needs a fourth attempt is wrong.
func TestDetection(t *testing.T) {
	const kills, bound = 50, 800 * time.Millisecond
	backends, port := mortals(t, kills)
	dir := t.TempDir()
	saveFile(t, "checks:\n  web: { http: { port: "+port+" }, interval: 1s, fall: 3 }\n", filepath.Join(dir, "signpost.yaml"))
	zone := detectHead
	for i, m := range backends {
		zone += fmt.Sprintf("n%d 60 IN A %s ;@ failover id=main role=primary check=web\nn%d 60 IN A 192.0.2.1 ;@ failover id=standby role=secondary\n", i, m.addr, i)
	}
	saveFile(t, zone, filepath.Join(dir, "example.com.zone"))
	p := launch(t, compiledPlugins(t), dir)
	p.wait("the first answers", func() bool { return p.address("udp", "n0.example.com.") == backends[0].addr })

	type seen struct {
		lastWrong  time.Time // when the latest question was asked that got the dead one
		firstRight time.Time // when the first answer with the standby was there
	}
	sockets := make([][]seen, 4)
	var asking sync.WaitGroup
	stop := make(chan struct{})
	for s := range sockets {
		sockets[s] = make([]seen, kills)
		asking.Go(func() {
			conn, err := dns.Dial("udp", p.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for i := 0; ; i = (i + 1) % kills {
				select {
				case <-stop:
					return
				default:
				}
				at := time.Now()
				_ = conn.SetDeadline(at.Add(5 * time.Second))
				err := conn.WriteMsg(new(dns.Msg).SetQuestion(fmt.Sprintf("n%d.example.com.", i), dns.TypeA))
				var r *dns.Msg
				if err == nil {
					r, err = conn.ReadMsg()
				}
				if err != nil || len(r.Answer) != 1 {
					t.Errorf("n%d: %v %v", i, err, r)
					return
				}
				if got := r.Answer[0].(*dns.A).A.String(); got == backends[i].addr {
					sockets[s][i].lastWrong = at
				} else if sockets[s][i].firstRight.IsZero() {
					sockets[s][i].firstRight = time.Now()
				}
			}
		})
	}
	for _, m := range backends {
		m.kill()
	}
	p.wait("three failed attempts of each", func() bool {
		return !slices.ContainsFunc(backends, func(m *mortal) bool { return m.third().IsZero() })
	})
	after := time.Now()
	p.wait("two more rounds", func() bool { return time.Since(after) > 2*time.Second })
	close(stop)
	asking.Wait()

	var rights, wrongs []time.Duration
	for i, m := range backends {
		third, right, wrong := m.third(), time.Time{}, time.Time{}
		for _, list := range sockets {
			if right.IsZero() || list[i].firstRight.Before(right) {
				right = list[i].firstRight
			}
			if list[i].lastWrong.After(wrong) {
				wrong = list[i].lastWrong
			}
		}
		if right.IsZero() {
			t.Errorf("n%d never left its dead backend", i)
			continue
		}
		rights, wrongs = append(rights, right.Sub(third)), append(wrongs, wrong.Sub(third))
		if wrong.Sub(third) > bound {
			t.Errorf("n%d: the dead backend was answered %v after its third failed attempt", i, wrong.Sub(third))
		}
	}
	slices.Sort(rights)
	slices.Sort(wrongs)
	if len(rights) > 0 {
		t.Logf("%d kills: first right answer after the third failed attempt: median %v, largest %v; latest question that got a dead one: median %v, largest %v",
			len(rights), rights[len(rights)/2], rights[len(rights)-1], wrongs[len(wrongs)/2], wrongs[len(wrongs)-1])
	}
}

// Measures 10,000 checks at 10 s against local backends, with SIGNPOST_PROBES=1: processor time, memory, lateness, and what the probes do to answers.
// A server whose probes rest is asked alone, then beside one that probes: what it waits longer then, others' probes and the backends would cost it
// too, which run on the same processors. What is left of the difference is for the one that probes to answer for.
func TestProbeLoad(t *testing.T) {
	if os.Getenv("SIGNPOST_PROBES") == "" {
		t.Skip("a measurement of three minutes; SIGNPOST_PROBES=1 makes it")
	}
	const hosts, perHost, turns, measured, asked = 100, 100, 3, 20 * time.Second, 8 * time.Second
	backends, port := mortals(t, hosts)
	cache := compiledPlugins(t)
	serve := func(interval string) *program {
		dir := t.TempDir()
		var checks, zone strings.Builder
		checks.WriteString("checks:\n")
		zone.WriteString(detectHead)
		for c := range perHost {
			fmt.Fprintf(&checks, "  c%d: { http: { port: %s, path: /c%d }, interval: %s }\n", c, port, c, interval)
			for h, m := range backends {
				fmt.Fprintf(&zone, "n%d-%d 60 IN A %s ;@ failover id=main role=primary check=c%d\n", c, h, m.addr, c)
			}
		}
		saveFile(t, checks.String(), filepath.Join(dir, "signpost.yaml"))
		saveFile(t, zone.String(), filepath.Join(dir, "example.com.zone"))
		began := time.Now()
		p := launch(t, cache, dir)
		t.Logf("every %s: start with the first round of %d probes: %v", interval, hosts*perHost, time.Since(began).Round(time.Millisecond))
		return p
	}
	delays := map[string][]time.Duration{}
	ask := func(what string, p *program) {
		delays[what] = append(delays[what], p.delays(asked, func(i int) string { return fmt.Sprintf("n%d-%d.example.com.", i%perHost, i/perHost%hosts) })...)
	}
	const alone, beside, itself = "nobody probes", "another server probes", "it probes itself"
	for range turns {
		resting := serve("1h")
		ask(alone, resting)
		probing := serve("10s")
		probing.probeLoad(measured)
		ask(beside, resting)
		ask(itself, probing)
		probing.stop()
		resting.stop()
	}
	for _, what := range []string{alone, beside, itself} {
		list := delays[what]
		slices.Sort(list)
		t.Logf("%s: %d answers, after %v at p50, %v at p99", what, len(list), list[len(list)/2], list[len(list)*99/100])
	}
}

// probeLoad logs what probes cost for so long, when the first round is spread.
func (p *program) probeLoad(measured time.Duration) {
	first := time.Now()
	p.wait("the rounds to spread", func() bool { return time.Since(first) > 12*time.Second })
	const processor = "process_cpu_seconds_total"
	used, late, at := p.metric(processor), p.metric("signpost_probes_late_total"), time.Now()
	p.wait("the measurement", func() bool { return time.Since(at) > measured })
	took := time.Since(at)
	used, late = p.metric(processor)-used, p.metric("signpost_probes_late_total")-late
	p.t.Logf("%v: %.1f %% of one core, %.0f MB resident, %.0f late probes", took.Round(time.Second), 100*used/took.Seconds(),
		p.metric("process_resident_memory_bytes")/1e6, late)
	if late > 0 {
		p.t.Errorf("%.0f probes were late by more than a tenth of their interval", late)
	}
}

// delays asks for names one after the other for so long, and returns how long each answer took. The system stamps them as they come, so that
// what else this process does counts for nothing.
func (p *program) delays(asked time.Duration, name func(int) string) (list []time.Duration) {
	p.t.Helper()
	dialed, err := net.Dial("udp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	defer dialed.Close()
	conn := dialed.(*net.UDPConn)
	raw, err := conn.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			if err := syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMP, 1); err != nil {
				p.t.Error(err)
			}
		})
	}
	room, stamps := make([]byte, 512), make([]byte, 64)
	for i, began := 0, time.Now(); err == nil && time.Since(began) < asked; i++ {
		question, bad := new(dns.Msg).SetQuestion(name(i), dns.TypeA).Pack()
		if bad != nil {
			p.t.Fatal(bad)
		}
		<-time.After(400 * time.Microsecond)
		at := time.Now()
		_ = conn.SetDeadline(at.Add(5 * time.Second))
		if _, err = conn.Write(question); err != nil {
			break
		}
		var length int
		var messages []syscall.SocketControlMessage
		if _, length, _, _, err = conn.ReadMsgUDP(room, stamps); err == nil {
			messages, err = syscall.ParseSocketControlMessage(stamps[:length])
		}
		if err == nil && len(messages) == 1 && len(messages[0].Data) == 16 { // struct timeval
			seconds, micros := binary.NativeEndian.Uint64(messages[0].Data), binary.NativeEndian.Uint64(messages[0].Data[8:])
			list = append(list, time.Unix(int64(seconds), int64(micros)*1000).Sub(at))
		}
	}
	if err != nil || len(list) == 0 {
		p.t.Fatalf("%d answers: %v", len(list), err)
	}
	return list
}
