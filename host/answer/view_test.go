package answer

import (
	"fmt"
	"net/netip"
	"os"
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
		h, err := plugin.New(t.Context(), plugin.Options{Builtin: plugins.Builtin(), CacheDir: os.Getenv("CACHE_DIRECTORY")})
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
		if w.sight.era != 0 {
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
	noAllocs(t, "views", answer)
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
	one, snap := routedViews(b, nil, texts, "a")
	snap.Choice = nil
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
