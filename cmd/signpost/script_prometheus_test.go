package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"signpost/host/testbed"

	"github.com/rogpeppe/go-internal/testscript"
)

// exporter serves gauges as Prometheus scrapes them.
type exporter struct {
	mu     sync.Mutex
	gauges map[string]string // by series
}

func (e *exporter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, series := range slices.Sorted(maps.Keys(e.gauges)) {
		fmt.Fprintf(w, "%s %s\n", series, e.gauges[series])
	}
}

type exporterKey struct{}

// gaugeCommand sets a gauge of the script's exporter, which it starts; $EXPORTER is its address.
func gaugeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gauge SERIES VALUE")
	}
	if ts.Getenv("EXPORTER") == "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		server := &http.Server{Handler: ts.Value(exporterKey{}).(*exporter)}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(listener) // until it is closed
		}()
		ts.Defer(func() {
			_ = server.Close() // the script is over
			<-served
		})
		ts.Setenv("EXPORTER", listener.Addr().String())
	}
	e := ts.Value(exporterKey{}).(*exporter)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gauges[args[0]] = args[1]
}

// scrapeEvery is how often the script's Prometheus looks.
const scrapeEvery = 200 * time.Millisecond

// prometheusSettings are its configuration: how often, the files of rules, and whom to scrape.
const prometheusSettings = `global: { scrape_interval: %v, scrape_timeout: %v, evaluation_interval: %v }
rule_files: [%q]
scrape_configs: [{ job_name: script, static_configs: [{ targets: ["%s"] }] }]
`

// prometheusCommand starts a Prometheus that scrapes the exporter and these other addresses, with the script's *.rules.yaml, until the
// script ends; $PROMETHEUS is its address.
func prometheusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || ts.Getenv("EXPORTER") == "" && len(args) == 0 {
		ts.Fatalf("usage: prometheus [ADDR…], or after gauge")
	}
	if addr := ts.Getenv("EXPORTER"); addr != "" {
		args = append(args, addr)
	}
	dir := ts.MkAbs(".prometheus")
	ts.Check(os.MkdirAll(dir, 0o755))
	settings := filepath.Join(dir, "prometheus.yml")
	targets := strings.Join(args, `", "`)
	ts.Check(os.WriteFile(settings, fmt.Appendf(nil, prometheusSettings, scrapeEvery, scrapeEvery, scrapeEvery, ts.MkAbs("*.rules.yaml"), targets), 0o600))
	ts.Setenv("PROMETHEUS", monitorOn(ts, "prometheus", func(addr, data string) []string {
		return []string{"--config.file=" + settings, "--storage.tsdb.path=" + data, "--web.listen-address=" + addr, "--log.level=warn"}
	}))
}

// monitorOn starts a program of the Prometheus family, with arguments for its address and its directory, until the script ends, and returns its
// address when it is ready.
func monitorOn(ts *testscript.TestScript, name string, arguments func(addr, data string) []string) string {
	program, err := exec.LookPath(name)
	ts.Check(err)
	for try := 1; ; try++ { // another program may take the port in between
		addr := vacantAddr(ts)
		command := exec.Command(program, arguments(addr, ts.MkAbs(fmt.Sprintf(".%s/data%d", name, try)))...)
		out := &testbed.Log{}
		command.Stdout, command.Stderr = out, out
		ts.Check(command.Start())
		exited := make(chan struct{})
		go func() {
			_ = command.Wait() // it is killed
			close(exited)
		}()
		ts.Defer(func() {
			_ = command.Process.Kill() // it may have ended already
			<-exited
		})
		ready := false
		until(ts, name, func() (bool, string) {
			select {
			case <-exited:
				return true, ""
			default:
			}
			response, err := http.Get("http://" + addr + "/-/ready")
			if err != nil {
				return false, out.String()
			}
			defer response.Body.Close()
			ready = response.StatusCode == http.StatusOK
			return ready, out.String()
		})
		if ready {
			return addr
		}
		if try == 3 {
			ts.Fatalf("%s does not start:\n%s", name, out)
		}
	}
}

func vacantAddr(ts *testscript.TestScript) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	return listener.Addr().String()
}

// awaitSeriesCommand asks the script's Prometheus until what it answers matches.
func awaitSeriesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await-series REGEXP PROMQL")
	}
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	until(ts, fmt.Sprintf("%s that matches %q", args[1], args[0]), func() (bool, string) {
		response, err := http.Get("http://" + ts.Getenv("PROMETHEUS") + "/api/v1/query?query=" + url.QueryEscape(args[1]))
		ts.Check(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		ts.Check(err)
		return pattern.Match(text), string(text)
	})
}

// alertmanagerSettings have it tell a receiver of each change at once, also of the end.
const alertmanagerSettings = `route: { receiver: script, group_by: ["..."], group_wait: 1ms, group_interval: 100ms }
receivers: [{ name: script, webhook_configs: [{ url: %q, send_resolved: true }] }]
`

// alertmanagerCommand starts an Alertmanager that passes alerts on to an address, until the script ends; $ALERTMANAGER is its own.
func alertmanagerCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: alertmanager URL")
	}
	dir := ts.MkAbs(".prometheus-alertmanager")
	ts.Check(os.MkdirAll(dir, 0o755))
	settings := filepath.Join(dir, "alertmanager.yml")
	ts.Check(os.WriteFile(settings, fmt.Appendf(nil, alertmanagerSettings, args[0]), 0o600))
	ts.Setenv("ALERTMANAGER", monitorOn(ts, "prometheus-alertmanager", func(addr, data string) []string {
		return []string{"--config.file=" + settings, "--storage.path=" + data, "--web.listen-address=" + addr, "--cluster.listen-address=", "--log.level=warn"}
	}))
}

// awaitAlertsCommand asks the script's Alertmanager for the alerts of its API until they match.
func awaitAlertsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await-alerts REGEXP")
	}
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	until(ts, fmt.Sprintf("alerts that match %q", args[0]), func() (bool, string) {
		response, err := http.Get("http://" + ts.Getenv("ALERTMANAGER") + "/api/v2/alerts")
		ts.Check(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		ts.Check(err)
		return pattern.Match(text), string(text)
	})
}
