package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// patience is how long to wait for what has no promise.
const patience = time.Minute

// stage is all that plays along: two backends, a receiver of webhooks, and the server.
type stage struct {
	out              io.Writer
	began            time.Time
	primary, standby *backend
	hook             *hook
	server           *exec.Cmd
	addr             string // where the server answers
}

func newStage(out io.Writer) (*stage, error) {
	s := &stage{out: out, began: time.Now(), primary: new(backend), standby: new(backend), hook: &hook{texts: make(chan string, 100)}}
	return s, errors.Join(s.primary.start(), s.standby.start(), s.hook.start())
}

func (s *stage) close() {
	if s.server != nil {
		_ = s.server.Process.Signal(os.Interrupt)
		_ = s.server.Wait() // how it ended says nothing here
	}
	s.primary.close()
	s.standby.close()
	s.hook.close()
}

// tell prints one line with the time since the beginning.
func (s *stage) tell(format string, values ...any) {
	fmt.Fprintf(s.out, "%5.1f s  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, values...))
}

var listening = regexp.MustCompile(`listening +(\S+) \(`)

// serve starts the program and waits until it says where it listens.
func (s *stage) serve(ctx context.Context, binary, dir string) error {
	s.server = exec.CommandContext(ctx, binary, "serve", dir, "--listen", "127.0.0.1:0", "--admin", "off")
	s.server.Env = append(os.Environ(), "STATE_DIRECTORY="+dir)
	var complaints bytes.Buffer
	s.server.Stderr = &complaints
	output, err := s.server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.server.Start(); err != nil {
		s.server = nil
		return err
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			s.addr, s.began = found[1], time.Now()
			go func() { _, _ = io.Copy(io.Discard, output) }() // ends with the program
			s.tell("signpost serves %s", s.addr)
			return nil
		}
	}
	_ = s.server.Wait()
	s.server = nil
	return fmt.Errorf("signpost ended: %s", complaints.String())
}

// await asks until the answer is want, and prints how long that took and whether it was longer than within.
func (s *stage) await(ctx context.Context, want string, within time.Duration) error {
	began := time.Now()
	for {
		got, err := s.ask(ctx)
		took := time.Since(began)
		switch {
		case err != nil:
			return err
		case got == want:
			late := ""
			if took > within {
				late = ": late, is the machine busy?"
			}
			s.tell("dig app.example.com: %s, %.1f s later; promised within %.1f s%s", got, took.Seconds(), within.Seconds(), late)
			return nil
		case took > patience:
			return fmt.Errorf("still %s after %v", got, patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *stage) ask(ctx context.Context) (string, error) {
	reply, err := dns.ExchangeContext(ctx, new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA), s.addr)
	if err != nil {
		return "", err
	}
	if len(reply.Answer) != 1 {
		return "", fmt.Errorf("an answer of %d records:\n%v", len(reply.Answer), reply)
	}
	return strings.TrimPrefix(reply.Answer[0].String(), reply.Answer[0].Header().String()), nil
}

// web is an HTTP server on a free port of this machine.
type web struct {
	listener net.Listener
	server   http.Server
}

func (w *web) listen(handler http.HandlerFunc) (err error) {
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	w.server.Handler = handler
	go func() { _ = w.server.Serve(w.listener) }() // ends with close
	return nil
}

func (w *web) close()       { _ = w.server.Close() }
func (w *web) addr() string { return w.listener.Addr().String() }
func (w *web) port() int    { return w.listener.Addr().(*net.TCPAddr).Port }

// backend is a service with a page about its health.
type backend struct {
	web
	mu     sync.Mutex
	status int
	body   string
}

func (b *backend) start() error {
	b.say(http.StatusOK, "ok")
	return b.listen(func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		w.WriteHeader(b.status)
		_, _ = io.WriteString(w, b.body) // an error means that the prober has read enough
	})
}

func (b *backend) say(status int, body string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status, b.body = status, body
}

// hook receives notices as a chat would.
type hook struct {
	web
	texts chan string
}

func (h *hook) start() error {
	return h.listen(func(_ http.ResponseWriter, r *http.Request) {
		var message struct {
			Text string `json:"text"`
		}
		if json.NewDecoder(r.Body).Decode(&message) == nil {
			for line := range strings.Lines(message.Text) {
				h.texts <- strings.TrimSpace(line)
			}
		}
	})
}

// await returns the first notice with the words.
func (h *hook) await(ctx context.Context, words string) (string, error) {
	timeout := time.After(patience)
	for {
		select {
		case text := <-h.texts:
			if strings.Contains(text, words) {
				return text, nil
			}
		case <-ctx.Done():
			return "", ctx.Err()
		case <-timeout:
			return "", fmt.Errorf("no notice with %q", words)
		}
	}
}
