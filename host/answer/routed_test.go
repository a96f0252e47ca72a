package answer

import (
	"context"
	"fmt"
	"math"
	"os"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/compile"
	"signpost/host/config"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/zone"
	"signpost/plugins"
)

// builtin is the plugin host of all tests: it takes a second to compile, or ten with the race detector unless there is a cache.
var builtin = sync.OnceValues(func() (*plugin.Host, error) {
	h, err := plugin.New(context.Background(), plugin.Options{Builtin: plugins.Builtin(), CacheDir: os.Getenv("CACHE_DIRECTORY")})
	if err == nil {
		<-h.Ready()
		err = h.Err()
	}
	return h, err
})

// routedWorker answers from one zone, example.com, whose annotations the real plugins read.
func routedWorker(t testing.TB, text string) (*Worker, *zone.Zone) {
	t.Helper()
	h, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	text = "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\n NS ns1\nns1 A 192.0.2.53\n" + text
	z, _, diags := compile.Compile(compile.Source{
		Path: "test.zone", Origin: []byte("\x07example\x03com\x00"), Checks: map[string]bool{"web": true}, Open: func(string) ([]byte, error) { return []byte(text), nil },
	}, h)
	if z == nil {
		t.Fatal(diags)
	}
	store := new(zone.Store)
	store.Publish(&zone.Snapshot{Generation: 1, Config: config.Default(), Views: []*zone.View{zone.NewView("public", nil, []*zone.Zone{z})}})
	w := NewServer(store, h, nil, new(metrics.Set)).NewWorker()
	t.Cleanup(w.Close)
	return w, z
}

const routedZone = `
app  60 A 192.0.2.10   ;@ weighted id=production weight=90
app  60 A 198.51.100.7 ;@ weighted id=canary weight=10
off     A 192.0.2.1    ;@ weighted weight=0
off     A 192.0.2.2    ;@ weighted weight=5
zero    A 192.0.2.1    ;@ weighted weight=0
zero    A 192.0.2.2    ;@ weighted weight=0
pair    A 192.0.2.1    ;@ weighted id=both weight=1
pair    A 192.0.2.2    ;@ weighted id=both weight=1
*.w     A 192.0.2.1    ;@ weighted weight=3
*.w     A 192.0.2.2    ;@ weighted weight=1
cn      CNAME app      ;@ weighted weight=1
cn      CNAME ns1      ;@ weighted weight=1
al      ALIAS app
`

// Protects Route 53's rules for weights end to end: zone text → Wasm guest → packet.
func TestWeightedAnswers(t *testing.T) {
	w, _ := routedWorker(t, routedZone)
	const draws = 20_000
	for _, c := range []struct {
		name string
		want map[string]float64 // share of each address
	}{
		{"app.example.com", map[string]float64{"192.0.2.10": 0.9, "198.51.100.7": 0.1}},
		{"off.example.com", map[string]float64{"192.0.2.2": 1}},
		{"zero.example.com", map[string]float64{"192.0.2.1": 0.5, "192.0.2.2": 0.5}},
		{"x.w.example.com", map[string]float64{"192.0.2.1": 0.75, "192.0.2.2": 0.25}},
		{"cn.example.com", map[string]float64{"192.0.2.10": 0.45, "198.51.100.7": 0.05, "192.0.2.53": 0.5}},
		{"al.example.com", map[string]float64{"192.0.2.10": 0.9, "198.51.100.7": 0.1}},
	} {
		got := map[string]int{}
		for range draws {
			m := ask(t, w, c.name, "A")
			got[m.Answer[len(m.Answer)-1].(*dns.A).A.String()]++
		}
		for address, share := range c.want {
			// Six standard deviations: one false alarm in 500 million.
			if slack := 6 * math.Sqrt(share*(1-share)*draws); math.Abs(float64(got[address])-share*draws) > slack {
				t.Errorf("%s: got %v of %d, want shares %v", c.name, got, draws, c.want)
			}
			delete(got, address)
		}
		if len(got) > 0 {
			t.Errorf("%s: got also %v", c.name, got)
		}
	}
}

