package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

const (
	// chaosBound is how long an answer may contradict the truth by the settings of chaosConfig: a probe that is under way, an interval with its
	// jitter until the next, three failures that take a timeout each with the fast interval between them; and a second for a busy machine.
	chaosBound = 500*time.Millisecond + 1050*time.Millisecond + 3*(500+105)*time.Millisecond + time.Second
	// chaosResolver is where the name server of the host name is.
	chaosResolver = "127.0.0.153:53"
	chaosHost     = "flip.example.com."
	chaosStandby  = "192.0.2.9"
)

// Protects what probing is for: whatever endpoints do, whatever becomes of their certificates and of the names of probed hosts, and however
// often the server is killed, no answer contradicts the truth for longer than the settings of its check allow, and nothing stays behind.
//
// It goes on for 15 seconds, 8 with -short, or what SIGNPOST_CHAOS says (10m). The part about host names needs root on Linux, for a resolv.conf of
// its own.
func TestProbeChaos(t *testing.T) {
	lasts := 15 * time.Second
	if testing.Short() {
		lasts = 8 * time.Second
	}
	if text := os.Getenv("SIGNPOST_CHAOS"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	c := &chaos{t: t, dir: t.TempDir(), state: t.TempDir(), cache: compiledPlugins(t), random: rand.New(rand.NewPCG(seed, seed)), addr: freePort(t)}
	c.declare()
	c.word.clock = newSkewed(t)
	c.start()
	c.settle()
	goroutines, files := c.program.metric("go_goroutines"), c.program.metric("process_open_fds")

	end := time.Now().Add(lasts)
	nextTurn, nextKill, nextStep := time.Now(), time.Now().Add(lasts/4), time.Now().Add(lasts/8)
	for time.Now().Before(end) && !t.Failed() {
		now := time.Now()
		if now.After(nextTurn) {
			b := c.backends[c.random.IntN(len(c.backends))]
			b.turn(t, b.moods[c.random.IntN(len(b.moods))])
			c.turns++
			nextTurn = now.Add(time.Duration(c.random.IntN(600)) * time.Millisecond)
		}
		if now.After(nextStep) && c.word.step(c.random) {
			nextStep = now.Add(time.Duration(c.random.IntN(2000)) * time.Millisecond)
		}
		c.word.see(c.program)
		if now.After(nextKill) {
			c.kill()
			nextKill = time.Now().Add(2*time.Second + time.Duration(c.random.IntN(10_000))*time.Millisecond)
		}
		c.observe()
		<-time.After(10 * time.Millisecond)
	}
	for _, b := range c.backends {
		b.turn(t, b.moods[0])
	}
	c.settle()
	p := c.program
	p.wait("as many goroutines as at the start", func() bool { return p.metric("go_goroutines") <= goroutines+2 })
	p.wait("as many open files as at the start", func() bool { return p.metric("process_open_fds") <= files+2 })
	for _, b := range c.backends {
		if len(p.history(b.name+".example.com")) == 0 {
			t.Errorf("%s: nothing in the timeline", b.name)
		}
	}
	p.stop()
	t.Logf("seed %d: %d changes, %d kills, %d answers, %s", seed, c.turns, c.kills, c.answers, &c.word)
	for _, b := range c.backends {
		t.Logf("%-6s contradicted the truth for at most %v of %v", b.name, b.worst.Round(10*time.Millisecond), chaosBound)
		if b.listener != nil {
			_ = b.listener.Close()
		}
	}
}

// chaos is the state of the test.
type chaos struct {
	t                     *testing.T
	dir, state, cache     string
	addr                  string
	random                *rand.Rand
	program               *program
	serving               time.Time // since when
	backends              []*chaosBackend
	resolv                string // the file that stands in for resolv.conf; "": host names are left out
	word                  chaosWord
	turns, kills, answers int
}

// declare makes the backends, and the directory that has a name for each.
func (c *chaos) declare() {
	certificates, root := chaosCertificates(c.t)
	saveFile(c.t, root, c.dir, "ca.pem")
	for i := range 8 {
		c.backends = append(c.backends, &chaosBackend{name: fmt.Sprintf("web%d", i), moods: chaosMoods, addr: "127.0.0.1:0"})
	}
	for i := range 2 {
		c.backends = append(c.backends, &chaosBackend{name: fmt.Sprintf("tls%d", i), moods: chaosTLSMoods(), addr: "127.0.0.1:0", certificates: certificates})
	}
	if named := (&chaosBackend{name: "name", moods: chaosNameMoods(), addr: "127.0.0.1:0"}); c.nameServer(named) {
		c.backends = append(c.backends, named)
	}
	var config, zone strings.Builder
	config.WriteString("checks:\n")
	zone.WriteString("$TTL 60\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n")
	for _, b := range c.backends {
		b.turn(c.t, b.moods[0])
		_, port, err := net.SplitHostPort(b.addr)
		if err != nil {
			c.t.Fatal(err)
		}
		kind, more := "http", ""
		if b.certificates != nil {
			kind, more = "https", ", ca: ca.pem"
		}
		fmt.Fprintf(&config, "  %s:\n    %s: { port: %s, path: /health, contains: healthy%s }\n", b.name, kind, port, more)
		config.WriteString("    interval: 1s\n    fast-interval: 100ms\n    connect-timeout: 500ms\n    response-timeout: 500ms\n    fall: 3\n    rise: 2\n")
		if b.name == "name" {
			fmt.Fprintf(&config, "    target: %s\n", strings.TrimSuffix(chaosHost, "."))
		}
		fmt.Fprintf(&zone, "%s IN A 127.0.0.1 ;@ failover id=main role=primary check=%s\n", b.name, b.name)
		fmt.Fprintf(&zone, "%s IN A %s ;@ failover id=standby role=secondary\n", b.name, chaosStandby)
	}
	fmt.Fprintf(&zone, "held IN A 192.0.2.8 ;@ failover id=main role=primary\nheld IN A %s ;@ failover id=standby role=secondary\n", chaosStandby)
	saveFile(c.t, config.String(), c.dir, "signpost.yaml")
	saveFile(c.t, zone.String(), c.dir, "example.com.zone")
}

// nameServer starts the name server that the server under test asks for the backend's name, if this user may give it a resolv.conf of its own.
func (c *chaos) nameServer(b *chaosBackend) bool {
	if runtime.GOOS != "linux" || exec.Command("unshare", "-m", "true").Run() != nil {
		c.t.Log("host names are left out: they need root on Linux")
		return false
	}
	conn, err := net.ListenPacket("udp", chaosResolver)
	if err != nil {
		c.t.Logf("host names are left out: %v", err)
		return false
	}
	host, _, err := net.SplitHostPort(chaosResolver)
	if err != nil {
		c.t.Fatal(err)
	}
	c.resolv = filepath.Join(c.state, "resolv.conf")
	saveFile(c.t, "nameserver "+host+"\n", c.resolv)
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		b.mu.Lock()
		m := b.live
		b.mu.Unlock()
		answer := new(dns.Msg).SetReply(query)
		if query.Question[0].Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: chaosHost, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		if m.resolve != nil {
			m.resolve(answer)
		}
		if answer.Response {
			_ = w.WriteMsg(answer) // the client may be gone
		}
	})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.ActivateAndServe() // until the socket is closed
	}()
	c.t.Cleanup(func() { _ = conn.Close(); <-ended })
	return true
}

