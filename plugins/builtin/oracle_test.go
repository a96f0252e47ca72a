package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"signpost/sdk"
	"signpost/sdk/abi"
)

// oracle is a policy's rule, written without care for speed. It returns the candidates that share the answers; geoproximity's returns none
// when two are almost as near.
type oracle struct {
	line func(r *rand.Rand, count int) string // a candidate of a random policy
	wins func(lines []string, given *sdk.Given, open []int) []int
}

// choosy are the policies whose candidates are for some clients only: if all of a client's are down, they answer as if they were up.
var choosy = []string{"geolocation", "ipbased", "splithorizon"}

// key returns what a line says of a key.
func key(line, name string) string {
	for _, field := range strings.Fields(line) {
		if value, ok := strings.CutPrefix(field, name+"="); ok {
			return value
		}
	}
	return ""
}

// lowest returns those of the open candidates for which rank is the lowest; rank +Inf is none.
func lowest(open []int, rank func(i int) float64) (list []int) {
	best := math.Inf(1)
	for _, i := range open {
		best = min(best, rank(i))
	}
	for _, i := range open {
		if !math.IsInf(best, 1) && rank(i) == best {
			list = append(list, i)
		}
	}
	return list
}

// matched returns the longest of the networks that the client is in, -1 if none.
func matched(networks string, client netip.Prefix) int {
	longest := -1
	for _, word := range strings.Split(networks, ",") {
		if word == "*" {
			longest = max(longest, 0)
		} else if p := netip.MustParsePrefix(word); client.IsValid() && p.Bits() <= client.Bits() && p.Contains(client.Addr()) {
			longest = max(longest, p.Bits())
		}
	}
	return longest
}

// someNetworks are few, so that they meet.
func someNetworks(r *rand.Rand) string {
	all := []string{"*", "10.0.0.0/8", "10.1.0.0/16", "10.1.128.0/17", "10.1.2.0/24", "10.1.2.128/25", "11.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8:1::/48"}
	var list []string
	for range 1 + r.IntN(2) {
		list = append(list, all[r.IntN(len(all))])
	}
	return strings.Join(list, ",")
}

func oneOf(r *rand.Rand, words ...string) string { return words[r.IntN(len(words))] }

var oracles = map[string]oracle{
	"failover": {
		func(r *rand.Rand, _ int) string { return fmt.Sprintf("priority=%d", r.IntN(3)) },
		func(lines []string, _ *sdk.Given, open []int) []int {
			return lowest(open, func(i int) float64 { return float(key(lines[i], "priority")) })
		},
	},
	"ipbased": {
		func(r *rand.Rand, _ int) string { return "networks=" + someNetworks(r) },
		func(lines []string, given *sdk.Given, open []int) []int {
			return lowest(open, func(i int) float64 {
				if bits := matched(key(lines[i], "networks"), given.Client); bits >= 0 {
					return -float64(bits)
				}
				return math.Inf(1)
			})
		},
	},
	"splithorizon": {
		func(r *rand.Rand, _ int) string { return "clients=" + someNetworks(r) },
		func(lines []string, given *sdk.Given, open []int) []int {
			return lowest(open, func(i int) float64 {
				if matched(key(lines[i], "clients"), given.Client) < 0 {
					return math.Inf(1)
				}
				return float64(slices.IndexFunc(lines, func(line string) bool { return key(line, "clients") == key(lines[i], "clients") }))
			})
		},
	},
	"geolocation": {
		func(r *rand.Rand, _ int) string {
			return oneOf(r, "continent=EU,NA", "continent=EU", "country=NL", "country=US", "country=NL,US", "country=US subdivision=CA,NY", "country=US subdivision=NY",
				"asn=64496", "asn=64496,64497", "default=yes", "country=BE default=yes")
		},
		func(lines []string, given *sdk.Given, open []int) []int {
			return lowest(open, func(i int) float64 { return smallest(lines[i], &given.Place) })
		},
	},
	"geoproximity": {
		func(r *rand.Rand, _ int) string {
			return fmt.Sprintf("region=%d,%d bias=%s", r.IntN(4)*45-67, r.IntN(8)*45-180, oneOf(r, "0", "0", "50", "-50", "99", "-99"))
		},
		func(lines []string, given *sdk.Given, open []int) []int {
			if !given.Place.Located {
				return open
			}
			nearest := lowest(open, func(i int) float64 { return biased(lines[i], given.Place.At) })
			best := biased(lines[nearest[0]], given.Place.At)
			for _, i := range open {
				if other := biased(lines[i], given.Place.At); other != best && other-best < 1e-6 {
					return nil // too near to call
				}
			}
			return nearest
		},
	},
	"latency": {
		func(r *rand.Rand, i int) string { return fmt.Sprintf("region=%d,0", i%3) },
		func(lines []string, given *sdk.Given, open []int) []int {
			known := lowest(open, func(i int) float64 {
				if given.Latency == nil || given.Latency[i] == 0 {
					return math.Inf(1)
				}
				return float64(given.Latency[i])
			})
			if known == nil {
				return open
			}
			return known
		},
	},
	"simple":     {func(r *rand.Rand, _ int) string { return "" }, func(_ []string, _ *sdk.Given, open []int) []int { return open }},
	"multivalue": {func(r *rand.Rand, _ int) string { return "" }, func(_ []string, _ *sdk.Given, open []int) []int { return open }},
}

