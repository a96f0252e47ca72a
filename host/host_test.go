package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/testbed"
)

// TestMain keeps compiled plugins and served serials of all tests in one place that goes away: compiling takes a second.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "signpost-test-")
	if err == nil {
		err = errors.Join(os.Setenv("CACHE_DIRECTORY", dir), os.Setenv("STATE_DIRECTORY", dir))
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // what is left is in the system's own temporary directory
	os.Exit(code)
}

const zoneText = "$TTL 300\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\nwww IN A 192.0.2.1\n"

// start serves a directory with one zone and the given signpost.yaml, on the addresses that the latter names.
func start(t *testing.T, settings string) (*Host, string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "example.com.zone"), zoneText)
	writeFile(t, filepath.Join(dir, config.FileName), settings)
	h, err := Start(context.Background(), Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h, dir
}

// answers tells whether the server at addr answers for the zone.
func answers(network, addr string) bool {
	client := dns.Client{Net: network, Timeout: time.Second}
	r, _, err := client.Exchange(new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA), addr)
	return err == nil && len(r.Answer) == 1
}

// freePort is a port that is free for both transports on every address. It is below those that systems give to clients, which would be in the
// way of a wildcard for as long as they live.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20_000 + rand.IntN(10_000)
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		_ = listener.Close()
		if packets, err := net.ListenPacket("udp", fmt.Sprintf(":%d", port)); err == nil {
			_ = packets.Close()
			return port
		}
	}
	t.Fatal("no port is free for both UDP and TCP")
	return 0
}

// Protects listeners that come and go with signpost.yaml: new ones answer, old ones end, and a mistake leaves those that work.
func TestListenersFollowConfiguration(t *testing.T) {
	one, two := fmt.Sprintf("127.0.0.1:%d", freePort(t)), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	h, dir := start(t, "listen: ["+one+"]\nadmin: off\n")
	defer h.Close()
	if !answers("udp", one) || !answers("tcp", one) {
		t.Fatalf("%s does not answer", one)
	}
	settings := func(text string) { writeFile(t, filepath.Join(dir, config.FileName), text) }

	settings("listen: [" + one + ", " + two + "]\nadmin: off\n")
	testbed.Await(t, two+" to answer", func() bool { return answers("udp", two) && answers("tcp", two) && answers("udp", one) })

	settings("listen: [" + two + "]\nadmin: off\n")
	testbed.Await(t, one+" to be silent", func() bool { return !answers("tcp", one) })
	if !answers("udp", two) || !answers("tcp", two) {
		t.Errorf("%s, which stays, does not answer", two)
	}

	settings("listen: [" + taken.Addr().String() + "]\nadmin: off\n")
	testbed.Await(t, "a diagnostic", func() bool { return strings.Contains(errorsOf(h.loader.Status().Diagnostics), "port in use") })
	if !answers("udp", two) || !answers("tcp", two) {
		t.Errorf("%s does not answer after a mistake in signpost.yaml", two)
	}

	port := two[strings.LastIndexByte(two, ':'):]
	settings("listen: [0.0.0.0" + port + "]\nadmin: off\n")
	testbed.Await(t, "the wildcard", func() bool {
		addrs := h.listeners.addrs()
		return len(addrs) == 1 && addrs[0].Addr().IsUnspecified() && answers("udp", two) && answers("tcp", two)
	})

	settings("listen: [0.0.0.0" + port + "]\nadmin: off\ntcp: { idle-timeout: 1s }\n")
	testbed.Await(t, "TCP with other limits", func() bool { return h.store.Load().Config.TCP.IdleTimeout == time.Second })
	testbed.Await(t, "TCP to answer", func() bool { return answers("tcp", two) })
}

// Protects the workers' number from loans: listeners that open while a large zone is compiled have as many workers as the others.
func TestListenersDuringLoan(t *testing.T) {
	h, dir := start(t, "listen: [127.0.0.1:0]\nadmin: off\n")
	defer h.Close()
	h.processors.Take()
	port := freePort(t)
	writeFile(t, filepath.Join(dir, config.FileName), fmt.Sprintf("listen: [127.0.0.1:%d]\nadmin: off\n", port))
	testbed.Await(t, "the other address", func() bool { addrs := h.listeners.addrs(); return len(addrs) == 1 && int(addrs[0].Port()) == port })
	h.processors.GiveBack()
	want := h.processors.Count()
	for over, workers := range h.listeners.open[0].workers {
		if len(workers) != want {
			t.Errorf("transport %d: got %d workers, want %d", over, len(workers), want)
		}
	}
}

// Protects the admin server's address, which follows signpost.yaml too.
func TestAdminFollowsConfiguration(t *testing.T) {
	listen := "listen: [127.0.0.1:0]\n"
	first, second := freePort(t), freePort(t)
	h, dir := start(t, fmt.Sprintf("%sadmin: 127.0.0.1:%d\n", listen, first))
	defer h.Close()
	reachable := func(port int) bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	if !reachable(first) {
		t.Fatal("the admin server cannot be reached")
	}
	writeFile(t, filepath.Join(dir, config.FileName), fmt.Sprintf("%sadmin: 127.0.0.1:%d\n", listen, second))
	testbed.Await(t, "the admin server to move", func() bool { return reachable(second) && !reachable(first) })
	writeFile(t, filepath.Join(dir, config.FileName), listen+"admin: off\n")
	testbed.Await(t, "the admin server to end", func() bool { return !reachable(second) })
}

