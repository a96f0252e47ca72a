package answer

import (
	"testing"

	"signpost/host/config"
)

// Protects the server from odd zones, which load with warnings at most: signatures over nothing, NSEC3 at a wildcard or above other names.
// Each of them was a panic once, when the zone loaded or at the first query.
func TestOddSignatures(t *testing.T) {
	const (
		rrsig = " RRSIG A 13 2 300 20300101000000 20200101000000 1 example.com. AAAA\n"
		nsec3 = " NSEC3 1 0 0 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A\n"
		soa   = "\nns example.com. 60 IN SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 60"
	)
	for _, c := range []struct{ zone, name, typ, want string }{
		{"foo" + rrsig, "foo.example.com", "A", "NOERROR aa" + soa},
		{"foo" + rrsig, "foo.example.com", "RRSIG", "NOERROR aa" + soa},
		{"foo" + rrsig + "sub.foo NS ns.example.net.\n", "x.sub.foo.example.com", "A", "NOERROR\nns sub.foo.example.com. 300 IN NS ns.example.net."},
		{"*" + rrsig, "foo.example.com", "A", "NOERROR aa" + soa},
		{"*" + nsec3, "foo.example.com", "A", "NOERROR aa" + soa},
		{"abc" + nsec3, "abc.example.com", "A", "NXDOMAIN aa" + soa},
		{"abc" + nsec3 + "sub.abc NS ns.example.net.\n", "x.sub.abc.example.com", "A", "NOERROR\nns sub.abc.example.com. 300 IN NS ns.example.net."},
		{"abc" + nsec3 + "sub.abc NS ns.example.net.\n", "abc.example.com", "A", "NOERROR aa" + soa},
	} {
		w := workerOf(t, snapshotOf(t, config.Default(), map[string]string{"example.com.": c.zone}))
		if got := brief(ask(t, w, c.name, c.typ)); got != c.want {
			t.Errorf("%s%s %s:\ngot  %s\nwant %s", c.zone, c.name, c.typ, got, c.want)
		}
	}
}
