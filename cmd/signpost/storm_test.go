package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"signpost/host/testbed"

	"github.com/miekg/dns"
)

// Protects the promise of reloading: in a storm of saves of every kind, some broken, some half-written for a while, every question gets an
// answer, each answer is of one version, versions never go back, a broken one is never seen, and the last good one is served in the end.
//
// There are 400 saves, 100 with -short, and 1,000 with SIGNPOST_STORM=1. Where dnsperf is installed it asks 3,000 times a second beside the
// test's own questions.
func TestEditStorm(t *testing.T) {
	s := &storm{t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(1, 2))}
	saves := 400
	switch {
	case os.Getenv("SIGNPOST_STORM") != "":
		saves = 1000
	case testing.Short():
		saves = 100
	}
	s.broken = make([]atomic.Bool, saves+3)
	s.file, s.include = filepath.Join(s.dir, "example.com.zone"), filepath.Join(s.dir, "part.inc")
	saveFile(t, stormPart(1), s.include)
	saveFile(t, stormZone(1), s.file)
	p := launch(t, compiledPlugins(t), s.dir)
	p.wait("the plugins", func() bool { return p.address("udp", "app.example.com.") == stormAddress(1, 1) })
	s.program = p

	stop := make(chan struct{})
	var watching sync.WaitGroup
	for i := range 3 {
		network := "udp"
		if i == 2 {
			network = "tcp"
		}
		w := &watcher{storm: s, network: network, last: map[bool]int{}}
		s.watchers = append(s.watchers, w)
		watching.Go(func() { w.watch(stop) })
	}
	finish := s.perf()
	began := time.Now()
	for version := 2; version <= saves; version++ {
		if version%20 == 0 {
			s.settle(version)
			p.metrics() // a scrape takes nothing from anybody
		} else {
			s.save(version)
		}
	}
	s.settle(saves + 1)
	took := time.Since(began)
	close(stop)
	watching.Wait()
	answers := int64(0)
	for _, w := range s.watchers {
		answers += w.answers.Load()
		if w.err != nil {
			t.Error(w.err)
		}
	}
	t.Logf("%d saves and %d answers in %v, %d versions seen; %s", saves, answers, took.Round(time.Millisecond), s.watchers[0].seen, finish())
	if got := p.metric("signpost_decision_fallbacks_total"); got != 0 {
		t.Errorf("got %v decisions that fell back, want none", got)
	}
	if s.watchers[0].seen < saves/20 {
		t.Errorf("got %d versions, want %d or more", s.watchers[0].seen, saves/20)
	}
	p.stop()
}

// storm is the state of the test.
type storm struct {
	t             *testing.T
	dir           string
	file, include string
	random        *rand.Rand
	program       *program
	watchers      []*watcher
	broken        []atomic.Bool // versions that must not be served
	away          atomic.Int64  // when the zone file was taken away, in nanoseconds; 0: it is there
	asked         atomic.Int64  // when a reload was asked for, in nanoseconds
	late          atomic.Bool   // the test itself was too slow to bring it back in time: the zone may have been gone
}

// stormSet is how many records of one name carry the version.
const stormSet = 30

// stormAddress carries a version; kind tells addresses apart.
func stormAddress(kind, version int) string {
	return fmt.Sprintf("10.%d.%d.%d", kind, version>>8, version&255)
}

// stormZone is one version of the zone: every record that an answer can have says which one.
func stormZone(version int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$TTL 60\n@ IN SOA ns1 hostmaster %d 7200 900 1209600 300\n@ IN NS ns1\n@ IN NS ns2\n", version)
	fmt.Fprintf(&b, "ns1 IN A %s\nns2 IN A %s\n", stormAddress(2, version), stormAddress(3, version))
	fmt.Fprintf(&b, "app IN A %s ;@ weighted weight=1\napp IN A %s ;@ weighted weight=0\n", stormAddress(1, version), stormAddress(4, version))
	b.WriteString("$INCLUDE part.inc\n")
	for i := range stormSet {
		fmt.Fprintf(&b, "set IN TXT \"version %d\" \"%d\"\n", version, i)
	}
	for i := range 4 {
		fmt.Fprintf(&b, "_s._tcp IN SRV 0 0 %d t%d\nt%d IN A %s\n", version, i, i, stormAddress(10+i, version))
	}
	return b.String()
}

// stormPart is the included file; it has versions of its own.
func stormPart(version int) string {
	var b strings.Builder
	for i := range stormSet {
		fmt.Fprintf(&b, "inc IN TXT \"version %d\" \"%d\"\n", version, i)
	}
	return b.String()
}

func (s *storm) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// pass waits while so many questions are answered.
func (s *storm) pass(answers int64) {
	s.t.Helper()
	w := s.watchers[0]
	until := w.answers.Load() + answers
	s.program.wait("answers", func() bool { s.fail(); return w.answers.Load() >= until })
}