// start starts the server, always on the same address and with the same state.
func (c *chaos) start() {
	c.t.Helper()
	c.program = launch(c.t, c.cache, c.dir, func(p *program) {
		args := []string{mustLookPath(c.t, "signpost"), "serve", c.dir, "--listen", c.addr, "--admin", "127.0.0.1:0"}
		if c.resolv != "" {
			args = append([]string{"unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, c.resolv}, args...)
		}
		p.cmd = exec.Command(args[0], args[1:]...)
		p.cmd.Env = append(os.Environ(), "CACHE_DIRECTORY="+c.cache, "STATE_DIRECTORY="+c.state)
		if c.word.clock != nil {
			p.cmd.Env = append(p.cmd.Env, c.word.clock.env())
		}
		p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	})
	c.program.wait("the first round of probes", func() bool { // until then the zone is not there
		return c.program.address("udp", c.backends[0].name+".example.com.") != "SERVFAIL"
	})
	c.serving = time.Now()
}

// kill ends the server as a crash does, and starts it again.
func (c *chaos) kill() {
	c.t.Helper()
	_ = c.program.cmd.Process.Kill() // it runs, and observe would tell if not
	<-c.program.exited
	c.word.step(c.random) // what it remembers is from the future then, or old
	c.kills++
	c.start()
}

// settle waits until all answers are right.
func (c *chaos) settle() {
	c.t.Helper()
	for _, b := range c.backends {
		c.program.awaitAddress(b.name+".example.com.", "127.0.0.1")
	}
}

// observe asks for every name and compares the answers with the truth.
func (c *chaos) observe() {
	for _, b := range c.backends {
		got, want := c.program.address("udp", b.name+".example.com."), chaosStandby
		if b.mood.up {
			want = "127.0.0.1"
		}
		c.answers++
		if got != "127.0.0.1" && got != chaosStandby {
			c.t.Errorf("%s: got %s", b.name, got)
		}
		if got == want {
			continue
		}
		since := b.changed
		if since.Before(c.serving) {
			since = c.serving
		}
		wrong := time.Since(since)
		if b.worst = max(b.worst, wrong); wrong > chaosBound {
			c.t.Errorf("%s (%s): got %s, want %s, for %v, may be %v", b.name, b.mood.name, got, want, wrong, chaosBound)
		}
	}
}
