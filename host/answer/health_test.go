package answer

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/health"
	"signpost/host/zone"
)

// healthWorker is routedWorker with a health table.
func healthWorker(t testing.TB, text string) (*Worker, *health.Table) {
	t.Helper()
	w, z := routedWorker(t, text)
	table := health.NewTable(nil)
	table.Replace("public", nil, z.Policies)
	w.server.health = table
	return w, table
}

// force puts an override on candidates written as "name id", or "id" for all of that id.
func force(t testing.TB, table *health.Table, to health.Force, candidates ...string) {
	t.Helper()
	for _, text := range candidates {
		which := health.Query{ID: text}
		if name, id, both := strings.Cut(text, " "); both {
			which = health.Query{Name: name + ".example.com.", ID: id}
		}
		if table.Override(which, health.Override{Force: to}) == nil {
			t.Fatalf("there is no candidate %q", text)
		}
	}
}

// seen asks until every answer that a fair draw among a few candidates gives must have been there, and lists them.
func seen(t testing.TB, w *Worker, name, typ string) string {
	t.Helper()
	found := map[string]bool{}
	for range 200 { // one of eight equal candidates is missed once in 10^11
		m := ask(t, w, name+".example.com", typ)
		text := dns.RcodeToString[m.Rcode]
		if len(m.Answer) > 0 {
			var data []string
			for _, rr := range m.Answer {
				data = append(data, strings.Fields(rr.String())[4])
			}
			text = strings.Join(data, "+")
		}
		found[text] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " ")
}

// Protects what decisions see of health, and back again.
func TestDecisionsSeeHealth(t *testing.T) {
	w, table := healthWorker(t, `
app A 192.0.2.1 ;@ weighted id=a weight=1
app A 192.0.2.2 ;@ weighted id=b weight=1
app A 192.0.2.9 ;@ weighted id=spare weight=0
shut A 192.0.2.1 ;@ weighted id=a weight=1 on-all-down=nodata
fail A 192.0.2.1 ;@ weighted id=a weight=1 on-all-down=servfail
`)
	for _, c := range []struct {
		to               health.Force
		candidates, want string // want: of app, shut, fail
	}{
		{health.Auto, "", "192.0.2.1 192.0.2.2 | 192.0.2.1 | 192.0.2.1"},
		{health.ForceDown, "a", "192.0.2.2 | NOERROR | SERVFAIL"},
		{health.ForceDown, "b", "192.0.2.9 | NOERROR | SERVFAIL"},
		{health.ForceDown, "spare", "192.0.2.1 192.0.2.2 | NOERROR | SERVFAIL"}, // all down: as if all were up, where weight 0 is for nobody
		{health.ForceUp, "a", "192.0.2.1 | 192.0.2.1 | 192.0.2.1"},
		{health.Auto, "b", "192.0.2.1 192.0.2.2 | 192.0.2.1 | 192.0.2.1"},
	} {
		if c.candidates != "" {
			force(t, table, c.to, c.candidates)
		}
		got := strings.Join([]string{seen(t, w, "app", "A"), seen(t, w, "shut", "A"), seen(t, w, "fail", "A")}, " | ")
		if got != c.want {
			t.Errorf("%s %v: got %s, want %s", c.candidates, c.to, got, c.want)
		}
	}
}

// treeZone is a tree of policies: app → eu and us; eu → two addresses; us → west and east, each of two addresses.
const treeZone = `
app  ALIAS eu   ;@ weighted id=eu weight=1
app  ALIAS us   ;@ weighted id=us weight=1
@    ALIAS eu   ;@ weighted id=eu weight=1
@    ALIAS us   ;@ weighted id=us weight=1
eu   A 192.0.2.1     ;@ weighted id=eu1 weight=1
eu   A 192.0.2.2     ;@ weighted id=eu2 weight=1
us   ALIAS west ;@ weighted id=west weight=1
us   ALIAS east ;@ weighted id=east weight=1
west A 198.51.100.1  ;@ weighted id=west1 weight=1
west A 198.51.100.2  ;@ weighted id=west2 weight=1
east A 203.0.113.1   ;@ weighted id=east1 weight=1
east AAAA 2001:db8::1 ;@ weighted id=six1 weight=1
`