// fail ends the test when a watcher has ended.
func (s *storm) fail() {
	s.t.Helper()
	for _, w := range s.watchers {
		if w.failed.Load() {
			s.t.Fatal(w.err)
		}
	}
}

// settle saves a good version and waits until everybody has it.
func (s *storm) settle(version int) {
	s.t.Helper()
	saveFile(s.t, stormPart(version), s.include)
	saveFile(s.t, stormZone(version), s.file)
	for _, w := range s.watchers {
		s.program.wait(fmt.Sprintf("version %d", version), func() bool {
			s.fail()
			return w.version.Load() == int64(version) && w.part.Load() == int64(version)
		})
	}
}

// save makes a new version in one of the ways in which files change.
func (s *storm) save(version int) {
	s.t.Helper()
	text := stormZone(version)
	kind := s.random.IntN(12)
	if runtime.GOOS != "linux" && (kind == 3 || kind == 4) {
		kind = 0 // only Linux tells whether a file is open for writing
	}
	switch kind {
	default:
		saveFile(s.t, text, s.file)
	case 2:
		saveFile(s.t, text, s.file+".new")
		s.must(os.Rename(s.file+".new", s.file))
	case 3:
		s.saveSlowly(text, strings.LastIndexByte(text[:len(text)/2], '\n')+1)
	case 4:
		s.saveSlowly(text, 0) // an empty file for a while
	case 5:
		s.broken[version].Store(true)
		saveFile(s.t, text+"set IN TXT \"not closed\n", s.file)
	case 6: // cut off, and left so
		s.broken[version].Store(true)
		saveFile(s.t, text[:strings.LastIndexByte(text, '\n')-8], s.file)
	case 7:
		s.away.Store(time.Now().UnixNano())
		s.must(os.Remove(s.file))
		s.pass(s.random.Int64N(20))
		s.back(text)
	case 8:
		s.away.Store(time.Now().UnixNano())
		s.must(os.Rename(s.file, s.file+"~"))
		s.back(text)
	case 9:
		saveFile(s.t, stormPart(version), s.include)
	case 10:
		saveFile(s.t, stormPart(version), s.include+".new")
		s.must(os.Rename(s.include+".new", s.include))
		saveFile(s.t, text, s.file)
	case 11:
		s.broken[version].Store(true)
		saveFile(s.t, strings.Replace(text, " SOA ", " SAO ", 1), s.file)
		if runtime.GOOS != "windows" {
			s.asked.Store(time.Now().UnixNano())
			s.must(s.program.cmd.Process.Signal(syscall.SIGHUP))
		}
	}
	s.pass([]int64{1, 10, 50, 100}[s.random.IntN(4)])
}

// lateFrom is safely less than a file that vanished has to come back.
const lateFrom = 100 * time.Millisecond

// mayBeGone tells whether the zone file was away for so long that the zone is, by this machine's fault and not the server's, or was taken away
// while a reload that had been asked for could still be on its way: that one believes what it sees.
func (s *storm) mayBeGone() bool {
	away := s.away.Load()
	return s.late.Load() || away != 0 && (time.Now().UnixNano()-away > int64(lateFrom) || away-s.asked.Load() < int64(time.Second))
}

// back brings the zone file back.
func (s *storm) back(text string) {
	s.t.Helper()
	saveFile(s.t, text, s.file)
	s.late.Store(s.mayBeGone())
	s.away.Store(0)
}

// saveSlowly writes a part of the text, which may be a zone by itself, waits, and writes the rest.
func (s *storm) saveSlowly(text string, at int) {
	s.t.Helper()
	f, err := os.Create(s.file)
	s.must(err)
	defer f.Close()
	_, err = f.WriteString(text[:at])
	s.must(err)
	s.pass(100)
	_, err = f.WriteString(text[at:])
	s.must(err)
}

// perf has dnsperf ask as well, if there is one; the result ends it and says what it found.
func (s *storm) perf() (finish func() string) {
	s.t.Helper()
	path, err := exec.LookPath("dnsperf")
	if err != nil {
		return func() string { return "without dnsperf" }
	}
	questions := filepath.Join(s.t.TempDir(), "questions")
	saveFile(s.t, "set.example.com TXT\n_s._tcp.example.com SRV\napp.example.com A\nt1.example.com A\n", questions)
	host, port, _ := strings.Cut(s.program.addr, ":")
	command := exec.Command(path, "-s", host, "-p", port, "-d", questions, "-Q", "3000", "-l", "3600", "-t", "20")
	var out testbed.Log
	command.Stdout, command.Stderr = &out, &out
	s.must(command.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // what it printed says more
	}()
	s.t.Cleanup(func() {
		_ = command.Process.Kill() // it has ended if all went well
		<-ended
	})
	return func() string {
		s.must(command.Process.Signal(os.Interrupt))
		select {
		case <-ended:
		case <-time.After(patience):
			s.t.Fatalf("dnsperf did not end within %v:\n%s", patience, &out)
		}
		sent := regexp.MustCompile(`Queries sent: +(\d+)`).FindStringSubmatch(out.String())
		lost := regexp.MustCompile(`Queries lost: +0 `).MatchString(out.String())
		good := regexp.MustCompile(`Response codes: +NOERROR \d+ \(100.00%\)`).MatchString(out.String())
		if sent == nil || !lost || !good && !s.late.Load() {
			s.t.Errorf("dnsperf: want every question answered with NOERROR, got:\n%s", &out)
			return "dnsperf"
		}
		return "dnsperf asked " + sent[1] + " times"
	}
}