func float(text string) (f float64) {
	if _, err := fmt.Sscan(text, &f); err != nil {
		return math.NaN()
	}
	return f
}

// smallest is the rank of the smallest region of a line that the place is in.
func smallest(line string, p *sdk.Place) float64 {
	has := func(name string, code sdk.Code) bool {
		text := strings.TrimRight(string(code[:]), "\x00")
		return text != "" && slices.Contains(strings.Split(key(line, name), ","), text)
	}
	divided := key(line, "subdivision") != ""
	switch {
	case p.ASN != 0 && slices.Contains(strings.Split(key(line, "asn"), ","), fmt.Sprint(p.ASN)):
		return 0
	case divided && has("country", p.Country) && has("subdivision", p.Subdivision):
		return 1
	case !divided && has("country", p.Country):
		return 2
	case has("continent", p.Continent):
		return 3
	case key(line, "default") == "yes":
		return 4
	}
	return math.Inf(1)
}

// biased is Route 53's biased distance, of the haversine formula, in radians.
func biased(line string, from sdk.Coordinates) float64 {
	lat, lon, _ := abi.ParseCoordinates(key(line, "region"))
	rad := math.Pi / 180
	h := math.Pow(math.Sin((lat-from.Latitude)/2*rad), 2) + math.Cos(lat*rad)*math.Cos(from.Latitude*rad)*math.Pow(math.Sin((lon-from.Longitude)/2*rad), 2)
	distance := 2 * math.Asin(min(1, math.Sqrt(h)))
	if bias := float(key(line, "bias")); bias < 0 {
		return distance / (1 + bias/100)
	} else {
		return distance * (1 - bias/100)
	}
}

// someGiven is random facts and health; at least one candidate is live, since the host calls no plugin without.
func someGiven(r *rand.Rand, count int) (given sdk.Given, open []int) {
	for i := range count {
		if r.IntN(3) == 0 && len(given.Down) < count-1 {
			given.Down = append(given.Down, i)
		} else {
			open = append(open, i)
		}
	}
	given.Client = someClient(r)
	code := func(texts ...string) (c sdk.Code) { c, _ = sdk.CodeOf(oneOf(r, texts...)); return c }
	given.Place = sdk.Place{Continent: code("", "EU", "NA", "AS"), Country: code("", "NL", "US", "FR"), Subdivision: code("", "CA", "NY", "NH"), ASN: uint32(r.IntN(3)) * 32248,
		Located: r.IntN(4) > 0, At: sdk.Coordinates{Latitude: float64(r.IntN(1700))/10 - 85, Longitude: float64(r.IntN(3500))/10 - 175}}
	for range count {
		given.Latency = append(given.Latency, uint32(r.IntN(4))*1000)
	}
	return given, open
}

func someClient(r *rand.Rand) netip.Prefix {
	switch r.IntN(8) {
	case 0:
		return netip.Prefix{}
	case 1:
		return netip.PrefixFrom(netip.MustParseAddr(oneOf(r, "2001:db8::1", "2001:db8:1::", "2001:db9::")), 32+r.IntN(97)).Masked()
	}
	addr := netip.AddrFrom4([4]byte{byte(9 + r.IntN(3)), byte(r.IntN(3)), oneByte(r), oneByte(r)})
	return netip.PrefixFrom(addr, 4+r.IntN(29)).Masked()
}

func oneByte(r *rand.Rand) byte { return []byte{0, 1, 2, 3, 127, 128, 255}[r.IntN(7)] }

