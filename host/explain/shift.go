package explain

import (
	"bytes"
	"slices"
	"strings"

	"signpost/host/answer"
	"signpost/host/geo"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
	"signpost/host/zonefile"
)

// Shift is how many of a policy's answers move when the health of its candidates changes.
type Shift struct {
	Percent float64
	Moves   []Move // the largest first; "nodata" and "servfail" are no candidate
	Clients int    // networks of the sample that it was computed for; 0: no client is treated otherwise than another, so it is exact
}

// Shifts computes shifts of policies of one snapshot. It starts instances of their plugins, as a worker does, and keeps them until Close. It is
// for one goroutine.
type Shifts struct {
	server  *Server
	snap    *zone.Snapshot
	worker  *plugin.Worker
	finder  geo.Finder
	facts   policy.Facts
	asker   *asker    // nil: not needed so far
	groups  []viewers // of the sample
	sampled bool      // groups are made
}

// viewers are clients of the sample who are sent to the same views.
type viewers struct {
	views   []string // in the order in which they are asked; nil: there is one, for everybody
	clients []Client
}

// Shifts begins with the snapshot that is served now. Something must be published already. Close it.
func (s *Server) Shifts() *Shifts {
	return &Shifts{server: s, snap: s.Store.Load(), worker: s.Plugins.NewWorker()}
}

// Current tells whether the snapshot that it began with is still served.
func (x *Shifts) Current() bool { return x.snap == x.server.Store.Load() }

// Close gives back what it holds.
func (x *Shifts) Close() {
	x.worker.Close()
	if x.asker != nil {
		x.asker.close()
	}
}

// Policy finds the policy of a name, in presentation form, and type in a view; nil if it is gone, or its plugins are not ready.
func (x *Shifts) Policy(view, owner string, typ uint16) *policy.Policy {
	raw, err := zonefile.ParseName(owner)
	if err != nil {
		return nil
	}
	wire.LowerName(raw)
	for _, v := range x.snap.Views {
		if v.Name != view {
			continue
		}
		z := zoneAround(v, raw)
		if z == nil || z.Broken || z.Pending {
			return nil
		}
		node := z.Node(raw[:len(raw)-len(z.Origin)])
		if node == nil {
			return nil
		}
		if set := node.RRset(typ); set != nil && set.Routed() {
			return z.Policies[set.Policy()]
		}
	}
	return nil
}

// zoneAround is the zone with the longest origin around a name; nil if there is none.
func zoneAround(v *zone.View, name []byte) (around *zone.Zone) {
	for _, z := range v.Zones {
		if (around == nil || len(z.Origin) > len(around.Origin)) && within(name, z.Origin) {
			around = z
		}
	}
	return around
}

// within tells whether a name in wire form is origin or lies below it.
func within(name, origin []byte) bool {
	for len(name) > len(origin) {
		name = name[1+int(name[0]):]
	}
	return bytes.Equal(name, origin)
}

// State is the health of a policy's candidates, and the percentages of their weights that they get, aligned with its IDs.
type State struct {
	Health []policy.Health
	Shares []uint8
}

// State is how the candidates of p stand now. Those whose target is dead are down for whom the view is for.
func (x *Shifts) State(view string, p *policy.Policy) State {
	s := State{make([]policy.Health, len(p.IDs)), make([]uint8, len(p.IDs))}
	for i := range p.IDs {
		now := policy.Standing{Health: policy.Up, Share: 100}
		if p.Slots != nil {
			now = p.Slots[i].Standing()
		}
		s.set(i, now.State(), now.Share)
	}
	if p.Targets != nil {
		for i, health := range x.seen(view, p) {
			if health == policy.Down && s.Health[i] != policy.Down {
				s.set(i, policy.Down, 100)
			}
		}
	}
	return s
}

// seen is the health of the candidates of p, which lead to other names, as answering finds it out; nil if no client of the sample comes to p.
func (x *Shifts) seen(view string, p *policy.Policy) []policy.Health {
	clients := x.clients(view, p)
	name, err := zonefile.ParseName(p.Owner)
	if len(clients) == 0 || err != nil {
		return nil
	}
	if x.asker == nil {
		x.asker = newAsker(x.server.Answers, "")
	} else {
		x.asker.worker.End()
		x.asker.worker.Begin()
	}
	network := clients[0].Network
	for _, typ := range addresses {
		t := new(answer.Trace)
		x.asker.ask(name, typ, client{network: network, source: network.Addr()}, t)
		if fork := forkAt(t, 0); fork != nil && fork.Policy == p {
			return fork.Facts.Health
		}
	}
	return nil
}

