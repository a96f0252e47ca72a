package guard

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

func prefixList(raw ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, p := range raw {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// Protects the documented precedence: longest prefix, deny on a tie, allow list shuts the rest out.
func TestACLPrecedence(t *testing.T) {
	for _, c := range []struct {
		allow, deny []netip.Prefix
		client      string
		want        bool
	}{
		{nil, nil, "192.0.2.1", true},
		{nil, prefixList("192.0.2.0/24"), "192.0.2.1", false},
		{nil, prefixList("192.0.2.0/24"), "192.0.3.0", true},
		{nil, prefixList("192.0.2.0/24"), "192.0.1.255", true},
		{nil, prefixList("192.0.2.0/24"), "2001:db8::1", true},
		{nil, prefixList("192.0.2.0/24"), "::ffff:192.0.2.1", false},
		{prefixList("192.0.2.0/24"), nil, "192.0.2.255", true},
		{prefixList("192.0.2.0/24"), nil, "192.0.3.0", false},
		{prefixList("192.0.2.0/24"), nil, "2001:db8::1", false},
		{prefixList("192.0.2.0/24"), prefixList("192.0.2.128/25"), "192.0.2.127", true},
		{prefixList("192.0.2.0/24"), prefixList("192.0.2.128/25"), "192.0.2.128", false},
		{prefixList("192.0.2.200/32"), prefixList("192.0.2.128/25"), "192.0.2.200", true},
		{prefixList("192.0.2.200/32"), prefixList("192.0.2.128/25"), "192.0.2.201", false},
		{prefixList("192.0.2.0/24"), prefixList("192.0.2.0/24"), "192.0.2.1", false},
		{prefixList("0.0.0.0/0", "::/0"), prefixList("255.255.255.255/32"), "255.255.255.255", false},
		{prefixList("0.0.0.0/0", "::/0"), nil, "255.255.255.255", true},
		{prefixList("fe80::/10"), nil, "fe80::1%eth0", true},
		{nil, prefixList("ffff::/16"), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	} {
		if got := NewACL(c.allow, c.deny).Allows(netip.MustParseAddr(c.client)); got != c.want {
			t.Errorf("allow %v deny %v: %s: got %v, want %v", c.allow, c.deny, c.client, got, c.want)
		}
	}
}

// Protects the flattened spans against the rule they stand for, on random nested prefixes and their edges.
func TestACLAgreesWithTheRule(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var allow, deny []netip.Prefix
		var clients []netip.Addr
		for range 12 {
			raw := [4]byte{10, byte(random.IntN(3)), byte(random.IntN(256)), byte(random.IntN(256))}
			prefix := netip.PrefixFrom(netip.AddrFrom4(raw), 8+random.IntN(25)).Masked()
			if random.IntN(2) == 0 {
				allow = append(allow, prefix)
			} else {
				deny = append(deny, prefix)
			}
			last := lastAddr(prefix)
			clients = append(clients, netip.AddrFrom4(raw), prefix.Addr(), prefix.Addr().Prev(), last, last.Next())
		}
		acl := NewACL(allow, deny)
		for _, client := range clients {
			want, bits := len(allow) == 0, -1
			for _, prefix := range deny {
				if prefix.Contains(client) && prefix.Bits() > bits {
					want, bits = false, prefix.Bits()
				}
			}
			for _, prefix := range allow {
				if prefix.Contains(client) && prefix.Bits() > bits {
					want, bits = true, prefix.Bits()
				}
			}
			if got := acl.Allows(client); got != want {
				t.Fatalf("allow %v deny %v: %s: got %v, want %v", allow, deny, client, got, want)
			}
		}
	}
}

func BenchmarkACL(b *testing.B) {
	var deny []netip.Prefix
	for i := range 1000 {
		deny = append(deny, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24))
	}
	acl := NewACL(nil, deny)
	client := netip.MustParseAddr("10.1.44.7")
	b.ReportAllocs()
	for b.Loop() {
		acl.Allows(client)
	}
}
