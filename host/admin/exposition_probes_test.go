package admin

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/wire"
)

// startTargets serves the metrics of these targets, with counts of probes and an override.
func startTargets(t *testing.T, targets []Target) string {
	t.Helper()
	counters := &metrics.Set{}
	control := &counters.Control
	for _, target := range targets {
		control.Probes.Probed(target.Check, target.State == "up", 20*time.Millisecond)
	}
	control.Probes.Changed("web", int(policy.Down))
	control.Probes.Late.Add(3)
	control.Notices.Told("webhook", true)
	control.Notices.Dropped.Add(2)
	table := health.NewTable(nil)
	table.Replace("public", nil, []*policy.Policy{{Owner: "app.example.com.", Type: wire.TypeA, IDs: []string{"main"}, Checks: []string{"web"}}})
	table.Override(health.Query{Name: "app.example.com."}, health.Override{Force: health.ForceDown, Reason: "x"})
	state := &fixture{}
	state.status.Store(&Status{Loaded: true})
	s, err := Listen(Options{Addr: "127.0.0.1:0", State: state, Counters: counters, Health: table, Targets: func() []Target { return targets }})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Error(err) })
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + s.Addr().String()
}

// Protects the metrics of probing: values arrive under their names, and Prometheus's own linter has nothing to say.
func TestProbeMetrics(t *testing.T) {
	url := startTargets(t, []Target{
		{Check: "db", Endpoint: "192.0.2.3", State: "unknown"}, {Check: "web", Endpoint: "192.0.2.1", State: "up"}, {Check: "web", Endpoint: "192.0.2.2", State: "down"},
	})
	_, body, _ := get(t, url+"/metrics")
	for _, line := range []string{
		`signpost_check_up{check="web",endpoint="192.0.2.1"} 1`,
		`signpost_check_up{check="web",endpoint="192.0.2.2"} 0`,
		`signpost_check_endpoints{check="web",state="up"} 1`,
		`signpost_check_endpoints{check="web",state="down"} 1`,
		`signpost_check_endpoints{check="db",state="unknown"} 1`,
		`signpost_probes_total{check="web",result="passed"} 1`,
		`signpost_probes_total{check="web",result="failed"} 1`,
		`signpost_probe_duration_seconds_bucket{check="web",le="0.01"} 0`,
		`signpost_probe_duration_seconds_bucket{check="web",le="0.1"} 2`,
		`signpost_probe_duration_seconds_bucket{check="web",le="+Inf"} 2`,
		`signpost_probe_duration_seconds_sum{check="web"} 0.04`,
		`signpost_probe_duration_seconds_count{check="web"} 2`,
		`signpost_probes_late_total 3`,
		`signpost_health_transitions_total{check="web",to="down"} 1`,
		`signpost_notices_total{result="sent",sink="webhook"} 1`,
		`signpost_notices_dropped_total 2`,
		`signpost_overrides{state="down"} 1`,
		`signpost_overrides{state="drain"} 0`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if strings.Contains(body, `signpost_check_up{check="db"`) {
		t.Error("an endpoint of which nothing is known is up or down")
	}
	checkMetrics(t, body)
}

// checkMetrics has promtool look at a scrape.
func checkMetrics(t *testing.T, body string) {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("SKIPPED: promtool is not installed (Debian: prometheus); it did not look at the metrics")
		return
	}
	command := exec.Command(promtool, "check", "metrics")
	command.Stdin = strings.NewReader(body)
	out, err := command.CombinedOutput()
	var ours []string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "signpost_") || !strings.HasPrefix(line, "go_") && err != nil {
			ours = append(ours, line)
		}
	}
	if len(ours) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, strings.Join(ours, ""))
	}
}

// seriesOf counts the samples of a scrape.
func seriesOf(body string) (count int) {
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "#") {
			count++
		}
	}
	return count
}

// Protects whoever stores the metrics: 10,000 checks, or one check of 10,000 endpoints, make no more than 2,000 series.
func TestSeriesAreBounded(t *testing.T) {
	for _, c := range []struct {
		name       string
		targets    int
		check      string // format of its name
		aggregated string
	}{
		{"10,000 checks", 10_000, "check%d", `signpost_check_up{check="(others)",endpoint=""} 0.5` + "\n"},
		{"1,000 checks", 1000, "check%d", ""},
		{"10,000 endpoints", 10_000, "web", `signpost_check_up{check="web",endpoint=""} 0.5` + "\n"},
	} {
		var targets []Target
		for i := range c.targets {
			name := c.check
			if strings.Contains(name, "%") {
				name = fmt.Sprintf(name, i)
			}
			targets = append(targets, Target{Check: name, Endpoint: fmt.Sprintf("198.51.%d.%d", i/256, i%256), State: []string{"up", "down"}[i%2]})
		}
		_, body, _ := get(t, startTargets(t, targets)+"/metrics")
		if series := seriesOf(body); series > 2000 {
			t.Errorf("%s: got %d series, want at most 2,000", c.name, series)
		} else {
			t.Logf("%s: %d series", c.name, series)
		}
		if !strings.Contains(body, c.aggregated) {
			t.Errorf("%s: no line %q", c.name, c.aggregated)
		}
		if bytes.Count([]byte(body), []byte("signpost_check_up{")) > endpointsMax {
			t.Errorf("%s: more than %d series of endpoints", c.name, endpointsMax)
		}
	}
}
