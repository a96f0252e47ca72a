package answer

import (
	"math"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/querylog"
)

// logged returns a routed worker that fills a query log, and the rings.
func logged(t testing.TB) (*Worker, *querylog.Rings) {
	w, _ := routedWorker(t, routedZone)
	rings := new(querylog.Rings)
	w.server.LogTo(rings)
	rings.Switch(true)
	return w, rings
}

func askRaw(w *Worker, raw, pkt []byte) {
	w.Begin()
	w.Respond(pkt, copy(pkt, raw), testClient, false)
	w.End()
}

func entries(rings *querylog.Rings) (list []querylog.Entry) {
	rings.Each(func(r *querylog.Ring) {
		for rest := r.Take(nil); len(rest) > 0; {
			var e querylog.Entry
			rest = e.Next(rest)
			list = append(list, e)
		}
	})
	return list
}

// Protects what is logged of a query: who asked, what was picked along a chain and no other, the view and the response; and that turning the log
// off and on again is followed.
func TestQueryLogEntries(t *testing.T) {
	w, rings := logged(t)
	pkt := make([]byte, 4096)
	query := func(name string) {
		m := new(dns.Msg).SetQuestion(name, dns.TypeA)
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{203, 0, 113, 0}}}
		raw, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		askRaw(w, raw, pkt)
	}
	query("off.example.com.")
	query("ns1.example.com.")
	query("pair.example.com.")
	rings.Switch(false)
	query("pair.example.com.")
	rings.Switch(true)
	query("example.org.")
	got := entries(rings)
	for i, want := range []struct{ picked, view string }{{"192.0.2.2", "public"}, {"", "public"}, {"both", "public"}, {"", ""}} {
		if i >= len(got) {
			t.Fatalf("got %d entries, want 4", len(got))
		}
		e := &got[i]
		if string(e.Picked) != want.picked || e.View != want.view || e.Client != testClient.Addr() || e.Subnet.String() != "203.0.113.0/24" || e.Dropped || e.TCP {
			t.Errorf("entry %d: got %+v (picked %q), want %+v", i, *e, e.Picked, want)
		}
		if m := new(dns.Msg); m.Unpack(e.Message) != nil || !m.Response {
			t.Errorf("entry %d: %x is no response", i, e.Message)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %d entries, want 4", len(got))
	}
}

// Protects the hot path: a query that is logged costs no allocation, routed or not, also while nobody reads the log.
func TestQueryLogAllocs(t *testing.T) {
	w, _ := logged(t)
	pkt := make([]byte, 4096)
	for _, name := range []string{"app.example.com.", "cn.example.com.", "ns1.example.com."} {
		raw, _ := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		least := math.Inf(1)
		for range 5 { // the plugin host may be starting an instance beside one of them
			least = min(least, testing.AllocsPerRun(5_000, func() { askRaw(w, raw, pkt) }))
		}
		if least != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, least)
		}
	}
}

func BenchmarkQueryLog(b *testing.B) {
	for _, c := range []struct {
		label string
		on    bool
	}{{"off", false}, {"on", true}} {
		b.Run(c.label, func(b *testing.B) {
			w, rings := logged(b)
			rings.Switch(c.on)
			raw, _ := new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA).Pack()
			pkt := make([]byte, 4096)
			buf := make([]byte, 0, querylog.RingLen)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%32 == 0 {
					w.End()
					w.Begin()
				}
				if i%1024 == 0 {
					rings.Each(func(r *querylog.Ring) { buf = r.Take(buf[:0]) })
				}
				w.Respond(pkt, copy(pkt, raw), testClient, false)
			}
		})
	}
}
