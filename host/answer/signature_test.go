package answer

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"signpost/host/config"
	"signpost/host/metrics"
	"signpost/host/zone"
)

// keyed is a worker for the view "internal" of the key office., "lab" of lab. and the network 10.0.0.0/8, and "public"; native tells who chooses.
func keyed(t testing.TB, native bool, texts map[string]string) *Worker {
	t.Helper()
	w, snap := routedViews(t, weightedSpec(map[string]string{"internal": "1", "lab": "1", "public": "1"}, "internal", "lab", "public"), texts, "internal", "lab", "public")
	next := *snap
	c := *config.Default()
	for _, name := range []string{"office.", "lab."} {
		c.Keys = append(c.Keys, config.Key{Name: name, Algorithm: "hmac-sha256", Secret: []byte(name + strings.Repeat("x", 32))})
	}
	next.Config, next.Generation = &c, snap.Generation+1
	next.Views = slices.Clone(snap.Views)
	next.Views[0].Keys, next.Views[1].Keys = []string{"office."}, []string{"lab.", "gone."}
	if next.Choice = (&zone.Choice{Native: native}); !native {
		next.Choice.Policy = snap.Choice.Policy
	}
	next.Views[1].Clients = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	store := new(zone.Store)
	store.Publish(&next)
	worker := NewServer(store, w.server.plugins, nil, new(metrics.Set)).NewWorker()
	t.Cleanup(worker.Close)
	return worker
}

func secretOf(key string) string {
	return base64.StdEncoding.EncodeToString([]byte(key + strings.Repeat("x", 32)))
}

// askSigned sends a query that is signed with a key's secret, "" for not signed, and has the oracle verify the response.
func askSigned(t *testing.T, w *Worker, m *dns.Msg, key, secret, client string, tcp bool) (response *dns.Msg, proven bool, length int) {
	t.Helper()
	raw, mac, err := []byte(nil), "", error(nil)
	if key == "" {
		raw, err = m.Pack()
	} else {
		m.SetTsig(key, dns.HmacSHA256, 300, time.Now().Unix())
		raw, mac, err = dns.TsigGenerate(m, secret, "", false)
	}
	if err != nil {
		t.Fatal(err)
	}
	pkt := make([]byte, 65535)
	n := copy(pkt, raw)
	w.Begin()
	length = w.Respond(pkt, n, netip.MustParseAddrPort(client+":4242"), tcp)
	w.End()
	response = new(dns.Msg)
	if err := response.Unpack(pkt[:length]); err != nil {
		t.Fatalf("response does not parse: %v", err)
	}
	if key == "" && response.IsTsig() != nil {
		t.Fatal("a query without TSIG got a response with it")
	}
	return response, key != "" && dns.TsigVerify(slices.Clone(pkt[:length]), secret, mac, false) == nil, length
}