// Protects Route 53's rules for trees: an ALIAS is up if at least one candidate of its target is; a dead branch is backed out of, at each depth;
// all dead means as if all were up.
func TestAliasTree(t *testing.T) {
	const eu, west, east = "192.0.2.1 192.0.2.2", "198.51.100.1 198.51.100.2", "203.0.113.1"
	for _, c := range []struct{ down, name, typ, want string }{
		{"", "app", "A", eu + " " + west + " " + east},
		{"eu1", "app", "A", "192.0.2.2 " + west + " " + east},
		{"eu1 eu2", "app", "A", west + " " + east},
		{"eu1 eu2 west1", "app", "A", "198.51.100.2 " + east},
		{"eu1 eu2 west1 west2", "app", "A", east},
		{"west1 west2", "app", "A", eu + " " + east},
		{"west1 west2 east1", "app", "A", eu},
		{"west1 west2 east1", "us", "A", west + " " + east}, // all of us is dead: it fails open by itself
		{"eu1 eu2 west1 west2 east1", "app", "A", eu + " " + west + " " + east},
		{"eu1 eu2 west1 west2 east1", "app", "AAAA", "2001:db8::1"}, // A and AAAA have their own candidates
		{"six1", "app", "A", eu + " " + west + " " + east},
		{"", "app", "AAAA", "2001:db8::1"}, // where there is no such address is no way either
		// An override on the ALIAS itself counts beside its target's health: both must pass.
		{"app,eu", "app", "A", west + " " + east},
		{"us,west east1", "us", "A", west + " " + east},
		{"us,west east1", "app", "A", eu},
	} {
		for _, name := range []string{c.name, strings.Replace(c.name, "app", "@", 1)} {
			w, table := healthWorker(t, treeZone)
			for _, candidate := range strings.Fields(c.down) {
				force(t, table, health.ForceDown, strings.ReplaceAll(candidate, ",", " "))
			}
			if name == "@" {
				if strings.Contains(c.down, ",") {
					continue
				}
				if got := seenAt(t, w, "example.com", c.typ); got != c.want {
					t.Errorf("down %q: the apex %s: got %s, want %s", c.down, c.typ, got, c.want)
				}
				continue
			}
			if got := seen(t, w, name, c.typ); got != c.want {
				t.Errorf("down %q: %s %s: got %s, want %s", c.down, name, c.typ, got, c.want)
			}
			for _, candidate := range strings.Fields(c.down) { // and back
				force(t, table, health.Auto, strings.ReplaceAll(candidate, ",", " "))
			}
			if got, want := seen(t, w, "app", "A"), eu+" "+west+" "+east; got != want {
				t.Errorf("down %q and up again: got %s, want %s", c.down, got, want)
			}
		}
	}
}

