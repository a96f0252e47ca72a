package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// backend is a server whose health a script decides.
type backend struct {
	addr string

	mu     sync.Mutex
	server *http.Server // nil: it is dead
	code   int
	body   string
	hold   chan struct{} // requests wait until it is closed; nil: they do not
	after  time.Duration // requests wait so long
	hits   int
}

// ServeHTTP answers what the script said.
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.hits++
	hold, after := b.hold, b.after
	b.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}
	if after > 0 {
		<-time.After(after)
	}
	b.mu.Lock()
	code, body := b.code, b.body
	b.mu.Unlock()
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body) // an error means that the client went away
}

// live has the backend listen.
func (b *backend) live() error {
	listener, err := net.Listen("tcp", b.addr)
	if err != nil {
		return err
	}
	b.addr = listener.Addr().String()
	server := &http.Server{Handler: b}
	b.mu.Lock()
	b.server = server
	b.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // until it dies
	return nil
}

func (b *backend) die() {
	b.mu.Lock()
	server := b.server
	b.server = nil
	b.mu.Unlock()
	if server != nil {
		_ = server.Close()
	}
}

// wait lets requests hang, or those that hang go on.
func (b *backend) wait(hang bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hold != nil {
		close(b.hold)
		b.hold = nil
	}
	if hang {
		b.hold = make(chan struct{})
	}
}

type backendsKey struct{}

func backendsOf(ts *testscript.TestScript) map[string]*backend {
	return ts.Value(backendsKey{}).(map[string]*backend)
}

// backendCommand starts a backend or changes what it does.
func backendCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: backend NAME [at ADDR|status CODE|body TEXT|after TIME|hang|well|die|live]")
	}
	backends, name := backendsOf(ts), args[0]
	b := backends[name]
	if b == nil {
		host := "127.0.0.1"
		if len(args) == 3 && args[1] == "at" {
			host = args[2]
		}
		startBackend(ts, backends, name, host)
		return
	}
	argument := ""
	if len(args) == 3 {
		argument = args[2]
	}
	switch strings.Join(args[1:min(2, len(args))], "") {
	case "status":
		b.mu.Lock()
		_, err := fmt.Sscan(argument, &b.code)
		b.mu.Unlock()
		ts.Check(err)
	case "body":
		b.mu.Lock()
		b.body = argument
		b.mu.Unlock()
	case "after":
		after, err := time.ParseDuration(argument)
		ts.Check(err)
		b.mu.Lock()
		b.after = after
		b.mu.Unlock()
	case "hang":
		b.wait(true)
	case "well":
		b.mu.Lock()
		b.code = http.StatusOK
		b.mu.Unlock()
		b.wait(false)
	case "die":
		b.die()
	case "live":
		ts.Check(b.live())
	default:
		ts.Fatalf("a backend cannot %q", args[1:])
	}
}

// startBackend makes a backend on the port that all backends of a script have; $BACKEND is it.
func startBackend(ts *testscript.TestScript, backends map[string]*backend, name, host string) {
	port := "0"
	for other := range maps.Values(backends) {
		_, port, _ = net.SplitHostPort(other.addr)
	}
	b := &backend{addr: net.JoinHostPort(host, port), code: http.StatusOK, body: "ok"}
	err := b.live()
	for tries := 0; port == "0" && errors.Is(err, syscall.EADDRINUSE) && tries < 10; tries++ {
		err = b.live()
	}
	ts.Check(err)
	backends[name] = b
	ts.Defer(func() {
		b.wait(false)
		b.die()
	})
	_, port, _ = net.SplitHostPort(b.addr)
	ts.Setenv("BACKEND", port)
}

// hitsCommand prints how many requests a backend got.
func hitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || backendsOf(ts)[args[0]] == nil {
		ts.Fatalf("usage: hits NAME")
	}
	b := backendsOf(ts)[args[0]]
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(ts.Stdout(), "%d\n", b.hits)
}

// awaitHitsCommand waits for so many more requests to a backend.
func awaitHitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	more := 0
	if len(args) == 2 {
		_, err := fmt.Sscan(args[1], &more)
		ts.Check(err)
	}
	if neg || more == 0 || backendsOf(ts)[args[0]] == nil {
		ts.Fatalf("usage: await-hits NAME COUNT")
	}
	b := backendsOf(ts)[args[0]]
	count := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.hits
	}
	first := count()
	until(ts, fmt.Sprintf("%d requests", more), func() (bool, string) {
		now := count()
		return now-first >= more, fmt.Sprint(now - first)
	})
}

// postCommand sends text to a page of the admin server and prints what that says.
func postCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 3 {
		ts.Fatalf("usage: post PATH [TEXT [TOKEN]]")
	}
	text, token := "", ""
	if len(args) > 1 {
		text = args[1]
	}
	if len(args) > 2 {
		token = args[2]
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+running(ts).admin+args[0], strings.NewReader(text))
	ts.Check(err)
	if text != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s", response.StatusCode, body)
}

// launchCommand is serve without the wait, for what can be seen before.
func launchCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: launch DIR [FLAG…]")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	admin := listener.Addr().String()
	ts.Check(listener.Close())
	begin(ts, append(args, "--admin", admin)).admin = admin
	ts.Setenv("ADMIN", admin)
}

func attendCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: attend")
	}
	running(ts).attend(ts)
}

// stateFiles is what the script's servers remember of health.
func stateFiles(ts *testscript.TestScript) []string {
	files, err := filepath.Glob(filepath.Join(ts.Getenv("STATE_DIRECTORY"), "health-*.json"))
	ts.Check(err)
	return files
}

func rememberedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: remembered REGEXP")
	}
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	until(ts, fmt.Sprintf("a state that matches %q", args[0]), func() (bool, string) {
		for _, file := range stateFiles(ts) {
			text, err := os.ReadFile(file)
			ts.Check(err)
			if pattern.Match(text) {
				return true, ""
			}
		}
		return false, "none that does"
	})
}

func damageCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: damage")
	}
	for _, file := range stateFiles(ts) {
		info, err := os.Stat(file)
		ts.Check(err)
		ts.Check(os.Truncate(file, info.Size()/2))
	}
}
