package admin

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/policy"
)

// fixture is a State that tests set.
type fixture struct{ status atomic.Pointer[Status] }

func (f *fixture) Status() Status { return *f.status.Load() }

// explained stands for the handlers of /explain and /plugins.
var explained = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, func(w io.Writer) { fmt.Fprintln(w, "explained") })
})

// start serves status on a free loopback port until the test ends.
func start(t *testing.T, status Status) (*fixture, *metrics.Set, string) {
	t.Helper()
	state, counters := &fixture{}, &metrics.Set{}
	state.status.Store(&status)
	s, err := Listen(Options{Addr: "127.0.0.1:0", State: state, Explain: explained, Plugins: explained, Timeline: explained, Counters: counters, Version: "1.2.3", Health: health.NewTable(nil)})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Errorf("serve: %v", err) })
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return state, counters, "http://" + s.Addr().String()
}

func get(t *testing.T, url string) (int, string, http.Header) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body), response.Header
}

var degraded = Status{
	Loaded: true, Generation: 7, Views: 2, Zones: 3, Records: 1200,
	Stale: []Stale{
		{File: "example.com.zone", View: "public", Zone: "example.com.", Serving: true},
		{File: "internal/example.net.zone", View: "internal", Zone: "example.net."},
		{File: "signpost.yaml", Serving: true},
	},
	Diagnostics: diag.List{
		{Pos: diag.Pos{File: "example.com.zone", Line: 12, Col: 3}, Text: "weighted: weight 300 is outside 0..255"},
		{Pos: diag.Pos{File: "example.com.zone", Line: 14, Col: 1}, Severity: diag.Warning, Text: "duplicate record"},
	},
	Plugins: []Plugin{
		{Name: "canary", Version: "0.1", SHA256: "5f3c", State: PluginTripped, Strikes: 9, Calls: 5, Fallbacks: 11, Fuel: 700},
		{Name: "weighted", Version: "1.0", SHA256: "aa00", State: PluginReady},
	},
}

// Protects what an orchestrator and a person read from /readyz.
func TestReadyz(t *testing.T) {
	state, _, url := start(t, Status{})
	for _, c := range []struct {
		name       string
		status     Status
		code       int
		strictCode int
		body       string
	}{
		{"before the first load", Status{}, 503, 503, "not ready: the first load is not done\n"},
		{
			"all well", Status{Loaded: true, Generation: 1, Views: 1, Zones: 2, Records: 30}, 200, 200,
			"ready\ngeneration 1, views 1, zones 2, records 30\n",
		},
		{
			"routed names", Status{Loaded: true, States: [...]int{policy.Unknown: 3, policy.Up: 5, policy.Down: 1}, Overrides: 2}, 200, 200,
			"ready\ngeneration 0, views 0, zones 0, records 0\ncandidates up 5, down 1, unknown 3, held by operators 2\n",
		},
		{"one bad file", Status{Loaded: true, Stale: degraded.Stale[:1]}, 200, 503, `ready, but the latest version of 1 file is not served
generation 0, views 0, zones 0, records 0
example.com.zone: zone example.com. in view public: its last good version serves
`},
		{"bad files", degraded, 200, 503, `ready, but the latest versions of 3 files are not served
generation 7, views 2, zones 3, records 1200
example.com.zone: zone example.com. in view public: its last good version serves
internal/example.net.zone: zone example.net. in view internal: no version of it ever loaded, it answers SERVFAIL
signpost.yaml: its last good version serves
example.com.zone:12:3: weighted: weight 300 is outside 0..255
example.com.zone:14:1: warning: duplicate record
`},
	} {
		state.status.Store(&c.status)
		if code, body, _ := get(t, url+"/readyz"); code != c.code || body != c.body {
			t.Errorf("%s: got %d %q, want %d %q", c.name, code, body, c.code, c.body)
		}
		if code, body, _ := get(t, url+"/readyz?strict"); code != c.strictCode || body != c.body {
			t.Errorf("%s, strict: got %d %q, want %d %q", c.name, code, body, c.strictCode, c.body)
		}
	}
}

// Protects the size of the body when everything is wrong.
func TestReadyzIsBounded(t *testing.T) {
	status := Status{Loaded: true}
	for i := range 1000 {
		status.Stale = append(status.Stale, Stale{File: fmt.Sprintf("%d.zone", i), Serving: true})
		status.Diagnostics.Errorf(diag.Pos{File: "a.zone", Line: i + 1}, "bad")
	}
	_, _, url := start(t, status)
	_, body, _ := get(t, url+"/readyz")
	if lines := strings.Count(body, "\n"); lines != 2+100+1+100+1 {
		t.Errorf("got %d lines, want 204", lines)
	}
	if !strings.Contains(body, "and 900 more\n") || !strings.HasSuffix(body, "and 900 more diagnostics\n") {
		t.Errorf("got %q, want both counts of what was left out", body)
	}
}

