package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signpost/host/testbed"
	"signpost/plugins"
)

// scriptsAtOnce is more than there are processors: scripts wait for files, probes and timers most of the time.
const scriptsAtOnce = "6"

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", scriptsAtOnce); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"signpost": steppedMain})
}

// Protects the behaviour that a user sees: each script starts the real program on real sockets. See commands for what scripts can say.
func TestScripts(t *testing.T) {
	cache := compiledPlugins(t)
	sample, err := filepath.Abs("../../zonefiles/sample.mmdb") // a database of places; $SAMPLE
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		Cmds:          commands,
		Condition:     condition,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Values[sessionKey{}] = new(session)
			env.Values[exporterKey{}] = &exporter{gauges: map[string]string{}}
			env.Values[backendsKey{}] = map[string]*backend{}
			env.Setenv("CACHE_DIRECTORY", cache)
			env.Setenv("STATE_DIRECTORY", filepath.Join(env.WorkDir, ".state"))
			env.Setenv("SAMPLE", sample)
			return setToolchain(env)
		},
	})
}

// Protects the scripts' vocabulary: testscript's own commands win over ours without a word, and its "stop" would end a script as if it had passed.
func TestScriptsRunToTheirEnd(t *testing.T) {
	for _, name := range []string{"cd", "chmod", "cmp", "cmpenv", "cp", "env", "exec", "exists", "grep", "kill", "mkdir", "mv", "rm", "skip", "stdin", "stderr",
		"stdout", "stop", "symlink", "ttyin", "ttyout", "unix2dos", "unquote", "wait"} {
		if commands[name] != nil {
			t.Errorf("%s is a command of testscript: ours is never called", name)
		}
	}
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		lines, _, _ := strings.Cut("\n"+string(text), "\n-- ")
		for number, line := range strings.Split(lines, "\n")[1:] {
			if words := strings.Fields(line); slices.Contains(words, "stop") && (words[0] == "stop" || strings.HasPrefix(words[0], "[")) {
				t.Errorf("%s:%d: %s: what is behind it is never done; end ends the server", script, number+1, line)
			}
		}
	}
}

// commands is the scripts' vocabulary beside testscript's own.
//
//	serve DIR [FLAG…]              start a server on free ports; $ADDR and $ADMIN are its addresses
//	query NAME TYPE [+OPTION…]     print rcode, flags and sections; +tcp +do +ch +nord +noedns +subnet=PREFIX (then also "subnet: PREFIX/SCOPE") +from=ADDR +at=N
//	                               +key=ALGORITHM:NAME:SECRET signs with TSIG; the first line says whether the response is "proven"
//	await TEXT NAME TYPE […]       query until the output matches the regular expression
//	share N NAME TYPE VALUE LO HI  ask N times; VALUE must be LO to HI percent of the answers
//	edit FILE OLD NEW              replace text in place, as a simple editor does
//	logged TEXT                    wait until a line of the log matches
//	diagnostic TEXT                the same, for text as it is
//	http PATH                      print a page of the admin server
//	await-http TEXT PATH           fetch until it matches
//	decode BASE64 FILE             write the bytes that a file says in base64
//	await-file TEXT FILE           read until a file matches
//	signal NAME                    send HUP, TERM, INT or KILL (and wait for its end)
//	end [CODE]                     end the server and expect its exit code (0); the log becomes stderr
//	hold FILE TEXT                 open FILE for writing, write TEXT and keep it open until "release"
//	release TEXT                   write the rest and close the file
//	module FILE                    write a plugin module that has the plugin "weighted"; $SUM is its sum
//	crash FILE                     write a plugin "crash" that fails at every decision
//	guest FILE SOURCE              build a plugin from one file of Go
//	agree N NAME TYPE              ask N times; each answer has the share that explain says, within four standard deviations
//	tilt FILE [OLD NEW]...         write the plugin module "tilt" with texts of its manifest replaced; $SUM is its sum
//	receiver NAME [STATUS…]        start a web server that others would have; $NAME_URL is its address, the file NAME what it gets
//	expand FILE                    put the values of $NAMES into a file
//	backend NAME [at ADDR]         start an HTTP server at 127.0.0.1 or ADDR, all on one port, which is $BACKEND; it says 200 and "ok"
//	backend NAME ACTION            status CODE, body TEXT, after TIME, hang (no response), well (200 again), die, live (listen again)
//	hits NAME                      print how many requests a backend got
//	await-hits NAME COUNT          wait for so many more
//	launch DIR [FLAG…]             start a server and do not wait until it serves; $ADMIN is its address
//	attend                         wait for that
//	remembered TEXT                wait until what the server remembers of health matches
//	damage                         cut off half of that
//	post PATH [TEXT [TOKEN]]       send to a page of the admin server
//	gauge SERIES VALUE             set a gauge of an exporter for Prometheus; $EXPORTER is its address
//	prometheus [ADDR…]             start a Prometheus that scrapes the exporter and these addresses, with *.rules.yaml; $PROMETHEUS is its address
//	await-series TEXT PROMQL       ask it until the answer matches
//	await-panels FILE              ask it what the panels of a dashboard show, until there is something for each
//	alertmanager URL               start an Alertmanager that passes alerts on to a receiver; $ALERTMANAGER is its address
//	await-alerts TEXT              ask it until the alerts of its API match
//	occupy                         take a port, UDP and TCP, until the script ends; $TAKEN is its address
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"serve":        serveCommand,
	"query":        queryCommand,
	"await":        awaitCommand,
	"share":        shareCommand,
	"edit":         editCommand,
	"logged":       loggedCommand,
	"diagnostic":   diagnosticCommand,
	"http":         httpCommand,
	"await-http":   awaitHTTPCommand,
	"await-file":   awaitFileCommand,
	"decode":       decodeCommand,
	"signal":       signalCommand,
	"end":          endCommand,
	"hold":         holdCommand,
	"release":      releaseCommand,
	"occupy":       occupyCommand,
	"gauge":        gaugeCommand,
	"prometheus":   prometheusCommand,
	"await-series": awaitSeriesCommand,
	"await-panels": awaitPanelsCommand,
	"alertmanager": alertmanagerCommand,
	"await-alerts": awaitAlertsCommand,
	"receiver":     receiverCommand,
	"expand":       expandCommand,
	"module":       moduleCommand,
	"agree":        agreeCommand,
	"crash":        crashCommand,
	"guest":        guestCommand,
	"tilt":         tiltCommand,
	"backend":      backendCommand,
	"hits":         hitsCommand,
	"await-hits":   awaitHitsCommand,
	"launch":       launchCommand,
	"attend":       attendCommand,
	"remembered":   rememberedCommand,
	"damage":       damageCommand,
	"post":         postCommand,
}

