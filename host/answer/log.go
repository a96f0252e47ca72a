package answer

import (
	"net/netip"

	"signpost/host/metrics"
	"signpost/host/querylog"
)

// LogTo has the workers fill rings while these are switched on. It is called before the first worker is made.
func (s *Server) LogTo(rings *querylog.Rings) { s.log = rings }

// logging is a worker's part of the query log.
type logging struct {
	log    *querylog.Ring // nil: there is none
	micros int64          // since 1970, of this batch
	ids    []byte         // ids of the candidates that answer the query
	entry  querylog.Entry // scratch
}

// switchLog follows the query log's being turned on or off.
func (w *Worker) switchLog(on bool) {
	if w.log != nil {
		w.log.Retire()
		w.logging.log = nil
	}
	if on {
		w.logging = logging{log: w.server.log.New(w.listener), micros: w.micros, ids: make([]byte, 0, idsLenMax)}
	}
}

// idsLenMax bounds the ids of one query. What is longer is left out.
const idsLenMax = 255

// logPicked notes the candidates that were drawn last.
func (w *Worker) logPicked(ids []string, drawn []int) {
	for n, i := range drawn {
		if len(w.ids)+1+len(ids[i]) > idsLenMax {
			return
		}
		switch {
		case n > 0:
			w.ids = append(w.ids, ',')
		case len(w.ids) > 0:
			w.ids = append(w.ids, '/')
		}
		w.ids = append(w.ids, ids[i]...)
	}
}

// logQuery writes the query down, with the response of that length; zero: it is not sent.
func (w *Worker) logQuery(addr netip.Addr, length int) {
	e, ecs := &w.entry, &w.query.EDNS.ECS
	*e = querylog.Entry{
		Micros: w.micros, Client: addr, TCP: w.tcp, Dropped: length == 0, Picked: w.ids, Message: w.out.msg[:max(length, w.out.questionEnd)],
	}
	if ecs.Present && ecs.Family != 0 {
		subnet := netip.AddrFrom16(ecs.Addr)
		if ecs.Family == 1 {
			subnet = netip.AddrFrom4([4]byte(ecs.Addr[:4]))
		}
		e.Subnet = netip.PrefixFrom(subnet, int(ecs.Source))
	}
	if w.view != nil {
		e.View = w.view.Name
	}
	if w.signature.key != 0 {
		e.Key = w.rules.keys.Name(int(w.signature.key))
	}
	if !w.log.Append(e) {
		w.counts.Inc(metrics.QueryLogDropped)
	}
	e.Message, w.ids = nil, w.ids[:0]
}
