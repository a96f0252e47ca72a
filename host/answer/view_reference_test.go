package answer

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/zone"
)

// viewRounds is how many random worlds TestViewsReference tries; each takes ten milliseconds.
var viewRounds = flag.Int("view-rounds", 120, "random worlds that TestViewsReference tries")

// world is views as a user thinks of them: who sees which records.
type world struct {
	views []worldView
}

type worldView struct {
	name      string
	clients   []netip.Prefix // nil: everybody
	listeners []string       // nil: all
	falls     bool
	zones     []*reference
}

// sees is the rule in the manual's words: the views whose clients and listeners a query is among, in order.
func (w *world) sees(client netip.Addr, listener string) (views []worldView) {
	for _, v := range w.views {
		among := v.clients == nil || slices.ContainsFunc(v.clients, func(p netip.Prefix) bool { return p.Contains(client) })
		if among && (v.listeners == nil || slices.Contains(v.listeners, listener)) {
			views = append(views, v)
		}
	}
	return views
}

// finderOf finds as the manual says: the first view with a zone for the name has the say, unless it falls through and the zone lacks the name.
func finderOf(views []worldView) finder {
	return func(name labels, qtype uint16) (kind string, z *reference, owner labels, found []fact) {
		kind = "outside"
		for _, v := range views {
			if zoneOf(v.zones, name, len(name)) == nil {
				continue
			}
			kind, z, owner, found = lookup(v.zones, name, qtype)
			if kind != "nxdomain" || !v.falls {
				break
			}
		}
		return kind, z, owner, found
	}
}

// Tags: the data of a record tells which view it stands in.
const (
	tagV4 = "192.0.%d."
	tagV6 = "2001:db8:%d::"
)

// tag marks every record of a zone whose data is free with the number of its view.
func (z *reference) tag(number int) {
	for i := range z.facts {
		f := &z.facts[i]
		switch f.typ {
		case dns.TypeA:
			f.data = strings.Replace(f.data, fmt.Sprintf(tagV4, 2), fmt.Sprintf(tagV4, number), 1)
		case dns.TypeAAAA:
			f.data = strings.Replace(f.data, "2001:db8::", fmt.Sprintf(tagV6, number), 1)
		case dns.TypeTXT:
			f.data = fmt.Sprintf("%q", fmt.Sprint("view ", number))
		case dns.TypeMX:
			f.data = fmt.Sprint(100*number+len(f.owner), " ")
		case dns.TypeSRV:
			f.data = fmt.Sprint("1 2 ", 100*number+len(f.owner), " ")
		case dns.TypeSOA:
			f.data = strings.Replace(f.data, " 1 7200", fmt.Sprintf(" %d 7200", number), 1)
		}
	}
	var once []fact
	for _, f := range z.facts {
		if !slices.ContainsFunc(once, func(g fact) bool { return slices.Equal(f.owner, g.owner) && f.text() == g.text() }) {
			once = append(once, f)
		}
	}
	z.facts = once
}

// tagOf is the view that a record's data names; ok is false for data that names none.
func tagOf(rr dns.RR) (number int, ok bool) {
	switch rr := rr.(type) {
	case *dns.A:
		return int(rr.A.To4()[2]), true
	case *dns.AAAA:
		return int(rr.AAAA[5]), true
	case *dns.TXT:
		_, err := fmt.Sscanf(rr.Txt[0], "view %d", &number)
		return number, err == nil
	case *dns.MX:
		return int(rr.Preference) / 100, true
	case *dns.SRV:
		return int(rr.Port) / 100, true
	case *dns.SOA:
		return int(rr.Serial), true
	}
	return 0, false
}

var worldOrigins = []labels{{"ex"}, {"b", "ex"}, {"a", "c", "ex"}, {}, {"org"}}

// randomWorld makes three views over the same few origins, each with records of its own.
func randomWorld(random *rand.Rand) *world {
	w := new(world)
	for number := 3; number <= 5; number++ { // randomZone itself writes 0, 1 and 2
		v := worldView{name: fmt.Sprint("v", number), falls: random.IntN(3) == 0}
		for range random.IntN(3) {
			v.clients = append(v.clients, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(random.IntN(4)), 0, 0}), 15+random.IntN(2)).Masked())
		}
		if random.IntN(4) == 0 {
			v.clients = append(v.clients, netip.MustParsePrefix("2001:db8:1::/48"))
		}
		if random.IntN(4) == 0 {
			v.listeners = []string{"192.0.2.1:53"}
		}
		for _, origin := range worldOrigins {
			if random.IntN(2) == 0 {
				z := randomZone(random, origin, worldOrigins)
				z.tag(number)
				v.zones = append(v.zones, z)
			}
		}
		w.views = append(w.views, v)
	}
	return w
}

// compile makes a snapshot of the world; reason says why there is none.
func (w *world) compile(generation uint64, choice *zone.Choice) (snap *zone.Snapshot, reason string) {
	snap = &zone.Snapshot{Generation: generation, Config: config.Default(), Choice: choice}
	for _, v := range w.views {
		var zones []*zone.Zone
		for _, z := range v.zones {
			soa := z.at(z.origin, dns.TypeSOA)[0]
			compiled, reason := compileZone(z.origin.String(), fmt.Sprintf("$TTL 300\n%s %s\n", z.origin, soa.text())+z.zoneText())
			if compiled == nil {
				return nil, reason
			}
			zones = append(zones, compiled)
		}
		view := zone.NewView(v.name, v.clients, zones)
		view.Listeners, view.Fallthrough = v.listeners, v.falls
		snap.Views = append(snap.Views, view)
	}
	return snap, ""
}