func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// patience bounds each wait. It is long because machines are slow, not the server: compiling a plugin with the race detector takes half a minute.
const patience = 90 * time.Second

// until calls done until it returns true; the last report says what was seen.
func until(ts *testscript.TestScript, what string, done func() (ok bool, seen string)) {
	deadline := time.After(patience)
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		ok, seen := done()
		if ok {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("waited %v for %s, got:\n%s", patience, what, seen)
		case <-time.After(pause):
		}
	}
}

// server is the script's running program.
type server struct {
	cmd         *exec.Cmd
	out, log    testbed.Log
	exited      chan struct{}
	addr, admin string
	held        *os.File
	ending      bool // it was told to
}

// session holds the script's latest server.
type session struct{ server *server }

type sessionKey struct{}

func running(ts *testscript.TestScript) *server {
	s := ts.Value(sessionKey{}).(*session).server
	if s == nil {
		ts.Fatalf("no server was started")
	}
	return s
}

var (
	listeningLine = regexp.MustCompile(`(?m)^  listening +([^ ,]+)`)
	adminLine     = regexp.MustCompile(`(?m)^  admin +http://([^/]+)/`)
	tryLine       = regexp.MustCompile(`(?m)^  try `)
)

func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve DIR [FLAG…]; use ! exec signpost serve for what must fail")
	}
	begin(ts, args).attend(ts)
}

// begin starts the program.
func begin(ts *testscript.TestScript, args []string) *server {
	flags := append([]string{"serve"}, args...)
	if !slices.Contains(args, "--listen") {
		flags = append(flags, "--listen", "127.0.0.1:0")
	}
	if !slices.Contains(args, "--admin") {
		flags = append(flags, "--admin", "127.0.0.1:0")
	}
	program, err := exec.LookPath("signpost")
	ts.Check(err)
	s := &server{cmd: exec.Command(program, flags...), exited: make(chan struct{})}
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Env = os.Environ()
	for _, name := range []string{"CACHE_DIRECTORY", "STATE_DIRECTORY"} {
		s.cmd.Env = append(s.cmd.Env, name+"="+ts.Getenv(name))
	}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.log
	ts.Check(s.cmd.Start())
	go func() {
		_ = s.cmd.Wait() // end reads the exit code
		close(s.exited)
	}()
	ts.Defer(func() { s.end(ts) })
	ts.Value(sessionKey{}).(*session).server = s
	return s
}

