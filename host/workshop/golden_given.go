package workshop

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

var givenWords = []string{"client", "place", "latency", "health"}

// begin returns the decision that a line belongs to, a new one if the last has wants already and fresh is set.
func (p *goldenParser) begin(fresh bool) *Trial {
	if p.trial != nil && fresh && len(p.trial.Want) > 0 {
		p.endTrial()
	}
	if p.trial == nil {
		p.trial = &Trial{Pos: p.pos}
	}
	return p.trial
}

// given reads a line of facts.
func (p *goldenParser) given(rest string) {
	t := p.begin(true)
	if rest == "" {
		return
	}
	t.Given = append(t.Given, rest)
	list := words(rest)
	switch list[0] {
	case "client":
		p.givenClient(&t.Facts, list[1:])
	case "place":
		p.givenPlace(&t.Facts, list[1:])
	case "latency":
		p.givenLatency(&t.Facts, list[1:])
	case "health":
		p.givenHealth(&t.Facts, list[1:])
	default:
		p.errorf("given %q is not one of %s%s", list[0], strings.Join(givenWords, ", "), diag.DidYouMean(list[0], givenWords))
	}
}

func (p *goldenParser) givenClient(f *policy.Facts, list []string) {
	if len(list) != 1 {
		p.errorf("want one network, as in \"given client 192.0.2.0/24\"")
		return
	}
	network, ok := abi.ParseNetwork(list[0])
	if !ok || !network.IsValid() {
		p.errorf("client %q is no prefix and no address", list[0])
		return
	}
	f.Client = network.Masked()
}

var placeWords = []string{"continent", "country", "subdivision", "asn", "at", "bits"}

func (p *goldenParser) givenPlace(f *policy.Facts, list []string) {
	for _, word := range list {
		key, value, _ := strings.Cut(word, "=")
		ok := true
		switch key {
		case "continent":
			ok = putCode(f.Place.Continent[:], value)
		case "country":
			ok = putCode(f.Place.Country[:], value)
		case "subdivision":
			ok = putCode(f.Place.Subdivision[:], value)
		case "asn":
			number, err := strconv.ParseUint(strings.TrimPrefix(value, "AS"), 10, 32)
			f.Place.ASN, ok = uint32(number), err == nil
		case "at":
			f.Place.Latitude, f.Place.Longitude, ok = abi.ParseCoordinates(value)
			f.Place.Located = ok
		case "bits":
			f.PlaceBits, ok = parseBits(value)
			p.trial.placeBits = true
		default:
			p.errorf("place: unknown key %q%s", key, diag.DidYouMean(key, placeWords))
			continue
		}
		if !ok {
			p.errorf("place: %s %q makes no sense, as continent=EU country=NL subdivision=NH asn=64500 at=52.1,5.2 bits=20 would", key, value)
		}
	}
}

// putCode writes a code of letters and digits into dst.
func putCode(dst []byte, text string) bool {
	clear(dst)
	if text == "" || len(text) > len(dst) {
		return false
	}
	for i := range len(text) {
		b := text[i]
		if b >= 'a' && b <= 'z' {
			b -= 'a' - 'A'
		}
		if (b < 'A' || b > 'Z') && (b < '0' || b > '9') {
			return false
		}
		dst[i] = b
	}
	return true
}

func parseBits(text string) (uint8, bool) {
	number, err := strconv.ParseUint(text, 10, 8)
	return uint8(number), err == nil && number <= 128
}

// clientBits is what the facts about a client hold for, as long as nothing else is said.
func clientBits(client netip.Prefix) uint8 { return uint8(max(client.Bits(), 0)) }

func (p *goldenParser) givenLatency(f *policy.Facts, list []string) {
	list = slices.DeleteFunc(list, func(word string) bool {
		text, ok := strings.CutPrefix(word, "bits=")
		if ok && !slices.Contains(p.current.ids(), "bits") {
			if f.LatencyBits, ok = parseBits(text); !ok {
				p.errorf("latency: bits %q is not 0..128", text)
			}
			p.trial.latencyBits = true
			return true
		}
		return false
	})
	if f.Latency == nil {
		f.Latency = make([]geo.Latency, len(p.current.Spec.Candidates))
	}
	p.pairs(list, func(i int, value string) bool {
		took, err := time.ParseDuration(value)
		if err != nil || took <= 0 || took > time.Hour {
			p.errorf("latency %q is no time, as 80ms or 12.5ms is", value)
			return false
		}
		f.Latency[i] = geo.Latency{Micros: uint32(max(took.Microseconds(), 1)), Source: geo.Measured}
		return true
	})
}

var healthWords = []string{policy.Unknown: "unknown", policy.Up: "up", policy.Down: "down"}

func (p *goldenParser) givenHealth(f *policy.Facts, list []string) {
	if f.Health == nil {
		f.Health = slices.Repeat([]policy.Health{policy.Up}, len(p.current.Spec.Candidates))
	}
	p.pairs(list, func(i int, value string) bool {
		state := slices.Index(healthWords, value)
		if state < 0 {
			p.errorf("health %q is not one of up, down, unknown%s", value, diag.DidYouMean(value, healthWords))
			return false
		}
		f.Health[i] = policy.Health(state)
		return true
	})
}
