package admin

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/wire"
)

// startAccess serves a table with app.example.com A main at addr.
func startAccess(t *testing.T, addr string, access *Access) *Server {
	t.Helper()
	table := health.NewTable(nil)
	table.Replace("public", nil, []*policy.Policy{{Owner: "app.example.com.", Type: wire.TypeA, IDs: []string{"main"}, Checks: []string{""}}})
	state := &fixture{}
	status := degraded
	status.Held.Trouble = errors.New("/srv/overrides.yaml: permission denied")
	state.status.Store(&status)
	s, err := Listen(Options{Addr: addr, State: state, Counters: &metrics.Set{}, Health: table, Overrides: heldBy(table), Explain: explained, Access: access})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Error(err) })
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// send sends a request with headers as "Name: value" and returns the status, the body and WWW-Authenticate.
func send(t *testing.T, client *http.Client, method, url, body string, headers ...string) (int, string, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if request.Header.Set(name, value); name == "Host" {
			request.Host = value
		}
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header.Get("WWW-Authenticate")
}

const change = `{"name":"app.example.com","id":"main","state":"down","reason":"x"}`

// Protects changes: who brings no token, or another, is refused, whatever the file says from one moment to the next.
func TestToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("0123456789abcdef\n")
	access := new(Access)
	if err := access.Follow(Rules{TokenFile: file}); err != nil {
		t.Fatal(err)
	}
	url := "http://" + startAccess(t, "127.0.0.1:0", access).Addr().String()
	for _, c := range []struct {
		file, authorization string
		code                int
		says                string
	}{
		{"", "", 401, "the admin token is needed"},
		{"", "Bearer 0123456789abcdeX", 401, "the admin token is needed"},
		{"", "Bearer 0123456789abcde", 401, ""},
		{"", "Basic 0123456789abcdef", 401, ""},
		{"", "Bearer", 401, ""},
		{"", "Bearer 0123456789abcdef", 200, `"state": "down"`},
		{"", "bearer  0123456789abcdef", 200, ""},
		{"fedcba9876543210", "Bearer 0123456789abcdef", 401, ""},
		{"", "Bearer fedcba9876543210", 200, ""},
		{"short", "Bearer short", 503, "has 5 bytes, fewer than 16"},
		{" \n", "Bearer ", 503, "has 0 bytes"},
		{"two words 0123456789", "Bearer two words 0123456789", 503, "more than one word"},
		{strings.Repeat("x", 1025), "Bearer x", 503, "more than 1024 bytes"},
		{strings.Repeat("x", 1024) + "\r\n", "Bearer " + strings.Repeat("x", 1024), 200, ""},
	} {
		if c.file != "" {
			write(c.file)
		}
		code, text, asks := send(t, http.DefaultClient, "POST", url+"/health", change, "Authorization: "+c.authorization)
		if code != c.code || !strings.Contains(text, c.says) || (asks == `Bearer realm="signpost"`) != (code == 401) {
			t.Errorf("file %.20q, %.40q: got %d %s %q, want %d %q", c.file, c.authorization, code, text, asks, c.code, c.says)
		}
	}
	for authorization, want := range map[string]int{"Bearer " + strings.Repeat("x", 1024): 200, "Bearer wrong": 403} {
		for method, body := range map[string]string{"GET": "", "POST": change} { // who has the token may call us by any name
			if code, text, _ := send(t, http.DefaultClient, method, url+"/health", body, "Host: dns.example.net", "Authorization: "+authorization); code != want {
				t.Errorf("%s by another name with %.20q: got %d %s, want %d", method, authorization, code, text, want)
			}
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if code, text, _ := send(t, http.DefaultClient, "POST", url+"/health", change); code != 503 || !strings.Contains(text, "no such file") {
		t.Errorf("without the file: got %d %s, want 503", code, text)
	}
	if code, _, _ := send(t, http.DefaultClient, "GET", url+"/health", ""); code != 200 {
		t.Errorf("reading: got %d, want 200: it needs no token", code)
	}
	if err := access.Follow(Rules{TokenFile: file}); err == nil {
		t.Error("a file that is not there: got no error")
	}
}

// Protects who may read and change what: on loopback, there with admin-token-reads, and where other machines reach the server. Each is asked
// without a token, with another one, and with the right one.
func TestWhoMay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	type codes [3]int
	everybody, bearer, nobody := codes{200, 200, 200}, codes{401, 401, 200}, codes{403, 403, 403}
	for _, c := range []struct {
		name, addr    string
		rules         Rules
		reads, writes codes
		says          string // to who may not read
	}{
		{"loopback", "127.0.0.1:0", Rules{}, everybody, everybody, ""},
		{"loopback with a token", "127.0.0.1:0", Rules{TokenFile: file}, everybody, bearer, ""},
		{"loopback, reads too", "127.0.0.1:0", Rules{TokenFile: file, Reads: true}, bearer, bearer, "the admin token is needed"},
		{"loopback, reads too, and no token", "127.0.0.1:0", Rules{Reads: true}, nobody, nobody, "set admin-token-file in signpost.yaml, or use admin-socket"},
		{"exposed", "0.0.0.0:0", Rules{}, nobody, nobody, "set admin-token-file in signpost.yaml, or use admin-socket"},
		{"exposed with a token", "0.0.0.0:0", Rules{TokenFile: file}, bearer, bearer, "the admin token is needed"},
	} {
		access := new(Access)
		if err := access.Follow(c.rules); err != nil {
			t.Fatal(err)
		}
		s := startAccess(t, c.addr, access)
		if s.Exposed() != strings.HasPrefix(c.addr, "0.") {
			t.Errorf("%s: got exposed %v", c.name, s.Exposed())
		}
		_, port, _ := net.SplitHostPort(s.Addr().String())
		url := "http://127.0.0.1:" + port
		for i, authorization := range []string{"Authorization: ", "Authorization: Bearer fedcba9876543210", "Authorization: Bearer 0123456789abcdef"} {
			for _, path := range []string{"/", "/health", "/overrides", "/explain", "/openapi.json"} {
				code, text, _ := send(t, http.DefaultClient, "GET", url+path, "", authorization)
				if code != c.reads[i] || code != 200 && !strings.Contains(text, c.says) {
					t.Errorf("%s, %s: GET %s: got %d %s, want %d %s", c.name, authorization, path, code, text, c.reads[i], c.says)
				}
			}
			for _, path := range []string{"/health", "/overrides"} {
				if code, text, _ := send(t, http.DefaultClient, "POST", url+path, change, authorization); code != c.writes[i] {
					t.Errorf("%s, %s: POST %s: got %d %s, want %d", c.name, authorization, path, code, text, c.writes[i])
				}
			}
			for _, path := range []string{"/healthz", "/metrics", "/readyz"} {
				code, text, _ := send(t, http.DefaultClient, "GET", url+path, "", authorization)
				if code != 200 || path == "/readyz" && (strings.Contains(text, "weight 300") || strings.Contains(text, "/srv")) != (c.reads[i] == 200) {
					t.Errorf("%s, %s: GET %s: got %d %s, want 200, and what is wrong only for those who may read", c.name, authorization, path, code, text)
				}
			}
		}
	}
}

