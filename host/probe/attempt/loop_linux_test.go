package attempt

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signpost/host/config"
)

// Protects probes from those beside them: endpoints that hang neither delay others nor are given more than their time, and nothing is left when the
// context is done.
func TestLoopOfMany(t *testing.T) {
	leakless(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	loop := NewLoop(ctx)
	checked := func(respond time.Duration, behave func(net.Conn)) Prober {
		c := defaults(config.CheckHTTP)
		c.Connect, c.Respond, c.HTTP.Port = 10*time.Second, respond, serve(t, behave)
		p, err := New("web", c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	const each = backlogMost / 4
	var hung, stopping, good sync.WaitGroup
	var late, bad atomic.Int64
	begin := func(p Prober, group *sync.WaitGroup, look func(Result)) {
		group.Add(each)
		for range each {
			if !loop.Go(p, "127.0.0.1", func(r Result) { look(r); group.Done() }) {
				t.Fatal("not taken")
			}
		}
	}
	begin(checked(time.Hour, hold), &stopping, func(r Result) {
		if r.Text != "stopped" || ctx.Err() == nil {
			bad.Add(1)
		}
	})
	begin(checked(time.Second, hold), &hung, func(r Result) {
		if r.OK || r.Text != "response timeout after 1s" || r.Took < time.Second {
			bad.Add(1)
		}
		if r.Took > 5*time.Second {
			late.Add(1)
		}
	})
	begin(checked(10*time.Second, response(ok+"Content-Length: 0\r\nConnection: close\r\n\r\n")), &good, func(r Result) {
		if !r.OK {
			bad.Add(1)
		}
	})
	good.Wait() // while the first hang
	hung.Wait()
	cancel()
	stopping.Wait()
	loop.Wait()
	if late.Load()+bad.Load() > 0 {
		t.Errorf("%d were late, %d otherwise wrong", late.Load(), bad.Load())
	}
	if loop.Go(checked(time.Second, hold), "127.0.0.1", func(Result) {}) {
		t.Error("a loop that is over takes an attempt")
	}
}

// Protects attempts that must have a goroutine of their own from a Loop, and the loop from them.
func TestLoopRefuses(t *testing.T) {
	loop := NewLoop(t.Context())
	matched := defaults(config.CheckHTTP)
	matched.HTTP.Regex = regexp.MustCompile("fine")
	for _, heavy := range []struct {
		check    *config.Check
		endpoint string
		why      string
	}{
		{defaults(config.CheckHTTP), "example.com", "asks a resolver"},
		{defaults(config.CheckTCP), "fe80::1%eth0", "asks the system for an interface"},
		{defaults(config.CheckHTTPS), "192.0.2.1", "ciphers"},
		{matched, "192.0.2.1", "matches up to a whole body"},
	} {
		p, err := New("web", heavy.check, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if loop.Go(p, heavy.endpoint, func(Result) {}) {
			t.Errorf("%s %s, which %s, was taken", heavy.check.Kind, heavy.endpoint, heavy.why)
		}
	}
}

// Protects verdicts from whatever holds the loop up, here a result that nobody takes over: who has answered in time is not told to be late.
func TestLoopHeldUp(t *testing.T) {
	leakless(t)
	ctx, cancel := context.WithCancel(t.Context())
	loop := NewLoop(ctx)
	defer loop.Wait()
	defer cancel()
	const many = backlogMost * 3 / 4 // more than one look finds
	var asked, answered sync.WaitGroup
	answer := make(chan struct{})
	c := defaults(config.CheckTCP)
	c.Respond, c.TCP.Expect = 2*time.Second, "pong"
	c.TCP.Port = serve(t, func(conn net.Conn) {
		asked.Done()
		<-answer
		io.WriteString(conn, "pong")
		answered.Done()
		conn.Read(make([]byte, 1)) // until the other side closes
	})
	begin := func(c *config.Check, done func(Result)) {
		p, err := New("web", c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !loop.Go(p, "127.0.0.1", done) {
			t.Fatal("not taken")
		}
	}
	asked.Add(many)
	answered.Add(many)
	landed := make(chan Result, many)
	for range many {
		begin(c, func(r Result) { landed <- r })
	}
	asked.Wait()
	closed, held, release := defaults(config.CheckTCP), make(chan struct{}), make(chan struct{})
	closed.TCP.Port = closedPort(t)
	begin(closed, func(Result) { close(held); <-release })
	<-held
	close(answer)
	answered.Wait()
	<-time.After(c.Respond + 50*time.Millisecond)
	close(release)
	late := 0
	for range many {
		if r := <-landed; !r.OK {
			late++
		}
	}
	if late > 0 {
		t.Errorf("%d of %d that answered in time failed", late, many)
	}
}

// breaks is a Prober with a bug.
type breaks struct{}

func (breaks) Attempt(context.Context, string) Result { panic("broken") }
func (breaks) Close()                                 {}

// Protects whoever looks for a bug: what panics in an attempt is told with where it did.
func TestLoopPanics(t *testing.T) {
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "broken") || !strings.Contains(text, "breaks.Attempt") {
			t.Errorf("got %s, want the attempt's stack", text)
		}
	}()
	NewLoop(t.Context()).begin(job{breaks{}, "192.0.2.1", func(Result) {}})
}

// Protects probes on an overloaded machine: a loop that is behind leaves attempts to goroutines of their own, and makes those that it took.
func TestLoopBehind(t *testing.T) {
	leakless(t)
	ctx, cancel := context.WithCancel(t.Context())
	loop := NewLoop(ctx)
	defer loop.Wait()
	defer cancel()
	c := defaults(config.CheckTCP)
	c.TCP.Port = closedPort(t)
	p, err := New("web", c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	stuck, landed, taken := make(chan struct{}), make(chan Result, 3*backlogMost), 0
	for ; loop.Go(p, "127.0.0.1", func(r Result) { <-stuck; landed <- r }); taken++ {
		if taken > 2*backlogMost {
			t.Fatal("it takes all")
		}
	}
	close(stuck)
	for range taken {
		if r := <-landed; r.Text != "connect refused" {
			t.Errorf("got %+v", r)
		}
	}
}