// Protects the plain endpoints, methods and headers.
func TestEndpoints(t *testing.T) {
	_, _, url := start(t, Status{})
	if code, body, header := get(t, url+"/healthz"); code != 200 || body != "ok\n" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("/healthz: got %d %q %v, want 200 ok, no-store", code, body, header)
	}
	_, index, header := get(t, url+"/")
	for _, path := range []string{"/healthz", "/readyz", "/explain", "/health", "/plugins", "/metrics"} {
		if !strings.Contains(index, "GET    "+path+" ") {
			t.Errorf("/: got %q, want GET %s in it", index, path)
		}
		if code, _, _ := get(t, url+path); code == 404 {
			t.Errorf("%s: listed on the index, got 404", path)
		}
	}
	if got := header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("/: got %q, want plain text", got)
	}
	if code, _, _ := get(t, url+"/nothing"); code != 404 {
		t.Errorf("/nothing: got %d, want 404", code)
	}
	response, err := http.Post(url+"/readyz", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST /readyz: got %d, want 405", response.StatusCode)
	}
	request, err := http.NewRequest("GET", url+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("x", 2*headerLenMax))
	response, err = http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("long header: got %d, want 431", response.StatusCode)
	}
}

// Protects the metrics: values arrive under their names, the format is accepted, the linter finds nothing.
func TestMetrics(t *testing.T) {
	status := degraded
	status.States, status.Overrides = [...]int{policy.Unknown: 3, policy.Up: 5, policy.Down: 1}, 2
	status.Data = []Data{{Key: "geo.database", File: "city.mmdb", Built: time.Unix(1600000000, 0)}, {Key: "latency.table", File: "latency.csv", Rows: 12}}
	_, counters, url := start(t, status)
	block := counters.NewBlock()
	block.Add(metrics.QueriesTCP6, 3)
	block.Add(metrics.BytesOutUDP, 1234)
	block.Inc(metrics.Rcode(16))
	block.Inc(metrics.KindReferral)
	block.Inc(metrics.DecisionsFallback)
	block.Flush()
	counters.Control.Reloaded(time.Unix(1700000000, 0), 1500*time.Millisecond, true)
	counters.Control.Reloaded(time.Unix(1700000100, 0), 500*time.Millisecond, false)
	counters.Control.TCPConnections.Add(4)
	counters.Control.TCPAccepted.Add(6)
	counters.Control.TCPRefused.Add(1)

	code, body, header := get(t, url+"/metrics")
	if code != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
		t.Fatalf("got %d %s, want 200 text/plain", code, header.Get("Content-Type"))
	}
	for _, line := range []string{
		`signpost_queries_total{family="ipv6",transport="tcp"} 3`,
		`signpost_queries_total{family="ipv4",transport="udp"} 0`,
		`signpost_sent_bytes_total{transport="udp"} 1234`,
		`signpost_responses_total{rcode="BADVERS"} 1`,
		`signpost_results_total{kind="referral"} 1`,
		`signpost_decision_fallbacks_total 1`,
		`signpost_build_info{version="1.2.3"} 1`,
		`signpost_ready 1`,
		`signpost_generation 7`,
		`signpost_views 2`,
		`signpost_zones 3`,
		`signpost_records 1200`,
		`signpost_stale_files{serving="last_good"} 2`,
		`signpost_stale_files{serving="nothing"} 1`,
		`signpost_diagnostics{severity="error"} 1`,
		`signpost_diagnostics{severity="warning"} 1`,
		`signpost_reloads_total{result="good"} 1`,
		`signpost_reloads_total{result="bad"} 1`,
		`signpost_reload_duration_seconds_total 2`,
		`signpost_last_reload_duration_seconds 0.5`,
		`signpost_last_good_reload_timestamp_seconds 1.7e+09`,
		`signpost_tcp_connections 4`,
		`signpost_tcp_accepted_connections_total 6`,
		`signpost_tcp_refused_connections_total 1`,
		`signpost_candidates{state="up"} 5`,
		`signpost_candidates{state="down"} 1`,
		`signpost_candidates{state="unknown"} 3`,
		`signpost_overridden_candidates 2`,
		`signpost_geo_database_built_timestamp_seconds{file="city.mmdb",key="geo.database"} 1.6e+09`,
		`signpost_latency_table_rows{file="latency.csv"} 12`,
		`signpost_plugin_info{plugin="canary",sha256="5f3c",version="0.1"} 1`,
		`signpost_plugin_state{plugin="canary",state="tripped"} 1`,
		`signpost_plugin_state{plugin="canary",state="ready"} 0`,
		`signpost_plugin_strikes{plugin="canary"} 9`,
		`signpost_plugin_calls{plugin="canary"} 5`,
		`signpost_plugin_fallbacks{plugin="canary"} 11`,
		`signpost_plugin_fuel{plugin="canary"} 700`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	for _, prefix := range []string{"go_goroutines ", "process_start_time_seconds "} {
		if !strings.Contains(body, "\n"+prefix) {
			t.Errorf("no line that begins with %q", prefix)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "signpost_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// Protects against a counter that nobody can see, or that is counted twice.
func TestEveryCounterHasOneRow(t *testing.T) {
	var rows [metrics.CounterCount]int
	for _, f := range families {
		for _, r := range f.rows {
			rows[r.counter]++
			if len(r.values) != len(f.labels) {
				t.Errorf("%s %v: %d values for %d labels", f.name, r.values, len(r.values), len(f.labels))
			}
		}
	}
	for c, n := range rows {
		if n != 1 {
			t.Errorf("counter %d: got %d rows, want 1", c, n)
		}
	}
}

// Protects the scrape from text that a plugin's file brings: odd bytes and a name used twice cost their own lines only.
func TestMetricsWithOddPlugins(t *testing.T) {
	_, _, url := start(t, Status{Plugins: []Plugin{{Name: "a\xff\"\n"}, {Name: "twice"}, {Name: "twice"}}})
	code, body, _ := get(t, url+"/metrics")
	if code != 200 || !strings.Contains(body, "signpost_zones 0\n") || !strings.Contains(body, `signpost_plugin_strikes{plugin="a`+"\ufffd"+`\"\n"} 0`) {
		t.Errorf("got %d %q, want 200 with the other metrics and the name made valid", code, body)
	}
}

// Protects the message about a port in use, and that Close frees it, also before Serve.
func TestListenAndClose(t *testing.T) {
	options := Options{Addr: "127.0.0.1:5710", State: &fixture{}, Counters: &metrics.Set{}}
	first, err := Listen(options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Listen(options)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.HasPrefix(err.Error(), "admin: listen on 127.0.0.1:5710: ") {
		t.Errorf("second listener: got %v, want one that names the address in use", err)
	}
	if first.Exposed() {
		t.Errorf("%s: got exposed, want not", first.Addr())
	}
	if err := first.Close(); err != nil {
		t.Errorf("close before serve: %v", err)
	}
	again, err := Listen(options)
	if err != nil {
		t.Fatalf("after close: %v", err)
	}
	again.Serve(func(err error) { t.Errorf("serve: %v", err) })
	if err := again.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := net.Dial("tcp", "127.0.0.1:5710"); err == nil {
		t.Error("after close: got a connection, want it refused")
	}
}

// blocked is a State that answers when it is told to.
type blocked struct{ entered, release chan struct{} }

func (b blocked) Status() Status {
	close(b.entered)
	<-b.release
	return Status{Loaded: true}
}

// Protects Close's promise: a request under way is answered and its handler has returned.
func TestCloseWaits(t *testing.T) {
	state := blocked{make(chan struct{}), make(chan struct{})}
	s, err := Listen(Options{Addr: "127.0.0.1:0", State: state, Counters: &metrics.Set{}})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Errorf("serve: %v", err) })
	answered, closed := make(chan string, 1), make(chan error, 1)
	go func() {
		response, err := http.Get("http://" + s.Addr().String() + "/readyz")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		answered <- response.Status
	}()
	<-state.entered
	go func() { closed <- s.Close() }()
	for { // Close has begun when the port is shut
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case err := <-closed:
		t.Fatalf("close returned %v while a handler was running", err)
	default:
	}
	close(state.release)
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	if got := <-answered; got != "200 OK" {
		t.Errorf("request under way: got %s, want 200 OK", got)
	}
}

// longLen is more than the kernel keeps of an answer that nobody takes.
const longLen = 16 << 20

// takesNothing asks for an answer and takes only its beginning.
func takesNothing(t *testing.T, s *Server, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// awaitCode asks until the answer has the code.
func awaitCode(t *testing.T, url string, want int) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		code, body, _ := get(t, url)
		if code == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: got %d %s, want %d", url, code, body, want)
		}
	}
}

// patience bounds what tests wait for.
const patience = 20 * time.Second

// Protects /healthz from requests that take long: beyond a few, an endpoint that works refuses.
func TestBounded(t *testing.T) {
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("slow") {
			_, _ = w.Write(make([]byte, longLen))
		}
	})
	state := &fixture{}
	state.status.Store(&Status{Loaded: true})
	s, err := Listen(Options{Addr: "127.0.0.1:0", State: state, Explain: slow, Plugins: slow, Counters: &metrics.Set{}})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Errorf("serve: %v", err) })
	url := "http://" + s.Addr().String()
	var clients []net.Conn
	for range asksMax {
		client := takesNothing(t, s, "/explain?slow")
		defer client.Close()
		clients = append(clients, client)
	}
	for path, want := range map[string]int{"/explain": http.StatusServiceUnavailable, "/plugins": http.StatusOK, "/healthz": http.StatusOK, "/readyz": http.StatusOK} {
		if code, body, _ := get(t, url+path); code != want {
			t.Errorf("%s: got %d %s, want %d", path, code, body, want)
		}
	}
	for _, client := range clients {
		_ = client.Close()
	}
	awaitCode(t, url+"/explain", http.StatusOK)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