// seenAt is seen for a whole name.
func seenAt(t testing.TB, w *Worker, name, typ string) string {
	t.Helper()
	found := map[string]bool{}
	for range 200 {
		for _, rr := range ask(t, w, name, typ).Answer {
			found[strings.Fields(rr.String())[4]] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " ")
}

// Protects what counts as a live target, and what evaluate-target-health changes.
func TestTargetHealth(t *testing.T) {
	w, table := healthWorker(t, `
plain  A 192.0.2.7
plain  TXT text
pool   A 192.0.2.1 ;@ weighted id=pool1 weight=1
dead   A 192.0.2.2 ;@ weighted id=dead1 weight=1
hop    ALIAS dead
hops   ALIAS hop
cn     CNAME dead
link   CNAME pool
link6  CNAME only6
only6  AAAA 2001:db8::7
fork   CNAME dead ;@ weighted id=fork1 weight=1
fork   CNAME pool ;@ weighted id=fork2 weight=1
out    CNAME www.example.net.
sub    NS ns.example.net.
*.wild ALIAS dead
dn     DNAME wild

a1 ALIAS pool    ;@ weighted id=x weight=1
a1 ALIAS dead    ;@ weighted id=y weight=1
a2 ALIAS pool    ;@ weighted id=x weight=1
a2 ALIAS nowhere ;@ weighted id=y weight=1
a3 ALIAS pool    ;@ weighted id=x weight=1
a3 ALIAS www.example.net. ;@ weighted id=y weight=1
a4 ALIAS pool    ;@ weighted id=x weight=1
a4 ALIAS only6   ;@ weighted id=y weight=1
a5 ALIAS pool    ;@ weighted id=x weight=1
a5 ALIAS hops    ;@ weighted id=y weight=1
a6 ALIAS pool    ;@ weighted id=x weight=1
a6 ALIAS cn      ;@ weighted id=y weight=1
a7 ALIAS plain   ;@ weighted id=x weight=1
a7 ALIAS fork    ;@ weighted id=y weight=1
a8 ALIAS pool    ;@ weighted id=x weight=1
a8 ALIAS w.sub   ;@ weighted id=y weight=1
a9 ALIAS pool    ;@ weighted id=x weight=1
a9 ALIAS q.wild  ;@ weighted id=y weight=1
b1 ALIAS pool    ;@ weighted id=x weight=1
b1 ALIAS out     ;@ weighted id=y weight=1
b2 ALIAS pool    ;@ weighted id=x weight=1
b2 ALIAS q.dn    ;@ weighted id=y weight=1
no ALIAS pool    ;@ weighted id=x weight=1
no ALIAS dead    ;@ weighted id=y weight=1 evaluate-target-health=no
say ALIAS pool   ;@ weighted id=x weight=1 evaluate-target-health=yes
say ALIAS dead   ;@ weighted id=y weight=1 evaluate-target-health=yes
gone ALIAS nowhere ;@ weighted id=x weight=1
up  ALIAS no     ;@ weighted id=x weight=1
up  ALIAS plain  ;@ weighted id=y weight=1
up2 ALIAS gone   ;@ weighted id=x weight=1
up2 ALIAS plain  ;@ weighted id=y weight=1

c1 CNAME pool    ;@ weighted id=x weight=1
c1 CNAME dead    ;@ weighted id=y weight=1
c2 CNAME pool    ;@ weighted id=x weight=1 evaluate-target-health=yes
c2 CNAME dead    ;@ weighted id=y weight=1 evaluate-target-health=yes
c3 CNAME only6   ;@ weighted id=x weight=1 evaluate-target-health=yes
c3 CNAME dead    ;@ weighted id=y weight=1 evaluate-target-health=yes
`)
	force(t, table, health.ForceDown, "dead1")
	for _, c := range []struct{ name, typ, want, why string }{
		{"a1", "A", "192.0.2.1", "a dead policy"},
		{"a2", "A", "192.0.2.1", "no such name"},
		{"a3", "A", "192.0.2.1", "outside the view"},
		{"a4", "A", "192.0.2.1", "no data of that type"},
		{"a4", "AAAA", "2001:db8::7", "data of the other type alone"},
		{"a5", "A", "192.0.2.1", "two unrouted ALIASes pass it on"},
		{"a6", "A", "192.0.2.1", "an unrouted CNAME passes it on"},
		{"a7", "A", "192.0.2.1 192.0.2.7", "of a routed CNAME's targets one is up"},
		{"a8", "A", "192.0.2.1", "a delegation"},
		{"a9", "A", "192.0.2.1", "a wildcard's ALIAS"},
		{"b1", "A", "192.0.2.1", "a CNAME that leads out"},
		{"b2", "A", "192.0.2.1", "a DNAME, which no ALIAS follows"},
		{"no", "A", "192.0.2.1 192.0.2.2", "evaluate-target-health=no: the dead one fails open"},
		{"say", "A", "192.0.2.1", "evaluate-target-health=yes"},
		{"up", "A", "192.0.2.1 192.0.2.2 192.0.2.7", "up as long as a candidate of the target counts as up"},
		{"up2", "A", "192.0.2.7", "the target's only candidate leads nowhere"},
		{"gone", "A", "NOERROR", "fails open to what is not there"},
		{"c1", "A", "dead.example.com.+192.0.2.2 pool.example.com.+192.0.2.1", "a CNAME is taken as it is"},
		{"c2", "A", "pool.example.com.+192.0.2.1", "unless it says otherwise"},
		{"c2", "CNAME", "pool.example.com.", "whatever was asked"},
		{"c3", "A", "only6.example.com.", "one CNAME answers for all types: an address of either kind makes it live"},
	} {
		if got := seen(t, w, c.name, c.typ); got != c.want {
			t.Errorf("%s %s (%s): got %s, want %s", c.name, c.typ, c.why, got, c.want)
		}
	}
}

// Protects the ends of ways: as long as the chain limit, one longer, and circles, which only several zones together can have.
func TestReachLimits(t *testing.T) {
	var b strings.Builder
	for i := range 15 {
		fmt.Fprintf(&b, "d%d ALIAS d%d ;@ weighted id=deep weight=1\n", i, i+1)
	}
	b.WriteString("d15 A 192.0.2.15 ;@ weighted id=end weight=1\n")
	b.WriteString("fits ALIAS d1 ;@ weighted id=long weight=1\nfits ALIAS pool ;@ weighted id=short weight=1\n")
	b.WriteString("over ALIAS d0 ;@ weighted id=long weight=1\nover ALIAS pool ;@ weighted id=short weight=1\npool A 192.0.2.1\n")
	b.WriteString("ring ALIAS r.example.net. ;@ weighted id=ring weight=1\nring ALIAS pool ;@ weighted id=pool weight=1\n")
	b.WriteString("loop ALIAS l.example.net. ;@ weighted id=loop weight=1\n")
	w, z := routedWorker(t, b.String())
	other, reason := compileZone("example.net.", "$TTL 60\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\nr ALIAS ring.example.com.\nl ALIAS loop.example.com.\n")
	if other == nil {
		t.Fatal(reason)
	}
	w.server.store.Publish(&zone.Snapshot{Generation: 2, Config: w.server.store.Load().Config, Views: []*zone.View{zone.NewView("public", nil, []*zone.Zone{z, other})}})
	for _, first := range []string{"over", "fits", "d0"} { // what is known of one name must not depend on which was asked first
		w.forget(0)
		seen(t, w, first, "A")
		for _, c := range []struct{ name, want string }{
			{"d0", "192.0.2.15"}, {"fits", "192.0.2.1 192.0.2.15"}, {"over", "192.0.2.1"}, {"ring", "192.0.2.1"}, {"loop", "SERVFAIL"},
		} {
			if got := seen(t, w, c.name, "A"); got != c.want {
				t.Errorf("%s, after %s: got %s, want %s", c.name, first, got, c.want)
			}
		}
	}
}

// Protects TTLs: the shortest on the way, also of policies.
func TestTreeTTL(t *testing.T) {
	w, _ := routedWorker(t, "app 100 ALIAS eu ;@ weighted id=x weight=1\neu 200 ALIAS srv ;@ weighted id=x weight=1\nsrv 150 A 192.0.2.1\nlow 30 ALIAS app\n")
	for name, want := range map[string]uint32{"app": 100, "eu": 150, "low": 30} {
		if m := ask(t, w, name+".example.com", "A"); len(m.Answer) != 1 || m.Answer[0].Header().Ttl != want {
			t.Errorf("%s: got %s, want TTL %d", name, brief(m), want)
		}
	}
}

// Protects the promise of package answer for trees: also when health moves.
func TestTreeAllocs(t *testing.T) {
	w, _ := healthWorker(t, treeZone)
	raw, _ := new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA).Pack()
	pkt := make([]byte, 4096)
	turn := 0
	steady := func() {
		w.Begin()
		w.epoch += uint64(turn) // as if health had moved: all decisions are made anew
		turn++
		w.Respond(pkt, copy(pkt, raw), testClient, false)
		w.End()
	}
	noAllocs(t, "tree", steady)
}

