package answer

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/policy"
	"signpost/host/zone"
)

// Protects clients from an outage that a check of a view makes: a view that is down stands behind the client's others, what only it has is still
// answered, and when all are down it is as if all were up.
func TestViewsDown(t *testing.T) {
	spec := &policy.Spec{Owner: "views", Chain: []string{config.DefaultViewPolicy}, FailClosed: true}
	networks := map[string]string{"internal": "10.0.0.0/8", "branch": "10.1.0.0/16", "public": ""}
	for _, name := range []string{"internal", "branch", "public"} {
		c := policy.Candidate{ID: name}
		if networks[name] != "" {
			c.Attrs = []policy.Attr{{Key: "clients", Value: networks[name]}}
		}
		spec.Candidates = append(spec.Candidates, c)
	}
	for _, native := range []bool{false, true} {
		w, snap := routedViews(t, spec, map[string]string{
			"internal": "www A 10.0.0.1\n", "branch": "www A 10.0.0.2\n", "public": "www A 192.0.2.1\n",
		}, "internal", "branch", "public")
		snap.Choice.Native = native
		snap.Views[0].Clients = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		snap.Views[1].Clients = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
		table := health.NewTable(nil)
		table.Replace("", nil, []*policy.Policy{snap.Choice.Policy})
		plugins := w.server.plugins
		if native {
			plugins = nil // the rule of the views stands in
		}
		counters := new(metrics.Set)
		w = NewServer(w.server.store, plugins, table, counters).NewWorker()
		t.Cleanup(w.Close)
		force := func(view string, force health.Force) {
			t.Helper()
			if got := table.Override(health.Query{Name: "views", ID: view}, health.Override{Force: force}); len(got) != 1 {
				t.Fatalf("%s: got %v, want one view", view, got)
			}
		}
		ask := func(step, client, want string) {
			t.Helper()
			m := exchangeFrom(t, w, new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA), false, netip.MustParseAddrPort(client+":4242"))
			got := fmt.Sprint(dns.RcodeToString[m.Rcode])
			if len(m.Answer) == 1 {
				got = m.Answer[0].(*dns.A).A.String()
			}
			if got != want {
				t.Errorf("native %v, %s: %s got %s, want %s", native, step, client, got, want)
			}
		}
		ask("all up", "10.1.0.7", "10.0.0.1")
		force("internal", health.ForceDown)
		ask("internal down", "10.1.0.7", "10.0.0.2")
		ask("internal down", "10.2.0.7", "192.0.2.1")
		force("branch", health.ForceDown)
		ask("branch down", "10.1.0.7", "192.0.2.1")
		ask("others see what they saw", "192.0.2.7", "192.0.2.1")
		force("public", health.ForceDown)
		ask("all down", "10.1.0.7", "10.0.0.1")
		ask("all down", "192.0.2.7", "192.0.2.1")
		force("branch", health.ForceUp)
		ask("branch up", "10.1.0.7", "10.0.0.2")
		ask("branch up", "10.2.0.7", "10.0.0.1")
		force("internal", health.Auto)
		ask("internal up", "10.2.0.7", "10.0.0.1")

		w.Begin()
		allocs := testing.AllocsPerRun(100, func() {
			w.look(netip.MustParseAddr("10.1.0.7"))
			w.sight.count, w.sight.whole = 0, false
			w.viewAt(0)
		})
		w.End()
		if allocs > 0 {
			t.Errorf("native %v: choosing a view allocates %v times, want 0", native, allocs)
		}
	}
}

// Protects names that only a view has which is down: a name that is nowhere else is answered rather than refused.
func TestViewDownKeepsItsNames(t *testing.T) {
	spec := &policy.Spec{Owner: "views", Chain: []string{config.DefaultViewPolicy}, FailClosed: true, Candidates: []policy.Candidate{{ID: "internal"}, {ID: "public"}}}
	w, snap := routedViews(t, spec, map[string]string{"internal": "www A 10.0.0.1\nonly A 10.0.0.3\n", "public": "www A 192.0.2.1\n"}, "internal", "public")
	snap.Views[1] = zone.NewView("public", nil, nil)
	table := health.NewTable(nil)
	table.Replace("", nil, []*policy.Policy{snap.Choice.Policy})
	w = NewServer(w.server.store, w.server.plugins, table, new(metrics.Set)).NewWorker()
	t.Cleanup(w.Close)
	table.Override(health.Query{Name: "views", ID: "internal"}, health.Override{Force: health.ForceDown})
	m := exchange(t, w, new(dns.Msg).SetQuestion("only.example.com.", dns.TypeA), false)
	if len(m.Answer) != 1 || m.Answer[0].(*dns.A).A.String() != "10.0.0.3" {
		t.Errorf("got %s, want the address of the view that is down", brief(m))
	}
}
