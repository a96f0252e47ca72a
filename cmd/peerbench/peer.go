package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// peer is one kind of server: where its programs are, how it is configured, started and told to reload.
type peer struct {
	name, title string
	program     string   // looked up on the PATH and in the sbin directories
	control     string   // the program reload runs; empty if it needs none
	version     []string // arguments that print the version
	dialect     dialect  // how it is told of weighted answers
	echo        bool     // does not answer, only returns the query
	zonePath    func(origin string) string
	prepare     func(s site) (setup, error)
	reload      func(s site, origin string) []string // control's arguments; nil: saving is enough
}

// setup is what prepare leaves to be run.
type setup struct {
	args, env []string
}

// site is one place a server runs in: a directory, ports, programs and zones.
type site struct {
	dir            string
	port, sidePort int // sidePort serves whatever else the server insists on
	threads        int
	program        string
	env            []string
	zones          []siteZone
}

type siteZone struct{ origin, path string }

func (s site) addr() string            { return "127.0.0.1:" + strconv.Itoa(s.port) }
func (s site) file(name string) string { return filepath.Join(s.dir, name) }
func (s site) write(name, text string) error {
	return os.WriteFile(s.file(name), []byte(text), 0o644)
}

// eachZone formats one line per zone; the verbs are origin, path.
func (s site) eachZone(format string) string {
	var b strings.Builder
	for _, z := range s.zones {
		fmt.Fprintf(&b, format, z.origin, z.path)
	}
	return b.String()
}

// allPeers is every server there is, in the order of the tables' first round.
func allPeers() []peer {
	return []peer{echoPeer(), signpostPeer(), gdnsdPeer(), nsdPeer(), knotPeer(), pdnsPeer(), bindPeer(), corednsPeer()}
}

func peerNames() []string {
	var names []string
	for _, p := range allPeers() {
		names = append(names, p.name)
	}
	return names
}

// standardZonePath is where most servers are told to look.
func standardZonePath(origin string) string { return filepath.Join("zones", origin+".zone") }

// findProgram looks on the PATH, then where daemons are installed but users' PATHs do not lead.
func findProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}

// server is a running peer. It is used by one goroutine.
type server struct {
	peer    peer
	site    site
	cmd     *exec.Cmd
	started time.Time
	ended   chan struct{} // closed when the process is gone
	log     *os.File
}

// startServer writes the configuration and starts the process; it does not wait for answers.
func startServer(p peer, s site) (*server, error) {
	for _, dir := range []string{"zones", "run", "state"} {
		if err := os.MkdirAll(s.file(dir), 0o755); err != nil {
			return nil, err
		}
	}
	ready, err := p.prepare(s)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(s.file("output.log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(s.program, ready.args...)
	cmd.Dir = s.dir
	cmd.Env = slices.Concat(os.Environ(), s.env, ready.env)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = serverAttr()
	cmd.WaitDelay = time.Second
	running := &server{peer: p, site: s, cmd: cmd, log: log, ended: make(chan struct{}), started: time.Now()}
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // the log says why; stop expects a signal
		close(running.ended)
	}()
	return running, nil
}

// group is where the server's CPU time and memory are counted.
func (r *server) group() procGroup { return procGroup{root: "/proc", pgid: r.cmd.Process.Pid} }

// stop ends the server: politely, then not.
func (r *server) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.ended:
	case <-time.After(stopWait):
		_ = r.cmd.Process.Kill()
		<-r.ended
	}
	endGroup(r.cmd.Process.Pid)
	r.log.Close()
}

// stopWait is how long a server may take to end by itself; BIND frees a million records one by one.
const stopWait = 10 * time.Second

// died tells why the server is gone, or nil while it runs.
func (r *server) died() error {
	select {
	case <-r.ended:
		return fmt.Errorf("ended by itself: %s", lastWords(r.site.file("output.log")))
	default:
		return nil
	}
}

// lastWords returns the end of a log on one line.
func lastWords(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) > 3 {
		lines = lines[len(lines)-3:]
	}
	words := strings.Join(lines, " / ")
	const wordsMax = 300
	if len(words) > wordsMax {
		words = "…" + words[len(words)-wordsMax:]
	}
	if words == "" {
		return "it printed nothing"
	}
	return words
}

// reload tells the server that a zone file has changed, and returns when it was told.
func (r *server) reload(ctx context.Context, origin string) error {
	if r.peer.reload == nil {
		return nil
	}
	control, err := findProgram(r.peer.control)
	if err != nil {
		return err
	}
	args := r.peer.reload(r.site, origin)
	out, err := exec.CommandContext(ctx, control, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", r.peer.control, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

const portCount = 200

var errNoPort = errors.New("no free loopback port in the range; choose another with --port")

// ports hands out loopback ports that are free for UDP and TCP, going round so that none is reused soon.
type ports struct{ first, next int }

func (p *ports) take() (int, error) {
	for range portCount {
		port := p.first + p.next%portCount
		p.next++
		if portFree(port) {
			return port, nil
		}
	}
	return 0, errNoPort
}

func portFree(port int) bool {
	addr := "127.0.0.1:" + strconv.Itoa(port)
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	defer udp.Close()
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	tcp.Close()
	return true
}
