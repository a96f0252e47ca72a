package explain

import (
	"math"
	"net/netip"
	"reflect"
	"slices"
	"testing"
)

func sharesOfText(parts map[string]float64) (list []share) {
	for key, chance := range parts {
		list = append(list, share{key: key, label: "id-" + key, chance: chance, ttl: 60})
	}
	return list
}

// Protects what diff says of a name: the sum is half of what shares gain and lose, clients count by weight, and of several gainers each takes from
// each loser in proportion.
func TestFlow(t *testing.T) {
	for _, c := range []struct {
		name    string
		clients [][2]map[string]float64
		weights []float64
		want    []Move
		percent float64
	}{
		{"nothing", [][2]map[string]float64{{{"a": 0.3, "b": 0.7}, {"a": 0.3, "b": 0.7}}}, []float64{1}, nil, 0},
		{"one to one", [][2]map[string]float64{{{"a": 0.9, "b": 0.1}, {"a": 0.7, "b": 0.3}}}, []float64{1}, []Move{{20, "id-a", "id-b"}}, 20},
		{"one to two", [][2]map[string]float64{{{"a": 1}, {"a": 0.4, "b": 0.4, "c": 0.2}}}, []float64{1}, []Move{{40, "id-a", "id-b"}, {20, "id-a", "id-c"}}, 60},
		{"two to two", [][2]map[string]float64{{{"a": 0.75, "b": 0.25}, {"c": 0.5, "d": 0.5}}}, []float64{1},
			[]Move{{37.5, "id-a", "id-c"}, {37.5, "id-a", "id-d"}, {12.5, "id-b", "id-c"}, {12.5, "id-b", "id-d"}}, 100},
		{"opposite clients do not cancel", [][2]map[string]float64{{{"a": 1}, {"b": 1}}, {{"b": 1}, {"a": 1}}}, []float64{3, 1},
			[]Move{{75, "id-a", "id-b"}, {25, "id-b", "id-a"}}, 100},
	} {
		f, total := newFlow(), 0.0
		for i, client := range c.clients {
			f.add(sharesOfText(client[0]), sharesOfText(client[1]), c.weights[i])
			total += c.weights[i]
		}
		got, percent := f.moves(total)
		if !slices.EqualFunc(got, c.want, func(a, b Move) bool { return a.From == b.From && a.To == b.To && math.Abs(a.Percent-b.Percent) < 1e-9 }) || math.Abs(percent-c.percent) > 1e-9 {
			t.Errorf("%s: got %v, %v %%, want %v, %v %%", c.name, got, percent, c.want, c.percent)
		}
	}
}

// Protects answers of one name from being mixed up: where an id stands for other data than before, the data is told too.
func TestFlowLabels(t *testing.T) {
	f := newFlow()
	f.add([]share{{key: "192.0.2.1", label: "production", chance: 1}}, []share{{key: "192.0.2.2", label: "production", chance: 1}}, 1)
	got, _ := f.moves(1)
	if want := []Move{{100, "production (192.0.2.1)", "production (192.0.2.2)"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Protects the file of clients: weights, comments, what editors put before the first line, IPv4 behind ::ffff:0:0/96, and what is wrong by its line.
func TestParseClients(t *testing.T) {
	got, err := ParseClients("\ufeff# resolvers\r\n192.0.2.7\n\n203.0.113.9/24 2.5 # many\n2001:db8::/32\n::ffff:10.1.2.0/120\n")
	want := []Client{{netip.MustParsePrefix("192.0.2.7/32"), 1}, {netip.MustParsePrefix("203.0.113.0/24"), 2.5}, {netip.MustParsePrefix("2001:db8::/32"), 1},
		{netip.MustParsePrefix("10.1.2.0/24"), 1}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for text, want := range map[string]string{
		"": "no client", "10.0.0.0/8 0": `line 1: weight "0" is no number above 0`, "\n10.0.0.0/8 NaN": `line 2: weight "NaN" is no number above 0`,
		"10.0.0.0/8 1 2": `line 1: "2" behind the weight`,
	} {
		if _, err := ParseClients(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// Protects percentages from saying "nothing" or "all" of what is neither.
func TestPercentText(t *testing.T) {
	for percent, want := range map[float64]string{
		0: "0.0 %", 100: "100.0 %", 33.333: "33.3 %", 0.05: "0.1 %", 0.04: "0.04 %", 0.0039: "0.0039 %", 1e-9: "<0.0001 %", 99.96: ">99.9 %", 99.99999999999: "100.0 %",
	} {
		if got := percentText(percent); got != want {
			t.Errorf("%v: got %q, want %q", percent, got, want)
		}
	}
}

// Protects the default sample from clients nobody has: all are networks of the public Internet, each once.
func TestSample(t *testing.T) {
	seen := map[netip.Prefix]bool{}
	for _, c := range Sample() {
		addr := c.Network.Addr()
		if seen[c.Network] || c.Network != c.Network.Masked() || addr.IsPrivate() || addr.IsLoopback() || addr.IsMulticast() || c.Weight != 1 {
			t.Errorf("%v, weight %v", c.Network, c.Weight)
		}
		seen[c.Network] = true
	}
	if len(seen) < 500 {
		t.Errorf("got %d networks", len(seen))
	}
}