// watcher asks without a break and checks each answer.
type watcher struct {
	storm   *storm
	network string
	answers atomic.Int64
	version atomic.Int64 // of the latest answer
	part    atomic.Int64 // the same of the included file
	last    map[bool]int // the same for watch: of the included file (true) and of the zone
	seen    int          // versions
	err     error        // why it ended; read after failed or the end
	failed  atomic.Bool
}

// stormQuestion is a question, and how many records that carry a version its answer has.
type stormQuestion struct {
	name    string
	typ     uint16
	rcode   int
	carried int
}

var stormQuestions = []stormQuestion{
	{"set.example.com.", dns.TypeTXT, dns.RcodeSuccess, stormSet},
	{"_s._tcp.example.com.", dns.TypeSRV, dns.RcodeSuccess, 8}, // with the addresses of the targets
	{"example.com.", dns.TypeNS, dns.RcodeSuccess, 2},          // their addresses
	{"nowhere.example.com.", dns.TypeA, dns.RcodeNameError, 1}, // the SOA
	{"app.example.com.", dns.TypeA, dns.RcodeSuccess, 1},       // decided by a plugin
	{"inc.example.com.", dns.TypeTXT, dns.RcodeSuccess, stormSet},
}

func (w *watcher) watch(stop <-chan struct{}) {
	if w.err = w.ask(stop); w.err != nil {
		w.failed.Store(true)
	}
}

func (w *watcher) ask(stop <-chan struct{}) error {
	client := dns.Client{Net: w.network, UDPSize: 4096, Timeout: patience}
	conn, err := client.Dial(w.storm.program.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.UDPSize = 4096
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		q := stormQuestions[i%len(stormQuestions)]
		question := new(dns.Msg).SetQuestion(q.name, q.typ).SetEdns0(4096, false)
		question.Id = uint16(i)
		answer, _, err := client.ExchangeWithConn(question, conn)
		if err != nil {
			return fmt.Errorf("%s: a question was lost after version %d: %w", w.network, w.version.Load(), err)
		}
		if err := w.check(q, answer); err != nil {
			return fmt.Errorf("%s: after version %d: %w:\n%v", w.network, w.version.Load(), err, answer)
		}
		w.answers.Add(1)
	}
}

// check compares the versions in an answer with each other and with what came before.
func (w *watcher) check(q stormQuestion, answer *dns.Msg) error {
	if answer.Rcode == dns.RcodeRefused && w.storm.mayBeGone() {
		return nil
	}
	if answer.Rcode != q.rcode {
		return fmt.Errorf("got %s, want %s", dns.RcodeToString[answer.Rcode], dns.RcodeToString[q.rcode])
	}
	carried, version := 0, 0
	for _, section := range [][]dns.RR{answer.Answer, answer.Ns, answer.Extra} {
		for _, rr := range section {
			v, ok := versionOf(rr)
			if !ok {
				continue
			}
			if carried++; carried > 1 && v != version {
				return fmt.Errorf("a mixture of versions %d and %d", version, v)
			}
			version = v
		}
	}
	included := q.name == "inc.example.com."
	switch {
	case carried != q.carried:
		return fmt.Errorf("got %d records that carry a version, want %d", carried, q.carried)
	case version < w.last[included]:
		return fmt.Errorf("version %d came back after %d", version, w.last[included])
	case !included && w.storm.broken[version].Load():
		return fmt.Errorf("version %d is broken", version)
	case included:
		w.part.Store(int64(version))
	case version > w.last[included]:
		w.seen++
		w.version.Store(int64(version))
	}
	w.last[included] = version
	return nil
}

// versionOf reads the version that a record carries.
func versionOf(rr dns.RR) (int, bool) {
	switch rr := rr.(type) {
	case *dns.TXT:
		version, err := strconv.Atoi(strings.TrimPrefix(rr.Txt[0], "version "))
		return version, err == nil
	case *dns.SRV:
		return int(rr.Port), true
	case *dns.SOA:
		return int(rr.Serial), true
	case *dns.A:
		return int(rr.A.To4()[2])<<8 | int(rr.A.To4()[3]), true
	}
	return 0, false
}
