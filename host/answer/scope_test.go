package answer

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"signpost/host/health"
	"signpost/host/policy"
)

// scopeRounds is how many random zones TestScopeReference tries; each takes fifty milliseconds.
var scopeRounds = flag.Int("scope-rounds", 40, "random zones that TestScopeReference tries")

// scopeNetworks are about the networks that the sample's database knows, and some that it does not.
var scopeNetworks = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("2001:db8::/44"), netip.MustParsePrefix("2001:db8:1::/48"), netip.MustParsePrefix("::ffff:192.0.2.0/120"), netip.MustParsePrefix("::/1"),
}

// randomNetwork is one around a random address, of at least the bits of one of scopeNetworks.
func randomNetwork(r *rand.Rand) netip.Prefix {
	base := scopeNetworks[r.IntN(len(scopeNetworks))]
	raw := base.Addr().As16()
	start := 128 - base.Addr().BitLen()
	if base.Addr().Is4() {
		raw = [16]byte(append(make([]byte, 12), base.Addr().AsSlice()...))
	}
	for bit := start + base.Bits(); bit < 128; bit++ {
		raw[bit/8] ^= byte(r.UintN(2)) << (7 - bit%8)
	}
	addr := netip.AddrFrom16(raw)
	if base.Addr().Is4() {
		addr = netip.AddrFrom4([4]byte(raw[12:]))
	}
	length := base.Bits() + r.IntN(addr.BitLen()-base.Bits()+1)
	if r.IntN(4) == 0 {
		length = []int{1, 8, 16, addr.BitLen()}[r.IntN(4)]
	}
	return netip.PrefixFrom(addr, length).Masked()
}

// randomChain is one or two policies, and what a candidate of them may say; n is the candidate's number.
func randomChain(r *rand.Rand) (chain string, attributes func(n int) string) {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	network := func() string {
		var list []string
		for len(list) < 1 || r.IntN(3) > 0 {
			if network := randomNetwork(r); network.Bits() >= 8 && !network.Addr().Is4In6() {
				list = append(list, network.String())
			}
		}
		return strings.Join(list, ",")
	}
	all := map[string]func(n int) string{
		"geolocation": func(n int) string {
			if n == 0 {
				return "default=yes"
			}
			return pick("continent=EU", "continent=NA", "country=FR", "country=US", "country=US subdivision=CA", "asn=64499", "continent=AS,OC")
		},
		"latency": func(int) string {
			return "region=" + pick("eu-central-1", "us-east-1", "ap-northeast-1", "35.0,-100.0")
		},
		"geoproximity": func(int) string {
			return "region=" + pick("eu-central-1", "us-east-1", "ap-northeast-1") + pick("", " bias=50", " bias=-50")
		},
		"ip-based":      func(n int) string { return "networks=" + network() + pick("", ",*") },
		"split-horizon": func(n int) string { return fmt.Sprintf("clients=1.2.3.%d,%s", n, network()) }, // nobody else has the first
		"sticky":        func(int) string { return "weight=" + pick("1", "5", "90") },
		"weighted":      func(int) string { return "weight=" + pick("0", "1", "5") },
		"failover":      func(n int) string { return fmt.Sprintf("priority=%d", n) },
		"multivalue":    func(int) string { return "" },
	}
	names := []string{"geolocation", "latency", "geoproximity", "ip-based", "split-horizon", "sticky", "weighted", "failover", "multivalue"}
	regions := func(name string) bool { return name == "latency" || name == "geoproximity" }
	first, second := pick(names...), pick(names...)
	weighs := func(name string) bool { return name == "sticky" || name == "weighted" }
	if r.IntN(2) == 0 || first == second || regions(first) && regions(second) || weighs(first) && weighs(second) {
		return first, all[first]
	}
	return first + "+" + second, func(n int) string { return all[first](n) + " " + all[second](n) }
}

