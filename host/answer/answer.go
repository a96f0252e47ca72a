// Package answer turns one query into one response, in the packet's own bytes.
//
// Plane: data. Floor: 4. Journey of a query: steps 2 to 5. Nothing here waits, locks, logs or allocates once a worker is warm
// (TestRespondAllocs).
package answer

import (
	crand "crypto/rand"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/querylog"
	"signpost/host/wire"
	"signpost/host/zone"
)

// Server is what all workers share.
type Server struct {
	store   *zone.Store
	plugins *plugin.Host  // nil: routed names get SERVFAIL
	health  *health.Table // nil: all candidates are up
	metrics *metrics.Set
	log     *querylog.Rings // nil: no query log
	secret  [16]byte        // of cookies, unless the configuration gives some

	mu    sync.Mutex // guards rules; taken once per worker and configuration
	rules *rules
}

// NewServer returns a server that answers from store's snapshots, which must be there before the first query comes.
func NewServer(store *zone.Store, plugins *plugin.Host, table *health.Table, counters *metrics.Set) *Server {
	s := &Server{store: store, plugins: plugins, health: table, metrics: counters}
	crand.Read(s.secret[:]) // never fails
	return s
}

// Worker answers queries for one goroutine at a time.
type Worker struct {
	server *Server
	snap   *zone.Snapshot
	rules  *rules
	now    int64 // seconds since 1970, of this batch

	random  rand.PCG
	counts  *metrics.Block
	plugins *plugin.Worker

	trace *Trace // nil but for explaining

	tcp   bool // the query came over TCP
	query wire.Query
	signature
	view  *zone.View // in which its name was found; nil: in none
	chain chain
	sums  zone.Sums
	hit   zone.Hit
	out   response
	decisions
	horizon
	logging
}

// NewWorker returns a worker that sees no view of certain listeners. Close it when it is not used any more.
func (s *Server) NewWorker() *Worker { return s.NewWorkerAt("") }

// NewWorkerAt returns a worker for the queries that come in at a listener, which is spelled as in zone.View.Listeners.
func (s *Server) NewWorkerAt(listener string) *Worker {
	w := &Worker{server: s, counts: s.metrics.NewBlock()}
	w.listener = listener
	w.random.Seed(rand.Uint64(), rand.Uint64())
	w.forget(0)
	if s.plugins != nil {
		w.plugins = s.plugins.NewWorker()
	}
	return w
}

// Close gives back what the worker holds. Its counts are kept.
func (w *Worker) Close() {
	w.server.metrics.Retire(w.counts)
	if w.log != nil {
		w.log.Retire()
	}
	if w.plugins != nil {
		w.plugins.Close()
	}
}

// Begin starts a batch: it loads the snapshot, the epoch of health and the clock, once for all its queries.
func (w *Worker) Begin() {
	w.epoch = w.server.health.Epoch()
	snap := w.server.store.Load()
	now := time.Now()
	w.now, w.micros = now.Unix(), now.UnixMicro()
	if w.decisionsOf != snap.Generation {
		w.forget(snap.Generation)
	}
	if w.rules == nil || w.rules.config != snap.Config {
		w.rules = w.server.rulesOf(snap.Config)
		w.session.Use(w.rules.keys)
	}
	if w.horizonOf != snap.Generation {
		w.horizon.begin(snap, w.rules.keys, w.server.metrics)
	}
	if on := w.server.log.On(); on != (w.log != nil) {
		w.switchLog(on)
	}
	w.snap = snap
	if snap.Choice != nil && w.judgedOf != w.epoch {
		w.judgeViews()
	}
}

// End ends a batch: it publishes the counters, and lets go of the snapshot so that an idle worker keeps no old one alive.
func (w *Worker) End() {
	w.snap, w.view, w.hit = nil, nil, zone.Hit{}
	w.out.forget()
	w.chain.forget()
	w.horizon.flush()
	w.counts.Flush()
	if w.log != nil {
		w.log.Publish()
	}
}

