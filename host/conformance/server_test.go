package conformance

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The order of the servers in every list. Signpost is absent when only the peers run.
const (
	nsd = iota
	knot
	bind
	signpost
)

var serverNames = [...]string{"NSD", "Knot", "BIND", "Signpost"}

// server is one running name server.
type server struct {
	name string
	addr string // UDP and TCP
	log  string // file with its stdout and stderr
	exit chan error
}

const (
	portFirst = 5900 // the range of this test; the servers of other tests have their own
	portLast  = 6099
)

// freeAddr returns a loopback address whose port is free over UDP and TCP. used keeps one run from giving a port twice.
func freeAddr(t *testing.T, used map[int]bool) string {
	for port := portFirst; port <= portLast; port++ {
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if used[port] {
			continue
		}
		udp, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		udp.Close()
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		tcp.Close()
		used[port] = true
		return addr
	}
	t.Fatalf("no free port in %d..%d", portFirst, portLast)
	return ""
}

// program finds an executable; servers stand in sbin, which is not in every PATH. "" when there is none.
func program(name string) string {
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	return ""
}

// missingPeers names the programs that are not there, and where they come from; "" when all are.
func missingPeers() string {
	var missing []string
	for _, name := range []string{"nsd", "knotd", "named", "named-compilezone"} {
		if program(name) == "" {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return ""
	}
	return "not found: " + strings.Join(missing, ", ") + " (Debian packages nsd, knot, bind9, bind9-utils)"
}

// start runs a program in dir until the end of the test.
func start(t *testing.T, name, dir, addr string, argv ...string) *server {
	s := &server{name: name, addr: addr, log: filepath.Join(dir, "log"), exit: make(chan error, 1)}
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	dieWithTest(cmd)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // until the server has ended, because it ends with this thread
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			s.exit <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.exit:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-s.exit
		}
		log.Close()
	})
	return s
}

