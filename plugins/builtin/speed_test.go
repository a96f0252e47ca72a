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
	"weighted":   func(i int) string { return fmt.Sprintf("weight=%d", i+1) },
	"sticky":     func(i int) string { return fmt.Sprintf("weight=%d", i+1) },
	"failover":   func(i int) string { return fmt.Sprintf("priority=%d", 1000-i) },
	"latency":    func(i int) string { return fmt.Sprintf("region=%d,%d", i, 2*i) },
	"geoproximity": func(i int) string {
		return fmt.Sprintf("region=%d,%d bias=%d", i, 2*i, i%50)
	},
	"geolocation": func(i int) string {
		countries := []string{"NL,BE,LU", "DE,AT,CH", "US", "CA,MX", "JP,KR", "BR", "ZA"}
		if i == 0 {
			return "default=yes"
		}
		return fmt.Sprintf("country=%s asn=%d", countries[i%len(countries)], 64496+i)
	},
	"ip-based": func(i int) string { return fmt.Sprintf("networks=10.%d.0.0/16,10.%d.64.0/20", i, 2*i) },
	"split-horizon": func(i int) string {
		if i == 63 {
			return ""
		}
		return fmt.Sprintf("clients=10.%d.64.0/20,10.%d.0.0/20", i, 2*i)
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