// Protects Close: every goroutine ends, the ports are free, and it can be done again.
func TestCloseLeavesNothing(t *testing.T) {
	addr := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	before := runtime.NumGoroutine()
	for range 3 {
		h, _ := start(t, "listen: ["+addr+"]\nadmin: 127.0.0.1:0\n")
		if !answers("udp", addr) {
			t.Errorf("%s does not answer", addr)
		}
		h.Close()
	}
	testbed.Await(t, "all goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

// Protects starts that fail: one line, nothing left behind.
func TestStartFails(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "example.com.zone"), "nonsense\n")
	occupied, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupied.Close()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	off := ""
	before := runtime.NumGoroutine()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		options Options
		want    string
	}{
		{"no directory", context.Background(), Options{Dir: filepath.Join(dir, "nowhere")}, "no such file or directory"},
		{"a port in use", context.Background(), Options{Dir: dir, Listen: []string{occupied.LocalAddr().String()}}, "port in use"},
		{"strict", context.Background(), Options{Dir: dir, Listen: []string{"127.0.0.1:0"}, Strict: true}, "not started: "},
		{"canceled", canceled, Options{Dir: dir, Listen: []string{"127.0.0.1:0"}}, context.Canceled.Error()},
	} {
		c.options.Log, c.options.Admin = slog.New(slog.DiscardHandler), &off
		_, err := Start(c.ctx, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line with %q", c.name, err, c.want)
		}
	}
	testbed.Await(t, "all goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

// Protects what an address in the configuration stands for.
func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		addrs []string
		want  []place
	}{
		{[]string{":53"}, []place{{"0.0.0.0:53", false}, {"[::]:53", true}}},
		{[]string{"192.0.2.1:53", "[2001:db8::1]:53"}, []place{{"192.0.2.1:53", false}, {"[2001:db8::1]:53", false}}},
		{config.Default().Listen, []place{{"127.0.0.1:5300", false}, {"[::1]:5300", true}}},
	} {
		if got := places(c.addrs); !reflect.DeepEqual(got, c.want) {
			t.Errorf("places(%q): got %v, want %v", c.addrs, got, c.want)
		}
	}
}

// Protects the log's lines: one each, whatever the message holds.
func TestLogLines(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLog(&out, "text")
	if err != nil {
		t.Fatal(err)
	}
	log.Error(`a.zone:1:2: unknown plugin "x" (did you mean "y"?)`)
	log.With("zone", "example.com.").WithGroup("g").Warn("two\nlines \x1b[2J", "took", 1234567*time.Nanosecond, "text", "a b", "addr", netip.MustParseAddr("192.0.2.1"))
	log.Debug("unseen")
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	want := []string{
		`error a.zone:1:2: unknown plugin "x" (did you mean "y"?)`,
		`warn  two\nlines \x1b[2J zone=example.com. g.took=1.23ms g.text="a b" g.addr=192.0.2.1`,
	}
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d:\n%s", len(lines), len(want), &out)
	}
	for i := range want {
		if got := lines[i][len("2006-01-02 15:04:05.000 "):]; got != want[i] {
			t.Errorf("line %d: got %q, want %q", i, got, want[i])
		}
	}
	if _, err := NewLog(&out, "xml"); err == nil {
		t.Error(`NewLog("xml"): got no error`)
	}
}

// Protects the JSON log: numbers stay numbers, and their names have the unit.
func TestLogJSON(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLog(&out, "json")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("zone loaded", "took", 1500*time.Microsecond)
	if !strings.Contains(out.String(), `"tookMillis":1.5`) {
		t.Errorf("got %s, want tookMillis 1.5", &out)
	}
}

// Protects what reads diagnostics from the log: their parts in JSON, and for people the line that they always were.
func TestLogDiagnostics(t *testing.T) {
	whole := diag.Diagnostic{Pos: diag.Pos{File: "a.zone", Line: 12, Col: 3}, Text: `weight "300" is outside 0..255`}
	file := diag.Diagnostic{Pos: diag.Pos{File: "a.zone"}, Severity: diag.Warning, Text: "two\nlines"}
	for format, want := range map[string]string{
		"text": `error a.zone:12:3: weight "300" is outside 0..255` + "\n" + `warn  a.zone: two\nlines` + "\n",
		"json": `"level":"ERROR","msg":"a.zone:12:3: weight \"300\" is outside 0..255",` +
			`"diagnostic":{"file":"a.zone","line":12,"column":3,"severity":"error","text":"weight \"300\" is outside 0..255"}}` + "\n" +
			`"level":"WARN","msg":"a.zone: two\\nlines","diagnostic":{"file":"a.zone","severity":"warning","text":"two\nlines"}}` + "\n",
	} {
		var out bytes.Buffer
		log, err := NewLog(&out, format)
		if err != nil {
			t.Fatal(err)
		}
		whole.LogTo(log)
		file.LogTo(log)
		times := regexp.MustCompile(`(?m)^(\{"time":"[^"]+",|[0-9-]+ [0-9:.]+ )`)
		if got := times.ReplaceAllString(out.String(), ""); got != want {
			t.Errorf("%s: got\n%swant\n%s", format, got, want)
		}
	}
}

// Protects Check against directories that are none.
func TestCheckMissing(t *testing.T) {
	if _, err := Check(context.Background(), filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}