// startPeers writes the configurations of NSD, Knot and BIND and starts them. All three answer ANY in full, rotate nothing, limit
// nothing and add whatever courtesies they know.
func startPeers(t *testing.T, zones []zoneFile, scratch string, ports map[int]bool) []*server {
	dirs, addrs := make([]string, 3), make([]string, 3)
	for i := range dirs {
		dirs[i], addrs[i] = filepath.Join(scratch, serverNames[i]), freeAddr(t, ports)
		if err := os.MkdirAll(dirs[i], 0o777); err != nil {
			t.Fatal(err)
		}
	}
	nsdConf, knotConf, bindConf := nsdConfig(dirs[nsd], addrs[nsd]), knotConfig(dirs[knot], addrs[knot]), bindConfig(dirs[bind], addrs[bind])
	for _, z := range zones {
		if notLoaded[z.name][nsd] == "" {
			nsdConf += fmt.Sprintf("zone:\n  name: %q\n  zonefile: %q\n", z.name, z.peerPath)
		}
		if notLoaded[z.name][knot] == "" {
			knotConf += fmt.Sprintf("  - domain: %q\n    file: %q\n", z.name, z.peerPath)
		}
		if notLoaded[z.name][bind] == "" {
			bindConf += fmt.Sprintf("zone %q { type primary; file %q; };\n", z.name, z.peerPath)
		}
	}
	config := func(i int, text string) string {
		path := filepath.Join(dirs[i], "conf")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return []*server{
		start(t, serverNames[nsd], dirs[nsd], addrs[nsd], program("nsd"), "-d", "-c", config(nsd, nsdConf)),
		start(t, serverNames[knot], dirs[knot], addrs[knot], program("knotd"), "-c", config(knot, knotConf)),
		start(t, serverNames[bind], dirs[bind], addrs[bind], program("named"), "-g", "-n", "1", "-c", config(bind, bindConf)),
	}
}

func nsdConfig(dir, addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	return fmt.Sprintf(`server:
  ip-address: %s@%s
  server-count: 1
  username: ""
  chroot: ""
  pidfile: ""
  database: ""
  zonesdir: %[4]q
  zonelistfile: "%[3]s/zone.list"
  xfrdfile: "%[3]s/xfrd.state"
  xfrdir: %[3]q
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  round-robin: no
  minimal-responses: no
  refuse-any: no
remote-control:
  control-enable: no
`, host, port, dir, filepath.Join(filepath.Dir(dir), "zones"))
}

func knotConfig(dir, addr string) string {
	return fmt.Sprintf(`server:
  listen: %s
  rundir: %[2]q
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  answer-rotation: off
control:
  listen: "%[2]s/sock"
database:
  storage: %[2]q
log:
  - target: stderr
    any: info
template:
  - id: default
    storage: %[2]q
    semantic-checks: off
    journal-content: none
    zonefile-load: whole
    zonefile-sync: -1
    disable-any: off
zone:
`, strings.Replace(addr, ":", "@", 1), dir)
}

func bindConfig(dir, addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	return fmt.Sprintf(`options {
  directory %q;
  listen-on port %s { %s; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile none;
  recursion no;
  allow-query { any; };
  allow-transfer { none; };
  dnssec-validation no;
  empty-zones-enable no;
  minimal-responses no;
  max-records-per-type 0;
  zero-no-soa-ttl no;
  check-names primary ignore;
  check-integrity no;
  notify no;
};
controls { };
`, filepath.Join(filepath.Dir(dir), "zones"), port, host)
}

// notLoaded are the zones that a peer refuses to load, with what it says: it has no vote there.
var notLoaded = map[string]map[int]string{
	"dnamebelow.example.": {nsd: "DNAME has data below it", knot: "record exists below DNAME"},
	"oldtypes.example.":   {knot: "unsupported record type"},
	"wildns.example.":     {bind: "invalid NS owner name (wildcard)"},
	"toolarge.example.":   {bind: "ran out of space"},
}

// awaitZones waits until s answers the SOA of every zone that it is expected to load.
func awaitZones(t *testing.T, s *server, zones []zoneFile) {
	index := slices.Index(serverNames[:], s.name)
	client := dns.Client{Timeout: 200 * time.Millisecond, UDPSize: 4096}
	deadline := time.Now().Add(30 * time.Second)
	for _, z := range zones {
		if notLoaded[z.name][index] != "" {
			continue
		}
		for {
			msg := new(dns.Msg).SetQuestion(z.name, dns.TypeSOA).SetEdns0(ednsSize, false)
			got, _, err := client.Exchange(msg, s.addr)
			if err == nil && got.Authoritative && len(got.Answer) > 0 {
				break
			}
			select {
			case exit := <-s.exit:
				s.exit <- exit
				t.Fatalf("%s ended: %v\n%s", s.name, exit, tailOf(s.log))
			case <-time.After(10 * time.Millisecond):
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s does not serve %s: %v %v\n%s", s.name, z.name, got, err, tailOf(s.log))
			}
		}
	}
}

func tailOf(path string) string {
	text, _ := os.ReadFile(path)
	if len(text) > 6000 {
		text = text[len(text)-6000:]
	}
	return string(text)
}

// startSignpost serves scratch/zones with the real binary.
func startSignpost(t *testing.T, binary, scratch string, ports map[int]bool) *server {
	dir, addr := filepath.Join(scratch, serverNames[signpost]), freeAddr(t, ports)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return start(t, serverNames[signpost], dir, addr, binary, "serve", filepath.Join(scratch, "zones"), "--listen", addr, "--admin", freeAddr(t, ports))
}

// buildSignpost builds the binary under test once.
func buildSignpost(t *testing.T) string {
	binary := filepath.Join(t.TempDir(), "signpost")
	if out, err := exec.Command("go", "build", "-o", binary, "signpost/cmd/signpost").CombinedOutput(); err != nil {
		t.Fatalf("go build signpost/cmd/signpost: %v\n%s", err, out)
	}
	return binary
}
