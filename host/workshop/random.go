package workshop

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"signpost/host/geo"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// urn draws policies and facts: at random, and from what golden decisions say.
type urn struct {
	*rand.Rand
	about   *abi.Plugin
	regions []string
	specs   []policy.Spec
	values  map[string][]string // by attribute
	clients []netip.Addr
	places  []geo.Place
}

// newUrn returns an urn with everything that golden says about the plugin.
func newUrn(random *rand.Rand, about *abi.Plugin, golden *Golden) *urn {
	u := &urn{Rand: random, about: about, values: map[string][]string{}, places: slices.Clone(somePlaces)}
	if golden == nil {
		return u
	}
	u.regions = golden.Terms.Regions.Names()
	for _, name := range sortedKeys(golden.Terms.Collections) {
		u.addNetworks(golden.Terms.Collections[name])
	}
	for i := range golden.Cases {
		c := &golden.Cases[i]
		if len(c.Spec.Chain) == 1 && c.Spec.Chain[0] == about.Name && len(c.Refused) == 0 {
			u.specs = append(u.specs, c.Spec)
		}
		for _, candidate := range c.Spec.Candidates {
			for _, a := range candidate.Attrs {
				u.values[a.Key] = append(u.values[a.Key], a.Value)
				for _, word := range strings.Split(a.Value, ",") {
					if network, ok := abi.ParseNetwork(word); ok && network.IsValid() {
						u.clients = append(u.clients, network.Addr())
					}
				}
			}
		}
		for j := range c.Trials {
			f := &c.Trials[j].Facts
			if f.Client.IsValid() {
				u.clients = append(u.clients, f.Client.Addr())
			}
			u.places = append(u.places, f.Place)
		}
	}
	return u
}

func (u *urn) addNetworks(networks []netip.Prefix) {
	for _, network := range networks {
		if network.IsValid() {
			u.clients = append(u.clients, network.Addr())
		}
	}
}

var somePlaces = []geo.Place{
	{},
	{Continent: [2]byte{'E', 'U'}, Country: [2]byte{'N', 'L'}, Subdivision: [4]byte{'N', 'H'}, ASN: 64500, Located: true, Latitude: 52.37, Longitude: 4.9},
	{Continent: [2]byte{'E', 'U'}, Country: [2]byte{'D', 'E'}, Subdivision: [4]byte{'B', 'E'}, ASN: 64501, Located: true, Latitude: 52.52, Longitude: 13.4},
	{Continent: [2]byte{'N', 'A'}, Country: [2]byte{'U', 'S'}, Subdivision: [4]byte{'C', 'A'}, ASN: 64502, Located: true, Latitude: 37.77, Longitude: -122.42},
	{Continent: [2]byte{'N', 'A'}, Country: [2]byte{'U', 'S'}, Subdivision: [4]byte{'N', 'Y'}, ASN: 64503, Located: true, Latitude: 40.71, Longitude: -74.01},
	{Continent: [2]byte{'N', 'A'}, Country: [2]byte{'C', 'A'}, ASN: 64504},
	{Continent: [2]byte{'S', 'A'}, Country: [2]byte{'B', 'R'}, Subdivision: [4]byte{'S', 'P'}, Located: true, Latitude: -23.55, Longitude: -46.63},
	{Continent: [2]byte{'A', 'S'}, Country: [2]byte{'J', 'P'}, Subdivision: [4]byte{'1', '3'}, ASN: 4294967295, Located: true, Latitude: 35.68, Longitude: 139.69},
	{Continent: [2]byte{'O', 'C'}, Country: [2]byte{'A', 'U'}, Located: true, Latitude: -33.87, Longitude: 151.21},
	{Continent: [2]byte{'A', 'F'}, Country: [2]byte{'Z', 'A'}, Located: true, Latitude: 0, Longitude: 180},
	{ASN: 64500}, {Located: true, Latitude: 90, Longitude: -180},
}

// spec draws a policy. It may be one that the plugin refuses.
func (u *urn) spec() policy.Spec {
	if len(u.specs) > 0 && u.IntN(4) == 0 {
		return u.specs[u.IntN(len(u.specs))]
	}
	count := 1 + u.IntN(6)
	if u.IntN(50) == 0 {
		count = 1 + u.IntN(100)
	}
	spec := policy.Spec{Owner: "fuzz.example.com.", Type: typeA, Chain: []string{u.about.Name}, Candidates: make([]policy.Candidate, count)}
	for i := range spec.Candidates {
		spec.Candidates[i].ID = string(rune('a' + i%26))
		if i >= 26 {
			spec.Candidates[i].ID += strconv.Itoa(i / 26)
		}
	}
	for j := range u.about.Attributes {
		a := &u.about.Attributes[j]
		if !a.Required && u.IntN(4) == 0 {
			continue // none of them has it
		}
		shared := u.value(a)
		for i := range spec.Candidates {
			value := shared
			if !a.Shared {
				if !a.Required && u.IntN(3) == 0 {
					continue
				}
				value = u.value(a)
			}
			spec.Candidates[i].Attrs = append(spec.Candidates[i].Attrs, policy.Attr{Key: a.Name, Value: value})
		}
	}
	return spec
}

