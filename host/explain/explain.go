// Package explain tells why a client gets its answer, what would change for whom with other files, and what a log of queries would get:
// explain, diff and replay.
//
// Plane: control. Floor: 5. Journey of a query: all its steps, taken by the worker that answers (answer.Trace), never by a copy of it.
// A decision is a distribution, so nothing here throws dice: every way that an answer can take is walked once, and weighed.
package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"signpost/host/answer"
	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/message"
	"signpost/host/plugin"
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zone"
)

var errNotLoaded = errors.New("nothing is loaded yet")

// Server is what is explained: a running server's parts, or those of a directory that was only loaded.
type Server struct {
	Answers *answer.Server // its metrics count what is explained, so they should not be those of the traffic
	Store   *zone.Store
	Plugins *plugin.Host
	Health  *health.Table

	turn sync.Mutex // one question at a time: each starts instances of the plugins that it asks
}

// Question is what to explain.
type Question struct {
	Name     []byte // wire form
	Type     uint16
	Client   netip.Prefix
	Source   netip.Addr      // where the query comes from; the zero Addr: Client's first address
	Listener string          // where the query comes in, as views.*.listen has it; "": nowhere that a view names
	Key      string          // that the query is signed with, as config.KeyName has it; "": none
	Down     map[string]bool // ids of candidates that count as down: what if?
}

// waysMax bounds the ways through routed names that lead to routed names.
const waysMax = 4096

// Explain answers q and tells why. Something must be published already. Any goroutine may call it.
func (s *Server) Explain(q *Question) (*Report, error) {
	return s.explain(context.Background(), q)
}

// explain is Explain for somebody who may be gone when it is their turn.
func (s *Server) explain(ctx context.Context, q *Question) (*Report, error) {
	if q.Type == wire.TypeANY || q.Type == wire.TypeRRSIG {
		return nil, fmt.Errorf("type %s stands for several record sets; explain one of them", rrdata.TypeName(q.Type))
	}
	if err := s.knowsAll(q.Down); err != nil {
		return nil, err
	}
	if err := s.knowsKey(q.Key); err != nil {
		return nil, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := newAsker(s.Answers, q.Listener)
	defer a.close()
	w := &walk{server: s, asker: a, question: q, client: q.client(), scope: -1}
	return w.report(), nil
}

// knowsAll is an error for an id that no candidate has. A candidate counts wherever it is: what is down may be out of sight behind what it leads to.
func (s *Server) knowsAll(ids map[string]bool) error {
	snapshot := s.Store.Load()
	if len(ids) == 0 || snapshot == nil {
		return nil
	}
	known := map[string]bool{}
	for _, view := range snapshot.Views {
		known[view.Name] = true
		for _, z := range view.Zones {
			if z.Pending {
				return nil
			}
			for _, p := range z.Policies {
				for _, id := range p.IDs {
					known[id] = true
				}
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if !known[id] {
			return fmt.Errorf("%s: no candidate has the id %q%s", paramDown, id, diag.DidYouMean(id, slices.Sorted(maps.Keys(known))))
		}
	}
	return nil
}

// knowsKey tells whether the configuration in force has the key.
func (s *Server) knowsKey(name string) error {
	snapshot := s.Store.Load()
	if name == "" || snapshot == nil {
		return nil
	}
	var known []string
	for _, key := range snapshot.Config.Keys {
		known = append(known, key.Name)
	}
	if slices.Contains(known, name) {
		return nil
	}
	return fmt.Errorf("%s: no key has the name %q%s", paramKey, name, diag.DidYouMean(name, known))
}

func (q *Question) client() client {
	c := client{network: q.Client.Masked(), source: q.Source, key: q.Key}
	if !c.source.IsValid() {
		c.source = c.network.Addr()
	}
	return c
}

// walk takes every way of one question.
type walk struct {
	server   *Server
	asker    *asker
	question *Question
	client   client
	ways     int
	cut      bool
	scope    int // of the decisions
	said     int // by the responses
	answers  []Answer
}

// run answers the question, with these candidates taken.
func (w *walk) run(take []int) (*answer.Trace, message.Response) {
	t := &answer.Trace{Take: take, Down: w.question.Down}
	r := w.asker.ask(w.question.Name, w.question.Type, w.client, t)
	w.scope, w.said = max(w.scope, int(t.Scope)), max(w.said, r.Scope)
	return t, r
}

func (w *walk) report() *Report {
	q := w.question
	r := &Report{
		Name: message.NameText(q.Name), Type: rrdata.TypeName(q.Type), Client: w.client.network.String(), Source: w.client.source.String(),
	}
	for id := range q.Down {
		r.Down = append(r.Down, id)
	}
	slices.Sort(r.Down)
	t, first := w.run(nil)
	if snapshot := w.server.Store.Load(); snapshot != nil {
		r.Generation = snapshot.Generation
	}
	r.View = w.view(t)
	if len(t.Hops) > 0 {
		r.Path = w.hop(t, 0, way{chance: 1})
	} else {
		w.arrive(&first, way{chance: 1})
	}
	slices.SortStableFunc(w.answers, func(a, b Answer) int { return cmp.Compare(rounded(b.Percent), rounded(a.Percent)) })
	r.Answers, r.Scope, r.ResponseScope, r.Cut = w.answers, w.scope, w.said, w.cut
	return r
}