// attend waits until it serves.
func (s *server) attend(ts *testscript.TestScript) {
	until(ts, "the server", func() (bool, string) {
		select {
		case <-s.exited:
			ts.Fatalf("the server ended:\n%s%s", s.out.String(), s.log.String())
		default:
		}
		return tryLine.MatchString(s.out.String()), s.out.String() + s.log.String()
	})
	s.addr = listeningLine.FindStringSubmatch(s.out.String())[1]
	if admin := adminLine.FindStringSubmatch(s.out.String()); admin != nil {
		s.admin = admin[1]
	}
	host, port, err := net.SplitHostPort(s.addr)
	ts.Check(err)
	ts.Setenv("ADDR", s.addr)
	ts.Setenv("HOST", host)
	ts.Setenv("PORT", port)
	ts.Setenv("ADMIN", s.admin)
	fmt.Fprint(ts.Stdout(), s.out.String())
}

// end kills what a script left running and keeps its log for the reader of a failure.
func (s *server) end(ts *testscript.TestScript) {
	if s.held != nil {
		_ = s.held.Close() // the script is over
	}
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.exited
	ts.Logf("[server log]\n%s", s.log.String())
}

func endCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	want := 0
	if len(args) == 1 {
		var err error
		want, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	if neg || len(args) > 1 {
		ts.Fatalf("usage: end [CODE]")
	}
	if !s.ending { // a second signal would end it at once
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	}
	select {
	case <-s.exited:
	case <-time.After(patience):
		ts.Fatalf("the server did not end within %v", patience)
	}
	if got := s.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit code: got %d, want %d; log:\n%s", got, want, s.log.String())
	}
	fmt.Fprint(ts.Stdout(), s.out.String())
	fmt.Fprint(ts.Stderr(), s.log.String())
}

func signalCommand(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL}
	if len(args) != 1 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal HUP|TERM|INT|KILL")
	}
	s := running(ts)
	ts.Check(s.cmd.Process.Signal(signals[args[0]]))
	s.ending = args[0] != "HUP"
	if signals[args[0]] == syscall.SIGKILL {
		<-s.exited
	}
}

func loggedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: logged REGEXP")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	s := running(ts)
	if neg {
		if pattern.MatchString(s.log.String()) {
			ts.Fatalf("the log matches %q:\n%s", args[0], s.log.String())
		}
		return
	}
	until(ts, fmt.Sprintf("a log that matches %q", args[0]), func() (bool, string) {
		return pattern.MatchString(s.log.String()), s.log.String()
	})
}

func diagnosticCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: diagnostic TEXT")
	}
	loggedCommand(ts, neg, []string{regexp.QuoteMeta(args[0])})
}

func editCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	file := ts.MkAbs(args[0])
	text, err := os.ReadFile(file)
	ts.Check(err)
	if !strings.Contains(string(text), args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(file, []byte(strings.ReplaceAll(string(text), args[1], args[2])), 0o644))
}

func holdCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hold FILE TEXT")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	running(ts).held = f
	_, err = f.WriteString(strings.ReplaceAll(args[1], `\n`, "\n"))
	ts.Check(err)
}

func releaseCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	if neg || len(args) != 1 || s.held == nil {
		ts.Fatalf("usage: release TEXT, after hold")
	}
	_, err := s.held.WriteString(strings.ReplaceAll(args[0], `\n`, "\n"))
	ts.Check(err)
	ts.Check(s.held.Close())
	s.held = nil
}

// occupyCommand holds a port over UDP and TCP until the script ends; $TAKEN is its address.
func occupyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: occupy")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	packets, err := net.ListenPacket("udp", listener.Addr().String())
	ts.Check(err)
	ts.Defer(func() {
		_ = listener.Close() // nothing was said on either
		_ = packets.Close()
	})
	ts.Setenv("TAKEN", listener.Addr().String())
}

func moduleCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: module FILE")
	}
	text := plugins.Builtin()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o644))
	ts.Setenv("SUM", fmt.Sprintf("%x", sha256.Sum256(text)))
}

func fetch(ts *testscript.TestScript, path string) string {
	response, err := http.Get("http://" + running(ts).admin + path)
	if err != nil {
		return err.Error() // it may not listen yet
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	return fmt.Sprintf("%d\n%s", response.StatusCode, body)
}

func httpCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: http PATH")
	}
	fmt.Fprint(ts.Stdout(), fetch(ts, args[0]))
}

func awaitHTTPCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await-http REGEXP PATH")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	until(ts, fmt.Sprintf("%s that matches %q", args[1], args[0]), func() (bool, string) {
		page := fetch(ts, args[1])
		return pattern.MatchString(page), page
	})
}
