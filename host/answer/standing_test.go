package answer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/health"
	"signpost/host/policy"
	"signpost/host/wire"
)

// found has the check of a candidate of the table's policies say something.
func found(t testing.TB, table *health.Table, name string, typ uint16, id string, f health.Finding) {
	t.Helper()
	if !judge(table, health.Key{View: "public", Name: name + ".example.com.", Type: typ, ID: id}, f) {
		t.Fatalf("%s has no candidate %s with a check", name, id)
	}
}

// judge is false if there is no such candidate.
func judge(table *health.Table, key health.Key, f health.Finding) bool {
	list, _ := table.Checked()
	for _, c := range list {
		if c.Key == key {
			c.Finding = f
			return table.Judge(c)
		}
	}
	return false
}

// Protects what a CNAME's candidates are worth: one answers for both types of address, so it is as good as the better of them, and what is drained
// lies between what lives and what is dead.
func TestDrainedTargets(t *testing.T) {
	up, down, drained := health.Finding{Health: policy.Up, Share: 100}, health.Finding{Health: policy.Down}, health.Finding{Health: policy.Up}
	for _, c := range []struct {
		a4, a6, b4 health.Finding
		want       string
	}{
		{up, up, up, "a.example.com. b.example.com."},
		{down, drained, up, "b.example.com."},
		{drained, down, down, "a.example.com."},
		{down, drained, down, "a.example.com."},
		{down, down, drained, "b.example.com."},
		{down, down, down, "a.example.com. b.example.com."},
		{down, drained, drained, "a.example.com. b.example.com."},
		{down, up, drained, "a.example.com."},
	} {
		w, table := healthWorker(t, `
top CNAME a ;@ weighted id=a weight=1 evaluate-target-health=yes
top CNAME b ;@ weighted id=b weight=1 evaluate-target-health=yes
a   A 192.0.2.1      ;@ weighted id=a4 weight=1 check=web
a   AAAA 2001:db8::1 ;@ weighted id=a6 weight=1 check=web
b   A 192.0.2.2      ;@ weighted id=b4 weight=1 check=web
`)
		found(t, table, "a", wire.TypeA, "a4", c.a4)
		found(t, table, "a", wire.TypeAAAA, "a6", c.a6)
		found(t, table, "b", wire.TypeA, "b4", c.b4)
		if got := seen(t, w, "top", "CNAME"); got != c.want {
			t.Errorf("%+v: got %s, want %s", c, got, c.want)
		}
	}
}

// Protects decisions that are kept by place: they follow shares and flips with the next epoch, and their scopes stay as they were.
func TestStandingByPlace(t *testing.T) {
	w := locatedWorker(t, `
both 60 A 192.0.2.1 ;@ geolocation+weighted id=a continent=EU weight=1 check=web
both 60 A 192.0.2.2 ;@ geolocation+weighted id=b continent=EU weight=1 check=web
both 60 A 192.0.2.3 ;@ geolocation+weighted id=c default=yes weight=1
`, "")
	table := health.NewTable(nil)
	table.Replace("public", nil, w.server.store.Load().Views[0].Zones[0].Policies)
	w.server.health = table
	network := netip.MustParsePrefix("192.0.2.0/26") // of the sample, in Europe
	ask := func() (a int, scope int) {
		for range 2000 {
			answer, bits := from(t, w, "both.example.com.", network)
			if answer == "192.0.2.1" {
				a++
			}
			scope = bits
		}
		return a, scope
	}
	even, scope := ask()
	if even < 850 || even > 1150 {
		t.Fatalf("a answered %d of 2000, want half", even)
	}
	found(t, table, "both", wire.TypeA, "a", health.Finding{Health: policy.Up, Share: 25, Flip: 40 * time.Second})
	fifth, after := ask()
	if fifth < 310 || fifth > 490 || after != scope {
		t.Errorf("a share of 25 %%: a answered %d of 2000 for a scope of %d, want a fifth for %d", fifth, after, scope)
	}
	for key, kept := range w.placed {
		if kept.epoch == w.epoch && kept.TTLCap != 40 {
			t.Errorf("at %v: got a TTL of at most %d, want 40", key.place, kept.TTLCap)
		}
	}
	if len(w.placed) == 0 {
		t.Error("no decision was kept by place")
	}
}

// Protects the promise of package answer while checks talk: shares, flips and panics cost no allocation, also when every query is of another epoch.
func TestStandingAllocs(t *testing.T) {
	w, table := healthWorker(t, `
app A 192.0.2.1 ;@ weighted id=a weight=3 check=web panic-threshold=60
app A 192.0.2.2 ;@ weighted id=b weight=2 check=web
app A 192.0.2.3 ;@ weighted id=c weight=1 check=web
top ALIAS app   ;@ weighted id=app weight=1
top ALIAS ns1   ;@ weighted id=ns1 weight=1
`)
	pkt := make([]byte, 4096)
	findings := []health.Finding{
		{Health: policy.Up, Share: 37, Flip: time.Second}, {Health: policy.Down, Flip: time.Minute}, {Health: policy.Up}, {Health: policy.Up, Share: 100, Flip: time.Second},
	}
	said, _ := table.Checked()
	for _, name := range []string{"app.example.com.", "top.example.com."} {
		raw, _ := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		turn := 0
		noAllocs(t, name, func() {
			said[turn%3].Finding = findings[turn%4]
			table.Judge(said[turn%3])
			turn++
			w.Begin()
			w.Respond(pkt, copy(pkt, raw), testClient, false)
			w.End()
		})
	}
}