// Protects keyed views from everybody who does not sign: whatever order clients come in, and whoever asked from the same address before, no answer
// has anything of a view whose key it was not signed with.
func TestKeyedViewsDoNotLeak(t *testing.T) {
	texts := map[string]string{
		"internal": "www A 10.0.0.1\nsecret A 10.0.0.2\nout CNAME www\nmail MX 10 www\nnew ALIAS www\n",
		"lab":      "www A 172.16.0.1\nsecret A 172.16.0.2\nout CNAME www\nmail MX 10 www\n",
		"public":   "www A 192.0.2.1\nout CNAME www\nmail MX 10 www\ntosecret CNAME secret\n",
	}
	own := map[string]string{"internal": "10.0.0.", "lab": "172.16.0.", "public": "192.0.2."}
	for _, native := range []bool{true, false} {
		w := keyed(t, native, texts)
		seen := map[string]int{}
		for i := range 6000 {
			step := i * 2654435761 >> 3
			name := []string{"www", "secret", "out", "mail", "tosecret", "new"}[step%6]
			who := []struct{ key, secret, client, sees string }{
				{"", "", "10.0.0.7", "public"},
				{"office.", secretOf("office."), "10.0.0.7", "internal"},
				{"OFFICE.", secretOf("office."), "192.0.2.7", "internal"},
				{"lab.", secretOf("lab."), "10.0.0.7", "lab"},
				{"lab.", secretOf("lab."), "192.0.2.7", "public"}, // not of its network
				{"office.", secretOf("lab."), "10.0.0.7", ""},
				{"gone.", secretOf("office."), "10.0.0.7", ""},
				{"", "", "192.0.2.7", "public"},
			}[i*7919>>2%8]
			typ := dns.TypeA
			if name == "mail" {
				typ = dns.TypeMX
			}
			m := new(dns.Msg).SetQuestion(name+".example.com.", typ)
			if step%5 > 0 {
				m.SetEdns0(1232, step%2 == 0)
			}
			r, proven, _ := askSigned(t, w, m, who.key, who.secret, who.client, step%3 == 0)
			if who.sees == "" {
				if proven || r.Rcode != dns.RcodeNotAuth || len(r.Answer)+len(r.Ns) > 0 || r.IsTsig() == nil || r.IsTsig().MACSize != 0 {
					t.Fatalf("%+v, %s: got %s, want NOTAUTH, not signed", who, name, brief(r))
				}
				continue
			}
			if (who.key != "") != proven {
				t.Fatalf("%+v, %s: proven %v", who, name, proven)
			}
			text := r.String()
			for view, prefix := range own {
				// The weighted policy gives each view some clients, and does not look at networks.
				allowed := view == who.sees || !native && (view == "public" || view == "lab" && who.key == "lab.")
				if !allowed && strings.Contains(text, prefix) {
					t.Fatalf("native %v, %+v, %s: got %s, which has addresses of %s", native, who, name, text, view)
				}
				if strings.Contains(text, prefix) {
					seen[fmt.Sprint(who.key != "", " ", view)]++
				}
			}
		}
		if seen["true internal"] == 0 || seen["true lab"] == 0 || seen["false public"] == 0 {
			t.Errorf("native %v: got %v, want each view seen by somebody", native, seen)
		}
	}
}

// Protects room for the signature: a truncated response has it, is within what the client takes, and EDNS stands before it.
func TestSignedTruncation(t *testing.T) {
	var many strings.Builder
	for i := range 60 {
		fmt.Fprintf(&many, "www A 192.0.2.%d\ntxt TXT %q\n", i, fmt.Sprint(i)+strings.Repeat("x", 60))
	}
	w := keyed(t, true, map[string]string{"internal": many.String(), "lab": "", "public": ""})
	for _, size := range []uint16{0, 512, 800, 1232} {
		m := new(dns.Msg).SetQuestion("txt.example.com.", dns.TypeTXT)
		want := 512
		if size > 0 {
			m.SetEdns0(size, true)
			want = max(512, int(size))
		}
		r, proven, length := askSigned(t, w, m, "office.", secretOf("office."), "192.0.2.7", false)
		if !proven || !r.Truncated || length > want {
			t.Errorf("size %d: got %d bytes, truncated %v, proven %v, want TC within %d and signed", size, length, r.Truncated, proven, want)
		}
		if (size > 0) != (r.IsEdns0() != nil) || r.IsTsig() == nil {
			t.Errorf("size %d: got %v, want OPT as the query has it, and TSIG last", size, r.Extra)
		}
	}
	r, proven, _ := askSigned(t, w, new(dns.Msg).SetQuestion("txt.example.com.", dns.TypeTXT), "office.", secretOf("office."), "192.0.2.7", true)
	if !proven || r.Truncated || len(r.Answer) != 60 {
		t.Errorf("TCP: got %d records, truncated %v, proven %v, want all 60", len(r.Answer), r.Truncated, proven)
	}
}

