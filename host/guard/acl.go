package guard

import (
	"net/netip"
	"slices"
)

// ACL holds allowed and denied client prefixes. The longest prefix that holds the address decides, whatever the order they were
// written in; the same prefix in both lists is denied; no prefix holds it: denied if anything was allowed by name, else allowed.
// A nil ACL allows everybody.
type ACL struct {
	v4, v6 ranges
}

// ranges splits an address family into spans of one answer each; span i starts at starts[i] and ends before the next.
type ranges struct {
	starts []netip.Addr
	allow  []bool
}

// rule is one prefix of a list.
type rule struct {
	prefix netip.Prefix
	allow  bool
}

// NewACL returns nil when both lists are empty. Prefixes must be valid and masked; IPv4-mapped ones are not matched.
func NewACL(allow, deny []netip.Prefix) *ACL {
	if len(allow)+len(deny) == 0 {
		return nil
	}
	var rules4, rules6 []rule
	add := func(prefix netip.Prefix, allow bool) {
		if prefix.Addr().Is4() {
			rules4 = append(rules4, rule{prefix, allow})
		} else {
			rules6 = append(rules6, rule{prefix, allow})
		}
	}
	for _, prefix := range deny {
		add(prefix, false)
	}
	for _, prefix := range allow {
		add(prefix, true)
	}
	byDefault := len(allow) == 0
	return &ACL{
		v4: newRanges(rules4, netip.IPv4Unspecified(), byDefault),
		v6: newRanges(rules6, netip.IPv6Unspecified(), byDefault),
	}
}

// newRanges flattens nested prefixes. It is quadratic in their number, which a person writes.
func newRanges(rules []rule, first netip.Addr, byDefault bool) ranges {
	edges := []netip.Addr{first}
	for _, r := range rules {
		edges = append(edges, r.prefix.Addr())
		if after := lastAddr(r.prefix).Next(); after.IsValid() {
			edges = append(edges, after)
		}
	}
	slices.SortFunc(edges, netip.Addr.Compare)
	edges = slices.Compact(edges)
	var out ranges
	for _, edge := range edges {
		allow := decide(rules, edge, byDefault)
		if n := len(out.allow); n > 0 && out.allow[n-1] == allow {
			continue
		}
		out.starts = append(out.starts, edge)
		out.allow = append(out.allow, allow)
	}
	return out
}

// decide applies the longest rule that holds addr; of two equal ones, the first, which is the denying one.
func decide(rules []rule, addr netip.Addr, byDefault bool) bool {
	allow, bits := byDefault, -1
	for _, r := range rules {
		if r.prefix.Bits() > bits && r.prefix.Contains(addr) {
			allow, bits = r.allow, r.prefix.Bits()
		}
	}
	return allow
}

func lastAddr(prefix netip.Prefix) netip.Addr {
	raw := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(raw)
	return last
}

// Allows tells whether client is answered. IPv4-mapped addresses count as IPv4; a zone is ignored.
func (a *ACL) Allows(client netip.Addr) bool {
	if a == nil {
		return true
	}
	client = client.Unmap()
	if client.Is4() {
		return a.v4.at(client)
	}
	return a.v6.at(client.WithZone(""))
}

// at finds the last span that starts at or before addr.
func (r *ranges) at(addr netip.Addr) bool {
	low, high := 0, len(r.starts)
	for high-low > 1 {
		mid := (low + high) / 2
		if r.starts[mid].Compare(addr) <= 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return r.allow[low]
}