// set notes how one candidate stands. Of one that is dead the share says nothing; none at all is for what is only drained.
func (s State) set(i int, health policy.Health, share uint8) {
	if health == policy.Down && share > 0 {
		share = 100
	}
	s.Health[i], s.Shares[i] = health, share
}

// With is s with another health and share of one candidate.
func (s State) With(candidate int, health policy.Health, share uint8) State {
	next := State{slices.Clone(s.Health), slices.Clone(s.Shares)}
	next.set(candidate, health, share)
	return next
}

// Cost is how many decisions Of makes for p.
func (x *Shifts) Cost(view string, p *policy.Policy) int {
	if p.Wants == 0 {
		return 2
	}
	return 2 * len(x.clients(view, p))
}

// Of computes what moves in the answers of p, which the view's clients see, from one state to another.
func (x *Shifts) Of(view string, p *policy.Policy, before, now State) Shift {
	flow := newFlow()
	if p.Wants == 0 {
		flow.add(x.shares(p, before, nil), x.shares(p, now, nil), 1)
		moves, percent := flow.moves(1)
		return Shift{Percent: percent, Moves: moves}
	}
	clients, total := x.clients(view, p), 0.0
	for i := range clients {
		flow.add(x.shares(p, before, &clients[i]), x.shares(p, now, &clients[i]), clients[i].Weight)
		total += clients[i].Weight
	}
	if total == 0 {
		return Shift{}
	}
	moves, percent := flow.moves(total)
	return Shift{Percent: percent, Moves: moves, Clients: len(clients)}
}

// shares is the distribution that p decides on for a client; nil: for everybody.
func (x *Shifts) shares(p *policy.Policy, state State, who *Client) (list []share) {
	f := &x.facts
	*f = policy.Facts{Health: state.Health, Shares: state.Shares, Latency: f.Latency[:0]}
	if who != nil {
		f.Client = who.Network
		x.locate(p)
	}
	d := policy.Decision{Explain: true} // a plugin that fails here is not out of service for that
	x.worker.Decide(p, f, &d)
	if d.Outcome != policy.Answer {
		key := outcomes[d.Outcome]
		return []share{{key: key, label: key, chance: 1}}
	}
	chances, sum := d.Shares(nil), 0.0
	for _, chance := range chances {
		sum += chance
	}
	for i, chance := range chances {
		if chance > 0 {
			list = append(list, share{key: p.IDs[i], label: p.IDs[i], chance: chance / sum})
		}
	}
	return list
}

// locate adds to the facts about a client what p wants to know, as answering does.
func (x *Shifts) locate(p *policy.Policy) {
	f := &x.facts
	if p.Wants&policy.WantsGeo != 0 {
		place, bits := x.finder.Place(x.snap.Geo, f.Client)
		f.Place, f.PlaceBits = place, uint8(bits)
	}
	if p.Wants&policy.WantsLatency != 0 {
		latencies, bits := x.finder.Latencies(x.snap.Geo, f.Client, p.Regions, f.Latency)
		p.Probed(latencies)
		f.Latency, f.LatencyBits = latencies, uint8(bits)
	}
}

// clients are those of the sample who get p's answers: the view is the first of theirs that has a zone around its name, or every view before it
// that has one falls through.
func (x *Shifts) clients(view string, p *policy.Policy) (list []Client) {
	if !x.sampled {
		x.sampled = true
		x.sample()
	}
	name, err := zonefile.ParseName(p.Owner)
	if err != nil {
		return nil
	}
	for _, g := range x.groups {
		if g.views == nil || x.reaches(g.views, view, name) {
			list = append(list, g.clients...)
		}
	}
	return list
}

// reaches tells whether who is sent to views gets a name's answer from the one.
func (x *Shifts) reaches(views []string, view string, name []byte) bool {
	for _, other := range views {
		if other == view {
			return true
		}
		for _, v := range x.snap.Views {
			if v.Name == other && !v.Fallthrough && zoneAround(v, name) != nil {
				return false
			}
		}
	}
	return false
}

// sample takes the sample of clients, by the views that they are sent to.
func (x *Shifts) sample() {
	clients := Sample(x.server)
	if x.snap.Choice == nil {
		x.groups = []viewers{{clients: clients}}
		return
	}
	s := newSpread(x.server)
	defer s.close()
	at := map[string]int{}
	for _, who := range clients {
		joined := s.views(client{network: who.Network, source: who.Network.Addr()})
		i, known := at[joined]
		if !known {
			i = len(x.groups)
			at[joined] = i
			x.groups = append(x.groups, viewers{views: strings.Fields(joined)})
		}
		x.groups[i].clients = append(x.groups[i].clients, who)
	}
}