// Protects the data plane from the control plane: workers answer while operators change their minds, and what was said is in the next batch.
func TestHealthHammer(t *testing.T) {
	w, table := healthWorker(t, treeZone)
	done := make(chan struct{})
	var others sync.WaitGroup
	defer others.Wait()
	defer close(done)
	for _, name := range []string{"app.example.com.", "us.example.com."} {
		raw, _ := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		worker := w.server.NewWorker()
		others.Go(func() {
			defer worker.Close()
			pkt := make([]byte, 4096)
			for {
				select {
				case <-done:
					return
				default:
				}
				worker.Begin()
				if length := worker.Respond(pkt, copy(pkt, raw), testClient, false); length == 0 || pkt[3]&15 != dns.RcodeSuccess || pkt[7] != 1 {
					t.Errorf("%s: got % x, want one answer", name, pkt[:length])
					return
				}
				worker.End()
			}
		})
	}
	others.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				table.Override(health.Query{ID: []string{"west1", "east1", "us"}[i%3]}, health.Override{Force: health.Force(i % 2 * 2)})
			}
		}
	})
	for range 300 {
		for _, c := range []struct{ down, up, want string }{{"eu1", "eu2", "192.0.2.2"}, {"eu2", "eu1", "192.0.2.1"}} {
			force(t, table, health.ForceUp, c.up)
			force(t, table, health.ForceDown, c.down)
			if m := ask(t, w, "eu.example.com", "A"); len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != c.want {
				t.Fatalf("%s is down: got %s, want %s", c.down, brief(m), c.want)
			}
		}
	}
}

