package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// A run of dnsperf 2.10.0 -v: lines of answers, of a timeout, of an interruption, and the summary.
const perfOutput = `DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 127.0.0.1 -p 6100 -d q.txt -n 2 -v
[Status] Sending queries (to 127.0.0.1:6100)
[Status] Started at: Sun Nov 22 17:54:55 2026
> NOERROR n0.bench.example A 0.000247
> NXDOMAIN nope.bench.example A 0.000168
> T n1.bench.example A
> I n2.bench.example A
> NOERROR c0.bench.example A 1.000041
[Status] Testing complete (end of file)

Statistics:

  Queries sent:         5
  Queries completed:    3 (60.00%)
  Queries lost:         1 (20.00%)

  Response codes:       NOERROR 2 (66.67%), NXDOMAIN 1 (33.33%)
  Average packet size:  request 34, response 62
  Run time (s):         0.001500
  Queries per second:   2000.000000

  Average Latency (s):  0.000120 (min 0.000035, max 0.000247)
  Latency StdDev (s):   0.000080
`

func TestParsePerf(t *testing.T) {
	got, err := parsePerf(strings.NewReader(perfOutput))
	if err != nil {
		t.Fatalf("parsePerf: %v", err)
	}
	if got.completed != 3 || got.lost != 1 || got.seconds != 0.0015 || got.qps() != 2000 {
		t.Errorf("completed %d, lost %d, seconds %g, qps %g; want 3, 1, 0.0015, 2000", got.completed, got.lost, got.seconds, got.qps())
	}
	if want := map[string]int{"NOERROR": 2, "NXDOMAIN": 1}; !maps.Equal(got.rcodes, want) {
		t.Errorf("rcodes %v, want %v", got.rcodes, want)
	}
	if want := []time.Duration{247 * time.Microsecond, 168 * time.Microsecond, 1000041 * time.Microsecond}; !slices.Equal(got.latencies, want) {
		t.Errorf("latencies %v, want %v", got.latencies, want)
	}
}

func TestParsePerfRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"no statistics":     "[Status] Sending queries\nError: unable to connect\n",
		"bad count":         strings.Replace(perfOutput, "completed:    3", "completed:    many", 1),
		"bad latency":       strings.Replace(perfOutput, "0.000247\n", "fast\n", 1),
		"no queries lost":   strings.Replace(perfOutput, "Queries lost", "Queries found", 1),
		"nothing was timed": strings.Replace(perfOutput, "0.001500", "0.000000", 1),
	} {
		if got, err := parsePerf(strings.NewReader(text)); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

// Protects the figures from a server that answers fast but wrongly.
func TestCheckRcodes(t *testing.T) {
	loads := queryLoads(1000)
	static, mixed := loads[0], loads[1]
	for _, c := range []struct {
		name   string
		load   load
		rcodes map[string]int
		good   bool
	}{
		{"all found", static, map[string]int{"NOERROR": 1000}, true},
		{"all refused", static, map[string]int{"REFUSED": 1000}, false},
		{"some servfail", static, map[string]int{"NOERROR": 999, "SERVFAIL": 1}, false},
		{"names are missing", static, map[string]int{"NOERROR": 900, "NXDOMAIN": 100}, false},
		{"mixed as it should be", mixed, map[string]int{"NOERROR": 805, "NXDOMAIN": 195}, true},
		{"mixed, everything found", mixed, map[string]int{"NOERROR": 1000}, false},
	} {
		if err := (perfResult{completed: 1000, rcodes: c.rcodes}).checkRcodes(c.load); (err == nil) != c.good {
			t.Errorf("%s: checkRcodes(%v) = %v, want good %t", c.name, c.rcodes, err, c.good)
		}
	}
}

func TestPercentile(t *testing.T) {
	values := make([]time.Duration, 100)
	for i := range values {
		values[i] = time.Duration(100 - i)
	}
	for _, c := range []struct {
		p    float64
		want time.Duration
	}{{0.5, 50}, {0.99, 99}, {0.991, 100}, {1, 100}, {0.001, 1}} {
		if got := percentile(values, c.p); got != c.want {
			t.Errorf("percentile of 1..100 at %g = %d, want %d", c.p, got, c.want)
		}
	}
	if got := percentile(nil, 0.5); got != 0 {
		t.Errorf("percentile of nothing = %d, want 0", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %g, want %g", c.values, got, c.want)
		}
	}
}
