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
)

// scrapesMax and asksMax bound the scrapes, and the requests of one endpoint that takes work, at a time; the next gets 503. They leave most
// connections to /healthz and /readyz: who gets no answer there restarts a server that serves well.
const (
	scrapesMax = 8
	asksMax    = 8
)

// endpoints is what the index lists.
var endpoints = []struct{ path, doc string }{
	{"/healthz", "200 while the process runs"},
	{"/readyz", "503 until the first load is done, then 200; the body tells what is not up to date, and why"},
	{"/readyz?strict", "the same, but 503 while anything is not up to date"},
	{"/explain", "why a client gets its answer, as JSON: ?name=NAME&type=TYPE&client=IP[/len]&source=IP&listener=IP:PORT&down=ID"},
	{"/health", "the state of every candidate, as JSON: ?name=NAME&type=TYPE&view=VIEW&id=ID; POST overrides one"},
	{"/timeline", "what happened to health, as JSON: ?name=GLOB&view=GLOB&check=GLOB&since=2h&until=TIME&limit=N&after=SEQ"},
	{"/plugins", "the plugins that zones may name, as JSON: from where, in what state, what they did"},
	{"/metrics", "counters and gauges in Prometheus format"},
}

func newHandler(o Options, complaints *log.Logger) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		newCollector(o.State, o.Counters, o.Version),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, writeIndex(o.Version)) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, func(w io.Writer) { fmt.Fprintln(w, "ok") })
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		status := o.State.Status()
		code := http.StatusOK
		if !status.Loaded || len(status.Stale) > 0 && r.URL.Query().Has("strict") {
			code = http.StatusServiceUnavailable
		}
		respond(w, code, status.writeReady)
	})
	if o.Explain != nil {
		mux.Handle("GET /explain", bounded(o.Explain))
	}
	if o.Health != nil {
		states := &candidates{table: o.Health, log: o.Log}
		mux.Handle("GET /health", bounded(http.HandlerFunc(states.list)))
		mux.Handle("POST /health", bounded(http.HandlerFunc(states.change)))
	}
	if o.Plugins != nil {
		mux.Handle("GET /plugins", bounded(o.Plugins))
	}
	if o.Timeline != nil {
		mux.Handle("GET /timeline", bounded(o.Timeline))
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: complaints, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapesMax,
	}))
	return mux
}

// bounded refuses requests beyond asksMax at a time. A slow reader counts until it is done: what it was made is in memory.
func bounded(handler http.Handler) http.Handler {
	slots := make(chan struct{}, asksMax)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			handler.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			respondJSON(w, http.StatusServiceUnavailable, Refusal{fmt.Sprintf("%d such requests are under way already; try again", asksMax)})
		}
	})
}

// respond sends plain text that no cache keeps and no browser takes for HTML.
func respond(w http.ResponseWriter, code int, write func(io.Writer)) {
	var body bytes.Buffer
	write(&body)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write(body.Bytes()) // an error means that the client went away
}

func writeIndex(version string) func(io.Writer) {
	return func(w io.Writer) {
		fmt.Fprintf(w, "signpost %s\n\n", version)
		for _, e := range endpoints {
			fmt.Fprintf(w, "%-16s %s\n", e.path, e.doc)
		}
	}
}