// Respond answers the query in pkt[:n] in place and returns the length of the response; zero means send nothing. cap(pkt) must be
// at least 4096 over UDP and 65,535 over TCP; the response is never longer than cap(pkt) or than the client takes.
// It must be called between Begin and End.
func (w *Worker) Respond(pkt []byte, n int, client netip.AddrPort, tcp bool) int {
	addr := client.Addr().Unmap()
	w.counts.Inc(metrics.Transport(tcp, addr.Is6()))
	w.counts.Add(bytesIn(tcp), n)
	q, out := &w.query, &w.out
	w.tcp, w.view, w.signature.key, w.signature.room = tcp, nil, 0, 0
	verdict := q.Parse(pkt, n)
	if verdict == wire.Drop {
		w.counts.Inc(metrics.Ignored)
		return 0
	}
	out.start(pkt[:cap(pkt)], q)
	if (q.TSIG == 0 || w.authenticate(pkt[:n], verdict)) && w.admit(verdict, addr) {
		out.limitTo(w.limit(), w.optLen())
		w.lookUp(addr)
	}
	length := 0
	if w.tcp || w.rules.limit == nil || w.within(addr) {
		length = w.finish()
		w.count(length)
	}
	if w.log != nil {
		w.logQuery(addr, length)
	}
	return length
}

// admit judges what is wrong with a query before its question is looked at. It is false when the response is decided.
func (w *Worker) admit(verdict wire.Verdict, addr netip.Addr) bool {
	q, out := &w.query, &w.out
	switch {
	case q.Opcode() != wire.OpcodeQuery:
		out.fail(wire.NotImp, metrics.KindError, unsupported)
	case verdict == wire.Malformed:
		out.fail(wire.FormErr, metrics.KindError, unexplained)
	case q.EDNS.Present && q.EDNS.Version != 0:
		out.fail(wire.BadVers, metrics.KindError, unexplained)
	case !w.rules.acl.Allows(addr):
		w.counts.Inc(metrics.ACLDenied)
		out.fail(wire.Refused, metrics.KindRefused, notAllowed)
	case verdict == wire.CookieOnly && w.rules.cookies == nil:
		out.fail(wire.FormErr, metrics.KindError, unexplained)
	default:
		w.cookie(addr)
		return verdict == wire.Good
	}
	return false
}

// limit is the longest response that the client takes, in bytes, without its signature.
func (w *Worker) limit() int {
	if w.tcp {
		return 0xFFFF - w.signature.room
	}
	if !w.query.EDNS.Present {
		return 512 - w.signature.room
	}
	return min(max(512, int(w.query.EDNS.UDPSize)), w.snap.Config.UDPPayload) - w.signature.room
}

// lookUp answers the question.
func (w *Worker) lookUp(addr netip.Addr) {
	q, out := &w.query, &w.out
	switch q.Class {
	case wire.ClassIN:
	case wire.ClassCH:
		w.chaos()
		return
	default:
		out.fail(wire.Refused, metrics.KindRefused, unsupported)
		return
	}
	if q.Type == wire.TypeAXFR || q.Type == wire.TypeIXFR {
		out.fail(wire.NotImp, metrics.KindError, unsupported)
		return
	}
	w.client = addr
	if w.trace != nil {
		w.signature.key = uint16(w.rules.keys.Number(w.trace.Key))
	}
	if w.snap.Choice != nil {
		w.look(addr)
	}
	w.find(&q.Name)
	w.view = w.foundIn()
	if w.at >= 0 {
		w.tally[w.at]++
	}
	if w.trace != nil {
		w.trace.View = w.view
	}
	w.follow()
}

func bytesIn(tcp bool) metrics.Counter {
	if tcp {
		return metrics.BytesInTCP
	}
	return metrics.BytesInUDP
}

func bytesOut(tcp bool) metrics.Counter {
	if tcp {
		return metrics.BytesOutTCP
	}
	return metrics.BytesOutUDP
}

// count records a response.
func (w *Worker) count(length int) {
	w.counts.Inc(metrics.Rcode(uint16(w.out.rcode)))
	w.counts.Inc(w.out.kind)
	w.counts.Add(bytesOut(w.tcp), length)
	if w.out.flags&wire.FlagTC != 0 {
		w.counts.Inc(metrics.Truncated)
	}
}

// rulesOf returns the rules of a configuration, which all workers share.
func (s *Server) rulesOf(c *config.Config) *rules {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rules == nil || s.rules.config != c {
		s.rules = newRules(c, s.secret, s.rules)
	}
	return s.rules
}
