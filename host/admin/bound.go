package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"sync"

	"signpost/host/reply"
)

// asksMax bounds the requests of one endpoint that are under way, and shareMax those of one client that is not on this machine; the next gets 503.
// A slow reader counts until it is done: what it was made is in memory.
const (
	asksMax  = 8
	shareMax = asksMax / 2
)

// turns are how many requests are worked on at a time, whatever they ask for: so many that half of the processors are left to questions.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// bound is an endpoint that takes work.
type bound struct {
	handler http.Handler
	turns   turns

	mu   sync.Mutex // guards what follows
	asks int
	of   map[netip.Prefix]int // by client
}

// bounded has a handler wait for its turn, and refuses requests beyond what may be under way.
func bounded(handler http.Handler, turns turns) http.Handler {
	return &bound{handler: handler, turns: turns, of: map[netip.Prefix]int{}}
}

// ServeHTTP sends the answer when it is made: whoever takes it slowly holds nobody's turn.
func (b *bound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client := remote(r)
	if !b.enter(client) {
		w.Header().Set("Retry-After", "1")
		reply.Refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d such requests are under way already; try again", asksMax))
		return
	}
	defer b.leave(client)
	made := page{header: w.Header()}
	if b.work(&made, r) {
		made.send(w)
	}
}

// work waits for a turn; it is false when the client is gone.
func (b *bound) work(made *page, r *http.Request) bool {
	select {
	case b.turns <- struct{}{}:
	case <-r.Context().Done():
		return false
	}
	defer func() { <-b.turns }()
	b.handler.ServeHTTP(made, r)
	return true
}

// remote is the client of a request, if it is on another machine. The clients of this one may be many behind one address.
func remote(r *http.Request) netip.Prefix {
	if m := memberOf(r); m != nil && m.client.IsValid() && !m.client.Addr().IsLoopback() {
		return m.client
	}
	return netip.Prefix{}
}

func (b *bound) enter(client netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asks == asksMax || client.IsValid() && b.of[client] == shareMax {
		return false
	}
	b.asks++
	b.of[client]++
	return true
}

func (b *bound) leave(client netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asks--
	if b.of[client]--; b.of[client] == 0 {
		delete(b.of, client)
	}
}

// page is an answer that is not sent yet.
type page struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (p *page) Header() http.Header               { return p.header }
func (p *page) Write(text []byte) (int, error)    { return p.body.Write(text) }
func (p *page) WriteHeader(code int)              { p.code = code }
func (p *page) WriteString(s string) (int, error) { return p.body.WriteString(s) }

func (p *page) send(w http.ResponseWriter) {
	if p.code != 0 {
		w.WriteHeader(p.code)
	}
	_, _ = w.Write(p.body.Bytes()) // an error means that the client went away
}
