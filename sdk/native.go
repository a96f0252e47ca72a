//go:build !wasip1

package sdk

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"signpost/sdk/abi"
)

// Trial is a policy that a plugin accepted in this process: the same code as in the sandbox, for the plugin's own tests.
type Trial struct {
	guest guest
	count int
}

// Given is what a Trial decides from.
type Given struct {
	Down   []int        // candidates whose check says so; their incoming weight is 0
	Before []uint32     // weights from the plugins before this one; nil: 1 each
	Client netip.Prefix // given only to a plugin that called WantClient
	Place  Place        // given only to a plugin that called WantGeo

	// Latency is microseconds by candidate, 0 for unknown; nil: none is known. Given only to a plugin that called WantLatency.
	Latency []uint32
}

// Outcome is what the plugin said.
type Outcome struct {
	Weights        []uint32
	Pick           int    // 0: no opinion
	Scope4, Scope6 uint8  // abi.ScopeUnsaid: no opinion
	TTLCap         uint32 // abi.TTLCapNone: none
}

// Try configures p for candidates that are written as in an annotation without quotes: "weight=90 id=canary". An id is optional.
// It returns either a Trial or the problems, as the host would report them but without their places.
func Try(p *Plugin, candidates ...string) (*Trial, []string) {
	t := &Trial{count: len(candidates), guest: guest{plugins: []*Plugin{p}}}
	attributes := p.about.Attributes
	var problems []string
	complain := func(text string) { problems = append(problems, p.about.Name+": "+text) }
	configured := make([]abi.ConfigCandidate, len(candidates))
	for i, line := range candidates {
		said := map[string]string{}
		for _, pair := range strings.Fields(line) {
			key, value, _ := strings.Cut(pair, "=")
			said[key] = value
		}
		configured[i].ID = said["id"]
		delete(said, "id")
		for j := range attributes {
			value, message := attributes[j].Missing()
			if text, ok := said[attributes[j].Name]; ok {
				value, message = attributes[j].Parse(text)
				delete(said, attributes[j].Name)
			}
			if message != "" {
				complain(message)
			}
			configured[i].Values = append(configured[i].Values, value)
		}
		for _, key := range slices.Sorted(maps.Keys(said)) {
			complain("unknown key " + key)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	config := abi.AppendConfig(nil, 1, attributes, configured)
	message := t.guest.alloc(len(config))
	copy(message, config)
	raw := t.guest.configure(0, 1, message)
	if len(raw) == 0 {
		return t, nil
	}
	refused, _ := abi.ParseProblems(raw, len(candidates), len(attributes))
	for _, problem := range refused {
		complain(problem.Text)
	}
	return nil, problems
}

// Decide runs the plugin once.
func (t *Trial) Decide(given Given) Outcome {
	facts := &t.guest.facts.raw
	*facts = abi.Facts{CandidateCount: uint32(t.count)}
	for i := range t.count {
		facts.Candidates[i] = abi.Candidate{Weight: 1, Health: abi.HealthUp}
		if given.Before != nil {
			facts.Candidates[i].Weight = given.Before[i]
		}
	}
	for _, i := range given.Down {
		facts.Candidates[i] = abi.Candidate{Health: abi.HealthDown}
	}
	wants := t.guest.plugins[0].about.Wants
	if slices.Contains(wants, abi.WantGeo) {
		given.Place.put(facts)
	}
	if slices.Contains(wants, abi.WantLatency) {
		for i, micros := range given.Latency {
			if micros > 0 {
				facts.Candidates[i].LatencySource, facts.Candidates[i].LatencyMicros = abi.LatencyMeasured, micros
			}
		}
	}
	if given.Client.IsValid() && slices.Contains(wants, abi.WantClient) {
		client := given.Client.Masked()
		facts.PrefixLen, facts.Family = uint8(client.Bits()), 6
		facts.Address = client.Addr().As16()
		if client.Addr().Is4() {
			address := client.Addr().As4()
			facts.Family, facts.Address = 4, [16]byte{}
			copy(facts.Address[:], address[:])
		}
	}
	t.guest.decision = Decision{abi.Result{TTLCap: abi.TTLCapNone, Scope4: abi.ScopeUnsaid, Scope6: abi.ScopeUnsaid}}
	t.guest.decide(1)
	result := &t.guest.decision.raw
	return Outcome{append([]uint32(nil), result.Weights[:t.count]...), int(result.Pick), result.Scope4, result.Scope6, result.TTLCap}
}

func (p *Place) put(facts *abi.Facts) {
	copy(facts.Continent[:], p.Continent[:])
	copy(facts.Country[:], p.Country[:])
	facts.Subdivision, facts.ASN = p.Subdivision, p.ASN
	if p.Located {
		facts.Located, facts.Latitude, facts.Longitude = 1, p.At.Latitude, p.At.Longitude
	}
}
