package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signpost/host/admin"
	"signpost/host/event"
	"signpost/host/timeline"
)

// clockVariable names the file that says how wrong the clock of a program is that tests start.
const clockVariable = "SIGNPOST_TEST_CLOCK"

// steppedMain is the program, with a clock that a test may step.
func steppedMain() {
	if file := os.Getenv(clockVariable); file != "" {
		if err := stepClock(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	main()
}

// skewed is the wall clock of a program under test: so much before the system's. No other program sees it, and no timer.
type skewed struct {
	t     *testing.T
	file  string
	ahead time.Duration
	steps int
}

// newSkewed returns a clock that is right, nil where programs cannot have their own.
func newSkewed(t *testing.T) *skewed {
	t.Helper()
	k := &skewed{t: t, file: filepath.Join(t.TempDir(), "clock")}
	saveFile(t, strings.Repeat("\x00", 8), k.file)
	try := exec.Command("signpost", "version")
	try.Env = append(os.Environ(), k.env())
	if out, err := try.CombinedOutput(); err != nil {
		t.Logf("SKIPPED: clock steps: %s", out)
		return nil
	}
	return k
}

func (k *skewed) env() string { return clockVariable + "=" + k.file }

// step sets the clock forward, or back.
func (k *skewed) step(by time.Duration) {
	k.t.Helper()
	k.ahead += by
	k.steps++
	f, err := os.OpenFile(k.file, os.O_WRONLY, 0)
	if err != nil {
		k.t.Fatal(err)
	}
	defer f.Close()
	if _, err = f.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(k.ahead/time.Second)), 0); err != nil {
		k.t.Fatal(err)
	}
}

// now is the time that the program believes it is.
func (k *skewed) now() time.Time { return time.Now().Round(0).Add(k.ahead) }

// ask has the admin server answer with JSON.
func (p *program) ask(method, path, body string, answer any) {
	p.t.Helper()
	request, err := http.NewRequest(method, "http://"+p.admin+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %s, %v", method, path, response.Status, err)
	}
}

// candidate is what the server knows of one.
func (p *program) candidate(name, id string) admin.Candidate {
	p.t.Helper()
	var list admin.Health
	p.ask(http.MethodGet, "/health?name="+name, "", &list)
	for _, c := range list.Candidates {
		if c.ID == id {
			return c
		}
	}
	p.t.Fatalf("no candidate %s of %s", id, name)
	return admin.Candidate{}
}

const clockZone = `$TTL 60
@    IN SOA ns1 hostmaster 1 7200 900 1209600 300
@    IN NS  ns1
ns1  IN A   192.0.2.53
edit IN A   192.0.2.1
app  IN A   192.0.2.10 ;@ weighted id=a weight=1
app  IN A   192.0.2.11 ;@ weighted id=b weight=1
web  IN A   127.0.0.1  ;@ failover id=main role=primary check=web
web  IN A   192.0.2.9  ;@ failover id=standby role=secondary
`

// Protects whoever has a clock that is set while the server runs, by an hour or a day, forward or back, and while it is down: drains end when
// they should, an override ends when the clock says its time and not before, edits are answered at once, what is remembered of health is never
// taken from another time, and the timeline keeps its order.
func TestClockSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("TestProbeChaos steps the clock, too")
	}
	clock := newSkewed(t)
	if clock == nil {
		t.Skip("SKIPPED: programs here cannot have a clock of their own")
	}
	cache, dir, state := compiledPlugins(t), t.TempDir(), t.TempDir()
	endpoint := &chaosBackend{name: "web", moods: chaosMoods, addr: "127.0.0.1:0"}
	endpoint.turn(t, chaosMoods[0])
	defer func() { _ = endpoint.listener.Close() }()
	_, port, _ := strings.Cut(endpoint.addr, ":")
	saveFile(t, clockZone, dir, "example.com.zone")
	saveFile(t, "checks: { web: { http: { port: "+port+", contains: healthy }, interval: 1s, fast-interval: 100ms, connect-timeout: 500ms, response-timeout: 500ms, fall: 2, rise: 2 } }\n", dir, "signpost.yaml")
	start := func() *program {
		return launch(t, cache, dir, func(p *program) {
			p.cmd.Env = append(os.Environ(), clock.env(), "CACHE_DIRECTORY="+cache, "STATE_DIRECTORY="+state)
		})
	}
	p := start()
	p.awaitAddress("web.example.com.", "127.0.0.1")
	for n, by := range []time.Duration{-time.Hour, 24 * time.Hour} {
		next := numbered(n + 1)
		saveFile(t, strings.Replace(clockZone, "192.0.2.1\n", next+"\n", 1), dir, "example.com.zone")
		clock.step(by)
		began := time.Now()
		p.awaitAddress("edit.example.com.", next)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("an edit took %v behind a step of %v", took, by)
		}

		var list admin.Health
		p.ask(http.MethodPost, "/health", `{"pattern":"app.example.com/a","state":"drain","over":"1s","reason":"test"}`, &list)
		clock.step(-by)
		began = time.Now()
		p.wait("the end of the drain", func() bool { return p.candidate("app.example.com", "a").Share == 0 })
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("a drain of 1s took %v behind a step of %v", took, -by)
		}
		p.ask(http.MethodPost, "/health", `{"pattern":"app.example.com/a","state":"auto"}`, &list)
	}
	sick := mood{name: "sick", behave: chaosSay(chaosHead + "\r\nsick")}
	want := "up "
	turn := func(m mood, addr, state string) { // and wait until it is told: a server that is killed before loses that
		endpoint.turn(t, m)
		p.awaitAddress("web.example.com.", addr)
		want += state + " "
		p.wait("the event", func() bool { return strings.HasSuffix(clockStates(p), state+" ") })
	}
	turn(sick, "192.0.2.9", "down")
	for _, by := range []time.Duration{-24 * time.Hour, 25 * time.Hour} { // what is remembered is from the future, and old
		_ = p.cmd.Process.Kill() // it runs; wait would tell
		<-p.exited
		clock.step(by)
		endpoint.turn(t, chaosMoods[0])
		p = start()
		turn(chaosMoods[0], "127.0.0.1", "up")
		if since := p.candidate("web.example.com", "main").Since; since.After(clock.now()) {
			t.Errorf("behind a step of %v: up since %v, it is %v", by, since, clock.now())
		}
		turn(sick, "192.0.2.9", "down")
	}
	if got := clockStates(p); got != want {
		t.Errorf("the timeline has the states %s, want %s", got, want)
	}
	p.stop()
}

// clockStates are the states that the timeline has of web, in order.
func clockStates(p *program) (states string) {
	p.t.Helper()
	for _, e := range p.history("web.example.com") {
		if e.ID == "main" {
			states += e.To + " "
		}
	}
	return states
}

// history is what the timeline has of a name. Its numbers grow, however the clock was set, and each change begins where the one before ended.
func (p *program) history(name string) []event.Event {
	p.t.Helper()
	var page timeline.Page
	p.ask(http.MethodGet, "/timeline?name="+name, "", &page)
	last, states := uint64(0), map[string]string{}
	for _, e := range page.Events {
		if e.Seq <= last {
			p.t.Errorf("%s: number %d follows %d", name, e.Seq, last)
		}
		if before, known := states[e.Key()]; known && e.Kind == event.Candidate && before != e.From {
			p.t.Errorf("%s: %s was %s, and now comes from %s", name, e.ID, before, e.From)
		}
		last, states[e.Key()] = e.Seq, e.To
	}
	return page.Events
}