// BenchmarkTree is an answer behind two levels of ALIASes: as decided before, and when health has just moved.
func BenchmarkTree(b *testing.B) {
	w, _ := healthWorker(b, treeZone)
	pkt := make([]byte, 4096)
	raw, _ := new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA).Pack()
	for _, c := range []struct {
		name  string
		moved uint64
	}{{"kept", 0}, {"moved", 1}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			w.Begin()
			for b.Loop() {
				w.epoch += c.moved
				w.Respond(pkt, copy(pkt, raw), testClient, false)
			}
			w.End()
		})
	}
}

// Protects views: a target is as live as the client sees it, and what is known for clients of one list of views is not taken for those of another.
func TestTargetHealthByView(t *testing.T) {
	w, z := routedWorker(t, "app ALIAS here ;@ weighted id=here weight=1\napp ALIAS there.example.net. ;@ weighted id=there weight=1\nhere A 192.0.2.1\n")
	net, reason := compileZone("example.net.", "$TTL 60\n@ SOA ns1 hostmaster 1 7200 900 1209600 60\nthere A 10.0.0.1\n")
	if net == nil {
		t.Fatal(reason)
	}
	views := []*zone.View{
		zone.NewView("internal", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, []*zone.Zone{net}),
		zone.NewView("public", nil, []*zone.Zone{z}),
	}
	w.server.store.Publish(&zone.Snapshot{Generation: 2, Config: w.server.store.Load().Config, Views: views, Choice: &zone.Choice{Native: true}})
	raw, _ := new(dns.Msg).SetQuestion("app.example.com.", dns.TypeA).Pack()
	got := map[string]map[string]bool{"10.1.2.3": {}, "192.0.2.200": {}}
	pkt := make([]byte, 4096)
	for range 200 {
		for client, answers := range got {
			w.Begin()
			n := w.Respond(pkt, copy(pkt, raw), netip.AddrPortFrom(netip.MustParseAddr(client), 4242), false)
			w.End()
			m := new(dns.Msg)
			if err := m.Unpack(pkt[:n]); err != nil || len(m.Answer) != 1 {
				t.Fatalf("%s: got %v %v", client, m, err)
			}
			answers[m.Answer[0].(*dns.A).A.String()] = true
		}
	}
	if len(got["10.1.2.3"]) != 2 || len(got["192.0.2.200"]) != 1 || !got["192.0.2.200"]["192.0.2.1"] {
		t.Errorf("got %v, want both for the internal client, 192.0.2.1 alone for the other", got)
	}
	if len(w.outlooks) != 2 {
		t.Errorf("got %d lists of views, want 2: what was found is to be kept for each", len(w.outlooks))
	}
}
