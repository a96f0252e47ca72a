package admin

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"signpost/host/metrics"
)

// reported is a Pusher with the checks "guarded", whose token is "secret", and "open".
type reported struct{ seen []string }

func (p *reported) Guarded(name, token string) (bool, error) {
	if name != "guarded" && name != "open" {
		return false, fmt.Errorf("%q: %w", name, ErrNoPush)
	}
	if name == "guarded" && token != "secret" {
		return false, fmt.Errorf("%q: %w", name, ErrPushToken)
	}
	return name == "guarded", nil
}

func (p *reported) Push(name, token string, ok bool, text string) error {
	if name == "guarded" && token != "secret" {
		return fmt.Errorf("%q: %w", name, ErrPushToken)
	}
	if text == "busy" {
		return errors.New("not now")
	}
	p.seen = append(p.seen, fmt.Sprintf("%s %t %s", name, ok, text))
	return nil
}

// Protects what is taken of a report, and from whom.
func TestPush(t *testing.T) {
	pusher := &reported{}
	s, err := Listen(Options{Addr: "0.0.0.0:0", State: &fixture{}, Counters: &metrics.Set{}, Push: pusher})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Error(err) })
	t.Cleanup(func() { _ = s.Close() })
	_, port, _ := strings.Cut(strings.TrimPrefix(s.Addr().String(), "["), "]")
	url := "http://127.0.0.1" + port + "/push/"
	const secret = "Authorization: Bearer secret"
	for _, c := range []struct {
		check, body string
		headers     []string
		code        int
		says, seen  string
	}{
		{"guarded", "", []string{secret}, 200, `"ok": true`, "guarded true "},
		{"guarded", `{"ok":false,"text":"disk full"}`, []string{secret}, 200, `"ok": false`, "guarded false disk full"},
		{"guarded", `{"text":"fine"}`, []string{secret}, 200, `"check": "guarded"`, "guarded true fine"},
		{"guarded", "", nil, 401, "own token is needed", ""},
		{"guarded", "", []string{"Authorization: Basic secret"}, 401, "own token is needed", ""},
		{"guarded", "", []string{"Authorization: Bearer wrong"}, 401, "own token is needed", ""},
		{"guarded", `{"text":"busy"}`, []string{secret}, 503, "not now", ""},
		{"guarded", `{"ok":true} {"ok":false}`, []string{secret}, 400, "more than one value", ""}, // and not the first alone
		{"guarded", `{"up":true}`, []string{secret}, 400, "unknown field", ""},
		{"guarded", `{"text":"a\nb"}`, []string{secret}, 400, "one line", ""},
		{"guarded", `{"ok":true}`, []string{secret, "Content-Type: application/x-www-form-urlencoded"}, 200, `"ok": true`, "guarded true "}, // as curl -d says
		{"open", "{}", []string{"Content-Type: text/plain"}, 415, "application/json", ""},
		{"open", "", []string{"Sec-Fetch-Site: cross-site"}, 403, "other sites", ""},
		{"guarded", "", []string{secret, "Host: signpost.example.com:5380"}, 200, `"ok": true`, "guarded true "}, // who has the token may call us what they like
		{"open", "", []string{"Origin: http://evil.example"}, 403, "may not ask", ""},
		{"gaurded", "", []string{secret}, 404, "no such push check", ""},
		{"open", "", nil, 403, "other machines can reach this address", ""}, // which has no token, on an address that is not loopback
	} {
		pusher.seen = nil
		code, text, _ := send(t, http.DefaultClient, "POST", url+c.check, c.body, c.headers...)
		if seen := strings.Join(pusher.seen, "; "); code != c.code || !strings.Contains(text, c.says) || seen != c.seen {
			t.Errorf("%s %s %q: got %d %s and %q, want %d %q and %q", c.check, c.body, c.headers, code, text, seen, c.code, c.says, c.seen)
		}
	}
}

// Protects heartbeats, whose silence is down: strangers without the token, however many and however slowly they send, keep nobody out who has it,
// and neither do their guesses.
func TestPushStrangers(t *testing.T) {
	s, err := Listen(Options{Addr: "127.0.0.1:0", State: &fixture{}, Counters: &metrics.Set{}, Push: &reported{}})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Error(err) })
	t.Cleanup(func() { _ = s.Close() })
	for range 4 * asksMax {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /push/guarded HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
		line := make([]byte, 12)
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 401" {
			t.Fatalf("a stranger who is slow: got %q, %v, want 401 at once", line, err)
		}
	}
	if code, text, _ := send(t, http.DefaultClient, "POST", "http://"+s.Addr().String()+"/push/guarded", "", "Authorization: Bearer secret"); code != 200 {
		t.Errorf("who has the token: got %d %s, want 200", code, text)
	}
}

// Protects against a flood of reports: each check has its own measure, which fills again.
func TestPushLimit(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := &pushes{now: func() time.Time { return now }}
	for i := range pushBurst {
		if !p.allow("web") {
			t.Fatalf("report %d: refused, want %d in a row", i+1, pushBurst)
		}
	}
	if p.allow("web") {
		t.Errorf("report %d: taken", pushBurst+1)
	}
	if !p.allow("db") {
		t.Error("another check: refused")
	}
	now = now.Add(pushEvery)
	if !p.allow("web") || p.allow("web") {
		t.Errorf("after %v: want one more report and no second", pushEvery)
	}
	now = now.Add(time.Hour)
	for i := range pushBurst {
		if !p.allow("web") {
			t.Fatalf("an hour later, report %d: refused", i+1)
		}
	}
}
