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

	"signpost/host/compile"
	"signpost/host/config"
	"signpost/host/metrics"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/zone"
	"signpost/plugins"
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

// routedViews compiles one zone text a view, for plugins, with a policy that is made of the views' attributes.
func routedViews(t testing.TB, spec *policy.Spec, texts map[string]string, order ...string) (*Worker, *zone.Snapshot) {
	t.Helper()
	h, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	snap := &zone.Snapshot{Generation: 1, Config: config.Default(), Choice: new(zone.Choice)}
	for _, name := range order {
		text := "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\n NS ns1\nns1 A 192.0.2.53\n" + texts[name]
		z, _, diags := compile.Compile(compile.Source{
			Path: "test.zone", Origin: []byte("\x07example\x03com\x00"), Open: func(string) ([]byte, error) { return []byte(text), nil },
		}, h)
		if z == nil {
			t.Fatal(diags)
		}
		snap.Views = append(snap.Views, zone.NewView(name, nil, []*zone.Zone{z}))
	}
	if spec != nil {
		var diags any
		if snap.Choice.Policy, diags = h.Route(spec, plugin.Terms{}); snap.Choice.Policy == nil {
			t.Fatal(diags)
		}
	}
	store := new(zone.Store)
	store.Publish(snap)
	w := NewServer(store, h, nil, new(metrics.Set)).NewWorker()
	t.Cleanup(w.Close)
	return w, snap
}

// weightedSpec is a policy of views that shares clients among them.
func weightedSpec(weights map[string]string, order ...string) *policy.Spec {
	spec := &policy.Spec{Owner: "views", Chain: []string{"weighted"}, FailClosed: true}
	for _, name := range order {
		spec.Candidates = append(spec.Candidates, policy.Candidate{ID: name, Attrs: []policy.Attr{{Key: "weight", Value: weights[name]}}})
	}
	return spec
}

// Protects kept decisions: one name is routed in two views, and each client gets its own view's candidates however often others ask.
func TestViewsRouted(t *testing.T) {
	w, snap := routedViews(t, nil, map[string]string{
		"internal": "app A 10.1.0.1 ;@ weighted weight=1\napp A 10.1.0.2 ;@ weighted weight=1\n",
		"public":   "app A 192.0.2.1 ;@ weighted weight=1\napp A 192.0.2.2 ;@ weighted weight=1\n",
	}, "internal", "public")
	snap.Choice.Native = true
	snap.Views[0].Clients = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for i := range 400 {
		client, want := "10.0.0.7:4242", "10.1.0."
		if i%2 == 1 {
			client, want = "192.0.2.7:4242", "192.0.2."
		}
		m := exchangeFrom(t, w, new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA), false, netip.MustParseAddrPort(client))
		if len(m.Answer) != 1 || !strings.HasPrefix(m.Answer[0].(*dns.A).A.String(), want) {
			t.Fatalf("%s: got %s, want an address %s…", client, brief(m), want)
		}
	}
}

// Protects that a policy which gives several views weight shares clients, not queries; and that every worker sends a client to the same view.
func TestViewsShareClients(t *testing.T) {
	texts := map[string]string{"a": "www A 192.0.2.1\n", "b": "www A 192.0.2.2\n"}
	w, _ := routedViews(t, weightedSpec(map[string]string{"a": "90", "b": "10"}, "a", "b"), texts, "a", "b")
	other := w.server.NewWorker()
	t.Cleanup(other.Close)
	inB := 0
	const clients = 4000
	for i := range clients {
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 4242)
		var first string
		for _, worker := range []*Worker{w, other, w} {
			m := exchangeFrom(t, worker, new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA), false, client)
			got := m.Answer[0].(*dns.A).A.String()
			if first == "" {
				first = got
			}
			if got != first {
				t.Fatalf("%s: got %s after %s", client, got, first)
			}
		}
		if first == "192.0.2.2" {
			inB++
		}
	}
	if inB < 290 || inB > 510 { // 400, and six standard deviations of 19
		t.Errorf("got %d of %d clients in the view of 10 %%", inB, clients)
	}
}

