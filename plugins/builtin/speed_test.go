package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"signpost/host/geo"
	"signpost/host/plugin"
	"signpost/host/policy"
)

// samples writes a policy of a plugin with any number of candidates; none of them is beside the point of a decision.
var samples = map[string]func(i int) string{
	"simple":     func(i int) string { return "" },
	"multivalue": func(i int) string { return "" },
	"weighted":   func(i int) string { return fmt.Sprintf("weight=%d", i%255+1) },
	"sticky":     func(i int) string { return fmt.Sprintf("weight=%d", i+1) },
	"failover":   func(i int) string { return fmt.Sprintf("priority=%d", 1024-i) },
	"latency":    func(i int) string { return fmt.Sprintf("region=%d,%d", i%90, i%180) },
	"geoproximity": func(i int) string {
		return fmt.Sprintf("region=%d,%d bias=%d", i%90, i%180, i%50)
	},
	"geolocation": func(i int) string {
		countries := []string{"NL,BE,LU", "DE,AT,CH", "US", "CA,MX", "JP,KR", "BR", "ZA"}
		if i == 0 {
			return "default=yes"
		}
		return fmt.Sprintf("country=%s asn=%d", countries[i%len(countries)], 64496+i)
	},
	"ip-based": func(i int) string { return fmt.Sprintf("networks=10.%d.%d.0/24,10.%d.64.0/20", i%256, i/256, i%256) },
	"split-horizon": func(i int) string {
		return fmt.Sprintf("clients=10.%d.%d.0/22,11.%d.%d.0/22", i%256, 64+4*(i/256), i%256, 4*(i/256))
	},
}

// sample returns a policy of a plugin with so many candidates, and facts that are about the client of most of them.
func sample(t testing.TB, h *plugin.Host, name string, count int) (*policy.Policy, *policy.Facts) {
	t.Helper()
	g := &golden{}
	for i := range count {
		g.candidates = append(g.candidates, strings.TrimSpace(fmt.Sprintf("id=c%d %s", i, samples[name](i))))
	}
	p, diags := h.Route(g.spec(name, nil), plugin.Terms{})
	if p == nil {
		t.Fatalf("%s with %d candidates: %v", name, count, diags)
	}
	f := &policy.Facts{Client: netip.MustParsePrefix("10.1.64.9/32"), PlaceBits: placeBits, LatencyBits: latencyBits,
		Place: geo.Place{Continent: [2]byte{'E', 'U'}, Country: [2]byte{'N', 'L'}, ASN: 65000, Located: true, Latitude: 52.3, Longitude: 4.9}}
	for i := range count {
		f.Latency = append(f.Latency, geo.Latency{Micros: uint32(90_000 - 1_000*i), Source: geo.Measured})
	}
	return p, f
}

// Protects large policies: with as many candidates as there may be, each plugin accepts and decides within its fuel; and so with a thousand
// networks, which is what Route 53 allows in a collection, and with ten thousand.
func TestLarge(t *testing.T) {
	h := guests(t)
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	for name := range samples {
		p, f := sample(t, h, name, policy.CandidateMax)
		if w.Decide(p, f, &d); d.Fallback || d.Total == 0 {
			t.Errorf("%s: got fallback %v, total %d", name, d.Fallback, d.Total)
		}
	}
	g := &golden{}
	for i := range policy.CandidateMax {
		g.candidates = append(g.candidates, fmt.Sprintf("id=c%d clients=11.%d.%d.0/24,10.0.0.0/%d", i, i/256, i%256, 8+i%8))
	}
	p, diags := h.Route(g.spec("split-horizon", nil), plugin.Terms{})
	if p == nil {
		t.Fatalf("split-horizon with lists that all overlap: %v", diags)
	}
	if w.Decide(p, &policy.Facts{Client: netip.MustParsePrefix("10.0.0.1/32")}, &d); d.Fallback || d.Weights[0] != 1 || d.Total != 1 || d.Fuel > 50_000 {
		t.Errorf("split-horizon with lists that all overlap: got %+v, want the first one for little fuel", d)
	}
	for _, count := range []int{1000, 10_000} {
		collections := map[string][]netip.Prefix{}
		for i := range count {
			name := "odd"
			if i%2 == 0 {
				name = "even"
			}
			addr := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0})
			collections[name] = append(collections[name], netip.PrefixFrom(addr, 24))
		}
		for name, attribute := range map[string]string{"ip-based": "networks", "split-horizon": "clients"} {
			g := &golden{candidates: []string{attribute + "=odd id=odd", attribute + "=even id=even"}}
			p, diags := h.Route(g.spec(name, nil), plugin.Terms{Collections: collections})
			if p == nil {
				t.Fatalf("%s with %d networks: %v", name, count, diags)
			}
			start := time.Now()
			w.Decide(p, &policy.Facts{Client: netip.MustParsePrefix("10.1.2.3/32")}, &d)
			t.Logf("%s with %d networks: the first decision, which configures, took %v", name, count, time.Since(start))
			if d.Fallback || d.Total != 1 || d.Weights[1] != 1 || d.Scope4 != 24 {
				t.Errorf("%s with %d networks: got %+v, want the even one for a /24", name, count, d)
			}
		}
	}
}