// Protects every policy's rule against another way to write it, over random policies, facts and health, and its scope: two clients inside of one
// scope never get different distributions, and a decision for all the world is the same for all the world.
func TestOracles(t *testing.T) {
	all := builtins()
	for name, o := range oracles {
		r := rand.New(rand.NewPCG(5, 6))
		refused, scoped := 0, 0
		for range 4000 {
			lines := make([]string, 1+r.IntN(6))
			for i := range lines {
				lines[i] = strings.TrimSpace(fmt.Sprintf("id=c%d %s", i, o.line(r, i)))
			}
			trial, problems := sdk.Try(all[name], lines...)
			if trial == nil {
				if refused++; !strings.Contains(problems[0], "nobody gets here") {
					t.Fatalf("%s %q: %q", name, lines, problems)
				}
				continue
			}
			given, open := someGiven(r, len(lines))
			got := trial.Decide(given)
			winners := o.wins(lines, &given, open)
			if len(winners) == 0 && slices.Contains(choosy, name) {
				winners = o.wins(lines, &given, given.Down) // no other is for this client
			}
			if want := weightsOf(len(lines), winners); !slices.Equal(got.Weights, want) && (winners != nil || name != "geoproximity") {
				t.Fatalf("%s %q, %+v: got %v, want %v", name, lines, given, got.Weights, want)
			}
			if sameInScope(t, r, name, trial, given, got) {
				scoped++
			}
		}
		t.Logf("%s: %d policies refused, %d scopes tried", name, refused, scoped)
	}
}

func weightsOf(count int, winners []int) []uint32 {
	weights := make([]uint32, count)
	for _, i := range winners {
		weights[i] = 1
	}
	return weights
}

// sameInScope asks again for another client inside of the scope, and another place when the scope is the world. It returns false when the
// decision says nothing about other clients.
func sameInScope(t *testing.T, r *rand.Rand, name string, trial *sdk.Trial, given sdk.Given, first sdk.Outcome) bool {
	t.Helper()
	scope := first.Scope6
	if given.Client.Addr().Is4() {
		scope = first.Scope4
	}
	if scope == abi.ScopeUnsaid || !given.Client.IsValid() || int(scope) > given.Client.Bits() {
		return false
	}
	second := given
	around := netip.PrefixFrom(given.Client.Addr(), int(scope)).Masked()
	raw := around.Addr().AsSlice()
	for bit := around.Bits(); bit < 8*len(raw); bit++ {
		if r.IntN(2) == 0 {
			raw[bit/8] |= 0x80 >> (bit % 8)
		}
	}
	addr, _ := netip.AddrFromSlice(raw)
	second.Client = netip.PrefixFrom(addr, addr.BitLen()-r.IntN(addr.BitLen()-around.Bits()+1)).Masked()
	if scope == 0 {
		other, _ := someGiven(r, len(first.Weights))
		second.Place, second.Latency = other.Place, nil
		for _, micros := range other.Latency {
			second.Latency = append(second.Latency, micros+7)
		}
	}
	if got := trial.Decide(second); !slices.Equal(got.Weights, first.Weights) {
		t.Fatalf("%s: %v for %v with scope %d, but %v for %v inside of it", name, first.Weights, given.Client, scope, got.Weights, second.Client)
	}
	return true
}

// Protects the scope of sticky, which has no other rule to be compared with: a network's first bits4 or bits6 bits decide.
func TestStickyScope(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		shared := fmt.Sprintf(" bits4=%d bits6=%d", r.IntN(33), r.IntN(129))
		trial, problems := sdk.Try(builtins()["sticky"], "id=a weight=3"+shared, "id=b weight=2"+shared, "id=c"+shared)
		if trial == nil {
			t.Fatal(problems)
		}
		given, _ := someGiven(r, 3)
		got := trial.Decide(given)
		if sum := got.Weights[0] + got.Weights[1] + got.Weights[2]; sum != 1 {
			t.Fatalf("got %v, want one", got.Weights)
		}
		sameInScope(t, r, "sticky", trial, given, got)
	}
}

// Protects the guest's memory, which nobody cleans up: no policy allocates when it decides. The outcome's copy of the weights is the one allocation.
func TestNativeAllocs(t *testing.T) {
	all := builtins()
	for _, plugin := range all {
		line, ok := samples[plugin.Name()]
		if !ok {
			continue
		}
		var lines []string
		for i := range 8 {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("id=c%d %s", i, line(i))))
		}
		trial, problems := sdk.Try(plugin, lines...)
		if trial == nil {
			t.Fatal(problems)
		}
		given, _ := someGiven(rand.New(rand.NewPCG(9, 9)), 8)
		given.Client = netip.MustParsePrefix("10.1.64.9/32")
		if got := testing.AllocsPerRun(100, func() { trial.Decide(given) }); got != 1 {
			t.Errorf("%s: got %v allocations a decision, want the copy of its outcome", plugin.Name(), got)
		}
	}
}