// Protects "lines with one id are one candidate with several values".
func TestCandidateOfTwoRecords(t *testing.T) {
	w, _ := routedWorker(t, routedZone)
	if m := ask(t, w, "pair.example.com", "A"); len(m.Answer) != 2 {
		t.Errorf("got %s, want both records of the one candidate", brief(m))
	}
}

// noAllocs runs answer until it allocates nothing: the plugin host makes spare instances behind a first decision, and the count is the whole
// process's.
func noAllocs(t *testing.T, name string, answer func()) {
	t.Helper()
	allocs := 1.0
	for range 100 {
		if allocs = testing.AllocsPerRun(100, answer); allocs == 0 {
			return
		}
	}
	t.Errorf("%s: got %v allocations, want 0", name, allocs)
}

// Protects the promise of package answer for routed names.
func TestRoutedAllocs(t *testing.T) {
	w, _ := routedWorker(t, routedZone)
	raw, _ := new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA).Pack()
	pkt := make([]byte, 4096)
	answer := func() {
		w.Begin()
		w.Respond(pkt, copy(pkt, raw), testClient, false)
		w.End()
	}
	noAllocs(t, "routed", answer)
}

// Protects what else a decision may say: several candidates at once, and a TTL for all of them, also behind an ALIAS.
func TestPickAndTTLCap(t *testing.T) {
	w, z := routedWorker(t, "multi A 192.0.2.1 ;@ weighted weight=1\nmulti A 192.0.2.2 ;@ weighted weight=1\nmulti A 192.0.2.3 ;@ weighted weight=0\nal ALIAS multi\n")
	ask(t, w, "multi.example.com", "A") // keeps the decision, which the rest changes
	d := w.kept[z.Policies[0]]
	d.Pick, d.TTLCap = 3, 7
	for _, name := range []string{"multi.example.com", "al.example.com"} {
		m := ask(t, w, name, "A")
		seen := map[string]bool{}
		for _, rr := range m.Answer {
			seen[rr.(*dns.A).A.String()] = true
			if rr.Header().Ttl != 7 || rr.Header().Name != name+"." {
				t.Errorf("%s: got %v, want the TTL of the decision", name, rr)
			}
		}
		if len(m.Answer) != 2 || !seen["192.0.2.1"] || !seen["192.0.2.2"] {
			t.Errorf("%s: got %s, want both candidates that have weight", name, brief(m))
		}
	}
}

// Protects what a name says whose plugins are not compiled yet.
func TestRoutedPending(t *testing.T) {
	w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": "app A 192.0.2.1 ;@ weighted weight=1\nwww A 192.0.2.2\n"}))
	query := new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA)
	query.SetEdns0(1232, false)
	m := exchange(t, w, query, false)
	ede, _ := m.IsEdns0().Option[0].(*dns.EDNS0_EDE)
	if m.Rcode != dns.RcodeServerFailure || ede == nil || ede.InfoCode != dns.ExtendedErrorCodeNotReady {
		t.Errorf("got %v, want SERVFAIL with the extended error Not Ready", m)
	}
	if m := ask(t, w, "www.example.com", "A"); len(m.Answer) != 1 {
		t.Errorf("the simple name beside it: got %s", brief(m))
	}
}

// BenchmarkRouted compares a routed answer, decision kept and decision made anew, with a static one.
func BenchmarkRouted(b *testing.B) {
	w, z := routedWorker(b, routedZone+"www A 192.0.2.80\n")
	pkt := make([]byte, 4096)
	for _, c := range []struct {
		name  string
		fresh bool
	}{{"www", false}, {"app", false}, {"app", true}} {
		raw, _ := new(dns.Msg).SetQuestion(c.name+".example.com.", dns.TypeA).Pack()
		b.Run(fmt.Sprintf("%s/fresh=%v", c.name, c.fresh), func(b *testing.B) {
			w.Begin()
			for b.Loop() {
				if c.fresh {
					w.plugins.Decide(z.Policies[0], &w.facts, &w.called)
				}
				w.Respond(pkt, copy(pkt, raw), testClient, false)
			}
			w.End()
		})
	}
}