// Protects pools of the largest size: all candidates but one are for the same clients, and down, which is the longest way to an answer.
func TestLargePoolDown(t *testing.T) {
	h := guests(t)
	w := h.NewWorker()
	defer w.Close()
	for name, lines := range map[string][2]string{
		"split-horizon": {"clients=10.0.0.0/8,10.1.0.0/16,192.0.2.0/24", "clients=11.0.0.0/8"},
		"ip-based":      {"networks=10.0.0.0/8,10.1.0.0/16,192.0.2.0/24", "networks=11.0.0.0/8"},
		"geolocation":   {"continent=EU country=NL", "country=US"},
	} {
		g := &golden{candidates: []string{lines[1] + " id=other"}}
		f := &policy.Facts{Client: netip.MustParsePrefix("10.1.64.9/32"), Place: geo.Place{Continent: [2]byte{'E', 'U'}, Country: [2]byte{'N', 'L'}}, Health: []policy.Health{policy.Up}}
		for i := range policy.CandidateMax - 1 {
			g.candidates = append(g.candidates, fmt.Sprintf("%s id=c%d", lines[0], i))
			f.Health = append(f.Health, policy.Down)
		}
		p, diags := h.Route(g.spec(name, nil), plugin.Terms{})
		if p == nil {
			t.Fatalf("%s: %v", name, diags)
		}
		var d policy.Decision
		if w.Decide(p, f, &d); d.Fallback || !d.FailOpen || d.Total != policy.CandidateMax-1 || d.Weights[0] != 0 {
			t.Errorf("%s: got fallback %v, fail open %v, total %d after %d fuel; want all but the first", name, d.Fallback, d.FailOpen, d.Total, d.Fuel)
		}
	}
}

// Protects the query path: no policy allocates when it decides, in the host or in a way that fills the guest's memory.
func TestDecideAllocs(t *testing.T) {
	h := guests(t)
	w := h.NewWorker()
	defer w.Close()
	for name := range samples {
		p, f := sample(t, h, name, 8)
		var d policy.Decision
		w.Decide(p, f, &d)
		for deadline := time.Now().Add(time.Minute); testing.AllocsPerRun(100, func() { w.Decide(p, f, &d) }) != 0; {
			if time.Now().After(deadline) { // the host starts a spare instance beside the first decisions
				t.Fatalf("%s: a decision allocates", name)
			}
		}
		if d.Fallback || d.Total == 0 {
			t.Errorf("%s: got %+v, want an answer", name, d)
		}
	}
}

// BenchmarkDecide is a decision of each plugin in the sandbox, facts and result included.
func BenchmarkDecide(b *testing.B) {
	h := guests(b)
	w := h.NewWorker()
	defer w.Close()
	for _, name := range []string{"simple", "weighted", "failover", "latency", "split-horizon", "geolocation", "geoproximity", "multivalue", "ip-based", "sticky"} {
		for _, count := range []int{2, 8, 64} {
			b.Run(fmt.Sprintf("%s-%d", name, count), func(b *testing.B) {
				p, f := sample(b, h, name, count)
				var d policy.Decision
				w.Decide(p, f, &d)
				b.ReportAllocs()
				for b.Loop() {
					w.Decide(p, f, &d)
				}
				if d.Fallback {
					b.Fatal("a plugin failed")
				}
				b.ReportMetric(float64(d.Fuel), "fuel/op")
			})
		}
	}
}
