package main

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// serveDNS answers on loopback with handle until the test ends, and returns the address.
func serveDNS(t *testing.T, handle func(*dns.Msg) *dns.Msg) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var one sync.Mutex // handlers run side by side
	s := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		one.Lock()
		defer one.Unlock()
		if reply := handle(q); reply != nil {
			_ = w.WriteMsg(reply) // a test that wants it fails without it
		}
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}

// respond builds a response from lines of records: answer, authority, additional separated by "--".
func respond(q *dns.Msg, rcode int, authoritative bool, lines ...string) *dns.Msg {
	m := new(dns.Msg)
	m.SetRcode(q, rcode)
	m.Authoritative = authoritative
	sections := []*[]dns.RR{&m.Answer, &m.Ns, &m.Extra}
	for _, line := range lines {
		if line == "--" {
			sections = sections[1:]
			continue
		}
		rr, err := dns.NewRR(line)
		if err != nil {
			panic(err)
		}
		*sections[0] = append(*sections[0], rr)
	}
	return m
}

func TestCheckResponse(t *testing.T) {
	const good = dns.RcodeSuccess
	ask := func(name string) *dns.Msg { m := new(dns.Msg); m.SetQuestion(name, dns.TypeA); return m }
	for _, c := range []struct {
		name  string
		kind  kind
		reply *dns.Msg
		want  string // part of the error; empty: none
	}{
		{"host", kindHost, respond(ask("h5."), good, true, "h5. A 10.0.0.5"), ""},
		{"refused", kindHost, respond(ask("h5."), dns.RcodeRefused, false), "rcode REFUSED, want NOERROR"},
		{"other address", kindHost, respond(ask("h5."), good, true, "h5. A 10.0.0.6"), `address "10.0.0.6"`},
		{"not authoritative", kindHost, respond(ask("h5."), good, false, "h5. A 10.0.0.5"), "AA false"},
		{"no data", kindHost, respond(ask("h5."), good, true), "0 records"},
		{"missing", kindMissing, respond(ask("x."), dns.RcodeNameError, true, "--", "e. SOA a. b. 1 2 3 4 5"), ""},
		{"missing without SOA", kindMissing, respond(ask("x."), dns.RcodeNameError, true), "one SOA"},
		{"wildcard", kindWildcard, respond(ask("w."), good, true, "w. A "+wildcardAddr), ""},
		{"referral", kindReferral, respond(ask("d."), good, false, "--", "d. NS ns.d.", "--", "ns.d. A "+glueAddr), ""},
		{"referral without glue", kindReferral, respond(ask("d."), good, false, "--", "d. NS ns.d."), "glue"},
		{"alias", kindAlias, respond(ask("c."), good, true, "c. CNAME h."), ""},
		{"alias and target", kindAlias, respond(ask("c."), good, true, "c. CNAME h.", "h. A 10.0.0.5"), ""},
		{"alias flattened", kindAlias, respond(ask("c."), good, true, "c. A 10.0.0.5"), "CNAME first"},
		{"routed, light", kindRouted, respond(ask("w."), good, true, "w. A "+lightAddr), ""},
		{"routed, both", kindRouted, respond(ask("w."), good, true, "w. A "+lightAddr, "w. A "+heavyAddr), "2 records"},
	} {
		err := query{kind: c.kind, index: 5}.check(c.reply)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// A server that ignores the weights is not measured.
func TestVerifyWeights(t *testing.T) {
	routed := queryLoads(10)[2]
	for _, c := range []struct {
		name  string
		every int // the light address comes once in so many
		want  string
	}{{"90/10", 10, ""}, {"50/50", 2, "50.0 %"}, {"only one", 1 << 30, "100.0 %"}} {
		n := 0
		addr := serveDNS(t, func(q *dns.Msg) *dns.Msg {
			n++
			if n%c.every == 0 {
				return respond(q, dns.RcodeSuccess, true, q.Question[0].Name+" A "+lightAddr)
			}
			return respond(q, dns.RcodeSuccess, true, q.Question[0].Name+" A "+heavyAddr)
		})
		_, err := verify(addr, peer{}, routed, routed.queries(10, 1000))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// The poll outlasts wrong answers and takes the first right one; a server that ends ends the poll.
func TestPollUntil(t *testing.T) {
	var n atomic.Int32
	addr := serveDNS(t, func(q *dns.Msg) *dns.Msg {
		switch n := n.Add(1); {
		case n < 3:
			return nil
		case n < 6:
			return respond(q, dns.RcodeServerFailure, false)
		case n < 9:
			return respond(q, dns.RcodeSuccess, true, "h5.bench.example. A 10.0.0.5")
		}
		return respond(q, dns.RcodeSuccess, true, "h5.bench.example. A "+editedAddr(1).String())
	})
	running := func() error { return nil }
	if _, err := pollUntil(t.Context(), addr, "h5.bench.example", acceptAddress(editedAddr(1)), running); err != nil || n.Load() < 9 {
		t.Errorf("got %v after %d queries, want no error after 9", err, n.Load())
	}
	ended := func() error { return net.ErrClosed }
	if _, err := pollUntil(t.Context(), addr, "h5.bench.example", acceptAddress(editedAddr(2)), ended); err == nil {
		t.Error("a server that has ended: no error")
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := pollUntil(short, addr, "h5.bench.example", acceptAddress(editedAddr(2)), running); err == nil {
		t.Error("an answer that never comes: no error")
	}
}

// The prober keeps its pace past answers that do not come, and knows which they were.
func TestProber(t *testing.T) {
	addr := serveDNS(t, func(q *dns.Msg) *dns.Msg {
		switch q.Question[0].Name {
		case "silent.":
			return nil
		case "refused.":
			return respond(q, dns.RcodeRefused, false)
		}
		return respond(q, dns.RcodeSuccess, true)
	})
	for _, c := range []struct {
		name string
		lost bool
	}{{"good", false}, {"silent", true}, {"refused", true}} {
		p, err := startProber(t.Context(), addr, []string{c.name}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Now()
		sleepUntil(t.Context(), from.Add(50*time.Millisecond))
		samples := p.stop()
		latencies, lost := between(samples, from.Add(-time.Second), time.Now())
		if len(latencies) < 20 || (lost == len(latencies)) != c.lost || lost > 0 && !c.lost {
			t.Errorf("%s: %d of %d queries lost, want all: %t", c.name, lost, len(latencies), c.lost)
		}
	}
}

func TestBetween(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	samples := []sample{{at(0), 1}, {at(10), 2}, {at(15), 0}, {at(20), 3}}
	got, lost := between(samples, at(10), at(20))
	if want := []time.Duration{2, lostLatency}; !slices.Equal(got, want) || lost != 1 {
		t.Errorf("got %v, %d lost; want %v, 1", got, lost, want)
	}
}
