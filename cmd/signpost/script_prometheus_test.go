package main

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

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

// prometheusCommand starts a Prometheus that scrapes the exporter, and these other addresses, until the script ends; $PROMETHEUS is its address.
func prometheusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || ts.Getenv("EXPORTER") == "" {
		ts.Fatalf("usage: prometheus [ADDR…], after gauge")
	}
	program, err := exec.LookPath("prometheus")
	ts.Check(err)
	dir := ts.MkAbs(".prometheus")
	ts.Check(os.MkdirAll(dir, 0o755))
	settings := filepath.Join(dir, "prometheus.yml")
	targets := strings.Join(append([]string{ts.Getenv("EXPORTER")}, args...), `", "`)
	ts.Check(os.WriteFile(settings, fmt.Appendf(nil, "global: { scrape_interval: %v, scrape_timeout: %v }\nscrape_configs: [ { job_name: script, static_configs: [ { targets: [\"%s\"] } ] } ]\n",
		scrapeEvery, scrapeEvery, targets), 0o600))
	for try := 1; ; try++ { // another program may take the port in between
		addr := vacantAddr(ts)
		command := exec.Command(program, "--config.file="+settings, "--storage.tsdb.path="+filepath.Join(dir, fmt.Sprint("data", try)),
			"--web.listen-address="+addr, "--log.level=warn")
		out := &transcript{}
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
		until(ts, "Prometheus", func() (bool, string) {
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
			ts.Setenv("PROMETHEUS", addr)
			return
		}
		if try == 3 {
			ts.Fatalf("Prometheus does not start:\n%s", out)
		}
	}
}

func vacantAddr(ts *testscript.TestScript) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	return listener.Addr().String()
}