// Protects secrets while the policy of views cannot be asked: nothing is answered, except by the built-in rule where it is the policy.
func TestViewsNotReady(t *testing.T) {
	texts := map[string]string{"internal": "www A 10.0.0.1\n", "public": "www A 192.0.2.1\n"}
	query := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	query.SetEdns0(1232, false)
	t.Run("no policy", func(t *testing.T) {
		w, snap := routedViews(t, nil, texts, "internal", "public")
		snap.Views[0].Clients = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		m := exchange(t, w, query, false)
		if len(m.Answer) > 0 || m.Rcode != dns.RcodeServerFailure || !strings.Contains(extraText(m), "not ready") {
			t.Errorf("got %s %q, want SERVFAIL since the plugins are not ready", brief(m), extraText(m))
		}
		snap.Choice.Native, snap.Generation = true, 2
		if m := exchange(t, w, query, false); len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.1" {
			t.Errorf("by the views' own clients: got %s, want the public address", brief(m))
		}
	})
	t.Run("failing", func(t *testing.T) {
		w, snap := routedViews(t, nil, texts, "internal", "public")
		h, err := plugin.New(t.Context(), plugin.Options{Builtin: plugins.Builtin()})
		if err != nil {
			t.Fatal(err)
		}
		<-h.Ready()
		var diags any
		if snap.Choice.Policy, diags = h.Route(weightedSpec(map[string]string{"internal": "1", "public": "1"}, "internal", "public"), plugin.Terms{}); snap.Choice.Policy == nil {
			t.Fatal(diags)
		}
		h.Close() // no instance starts any more
		w = NewServer(w.server.store, h, nil, new(metrics.Set)).NewWorker()
		t.Cleanup(w.Close)
		m := exchange(t, w, query, false)
		if len(m.Answer) > 0 || m.Rcode != dns.RcodeServerFailure || !strings.Contains(extraText(m), "failed") {
			t.Errorf("got %s %q, want SERVFAIL since the plugins failed", brief(m), extraText(m))
		}
		snap.Choice.Native, snap.Generation = true, 2
		snap.Views[0].Clients = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		for range 3 {
			if m := exchange(t, w, query, false); len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "192.0.2.1" {
				t.Errorf("by the views' own clients: got %s, want the public address", brief(m))
			}
		}
		if w.sight.generation != 0 {
			t.Error("a client whose plugins failed is remembered: it would never be asked about again")
		}
	})
}

// Protects what views say that lack the name, by the letter of the manual.
func TestViewsOrder(t *testing.T) {
	texts := map[string]string{
		"internal": "www A 10.0.0.1\nempty TXT x\ntocommon CNAME common\nalias ALIAS common\nmail MX 10 both\nboth A 10.0.0.2\n",
		"public":   "www A 192.0.2.1\nempty A 192.0.2.3\ncommon A 192.0.2.2\nonly MX 10 both\nboth A 192.0.2.9\ntowww CNAME www\nsub NS ns.sub\nns.sub A 192.0.2.8\n",
	}
	w, snap := routedViews(t, nil, texts, "internal", "public")
	snap.Choice.Native = true
	const soa = "\nns example.com. 60 IN SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 60"
	ask := func(name, typ string) string { return brief(ask(t, w, name+".example.com.", typ)) }
	for _, c := range []struct{ name, typ, want, falls string }{
		{"www", "A", "NOERROR aa\nan www.example.com. 300 IN A 10.0.0.1", ""},
		{"common", "A", "NXDOMAIN aa" + soa, "NOERROR aa\nan common.example.com. 300 IN A 192.0.2.2"},
		{"nowhere", "A", "NXDOMAIN aa" + soa, ""},
		{"empty", "A", "NOERROR aa" + soa, ""}, // the name exists: no falling through
		{"tocommon", "A", "NXDOMAIN aa\nan tocommon.example.com. 300 IN CNAME common.example.com." + soa,
			"NOERROR aa\nan tocommon.example.com. 300 IN CNAME common.example.com.\nan common.example.com. 300 IN A 192.0.2.2"},
		{"alias", "A", "NOERROR aa" + soa, "NOERROR aa\nan alias.example.com. 300 IN A 192.0.2.2"},
		{"mail", "MX", "NOERROR aa\nan mail.example.com. 300 IN MX 10 both.example.com.\nar both.example.com. 300 IN A 10.0.0.2", ""},
		// The client would find another address for "both", so this one is not told.
		{"only", "MX", "NXDOMAIN aa" + soa, "NOERROR aa\nan only.example.com. 300 IN MX 10 both.example.com."},
		// Links are found where the client would find them.
		{"towww", "A", "NXDOMAIN aa" + soa, "NOERROR aa\nan towww.example.com. 300 IN CNAME www.example.com.\nan www.example.com. 300 IN A 10.0.0.1"},
		{"x.sub", "A", "NXDOMAIN aa" + soa, "NOERROR\nns sub.example.com. 300 IN NS ns.sub.example.com.\nar ns.sub.example.com. 300 IN A 192.0.2.8"},
	} {
		snap.Views[0].Fallthrough = false
		if got := ask(c.name, c.typ); got != c.want {
			t.Errorf("%s %s: got %s\nwant %s", c.name, c.typ, got, c.want)
		}
		snap.Views[0].Fallthrough = true
		if c.falls == "" {
			c.falls = c.want
		}
		if got := ask(c.name, c.typ); got != c.falls {
			t.Errorf("%s %s, falling through: got %s\nwant %s", c.name, c.typ, got, c.falls)
		}
	}
}