func (w *world) String() string {
	var b strings.Builder
	for _, v := range w.views {
		fmt.Fprintf(&b, "view %s: clients %v, listeners %v, falls through %v\n", v.name, v.clients, v.listeners, v.falls)
		for _, z := range v.zones {
			fmt.Fprintf(&b, "zone %s\n%s", z.origin, z.zoneText())
		}
	}
	return b.String()
}

func randomClient(random *rand.Rand) netip.AddrPort {
	addr := netip.AddrFrom4([4]byte{10, byte(random.IntN(4)), byte(random.IntN(8)), byte(random.IntN(8))})
	switch random.IntN(8) {
	case 0:
		addr = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, byte(random.IntN(3)), 15: byte(random.IntN(8))})
	case 1:
		addr = netip.AddrFrom16(addr.As16()) // as a socket of both families says it
	}
	return netip.AddrPortFrom(addr, 4242)
}

// Protects every client from data of views that it does not see, in all sections, through chains, wildcards, negatives and glue; and the order
// of the views that it does see. Worlds, clients and questions are random, with fixed seeds: a failure repeats. Two oracles: what the world's
// records say, scanned as plainly as can be; and the tags of the data. The client-subnet option names other networks all the time.
func TestViewsReference(t *testing.T) {
	for _, native := range []bool{true, false} {
		t.Run(fmt.Sprint("native=", native), func(t *testing.T) { testViewsReference(t, native) })
	}
}

func testViewsReference(t *testing.T, native bool) {
	types := []uint16{dns.TypeA, dns.TypeA, dns.TypeAAAA, dns.TypeNS, dns.TypeCNAME, dns.TypeDNAME, dns.TypeMX, dns.TypeSRV, dns.TypeTXT, dns.TypeSOA, dns.TypeDS, dns.TypeANY}
	h, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	store := new(zone.Store)
	server := NewServer(store, h, nil, new(metrics.Set))
	workers := map[string]*Worker{}
	for _, listener := range []string{"192.0.2.1:53", "192.0.2.2:53"} {
		workers[listener] = server.NewWorkerAt(listener)
		t.Cleanup(workers[listener].Close)
	}
	generation, asked, leaks := uint64(0), 0, 0
	for seed := range uint64(*viewRounds) {
		random := rand.New(rand.NewPCG(seed, 1))
		world := randomWorld(random)
		choice := &zone.Choice{Native: native}
		if !native {
			choice.Policy = world.policy(t, h)
		}
		generation++
		snap, reason := world.compile(generation, choice)
		if snap == nil {
			if !strings.Contains(reason, "ALIAS cycle") {
				t.Fatalf("seed %d: %s\n%s", seed, reason, world)
			}
			continue
		}
		store.Publish(snap) // the workers remember the clients of the world before
		for range 150 {
			listener := []string{"192.0.2.1:53", "192.0.2.2:53"}[random.IntN(2)]
			c := comparison{client: randomClient(random), name: randomName(random, worldOrigins), qtype: types[random.IntN(len(types))]}
			if random.IntN(2) == 0 {
				c.subnet = &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{10, byte(random.IntN(4)), 0, 0}}
			}
			if v := world.views[random.IntN(3)]; random.IntN(4) > 0 && len(v.zones) > 0 {
				z := v.zones[random.IntN(len(v.zones))]
				if c.name = z.facts[random.IntN(len(z.facts))].owner; len(c.name) == 0 {
					continue
				}
			}
			views := world.sees(c.client.Addr().Unmap(), listener)
			c.find = finderOf(views)
			for _, v := range views {
				c.zones = append(c.zones, v.zones...)
			}
			c.compare(t, workers[listener])
			asked++
			leaks += untag(t, workers[listener], &c, views)
			if t.Failed() {
				t.Fatalf("seed %d, %s at %s asks %s %s, world:\n%s", seed, c.client, listener, c.name, dns.Type(c.qtype), world)
			}
		}
	}
	if asked < 100**viewRounds || leaks < asked/3 {
		t.Errorf("got %d questions with %d tags in their answers: too few to say anything", asked, leaks)
	}
}

// policy is what the world's views are to the plugins.
func (w *world) policy(t *testing.T, h *plugin.Host) *policy.Policy {
	t.Helper()
	spec := &policy.Spec{Owner: "views", Chain: []string{config.DefaultViewPolicy}, FailClosed: true}
	for _, v := range w.views {
		c := policy.Candidate{ID: v.name}
		if v.clients != nil {
			texts := make([]string, len(v.clients))
			for i, prefix := range v.clients {
				texts[i] = prefix.String()
			}
			c.Attrs = []policy.Attr{{Key: "clients", Value: strings.Join(texts, ",")}}
		}
		spec.Candidates = append(spec.Candidates, c)
	}
	p, diags := h.Route(spec, plugin.Terms{})
	if p == nil {
		t.Fatal(diags)
	}
	return p
}

// untag looks at each record of a response: its tag must be that of a view that the client sees. It returns how many records have one.
func untag(t *testing.T, w *Worker, c *comparison, views []worldView) (tagged int) {
	t.Helper()
	m := exchangeFrom(t, w, new(dns.Msg).SetQuestion(c.name.String(), c.qtype), true, c.client)
	for _, rr := range slices.Concat(m.Answer, m.Ns, m.Extra) {
		number, ok := tagOf(rr)
		if !ok {
			continue
		}
		tagged++
		if !slices.ContainsFunc(views, func(v worldView) bool { return v.name == fmt.Sprint("v", number) }) {
			t.Errorf("%v is of view v%d, which the client does not see", rr, number)
		}
	}
	return tagged
}