// randomRouted is a zone of leaves with addresses, and of names that lead to them through one to three policies.
func randomRouted(r *rand.Rand) (text string, names []string) {
	var b strings.Builder
	for level, typ := range []string{"A", "ALIAS", "CNAME", "ALIAS"} {
		below := names
		for i := range 4 {
			chain, attributes := randomChain(r)
			name := fmt.Sprintf("%c%d", 'a'+level, i)
			for n := range 2 + r.IntN(3) {
				data := fmt.Sprintf("192.0.2.%d", 10*i+n)
				if level > 0 {
					data = below[r.IntN(len(below))]
				}
				fmt.Fprintf(&b, "%s %s %s ;@ %s id=%s%d %s\n", name, typ, data, chain, name, n, attributes(n))
			}
			names = append(names, name)
		}
	}
	return b.String(), names
}

// path is what was decided on the way of an answer for a client, and the answer's scope. take is lengthened by random choices.
func path(t *testing.T, r *rand.Rand, w *Worker, name string, client netip.Prefix, take *[]int) (decisions string, scope int, negative bool) {
	t.Helper()
	for {
		trace := Trace{Take: *take}
		w.Trace(&trace)
		answer, bits := from(t, w, name+".example.com.", client)
		w.Trace(nil)
		var all []string
		made := 0
		for _, hop := range trace.Hops {
			for _, fork := range hop.Forks {
				d := &fork.Decision
				if d.Fallback {
					t.Fatalf("%s: a plugin failed: %+v", name, d.Steps)
				}
				all = append(all, fmt.Sprint(d.Weights, d.Pick, d.Outcome))
				if made++; made == len(trace.Take)+1 && d.Outcome == policy.Answer && r != nil {
					*take = append(*take, d.Draw(r.Uint64()))
				}
			}
		}
		if len(trace.Take) == len(*take) {
			return strings.Join(all, " → "), bits, answer == ""
		}
	}
}

// Protects RFC 7871 §7.3.1 through the whole server: who is inside of the scope of an answer, and says enough of its network to know so, gets
// the same distribution on each way through the tree. Zones, health, tables and clients are random, with fixed seeds: a failure repeats.
func TestScopeReference(t *testing.T) {
	compared := 0
	for seed := range uint64(*scopeRounds) {
		r := rand.New(rand.NewPCG(seed, 5))
		text, names := randomRouted(r)
		var table strings.Builder
		seen := make(map[netip.Prefix]bool)
		for range 40 {
			if prefix := randomNetwork(r); !seen[prefix] && !prefix.Addr().Is4In6() {
				seen[prefix] = true
				fmt.Fprintf(&table, "%s,%s,%d\n", prefix, []string{"eu-central-1", "us-east-1"}[r.IntN(2)], r.IntN(200))
			}
		}
		w := locatedWorker(t, text, table.String())
		z := w.server.store.Load().Views[0].Zones[0]
		states := health.NewTable(nil)
		states.Replace("public", nil, z.Policies)
		w.server.health = states
		for _, p := range z.Policies {
			for _, id := range p.IDs {
				if r.IntN(4) == 0 {
					force(t, states, health.ForceDown, id)
				}
			}
		}
		for range 60 {
			name, client := names[r.IntN(len(names))], randomNetwork(r)
			var take []int
			want, scope, negative := path(t, r, w, name, client, &take)
			if scope > client.Bits() || negative {
				continue // for exactly this network; or for everybody, as resolvers have it
			}
			for range 4 {
				other := inside(r, client, scope)
				if got, _, _ := path(t, nil, w, name, other, &take); got != want {
					t.Fatalf("seed %d: %s, way %v: %v gets %s for /%d, but %v, inside, gets %s\n%s\n%s", seed, name, take, client, want, scope, other, got, text, table.String())
				}
				compared++
			}
		}
	}
	if compared < 50**scopeRounds {
		t.Errorf("compared %d pairs of clients: too few to say anything", compared)
	}
}

// inside is a network within the first bits of one.
func inside(r *rand.Rand, network netip.Prefix, bits int) netip.Prefix {
	raw := network.Addr().AsSlice()
	for bit := bits; bit < 8*len(raw); bit++ {
		raw[bit/8] ^= byte(r.UintN(2)) << (7 - bit%8)
	}
	addr, _ := netip.AddrFromSlice(slices.Clone(raw))
	least := max(bits, 1)
	return netip.PrefixFrom(addr, least+r.IntN(addr.BitLen()-least+1)).Masked()
}
