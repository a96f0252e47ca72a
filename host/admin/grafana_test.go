package admin

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/metrics/grafana"
	"signpost/host/policy"
)

// scrapeAll is a scrape in which every metric has a sample.
func scrapeAll(t *testing.T) string {
	t.Helper()
	status := degraded
	status.States[policy.Up] = 1
	status.Data = []Data{{Key: "geo.database", File: "city.mmdb", Built: time.Unix(1600000000, 0)}, {Key: "latency.table", File: "latency.csv", Rows: 12}}
	state, counters := &fixture{}, &metrics.Set{}
	state.status.Store(&status)
	counters.View("public").Add(1)
	counters.Control.Probes.Probed("web", true, time.Millisecond)
	counters.Control.Notices.Told("webhook", true)
	targets := func() []Target { return []Target{{Check: "web", Endpoint: "192.0.2.1", State: "up"}} }
	s, err := Listen(Options{Addr: "127.0.0.1:0", State: state, Counters: counters, Health: health.NewTable(nil), Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Error(err) })
	t.Cleanup(func() { _ = s.Close() })
	_, body, _ := get(t, "http://"+s.Addr().String()+"/metrics")
	return body
}

var (
	metricName  = regexp.MustCompile(`\b((?:signpost|process|go)_[a-z0-9_]+)(\{[^}]*\})?`)
	labelOfExpr = regexp.MustCompile(`([a-z]+)=~?"`)
)

// Protects the dashboard and the alerts: every metric that they name is served, with the labels that they ask for.
func TestDashboardAndAlerts(t *testing.T) {
	body := scrapeAll(t)
	samples := map[string]string{}
	for line := range strings.Lines(body) {
		if name, _, _ := strings.Cut(line, " "); !strings.HasPrefix(line, "#") {
			name, labels, _ := strings.Cut(name, "{")
			samples[name] += labels
		}
	}
	for _, expr := range append(expressions(t), alertExpressions()...) {
		found := metricName.FindAllStringSubmatch(expr, -1)
		if len(found) == 0 {
			t.Errorf("%s: names no metric", expr)
		}
		for _, match := range found {
			labels, served := samples[match[1]]
			if !served {
				t.Errorf("%s: %s is not served", expr, match[1])
			}
			for _, label := range labelOfExpr.FindAllStringSubmatch(match[2], -1) {
				if name := label[1]; name != "job" && name != "instance" && !strings.Contains(labels, name+`="`) {
					t.Errorf("%s: %s has no label %s, only %s", expr, match[1], name, labels)
				}
			}
		}
	}
	checkMetrics(t, body)
}

// expressions are those of the dashboard.
func expressions(t *testing.T) (list []string) {
	var dashboard struct {
		Title, UID string
		Panels     []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(grafana.Dashboard()), &dashboard); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	cells := map[[2]int]string{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q: its id is another one's, too, or it shows nothing", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies over %q, or beyond the edge", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			list = append(list, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
		}
	}
	if len(list) < 20 || dashboard.UID == "" {
		t.Errorf("got %d expressions and the uid %q", len(list), dashboard.UID)
	}
	return list
}

var exprLine = regexp.MustCompile(`(?m)^        expr: '(.*)'$`)

func alertExpressions() (list []string) {
	for _, match := range exprLine.FindAllStringSubmatch(grafana.Alerts(), -1) {
		list = append(list, strings.ReplaceAll(match[1], "''", "'"))
	}
	return list
}

// Protects the alerts with Prometheus's own tools: each fires where it has to, none on a server that is well, and all expressions are such.
func TestPromtool(t *testing.T) {
	for _, match := range regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(grafana.Alerts(), -1) {
		tests, err := os.ReadFile("../metrics/grafana/alerts_test.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(tests), "alertname: "+match[1]+" ") != 1 || strings.Count(string(tests), "alertname: "+match[1]+"\n") != 1 {
			t.Errorf("%s: want one test in which it fires, and one in which it does not", match[1])
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIPPED: promtool is not installed (Debian: prometheus)")
	}
	rules := "groups:\n- name: dashboard\n  rules:\n"
	for i, expr := range expressions(t) {
		rules += fmt.Sprintf("  - record: dashboard:%d\n    expr: '%s'\n", i, strings.ReplaceAll(expr, "'", "''"))
	}
	file := filepath.Join(t.TempDir(), "dashboard.yaml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "rules", file}, {"check", "rules", "../metrics/grafana/alerts.yaml"}, {"test", "rules", "../metrics/grafana/alerts_test.yaml"},
	} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