// value draws a value of an attribute.
func (u *urn) value(a *abi.Attribute) string {
	if known := u.values[a.Name]; len(known) > 0 && u.IntN(2) == 0 {
		return known[u.IntN(len(known))]
	}
	switch a.Type {
	case abi.TypeInt, abi.TypeFloat:
		return u.number(a)
	case abi.TypeDuration:
		micros, _ := strconv.ParseInt(u.number(a), 10, 64)
		return abi.DurationText(time.Duration(micros) * time.Microsecond)
	case abi.TypeBool:
		return [...]string{"yes", "no"}[u.IntN(2)]
	case abi.TypeWord:
		return a.Words[u.IntN(len(a.Words))]
	case abi.TypePlace:
		if len(u.regions) > 0 && u.IntN(2) == 0 {
			return u.regions[u.IntN(len(u.regions))]
		}
		return fmt.Sprintf("%.2f,%.2f", u.Float64()*180-90, u.Float64()*360-180)
	case abi.TypeNetworks:
		var list []string
		for range 1 + u.IntN(3) {
			network := u.network()
			u.addNetworks([]netip.Prefix{network})
			list = append(list, network.String())
		}
		if u.IntN(8) == 0 {
			list = append(list, "*")
		}
		return strings.Join(list, ",")
	}
	return [...]string{"", "a", "EU", "NL", "eu-west-1", "0", "-1", "1.5", "two words", "déjà vu", "10.0.0.0/8", "09:00-17:00", "a,b,c",
		strings.Repeat("long ", 3)}[u.IntN(14)]
}

// number draws one of the range, its ends rather often.
func (u *urn) number(a *abi.Attribute) string {
	low, high := -1e6, 1e6
	if a.Min != nil {
		low = *a.Min
		high = max(high, low)
	}
	if a.Max != nil {
		high = *a.Max
		low = min(low, high)
	}
	x := low + u.Float64()*(high-low)
	switch u.IntN(6) {
	case 0:
		x = low
	case 1:
		x = high
	case 2:
		x = min(max(0, low), high)
	case 3:
		x = min(low+float64(u.IntN(10)), high)
	}
	if a.Type != abi.TypeFloat {
		return strconv.FormatInt(int64(x), 10)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// network draws a prefix of either family.
func (u *urn) network() netip.Prefix {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(u.Uint32())
	}
	addr, lengths := netip.AddrFrom4([4]byte(raw[:4])), []int{24, 24, 24, 32, 20, 16, 8, 0}
	if u.IntN(3) == 0 {
		raw[0], raw[1] = 0x20, 0x01
		addr, lengths = netip.AddrFrom16(raw), []int{56, 56, 48, 64, 128, 32, 0}
	}
	if len(u.clients) > 0 && u.IntN(2) == 0 {
		if addr = u.clients[u.IntN(len(u.clients))]; addr.Is4() {
			lengths = []int{24, 24, 32, 20, 16, 25}
		}
	}
	return netip.PrefixFrom(addr, min(lengths[u.IntN(len(lengths))], addr.BitLen())).Masked()
}

// facts draws what a decision is made from.
func (u *urn) facts(candidates int) policy.Facts {
	var f policy.Facts
	if u.IntN(16) > 0 {
		f.Client = u.network()
	}
	u.place(&f)
	u.latency(&f, candidates)
	f.Health = make([]policy.Health, candidates)
	sick := u.IntN(4) // 0: none is
	for i := range f.Health {
		f.Health[i] = policy.Up
		if sick > 0 && u.IntN(4) < sick {
			f.Health[i] = policy.Down
		} else if u.IntN(8) == 0 {
			f.Health[i] = policy.Unknown
		}
	}
	return f
}

func (u *urn) place(f *policy.Facts) {
	f.Place = u.places[u.IntN(len(u.places))]
	f.PlaceBits = uint8(u.IntN(int(clientBits(f.Client)) + 1))
}

func (u *urn) latency(f *policy.Facts, candidates int) {
	f.Latency = make([]geo.Latency, candidates)
	f.LatencyBits = uint8(u.IntN(int(clientBits(f.Client)) + 1))
	for i := range f.Latency {
		if u.IntN(5) > 0 {
			f.Latency[i] = geo.Latency{Micros: uint32(1+u.IntN(40)) * 10_000, Source: geo.Measured}
		}
	}
}

// inside draws a client of the prefix of so many bits around f's client, and what is known of it. Facts that hold for both stay.
func (u *urn) inside(f *policy.Facts, bits int, candidates int) policy.Facts {
	other := *f
	raw := f.Client.Addr().AsSlice()
	for i := bits; i < f.Client.Bits(); i++ {
		if u.IntN(2) == 0 {
			raw[i/8] ^= 0x80 >> (i % 8)
		}
	}
	addr, _ := netip.AddrFromSlice(raw)
	other.Client = netip.PrefixFrom(addr, f.Client.Bits()).Masked()
	if !netip.PrefixFrom(f.Client.Addr(), int(f.PlaceBits)).Contains(addr) {
		u.place(&other)
	}
	if !netip.PrefixFrom(f.Client.Addr(), int(f.LatencyBits)).Contains(addr) {
		u.latency(&other, candidates)
	}
	return other
}

// unwanted returns facts that differ only where the plugin does not look.
func (u *urn) unwanted(f *policy.Facts, wants policy.Wants, candidates int) policy.Facts {
	other := *f
	drawn := u.facts(candidates)
	if wants == 0 { // otherwise the client says for how much of it the other facts hold
		other.Client = drawn.Client
	}
	if wants&policy.WantsGeo == 0 {
		other.Place, other.PlaceBits = drawn.Place, drawn.PlaceBits
	}
	if wants&policy.WantsLatency == 0 {
		other.Latency, other.LatencyBits = drawn.Latency, drawn.LatencyBits
	}
	return other
}

// terms are the names that annotations may use.
func termsOf(golden *Golden) plugin.Terms {
	if golden == nil {
		return plugin.Terms{Regions: geo.NewRegions(nil)}
	}
	return golden.Terms
}
