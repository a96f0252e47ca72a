package notice

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signpost/host/config"
	"signpost/host/event"
	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/testbed"
)

// down is the event that candidate number n went down.
func down(n int) event.Event { return change(n, policy.Up, policy.Down) }

func change(n int, from, to policy.Health) event.Event {
	return event.Of(&health.Change{
		Key: health.Key{View: "public", Name: "app.example.com.", Type: 1, ID: fmt.Sprint("eu-", n)}, At: time.Unix(1_800_000_000, 0), Check: "web",
		From: from, To: to, FromShare: 100, ToShare: 100, Why: "connect refused (3/3)",
	}, nil)
}

// receiver is a real HTTP server that notes what it gets.
type receiver struct {
	*httptest.Server
	connections atomic.Int32

	mu       sync.Mutex
	requests []request
}

type request struct {
	header http.Header
	path   string
	body   []byte
	at     time.Time
}

// receive starts a receiver. answer says what it does with request number n, from 1; nil: nothing but 200.
func receive(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	got := new(receiver)
	got.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read a request: %v", err)
		}
		got.mu.Lock()
		got.requests = append(got.requests, request{r.Header, r.URL.Path, body, time.Now()})
		n := len(got.requests)
		got.mu.Unlock()
		if answer != nil {
			answer(n, w, r)
		}
	}))
	got.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			got.connections.Add(1)
		}
	}
	got.Start()
	t.Cleanup(got.Close)
	return got
}

func (r *receiver) seen() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.requests...)
}

