package attempt

import (
	"context"
	"net"
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
	secured := defaults(config.CheckHTTPS)
	for endpoint, c := range map[string]*config.Check{"example.com": defaults(config.CheckHTTP), "192.0.2.1": secured} {
		p, err := New("web", c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if loop.Go(p, endpoint, func(Result) {}) {
			t.Errorf("%s %s was taken", c.Kind, endpoint)
		}
	}
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
