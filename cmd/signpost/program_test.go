package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"signpost/host/testbed"

	"github.com/miekg/dns"
)

// program is the real server, started by a test that says more than a script can.
type program struct {
	t           *testing.T
	cmd         *exec.Cmd
	out, log    testbed.Log
	exited      chan struct{}
	addr, admin string
}

// compiledPlugins returns a directory of compiled code for several programs: compiling takes each a second, or ten with the race detector.
func compiledPlugins(t *testing.T) string {
	t.Helper()
	cache := cmp.Or(os.Getenv("CACHE_DIRECTORY"), t.TempDir())
	warm := exec.Command("signpost", "check", t.TempDir())
	warm.Env = append(os.Environ(), "CACHE_DIRECTORY="+cache)
	if out, err := warm.CombinedOutput(); err != nil {
		t.Fatalf("signpost check of an empty directory: %v\n%s", err, out)
	}
	return cache
}

// launch starts the program on dir and waits until it serves. change may replace what the command is and where it writes;
// where that is not out, addr must be known otherwise.
func launch(t *testing.T, cache, dir string, change ...func(*program)) *program {
	t.Helper()
	p := &program{t: t, exited: make(chan struct{}), addr: "127.0.0.1:0", admin: "127.0.0.1:0"}
	p.cmd = exec.Command("signpost", "serve", dir, "--listen", p.addr, "--admin", p.admin)
	p.cmd.Env = append(os.Environ(), "CACHE_DIRECTORY="+cache, "STATE_DIRECTORY="+t.TempDir())
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	for _, c := range change {
		c(p)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // stop reads the exit code
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.exited
		if t.Failed() {
			t.Logf("the program said:\n%s%s", &p.out, &p.log)
		}
	})
	p.wait("the start", func() bool { return tryLine.MatchString(p.out.String()) })
	p.addr = listeningLine.FindStringSubmatch(p.out.String())[1]
	if found := adminLine.FindStringSubmatch(p.out.String()); found != nil {
		p.admin = found[1]
	}
	return p
}

// wait polls until done.
func (p *program) wait(what string, done func() bool) {
	p.t.Helper()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-p.exited:
			p.t.Fatalf("waiting for %s: the program ended: %v", what, p.cmd.ProcessState)
		case <-deadline:
			p.t.Fatalf("waited %v for %s", patience, what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// address asks for the A record of name and returns it, or the error or rcode.
func (p *program) address(network, name string) string {
	client := dns.Client{Net: network, Timeout: 5 * time.Second}
	r, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), p.addr)
	switch {
	case err != nil:
		return err.Error()
	case len(r.Answer) != 1:
		return dns.RcodeToString[r.Rcode]
	}
	return r.Answer[0].(*dns.A).A.String()
}

// awaitAddress waits until name has the address.
func (p *program) awaitAddress(name, want string) {
	p.t.Helper()
	got := ""
	defer func() {
		if p.t.Failed() {
			p.t.Logf("%s: got %s, want %s", name, got, want)
		}
	}()
	p.wait(name+" A "+want, func() bool { got = p.address("udp", name); return got == want })
}

// expect compares what name has now.
func (p *program) expect(network, name, want string) {
	p.t.Helper()
	if got := p.address(network, name); got != want {
		p.t.Errorf("%s A over %s: got %s, want %s", name, network, got, want)
	}
}

// metrics returns the page.
func (p *program) metrics() string {
	p.t.Helper()
	response, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(page)
}

// metric returns one value of the page.
func (p *program) metric(name string) float64 {
	p.t.Helper()
	page := p.metrics()
	for line := range strings.Lines(page) {
		if text, found := strings.CutPrefix(line, name+" "); found {
			value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return value
		}
	}
	p.t.Fatalf("no %s in\n%s", name, page)
	return 0
}

// stop ends the program and expects exit code 0, within patience.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("the program did not end within %v", patience)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("got %v, want exit code 0", p.cmd.ProcessState)
	}
}

// numberedZone is a small zone whose www has the address 192.0.2.N.
func numberedZone(n int) string {
	return fmt.Sprintf("$TTL 60\n@ IN SOA ns1 hostmaster %d 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.253\nwww IN A %s\n", n, numbered(n))
}

func numbered(n int) string { return fmt.Sprintf("192.0.2.%d", n%250+1) }

// saveFile writes a file in place.
func saveFile(t *testing.T, text string, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// freePort returns an address that was free a moment ago, over UDP and TCP.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func mustLookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