// notices are the texts of all that came in the format json.
func (r *receiver) notices(t *testing.T) (texts []string) {
	t.Helper()
	for _, one := range r.seen() {
		var body Body
		if err := json.Unmarshal(one.body, &body); err != nil {
			t.Fatalf("%v in %s", err, one.body)
		}
		for _, e := range body.Notices {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

func (r *receiver) webhook(format string) config.Webhook {
	u, err := url.Parse(r.URL)
	if err != nil {
		panic(err) // httptest's own
	}
	return config.Webhook{URL: u, Format: format, Timeout: 5 * time.Second, Attempts: 5}
}

// tell returns a Teller of webhooks, what it counts and what it logs.
func tell(t *testing.T, o Options, webhooks ...config.Webhook) (*Teller, *metrics.Notices, *testbed.Log) {
	t.Helper()
	counts, log := new(metrics.Notices), new(testbed.Log)
	o.Log, o.Metrics, o.Instance, o.Version = slog.New(slog.NewTextHandler(log, nil)), counts, "ns1", "0.1.0"
	if o.Pause == 0 {
		o.Pause = time.Millisecond
	}
	teller := New(o)
	if diags := teller.Configure(config.Notices{Webhooks: webhooks}); diags != nil {
		t.Fatal(diags)
	}
	return teller, counts, log
}

// Protects what a receiver relies on: the signature, computed here by itself, the token, and the body with all notices in their order.
func TestSigned(t *testing.T) {
	t.Parallel()
	got := receive(t, nil)
	hook := got.webhook("json")
	hook.Secret, hook.Token = "s3cret", "t0ken"
	teller, counts, _ := tell(t, Options{}, hook)
	teller.Tell([]event.Event{down(1), down(2)})
	testbed.Await(t, "a request", func() bool { return len(got.seen()) == 1 })
	teller.Close()
	one := got.seen()[0]
	var at int64
	var sum string
	if _, err := fmt.Sscanf(one.header.Get("Signpost-Signature"), "t=%d,v1=%s", &at, &sum); err != nil {
		t.Fatalf("%v in %q", err, one.header.Get("Signpost-Signature"))
	}
	mac := hmac.New(sha256.New, []byte("s3cret"))
	fmt.Fprintf(mac, "%d.%s", at, one.body)
	if want := hex.EncodeToString(mac.Sum(nil)); sum != want || time.Since(time.Unix(at, 0)).Abs() > time.Minute {
		t.Errorf("got signature %s of %d, want %s of now", sum, at, want)
	}
	if one.header.Get("Authorization") != "Bearer t0ken" || one.header.Get("Content-Type") != "application/json" || one.header.Get("User-Agent") != "signpost/0.1.0" {
		t.Errorf("got header %v", one.header)
	}
	var body Body
	if err := json.Unmarshal(one.body, &body); err != nil || body.Version != 1 || body.Instance != "ns1" || len(body.Notices) != 2 ||
		body.Notices[0].Text != "app.example.com A eu-1 down: connect refused (3/3)" || body.Notices[1].ID != "eu-2" {
		t.Errorf("got %s, %v", one.body, err)
	}
	if got := fmt.Sprint(counts.Sinks()); got != "map[json:{2 0}]" {
		t.Errorf("got counts %s", got)
	}
}

// Protects retries: what may pass is tried again with the same delivery, what cannot is not, and a notice is given up after its attempts.
func TestRetries(t *testing.T) {
	t.Parallel()
	status := func(codes ...int) func(int, http.ResponseWriter, *http.Request) {
		return func(n int, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(codes[min(n, len(codes))-1])
			fmt.Fprint(w, "line one\nline two")
		}
	}
	hang := func(n int, _ http.ResponseWriter, r *http.Request) {
		if n == 1 {
			<-r.Context().Done()
		}
	}
	reset := func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < 3 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
		}
	}
	endless := func(_ int, w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	for _, c := range []struct {
		name     string
		answer   func(int, http.ResponseWriter, *http.Request)
		requests int
		counts   string
		log      string
	}{
		{"500 and 503, then 200", status(500, 503, 200), 3, "map[json:{1 0}]", ""},
		{"always 500", status(500), 5, "map[json:{0 1}]", "was not told: 500 Internal Server Error: line one"},
		{"404", status(404), 1, "map[json:{0 1}]", "was not told: 404 Not Found: line one"},
		{"408, then 204", status(408, 204), 2, "map[json:{1 0}]", ""},
		{"hangs once", hang, 2, "map[json:{1 0}]", ""},
		{"resets twice", reset, 3, "map[json:{1 0}]", ""},
		{"an endless body", endless, 1, "map[json:{1 0}]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := receive(t, c.answer)
			hook := got.webhook("json")
			hook.Timeout = 500 * time.Millisecond
			teller, counts, log := tell(t, Options{}, hook)
			teller.Tell([]event.Event{down(1)})
			testbed.Await(t, "an end of "+c.name, func() bool { return len(counts.Sinks()) > 0 })
			teller.Close()
			seen := got.seen()
			if sums := fmt.Sprint(counts.Sinks()); len(seen) != c.requests || sums != c.counts || !strings.Contains(log.String(), c.log) || c.log == "" && log.String() != "" {
				t.Errorf("got %d requests, %s, log %q; want %d, %s, %q", len(seen), sums, log, c.requests, c.counts, c.log)
			}
			for _, one := range seen {
				if one.header.Get(deliveryHeader) != seen[0].header.Get(deliveryHeader) || one.header.Get(deliveryHeader) == "" || !bytes.Equal(one.body, seen[0].body) {
					t.Errorf("got delivery %q with %s, want those of the first try", one.header.Get(deliveryHeader), one.body)
				}
			}
			if strings.Contains(log.String(), got.URL) {
				t.Errorf("the log has the address, which may be secret: %s", log)
			}
		})
	}
}

// Protects receivers that say when to come again, and this server from those that say never.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	got := receive(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	teller, _, _ := tell(t, Options{}, got.webhook("json"))
	teller.Tell([]event.Event{down(1)})
	testbed.Await(t, "a second request", func() bool { return len(got.seen()) == 2 })
	teller.Close()
	if seen := got.seen(); seen[1].at.Sub(seen[0].at) < time.Second {
		t.Errorf("got the second request %v after the first, want at least 1 s", seen[1].at.Sub(seen[0].at))
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for raw, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "-1": 0, "soon": 0, "86400": retryAfterMax, "99999999999999999999": 0, "Mon, 23 Nov 2026 12:01:00 GMT": time.Minute,
		"Mon, 23 Nov 2026 11:00:00 GMT": 0, "Tue, 24 Nov 2026 11:00:00 GMT": retryAfterMax,
	} {
		response := &http.Response{StatusCode: 503, Status: "503 Service Unavailable", Header: http.Header{"Retry-After": {raw}}}
		if r := refusalOf(response, nil, now); r.wait != want || r.final {
			t.Errorf("Retry-After: %s: got %v, final %v; want %v", raw, r.wait, r.final, want)
		}
	}
	w := webhook{base: time.Second}
	for try, want := range map[int]time.Duration{1: time.Second, 3: 4 * time.Second, 60: pauseMax} {
		if pause := w.pauseAfter(try, nil); pause > want || pause < want/2 {
			t.Errorf("try %d: got a pause of %v, want half to all of %v", try, pause, want)
		}
	}
}

