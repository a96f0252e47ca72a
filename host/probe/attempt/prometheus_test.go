package attempt

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signpost/host/config"
)

// Protects metric checks against a real Prometheus, where there is one: numbers, series, no data, and mistakes in the expression.
func TestMetricPrometheus(t *testing.T) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip(err)
	}
	where := fmt.Sprintf("127.0.0.1:%d", closedPort(t))
	dir := t.TempDir()
	settings := "scrape_configs:\n- job_name: self\n  scrape_interval: 1s\n  static_configs: [{ targets: ['" + where + "'] }]\n"
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	command := exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+where)
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	for until := time.Now().Add(30 * time.Second); ; <-time.After(50 * time.Millisecond) {
		response, err := http.Get("http://" + where + "/-/ready")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(until) {
			t.Fatalf("it is not ready: %v", err)
		}
	}
	server := &url.URL{Scheme: "http", Host: where}
	half, two := 0.5, 2.0
	cases := []struct {
		query        string
		above, below *float64
		ok, noData   bool
		text         string
	}{
		{`up{instance="%ENDPOINT%"}`, &half, nil, true, false, "1"},
		{`vector(2.5)`, &two, nil, true, false, "2.5"},
		{`vector(2.5)`, nil, &two, false, false, "2.5, wanted below 2"},
		{`1 + 0.25`, &half, &two, true, false, "1.25"},
		{`vector(1) or label_replace(vector(3), "a", "b", "", "")`, &half, &two, false, false, "3, wanted above 0.5 and below 2"},
		{`vector(0) / 0`, nil, &two, false, false, "NaN, wanted below 2"},
		{`no_such_metric`, &half, nil, false, true, "no data"},
		{`up[1m]`, &half, nil, false, true, `result is a "matrix"; a vector or a scalar can be compared`},
		{`sum(`, &half, nil, false, true, `bad_data: invalid parameter "query": 1:5: parse error: unclosed left parenthesis`},
	}
	for _, c := range cases {
		check := defaults(config.CheckMetric)
		check.Connect, check.Respond = 5*time.Second, 5*time.Second
		check.Metric = config.MetricCheck{URL: server, Query: c.query, Above: c.above, Below: c.below}
		r := attempt(t, check, Options{}, where)
		for until := time.Now().Add(20 * time.Second); r.Text == "no data" && !c.noData && time.Now().Before(until); <-time.After(50 * time.Millisecond) {
			r = attempt(t, check, Options{}, where) // it has not scraped itself yet
		}
		if r.OK != c.ok || r.NoData != c.noData || r.Text != c.text {
			t.Errorf("%s: got %+v, want %v %v %q", c.query, r, c.ok, c.noData, c.text)
		}
	}
}