// Protects a zone that is broken in the first view from being answered for by the second.
func TestViewsBrokenShadows(t *testing.T) {
	w, snap := routedViews(t, nil, map[string]string{"internal": "", "public": "www A 192.0.2.1\n"}, "internal", "public")
	snap.Choice.Native = true
	snap.Views[0] = zone.NewView("internal", nil, []*zone.Zone{zone.NewBroken([]byte("\x07example\x03com\x00"), "internal/example.com.zone")})
	snap.Views[0].Fallthrough = true
	if got := brief(ask(t, w, "www.example.com.", "A")); got != "SERVFAIL" {
		t.Errorf("got %s, want SERVFAIL", got)
	}
}

// Protects the bound of views that one client sees.
func TestViewsMax(t *testing.T) {
	snap := &zone.Snapshot{Generation: 1, Config: config.Default(), Choice: &zone.Choice{Native: true}}
	for range viewsMax {
		snap.Views = append(snap.Views, zone.NewView("empty", nil, nil))
	}
	own := snapshotOf(t, config.Default(), map[string]string{"example.com.": "www A 192.0.2.1\n"})
	snap.Views = append(snap.Views, own.Views[0])
	w := workerOf(t, snap)
	for range 2 { // made, and remembered
		if got := brief(ask(t, w, "www.example.com.", "A")); got != "REFUSED" {
			t.Errorf("behind %d views: got %s", viewsMax, got)
		}
	}
	snap.Views, snap.Generation = snap.Views[1:], 2
	for range 2 {
		if got := ask(t, w, "www.example.com.", "A"); len(got.Answer) != 1 {
			t.Errorf("behind %d views: got %s", viewsMax-1, brief(got))
		}
	}
}

// Protects the promise of package answer for clients that are remembered, and for new ones.
func TestViewsAllocs(t *testing.T) {
	w, _ := routedViews(t, weightedSpec(map[string]string{"a": "1", "b": "1"}, "a", "b"), map[string]string{"a": "www A 192.0.2.1\n", "b": "www A 192.0.2.2\n"}, "a", "b")
	raw, _ := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA).Pack()
	pkt := make([]byte, 4096)
	number := uint32(0)
	answer := func() {
		number++
		w.Begin()
		for range 2 {
			w.Respond(pkt, copy(pkt, raw), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)}), 4242), false)
		}
		w.End()
	}
	// The plugin host makes spare instances behind the first decision, and the count is the whole process's: try until it is quiet.
	allocs := 1.0
	for range 100 {
		if allocs = testing.AllocsPerRun(100, answer); allocs == 0 {
			return
		}
	}
	t.Errorf("got %v allocations, want 0", allocs)
}

// Protects the counts: a query counts for the view that its name was found in.
func TestViewsCounted(t *testing.T) {
	w, snap := routedViews(t, nil, map[string]string{"a": "www A 192.0.2.1\n", "b": "www A 192.0.2.2\nonly A 192.0.2.3\n"}, "a", "b")
	snap.Choice.Native, snap.Views[0].Fallthrough = true, true
	for _, name := range []string{"www.example.com.", "only.example.com.", "only.example.com.", "nowhere.test."} {
		ask(t, w, name, "A")
	}
	if got, want := fmt.Sprint(w.server.metrics.Views()), "map[a:1 b:2]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// BenchmarkViews is what views cost a static answer: none, a client that is remembered, and one that is not.
func BenchmarkViews(b *testing.B) {
	raw, _ := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA).Pack()
	texts := map[string]string{"a": "www A 192.0.2.1\n", "b": "www A 192.0.2.2\n"}
	one := workerOf(b, snapshotOf(b, config.Default(), map[string]string{"example.com.": "www A 192.0.2.1\n"}))
	two, _ := routedViews(b, weightedSpec(map[string]string{"a": "1", "b": "0"}, "a", "b"), texts, "a", "b")
	for _, c := range []struct {
		name   string
		worker *Worker
		many   bool
	}{{"one", one, false}, {"two", two, false}, {"two/new-client", two, true}} {
		b.Run(c.name, func(b *testing.B) {
			pkt := make([]byte, 4096)
			client, number := testClient, uint32(0)
			c.worker.Begin()
			for b.Loop() {
				if c.many {
					number++
					client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)}), 4242)
				}
				c.worker.Respond(pkt, copy(pkt, raw), client, false)
			}
			c.worker.End()
		})
	}
}