// Protects notices from going where nobody said: a redirect is followed to the same host, and if it keeps the method.
func TestRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := receive(t, nil)
	for _, c := range []struct {
		name, to string
		code     int
		reached  bool
	}{
		{"another host", elsewhere.URL + "/moved", 307, false},
		{"the same, as GET", "/moved", 302, false},
		{"the same", "/moved", 308, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := receive(t, func(_ int, w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/moved" {
					http.Redirect(w, r, c.to, c.code)
				}
			})
			teller, counts, log := tell(t, Options{}, got.webhook("json"))
			teller.Tell([]event.Event{down(1)})
			testbed.Await(t, "an end", func() bool { return len(counts.Sinks()) > 0 })
			teller.Close()
			seen := got.seen()
			if reached := seen[len(seen)-1].path == "/moved"; reached != c.reached || counts.Sinks()["json"].Sent == 1 != c.reached || len(elsewhere.seen()) != 0 {
				t.Errorf("got %d requests, %v, %d elsewhere; want reached %v; log %s", len(seen), counts.Sinks(), len(elsewhere.seen()), c.reached, log)
			}
			if last := seen[len(seen)-1]; c.reached && !bytes.Equal(last.body, seen[0].body) {
				t.Errorf("got %q after the redirect, want the body", last.body)
			}
		})
	}
}

// Protects whoever tells: a receiver that hangs costs neither time nor memory; the oldest notices make room, and closing takes 2 s at most.
func TestHangingReceiver(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	got := receive(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-over:
		}
	})
	defer close(over)
	hook := got.webhook("json")
	hook.Timeout = time.Minute
	teller, counts, log := tell(t, Options{}, hook)
	const waves, each = 100, 50
	began := time.Now()
	for wave := range waves {
		var list []event.Event
		for n := range each {
			list = append(list, down(wave*each+n))
		}
		teller.Tell(list)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("telling took %v", took)
	}
	testbed.Await(t, "a request", func() bool { return len(got.seen()) == 1 })
	waiting := teller.sinks[0].queue.len()
	if dropped := counts.Dropped.Load(); waiting > queueMax || dropped < waves*each-queueMax-batchMax {
		t.Errorf("got %d waiting, %d dropped; want at most %d, at least %d", waiting, dropped, queueMax, waves*each-queueMax-batchMax)
	}
	began = time.Now()
	teller.Close()
	if took := time.Since(began); took > 2*closeWait || took < closeWait/2 {
		t.Errorf("closing took %v, want about %v", took, closeWait)
	}
	if !strings.Contains(log.String(), "was not told of") {
		t.Errorf("got log %s, want how many were not told", log)
	}
	if sums := counts.Sinks()["json"]; sums.Sent != 0 || uint64(sums.Failed)+counts.Dropped.Load() < waves*each {
		t.Errorf("got %+v and %d dropped, want %d in all", sums, counts.Dropped.Load(), waves*each)
	}
}

