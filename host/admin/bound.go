package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sync"

	"signpost/host/reply"
)

// asksMax bounds the requests of one endpoint that are under way, and shareMax those of one client that is not on this machine; the next gets 503.
// A slow reader counts until it is done: what it was made is in memory. One on another machine is cut off when somebody else wants its place.
const (
	asksMax  = 8
	shareMax = asksMax / 2
)

// turns are how many requests are worked on at a time, whatever they ask for: so many that half of the processors are left to questions.
type turns chan struct{}

func newTurns(cores int) turns {
	if cores == 0 {
		cores = runtime.GOMAXPROCS(0)
	}
	return make(turns, max(1, cores/2))
}

// bound is an endpoint that takes work.
type bound struct {
	handler http.Handler
	turns   turns

	mu      sync.Mutex // guards what follows
	asks    int
	of      map[netip.Prefix]int // by client
	sending []*ask               // those on other machines whose answers are on their way, in order
}

// ask is a request that has a place.
type ask struct {
	client netip.Prefix // as remote has it
	conn   *member      // nil: none, and on this machine
	cut    bool         // its place is somebody else's. Guarded by bound.mu
}

// bounded has a handler wait for its turn, and refuses requests beyond what may be under way.
func bounded(handler http.Handler, turns turns) http.Handler {
	return &bound{handler: handler, turns: turns, of: map[netip.Prefix]int{}}
}

// ServeHTTP sends the answer when it is made: whoever takes it slowly holds nobody's turn.
func (b *bound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &ask{client: remote(r), conn: memberOf(r)}
	if !b.enter(a.client) {
		w.Header().Set("Retry-After", "1")
		reply.Refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d such requests are under way already; try again", asksMax))
		return
	}
	defer b.leave(a)
	made := page{header: w.Header()}
	if b.work(&made, r) {
		b.sends(a)
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

// enter takes a place, if need be that of the answer that has been on its way to another machine for longest.
func (b *bound) enter(client netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	share := client.IsValid() && b.of[client] == shareMax
	if (share || b.asks == asksMax) && !b.cutLocked(func(a *ask) bool { return !share || a.client == client }) {
		return false
	}
	b.asks++
	b.of[client]++
	return true
}

// cutLocked cuts the first off of those that are taking their answers and may be.
func (b *bound) cutLocked(may func(*ask) bool) bool {
	i := slices.IndexFunc(b.sending, may)
	if i < 0 {
		return false
	}
	a := b.sending[i]
	b.endLocked(a)
	a.cut = true
	_ = a.conn.Close() // it was open: its handler finds out
	return true
}

// sends notes that a's answer is on its way.
func (b *bound) sends(a *ask) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.client.IsValid() {
		b.sending = append(b.sending, a)
	}
}

func (b *bound) leave(a *ask) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !a.cut {
		b.endLocked(a)
	}
}

func (b *bound) endLocked(a *ask) {
	b.asks--
	if b.of[a.client]--; b.of[a.client] == 0 {
		delete(b.of, a.client)
	}
	b.sending = slices.DeleteFunc(b.sending, func(other *ask) bool { return other == a })
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
