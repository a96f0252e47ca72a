//go:build !wasip1

package sdk

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"signpost/sdk/abi"
)

// randomPrefix is one among few, so that they meet, hold each other, and end where others begin.
func randomPrefix(r *rand.Rand) netip.Prefix {
	if r.IntN(2) == 0 {
		bits := []int{0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32}[r.IntN(13)]
		ends := []byte{0, 1, 127, 128, 254, 255}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{ends[r.IntN(6)], ends[r.IntN(6)], ends[r.IntN(6)], ends[r.IntN(6)]}), bits).Masked()
	}
	bits := []int{0, 1, 32, 47, 48, 56, 63, 64, 65, 127, 128}[r.IntN(11)]
	var raw [16]byte
	for _, i := range []int{0, 1, 5, 6, 7, 8, 15} {
		raw[i] = []byte{0, 1, 127, 128, 255}[r.IntN(5)]
	}
	return netip.PrefixFrom(netip.AddrFrom16(raw), bits).Masked()
}

// networkFrom is a prefix as a guest has it; the zero one is everybody, or unknown.
func networkFrom(p netip.Prefix) Network { return networkOf(string(abi.AppendNetwork(nil, p))) }

// holders calls the candidates that Find returns, and what Least says wrong on the way.
func holders(m *NetworkMap, client netip.Prefix) (list []string, scope uint8) {
	found := m.Find(networkFrom(client))
	var candidates, leasts []int
	for {
		least, any := found.Least()
		if any != found.Next() {
			return append(list, "Least and Next disagree"), found.Scope
		} else if !any {
			break
		}
		candidates, leasts = append(candidates, found.Candidate), append(leasts, least)
		list = append(list, fmt.Sprintf("%d/%d", found.Candidate, found.Bits))
	}
	for i, least := range leasts {
		if want := slices.Min(candidates[i:]); least != want {
			list = append(list, fmt.Sprintf("Least %d, want %d", least, want))
		}
	}
	return list, found.Scope
}

// Protects the search for networks, and the scope that goes with it, against going through all of them one by one; and the promise that two clients
// inside one scope have the same networks.
func TestNetworkMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 3000 {
		plugin := Routing("test", "1", "")
		attribute := plugin.Networks("networks", "")
		var m *NetworkMap
		plugin.Configure(func(p *Policy) Decide {
			m = attribute.Map(p)
			return func(*Facts, *Decision) {}
		})
		networks, lines := make([][]netip.Prefix, 1+random.IntN(6)), []string(nil)
		for i := range networks {
			var words []string
			for range 1 + random.IntN(1+round%9) {
				if random.IntN(20) == 0 {
					networks[i], words = append(networks[i], netip.Prefix{}), append(words, "*")
					continue
				}
				p := randomPrefix(random)
				networks[i], words = append(networks[i], p), append(words, p.String())
			}
			lines = append(lines, "networks="+strings.Join(words, ","))
		}
		if trial, problems := Try(plugin, lines...); trial == nil {
			t.Fatal(problems)
		}
		for range 20 {
			client := randomPrefix(random)
			got, scope := holders(m, client)
			if want := slices.Sorted(slices.Values(naive(networks, client))); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
				t.Fatalf("%q, client %v: got %q, want %q", lines, client, got, want)
			}
			if int(scope) > client.Bits() {
				continue // for a longer network there is another decision, and nobody may keep this one for more than the client's
			}
			around := netip.PrefixFrom(client.Addr(), int(scope)).Masked()
			if neighbour := within(random, around); true {
				if other, _ := holders(m, neighbour); !slices.Equal(other, got) {
					t.Fatalf("%q: client %v has %q with scope %d, client %v inside of it has %q", lines, client, got, scope, neighbour, other)
				}
			}
		}
		if got, scope := holders(m, netip.Prefix{}); len(got) != len(naive(networks, netip.Prefix{})) || scope != 0 {
			t.Fatalf("%q, unknown client: got %q, scope %d", lines, got, scope)
		}
	}
}

// naive goes through all networks.
func naive(networks [][]netip.Prefix, client netip.Prefix) (list []string) {
	for i, own := range networks {
		for _, p := range own {
			if !p.IsValid() {
				list = append(list, fmt.Sprintf("%d/0", i))
			} else if client.IsValid() && p.Bits() <= client.Bits() && p.Contains(client.Addr()) {
				list = append(list, fmt.Sprintf("%d/%d", i, p.Bits()))
			}
		}
	}
	return list
}