// Protects receivers that were slow: they hear how many notices they will never get.
func TestLost(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	got := receive(t, func(n int, _ http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			<-over
		}
	})
	teller, counts, _ := tell(t, Options{}, got.webhook("json"))
	teller.Tell([]event.Event{down(0)})
	testbed.Await(t, "a request", func() bool { return len(got.seen()) == 1 })
	for n := range queueMax + 25 {
		teller.Tell([]event.Event{down(1 + n)})
	}
	close(over)
	testbed.Await(t, "the rest", func() bool { return len(got.notices(t)) == 1+queueMax })
	teller.Close()
	lost := 0
	for _, one := range got.seen() {
		var body Body
		if err := json.Unmarshal(one.body, &body); err != nil {
			t.Fatal(err)
		}
		lost += body.Lost
	}
	if texts := got.notices(t); lost != 25 || counts.Dropped.Load() != 25 || texts[1] != down(26).Text || texts[queueMax] != down(queueMax+25).Text {
		t.Errorf("got %d lost, %d counted, from %q to %q; want 25, and the latest", lost, counts.Dropped.Load(), texts[1], texts[queueMax])
	}
}

// Protects receivers from floods: hundreds of notices in a second make few requests of at most 100 on one connection, and each comes once, in order.
func TestBatches(t *testing.T) {
	t.Parallel()
	got := receive(t, nil)
	teller, _, _ := tell(t, Options{}, got.webhook("json"))
	const count = 700
	for n := range count {
		teller.Tell([]event.Event{down(n)})
	}
	testbed.Await(t, "all notices", func() bool { return len(got.notices(t)) == count })
	teller.Close()
	if seen := got.seen(); len(seen) > 10 || got.connections.Load() != 1 {
		t.Errorf("got %d requests on %d connections for %d notices", len(seen), got.connections.Load(), count)
	}
	for n, text := range got.notices(t) {
		if want := down(n).Text; text != want {
			t.Fatalf("notice %d: got %q, want %q", n, text, want)
		}
	}
}

// Protects what waits at the end: Close tells it.
func TestCloseFlushes(t *testing.T) {
	t.Parallel()
	got := receive(t, nil)
	teller, _, _ := tell(t, Options{}, got.webhook("json"))
	teller.Tell([]event.Event{down(1), down(2)})
	began := time.Now()
	teller.Close()
	if texts := got.notices(t); len(texts) != 2 || time.Since(began) > closeWait {
		t.Errorf("got %q after %v, want both", texts, time.Since(began))
	}
	teller.Tell([]event.Event{down(3)}) // after the end: nobody is there
	if diags := teller.Configure(config.Notices{Webhooks: []config.Webhook{got.webhook("json")}}); diags != nil || len(teller.sinks) != 0 {
		t.Errorf("got %v, %d sinks after Close", diags, len(teller.sinks))
	}
}

// Protects what waits over a change of the configuration: a sink that stays keeps it, one that goes is still told.
func TestConfigure(t *testing.T) {
	t.Parallel()
	stays, goes, comes := receive(t, nil), receive(t, nil), receive(t, nil)
	teller, _, _ := tell(t, Options{}, stays.webhook("json"), goes.webhook("json"))
	first := teller.sinks[0]
	teller.Tell([]event.Event{down(1)})
	moved := stays.webhook("json")
	moved.Pos.Line = 7 // the file has another line above it
	secret := comes.webhook("json")
	secret.Secret = "x"
	if diags := teller.Configure(config.Notices{Webhooks: []config.Webhook{secret, moved}, Exec: []config.ExecCheck{{Command: "page"}}}); len(diags) != 1 ||
		!strings.Contains(diags[0].Text, "notices.exec: page is not run: the server was started without --exec-dir") {
		t.Errorf("got %v, want that programs are not run", diags)
	}
	if teller.sinks[1] != first {
		t.Error("the sink that stays is another one")
	}
	teller.Tell([]event.Event{down(2)})
	teller.Close()
	for name, c := range map[string]struct {
		got  *receiver
		want int
	}{"stays": {stays, 2}, "goes": {goes, 1}, "comes": {comes, 1}} {
		if texts := c.got.notices(t); len(texts) != c.want {
			t.Errorf("%s: got %q, want %d notices", name, texts, c.want)
		}
	}
}
