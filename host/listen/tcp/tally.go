package tcp

import "sync/atomic"

// Counters are totals since Listen, but for Open.
type Counters struct {
	Open         uint64 // connections now
	Accepted     uint64 // connections
	Closed       uint64 // connections, for whatever reason
	Evicted      uint64 // of these, to make room for a new one
	Idled        uint64 // of these, for asking nothing for too long
	SlowQueries  uint64 // of these, for a query that did not arrive in time
	SlowReaders  uint64 // of these, for responses that were not taken in time
	Short        uint64 // of these, for a message shorter than a DNS header
	AcceptErrors uint64 // mostly: out of file descriptors
	Queries      uint64
	Responses    uint64 // handed to the kernel
}

// tally is Counters as the connections share them.
type tally struct {
	accepted, closed, evicted, idled, slowQueries, slowReaders, short, acceptErrors, queries, responses atomic.Uint64
}

// Counters returns the totals so far. Any goroutine may call it.
func (s *Server) Counters() Counters {
	t := &s.tally
	return Counters{
		Open:         uint64(s.table.open()),
		Accepted:     t.accepted.Load(),
		Closed:       t.closed.Load(),
		Evicted:      t.evicted.Load(),
		Idled:        t.idled.Load(),
		SlowQueries:  t.slowQueries.Load(),
		SlowReaders:  t.slowReaders.Load(),
		Short:        t.short.Load(),
		AcceptErrors: t.acceptErrors.Load(),
		Queries:      t.queries.Load(),
		Responses:    t.responses.Load(),
	}
}
