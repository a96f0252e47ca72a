package geo

import (
	"net/netip"
	"os"
	"slices"
	"testing"
)

// Protects the clients that diff tries: one network of each place of a small database, in order, and no more than asked for.
func TestNetworks(t *testing.T) {
	content, err := os.ReadFile("../../zonefiles/sample.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	database, err := OpenDatabase(content)
	if err != nil {
		t.Fatal(err)
	}
	d := NewData(database, nil, nil)
	got := d.Networks(100)
	for _, want := range []string{"192.0.2.128/26", "203.0.113.192/26"} {
		if !slices.Contains(got, netip.MustParsePrefix(want)) {
			t.Errorf("got %v, want %s among them", got, want)
		}
	}
	if len(got) < 9 || !slices.IsSortedFunc(got, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) }) {
		t.Errorf("got %v, want at least 9, in order", got)
	}
	if got := d.Networks(3); len(got) != 3 {
		t.Errorf("limit 3: got %v", got)
	}
	if got := (*Data)(nil).Networks(3); got != nil {
		t.Errorf("no data: got %v", got)
	}
}