// Protects errors: who signs gets them signed, whatever the question is; a record that is not the last, or stands twice, is FORMERR; the names of an
// unknown key that leave no room are, too.
func TestSignedErrors(t *testing.T) {
	w := keyed(t, true, map[string]string{"internal": "www A 10.0.0.1\n", "lab": "", "public": ""})
	for _, c := range []struct {
		what   string
		change func(m *dns.Msg)
		rcode  int
	}{
		{"another zone", func(m *dns.Msg) { m.Question[0].Name = "example.net." }, dns.RcodeRefused},
		{"a transfer", func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR }, dns.RcodeNotImplemented},
		{"an update", func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, dns.RcodeNotImplemented},
		{"EDNS of another version", func(m *dns.Msg) { m.SetEdns0(1232, false).IsEdns0().SetVersion(1) }, dns.RcodeBadVers},
		{"class CH", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, dns.RcodeRefused},
	} {
		m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
		c.change(m)
		if r, proven, _ := askSigned(t, w, m, "office.", secretOf("office."), "192.0.2.7", false); !proven || r.Rcode != c.rcode {
			t.Errorf("%s: got %s, proven %v, want %s, signed", c.what, brief(r), proven, dns.RcodeToString[c.rcode])
		}
	}
	m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	m.SetTsig("office.", dns.HmacSHA256, 300, time.Now().Unix())
	raw, _, err := dns.TsigGenerate(m, secretOf("office."), "", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Unpack(raw); err != nil {
		t.Fatal(err)
	}
	record := m.Extra[0]
	opt := new(dns.Msg).SetEdns0(1232, false).Extra[0]
	for what, extra := range map[string][]dns.RR{"before OPT": {record, opt}, "twice": {record, record}} {
		broken := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
		broken.Extra = extra
		if r := exchange(t, w, broken, false); r.Rcode != dns.RcodeFormatError || r.IsTsig() != nil {
			t.Errorf("%s: got %v, want FORMERR without TSIG", what, r)
		}
	}
	broken := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	broken.Ns = []dns.RR{record}
	if r := exchange(t, w, broken, false); r.Rcode != dns.RcodeFormatError || r.IsTsig() != nil {
		t.Errorf("in the authority section: got %v, want FORMERR without TSIG", r)
	}
	long := strings.Repeat(strings.Repeat("k", 60)+".", 4)
	m = new(dns.Msg).SetQuestion(strings.Repeat(strings.Repeat("q", 60)+".", 4), dns.TypeA)
	if r, _, length := askSigned(t, w, m, long, secretOf("office."), "192.0.2.7", false); r.Rcode != dns.RcodeFormatError && r.Rcode != dns.RcodeNotAuth || length > 512 {
		t.Errorf("long names: got %s of %d bytes, want an error of at most 512", brief(r), length)
	}
}

// Protects the worker's rule for queries that are signed: no allocation, the choice of the view included.
func TestSignedAllocs(t *testing.T) {
	w := keyed(t, true, map[string]string{"internal": "www A 10.0.0.1\n", "lab": "", "public": "www A 192.0.2.1\n"})
	m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
	m.SetEdns0(1232, false)
	m.SetTsig("office.", dns.HmacSHA256, 300, time.Now().Unix())
	raw, _, err := dns.TsigGenerate(m, secretOf("office."), "", false)
	if err != nil {
		t.Fatal(err)
	}
	pkt := make([]byte, 4096)
	client := netip.MustParseAddrPort("192.0.2.7:4242")
	w.Begin()
	defer w.End()
	if allocs := testing.AllocsPerRun(200, func() {
		if n := w.Respond(pkt, copy(pkt, raw), client, false); n < 100 {
			t.Fatalf("got %d bytes", n)
		}
	}); allocs > 0 {
		t.Errorf("got %v allocations, want 0", allocs)
	}
}

// BenchmarkSigned tells what a signature costs beside the same query without one.
func BenchmarkSigned(b *testing.B) {
	for _, key := range []string{"", "office."} {
		b.Run("key="+key, func(b *testing.B) {
			w := keyed(b, true, map[string]string{"internal": "www A 10.0.0.1\n", "lab": "", "public": "www A 192.0.2.1\n"})
			m := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
			m.SetEdns0(1232, false)
			raw, err := m.Pack()
			if key != "" {
				m.SetTsig(key, dns.HmacSHA256, 300, time.Now().Unix())
				raw, _, err = dns.TsigGenerate(m, secretOf(key), "", false)
			}
			if err != nil {
				b.Fatal(err)
			}
			pkt := make([]byte, 4096)
			client := netip.MustParseAddrPort("192.0.2.7:4242")
			w.Begin()
			for b.Loop() {
				w.Respond(pkt, copy(pkt, raw), client, false)
			}
			w.End()
		})
	}
}