// Protects what is served from pages whose name was turned to this address.
func TestNames(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	access := new(Access)
	if err := access.Follow(Rules{Hosts: []string{"ns1.example.com"}}); err != nil {
		t.Fatal(err)
	}
	url := "http://" + startAccess(t, "127.0.0.1:0", access).Addr().String()
	for _, c := range []struct {
		header string
		code   int
	}{
		{"Host: evil.example", 403},
		{"Host: evil.example:5380", 403},
		{"Host: 127.0.0.1.evil.example:5380", 403},
		{"Host: x" + machine, 403},
		{"Origin: http://evil.example", 403},
		{"Origin: null", 403},
		{"Host: 192.0.2.1:5380", 200},
		{"Host: [::1]:5380", 200},
		{"Host: [::1]", 200},
		{"Host: LocalHost:5380", 200},
		{"Host: " + strings.ToUpper(machine) + ":5380", 200},
		{"Host: ns1.example.com.", 200},
		{"Origin: http://ns1.example.com", 200},
	} {
		for _, path := range []string{"/health", "/explain"} {
			if code, text, _ := send(t, http.DefaultClient, "GET", url+path, "", c.header); code != c.code {
				t.Errorf("%s with %s: got %d %s, want %d", path, c.header, code, text, c.code)
			}
		}
		for _, path := range []string{"/healthz", "/metrics", "/readyz"} { // polled under any name
			code, text, _ := send(t, http.DefaultClient, "GET", url+path, "", c.header)
			if code != 200 || path == "/readyz" && (strings.Contains(text, "weight 300") != (c.code == 200) || strings.Contains(text, "/srv") != (c.code == 200)) {
				t.Errorf("%s with %s: got %d %s, want 200, and what is wrong only for those who may read", path, c.header, code, text)
			}
		}
	}
	if code, text, _ := send(t, http.DefaultClient, "POST", url+"/health", change, "Host: evil.example"); code != 403 {
		t.Errorf("change: got %d %s, want 403", code, text)
	}
}

// Protects the socket: only its user opens it, who needs no token; a stale file is replaced, a live server's or any other file is not.
func TestSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "admin.sock")
	access := new(Access)
	if err := access.Follow(Rules{TokenFile: filepath.Join(dir, "none"), Reads: true}); err == nil {
		t.Fatal("a token file that is not there: got no error")
	}
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	s := startAccess(t, "unix:"+path, access)
	if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("got %v, %v, want a socket with mode 0600", info.Mode(), err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	if code, text, _ := send(t, client, "POST", "http://anything/health", change); code != 200 || !strings.Contains(text, `"state": "down"`) {
		t.Errorf("change: got %d %s, want 200", code, text)
	}
	if _, err := Listen(Options{Addr: "unix:" + path, State: &fixture{}, Counters: &metrics.Set{}}); err == nil || !strings.Contains(err.Error(), "another server is listening") {
		t.Errorf("second server: got %v, want an error that says so", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("after close: got %v, %v, want an empty directory", left, err)
	}
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(Options{Addr: "unix:" + path, State: &fixture{}, Counters: &metrics.Set{}}); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file: got %v, want an error that says so", err)
	}
	long := "unix:" + filepath.Join(dir, strings.Repeat("x", 104))
	if _, err := Listen(Options{Addr: long, State: &fixture{}, Counters: &metrics.Set{}}); err == nil {
		t.Error("a path of more than 104 bytes: got no error")
	}
}

// Protects the successor: a server that ends leaves the socket alone that another one has put in its place.
func TestSocketOfSuccessor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	first := startAccess(t, "unix:"+path, nil)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	startAccess(t, "unix:"+path, nil)
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the successor's socket: %v", err)
	}
}
