package admin

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"signpost/host/reply"
)

// reach says who gets to a route.
type reach uint8

const (
	forMachines reach = iota // what orchestrators and Prometheus poll, by whatever name they know the server
	forReaders               // who may read
	forChanges               // who may change something
	forPushes                // likewise, or who has the token of the check: the handler finds out
)

// route is one method of one path. A test compares all of them with openapi.json.
type route struct {
	method, path string // as http.ServeMux has it
	reach        reach
	doc          string // its line on the index
	handler      http.Handler
}

// routes are all that o has handlers for, in the order of the index.
func routes(o Options, g *gate, complaints *log.Logger) []route {
	turns := newTurns(o.Cores)
	list := []route{
		{"GET", "/healthz", forMachines, "200 while the process runs", http.HandlerFunc(alive)},
		{"GET", "/readyz", forMachines, "503 until the first load is done, then 200; ?strict: 503 while anything is not up to date. The body tells why", readiness(o.State, g)},
	}
	add := func(present bool, method, path string, reach reach, doc string, handler http.Handler) {
		if present {
			list = append(list, route{method, path, reach, doc, bounded(handler, turns)})
		}
	}
	add(o.Report != nil, "GET", "/status", forReaders, "what is served, and everything that is not as it should be", reports(o.Report))
	states, held := &candidates{table: o.Health}, &words{table: o.Health, overrides: o.Overrides}
	add(o.Explain != nil, "GET", "/explain", forReaders,
		"why a client gets its answer: ?name=NAME&type=TYPE&client=IP[/len]&source=IP&listener=IP:PORT&key=NAME&down=ID", o.Explain)
	add(o.Health != nil, "GET", "/health", forReaders, "the state of every candidate: ?name=GLOB&type=TYPE&view=GLOB&id=GLOB", http.HandlerFunc(states.list))
	add(o.Overrides != nil, "POST", "/health", forChanges, "holds candidates up or down, drains them, or leaves them to their checks", http.HandlerFunc(held.change))
	add(o.Overrides != nil, "GET", "/overrides", forReaders, "what operators say of candidates, and the file that it is in", http.HandlerFunc(held.list))
	add(o.Overrides != nil, "POST", "/overrides", forChanges, "the same as POST /health", http.HandlerFunc(held.change))
	add(o.Overrides != nil, "DELETE", "/overrides", forChanges, "takes back what was said of ?pattern=PATTERN&by=WHO", http.HandlerFunc(held.remove))
	add(o.Targets != nil, "GET", "/health/checks", forReaders, "what each check knows of each endpoint: ?check=NAME&state=up|down|unknown", targetList(o.Targets))
	if o.Push != nil { // which bounds what it let through itself
		list = append(list, route{"POST", "/push/{name}", forPushes, `reports of a push check: {"ok": true, "text": "…"}, or nothing for well`, newPushes(o.Push, g, turns)})
	}
	add(o.Timeline != nil, "GET", "/timeline", forReaders, "what happened to health: ?name=GLOB&view=GLOB&check=GLOB&since=2h&until=TIME&limit=N&after=SEQ", o.Timeline)
	add(o.Plugins != nil, "GET", "/plugins", forReaders, "the plugins that zones may name: from where, in what state, what they did", o.Plugins)
	add(true, "GET", "/openapi.json", forReaders, "all of this for programs (OpenAPI 3.1)", http.HandlerFunc(describe))
	return append(list, route{"GET", "/metrics", forMachines, "counters and gauges in Prometheus format", bounded(scrapes(o, complaints), turns)})
}

// newHandler answers what g lets through.
func newHandler(o Options, g *gate, complaints *log.Logger) http.Handler {
	mux := http.NewServeMux()
	list := routes(o, g, complaints)
	handle := func(r route, handler http.Handler) { mux.Handle(r.method+" "+r.path, handler) }
	index := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, writeIndex(o.Version, list)) })
	handle(route{method: "GET", path: "/{$}"}, g.reads(whole(index)))
	for _, r := range list {
		switch r.reach {
		case forMachines:
			handle(r, whole(r.handler))
		case forReaders:
			handle(r, g.reads(whole(r.handler)))
		case forChanges:
			handle(r, g.changes(whole(r.handler)))
		case forPushes:
			handle(r, r.handler)
		}
	}
	return mux
}

func scrapes(o Options, complaints *log.Logger) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		newCollector(o.State, o.Counters, o.Version),
		newProbeCollector(o),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: complaints, ErrorHandling: promhttp.ContinueOnError,
	})
}

func alive(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, func(w io.Writer) { fmt.Fprintln(w, "ok") })
}

// readiness tells who may not read nothing of the files.
func readiness(state State, g *gate) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := state.Status()
		code := http.StatusOK
		if !status.Loaded || len(status.Stale) > 0 && r.URL.Query().Has("strict") {
			code = http.StatusServiceUnavailable
		}
		if _, err := g.mayRead(r); err != nil {
			status.Stale, status.Diagnostics, status.Held.Trouble = nil, nil, nil
		}
		respond(w, code, status.writeReady)
	})
}

// respond sends plain text.
func respond(w http.ResponseWriter, code int, write func(io.Writer)) {
	var body bytes.Buffer
	write(&body)
	reply.Send(w, code, "text/plain; charset=utf-8", body.Bytes())
}

func writeIndex(version string, list []route) func(io.Writer) {
	return func(w io.Writer) {
		fmt.Fprintf(w, "signpost %s\n\n", version)
		for _, r := range list {
			fmt.Fprintf(w, "%-6s %-15s %s\n", r.method, r.path, r.doc)
		}
	}
}
