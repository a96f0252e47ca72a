package explain

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"signpost/host/answer"
	"signpost/host/message"
	"signpost/host/policy"
	"signpost/host/wire"
)

// share is one thing that a client may get, and how likely.
type share struct {
	key    string // of message.Response.Key: equal for what is the same to a client
	label  string // ids of the candidates that lead to it, or its key
	digest uint64
	chance float64 // of all shares together 1
	ttl    uint32
	draw   *draw // of several candidates, of which this is one; nil: it is an answer of its own
}

// spread computes distributions of answers. What was computed for a client holds for all clients within the scope of its answer.
type spread struct {
	server *Server
	asker  *asker
	known  map[spreadKey]*scoped
	runs   int // queries answered so far
}

// spreadKey is what is asked by whom, but for the client's network: in which order its views are asked.
type spreadKey struct {
	name  string
	typ   uint16
	views string
	v6    bool
}

// scoped are the distributions of one question by the network they hold for.
type scoped struct {
	bits []int // prefix lengths of the networks
	of   map[netip.Prefix][]share
}

func newSpread(s *Server) *spread {
	return &spread{server: s, asker: newAsker(s.Answers, ""), known: map[spreadKey]*scoped{}}
}

func (s *spread) close() { s.asker.close() }

// root is a name that is asked to see which views a client is sent to: no view need know it.
var root = []byte{0}

// unproven stands for the views of who signs with a key that is not known. No view has the name.
const unproven = " "

// views are the views that a client may see, in order, joined by spaces.
func (s *spread) views(c client) string {
	if s.server.knowsKey(c.key) != nil {
		return unproven
	}
	t := new(answer.Trace)
	s.asker.ask(root, 0xFFFF, c, t)
	s.runs++
	var names []string
	for i := range t.Views {
		if fork := &t.Views[i]; fork.Taken >= 0 {
			names = append(names, fork.Policy.IDs[fork.Taken])
		}
	}
	return strings.Join(names, " ")
}

// of returns the distribution of answers for a client that is sent to views.
func (s *spread) of(name []byte, typ uint16, c client, views string) []share {
	key := spreadKey{string(name), typ, views, c.network.Addr().Is6()}
	have := s.known[key]
	if have == nil {
		have = &scoped{of: map[netip.Prefix][]share{}}
		s.known[key] = have
	}
	for _, bits := range have.bits {
		if bits <= c.network.Bits() {
			if shares, ok := have.of[netip.PrefixFrom(c.network.Addr(), bits).Masked()]; ok {
				return shares
			}
		}
	}
	w := &spreading{spread: s, name: name, typ: typ, client: c}
	if views == unproven {
		w.arrive(&message.Response{Rcode: wire.NotAuth}, nil, 1)
	} else {
		w.walk(nil, nil, 1)
	}
	network := c.network
	if w.scope < network.Bits() {
		network = netip.PrefixFrom(network.Addr(), max(w.scope, 0)).Masked()
	}
	slices.SortFunc(w.shares, func(a, b share) int { return cmp.Compare(a.key, b.key) })
	have.of[network] = w.shares
	if !slices.Contains(have.bits, network.Bits()) {
		have.bits = append(have.bits, network.Bits())
	}
	return w.shares
}

// spreading is one distribution on its way.
type spreading struct {
	*spread
	name   []byte
	typ    uint16
	client client
	scope  int
	ways   int
	draw   *draw // of the decision that was taken last, if it takes several
	shares []share
}

// walk takes every way that begins with take.
func (w *spreading) walk(take []int, ids []string, chance float64) {
	t := &answer.Trace{Take: take}
	r := w.asker.ask(w.name, w.typ, w.client, t)
	w.runs++
	w.scope = max(w.scope, int(t.Scope)) // not the response's, which is 0 if it is negative
	fork := forkAt(t, len(take))
	w.ways++
	if fork == nil || fork.Decision.Outcome != policy.Answer || w.ways > waysMax {
		w.arrive(&r, ids, chance)
		return
	}
	shares := fork.Decision.Shares(nil)
	sum := 0.0
	for _, p := range shares {
		sum += p
	}
	outer := w.draw
	defer func() { w.draw = outer }()
	if w.draw = nil; fork.Decision.Pick > 1 {
		w.draw = &draw{size: fork.Decision.Pick}
	}
	for i, p := range shares {
		if p > 0 {
			w.walk(append(slices.Clone(take), i), append(slices.Clone(ids), fork.Policy.IDs[i]), chance*p/sum)
		}
	}
}

// forkAt is decision number n of a trace; nil if there are not so many.
func forkAt(t *answer.Trace, n int) *answer.Fork {
	for i := range t.Hops {
		forks := t.Hops[i].Forks
		if n < len(forks) {
			return &forks[n]
		}
		n -= len(forks)
	}
	return nil
}

func (w *spreading) arrive(r *message.Response, ids []string, chance float64) {
	key := r.Key(w.typ)
	if w.draw != nil && len(r.Answers) > 0 {
		w.draw.add(key, r.Data(w.typ))
	}
	for i := range w.shares {
		if have := &w.shares[i]; have.key == key {
			have.chance += chance
			have.ttl = min(have.ttl, r.MinTTL())
			return
		}
	}
	label := strings.Join(ids, "/")
	if label == "" || len(r.Answers) == 0 {
		label = key
	}
	w.shares = append(w.shares, share{key, label, r.Digest(), chance, r.MinTTL(), w.draw})
}