// within is a random network inside of another one.
func within(r *rand.Rand, around netip.Prefix) netip.Prefix {
	raw := around.Addr().AsSlice()
	for bit := around.Bits(); bit < 8*len(raw); bit++ {
		if r.IntN(2) == 0 {
			raw[bit/8] |= 0x80 >> (bit % 8)
		}
	}
	addr, _ := netip.AddrFromSlice(raw)
	return netip.PrefixFrom(addr, around.Bits()+r.IntN(addr.BitLen()-around.Bits()+1)).Masked()
}

// Protects the order: the longest network first, those of * last.
func TestHoldersOrder(t *testing.T) {
	plugin := Routing("test", "1", "")
	attribute := plugin.Networks("networks", "")
	var m *NetworkMap
	plugin.Configure(func(p *Policy) Decide {
		m = attribute.Map(p)
		return func(*Facts, *Decision) {}
	})
	if trial, problems := Try(plugin, "networks=*,10.0.0.0/8", "networks=10.1.0.0/16", "networks=10.1.2.0/24,10.0.0.0/8"); trial == nil {
		t.Fatal(problems)
	}
	got, scope := holders(m, netip.MustParsePrefix("10.1.2.3/32"))
	if text := strings.Join(got, " "); text != "2/24 1/16 2/8 0/8 0/0" || scope != 24 {
		t.Errorf("got %s, scope %d", text, scope)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		from string
		bits uint8
		want string
	}{
		{"192.0.2.255/32", 24, "192.0.2.0/24"}, {"192.0.2.255/32", 25, "192.0.2.128/25"}, {"192.0.0.0/16", 24, "192.0.0.0/16"},
		{"192.0.2.255/32", 0, "0.0.0.0/0"}, {"2001:db8::ffff/128", 127, "2001:db8::fffe/127"}, {"2001:db8:ffff::/48", 33, "2001:db8:8000::/33"},
	} {
		if got := networkFrom(netip.MustParsePrefix(c.from)).Cut(c.bits); got != networkFrom(netip.MustParsePrefix(c.want)) {
			t.Errorf("%s cut to %d: got %v, want %s", c.from, c.bits, got, c.want)
		}
	}
}

// Protects the rules that policies lean on: what is not open gets nothing, the lowest rank wins, equal ranks share.
func TestLowest(t *testing.T) {
	for _, c := range []struct {
		name   string
		ranks  []float64
		before []uint32
		want   []uint32
		ok     bool
	}{
		{"one", []float64{3, 1, 2}, []uint32{1, 1, 1}, []uint32{0, 1, 0}, true},
		{"shared", []float64{1, 2, 1}, []uint32{1, 1, 9}, []uint32{1, 0, 1}, true},
		{"not open", []float64{1, 2, 1}, []uint32{0, 1, 0}, []uint32{0, 1, 0}, true},
		{"without rank", []float64{NoRank, NoRank, -5}, []uint32{1, 1, 1}, []uint32{0, 0, 1}, true},
		{"none with a rank is open", []float64{NoRank, 1, NoRank}, []uint32{1, 0, 1}, []uint32{0, 0, 0}, false},
	} {
		var f Facts
		var d Decision
		f.raw.CandidateCount = 3
		for i, weight := range c.before {
			f.raw.Candidates[i].Weight = weight
		}
		if ok := d.Lowest(&f, c.ranks); ok != c.ok || !slices.Equal(d.raw.Weights[:3], c.want) {
			t.Errorf("%s: got %v %v, want %v %v", c.name, ok, d.raw.Weights[:3], c.ok, c.want)
		}
	}
}

func TestList(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "a,b": "a|b", "a,": "a|", ",": "|", "a,,b": "a||b"} {
		plugin := Routing("test", "1", "")
		attribute := plugin.Text("list", "")
		var got []string
		plugin.Configure(func(p *Policy) Decide {
			for part := attribute.List(p, 0); part.Next(); {
				got = append(got, part.Text)
			}
			return func(*Facts, *Decision) {}
		})
		Try(plugin, "list="+text)
		if strings.Join(got, "|") != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}
