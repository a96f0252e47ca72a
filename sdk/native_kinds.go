//go:build !wasip1

package sdk

import (
	"strconv"
	"strings"

	"signpost/sdk/abi"
)

// Evidence is what a Trial judges from.
type Evidence struct {
	Before     State
	Prior      State
	HeldMillis uint32

	// Seen is one text for each vantage point, as golden files have it: "+ + -" is two successes after a failure, "120ms -2s/503" a success that
	// took so long after a failure with a status, "down/20s" one without attempts whose own verdict that is. abi.ParseVantage says what else.
	Seen []string
}

// Opinion is what a health plugin said.
type Opinion struct {
	State  State
	Share  int    // percent; 100 if nothing is said
	Reason string // with its value
}

// Judge runs a health plugin once.
func (t *Trial) Judge(e Evidence) Opinion {
	history := &t.guest.history.raw
	*history = abi.History{VantageCount: uint32(len(e.Seen)), Before: uint8(e.Before), Prior: uint8(e.Prior), HeldMillis: e.HeldMillis}
	for i, seen := range e.Seen {
		var message string
		if history.Vantages[i], message = abi.ParseVantage(seen); message != "" {
			panic(message) // the test is wrong
		}
	}
	t.guest.verdict = Verdict{abi.Verdict{Health: uint8(e.Before), Share: abi.ShareUnsaid}}
	t.guest.judge(1)
	got := &t.guest.verdict.raw
	o := Opinion{State: State(got.Health), Share: min(int(got.Share), 100)}
	if got.Reason > 0 {
		o.Reason = strings.Replace(t.guest.plugins[0].about.Reasons[got.Reason-1], "#", strconv.FormatUint(uint64(got.Value), 10), 1)
	}
	return o
}

// Asked is what a Trial filters.
type Asked struct {
	Name  string // "example.com"
	Type  uint16
	Flags uint8
	Place Place // given only to a plugin that called WantGeo
}

// Fate is what a filter said.
type Fate struct {
	Action uint8  // abi.ActionPass …
	Name   []byte // of abi.ActionRewrite
	Data   [][]byte
	TTL    uint32 // abi.TTLUnsaid: no opinion
}

// Filter runs a filter once.
func (t *Trial) Filter(asked Asked) Fate {
	name, _ := Domain(asked.Name)
	q := &t.guest.question.raw
	*q = abi.Question{Type: asked.Type, Class: 1, Flags: asked.Flags, NameLen: uint8(len(name))}
	copy(q.Name[:], name)
	for _, want := range t.guest.plugins[0].about.Wants {
		if want == abi.WantGeo {
			var facts abi.Facts
			asked.Place.put(&facts)
			q.Continent, q.Country, q.Subdivision, q.ASN = facts.Continent, facts.Country, facts.Subdivision, facts.ASN
			q.Located, q.Latitude, q.Longitude = facts.Located, facts.Latitude, facts.Longitude
		}
	}
	t.guest.ruling = Ruling{abi.Ruling{TTL: abi.TTLUnsaid, Scope4: abi.ScopeUnsaid, Scope6: abi.ScopeUnsaid}}
	t.guest.filter(1)
	got := &t.guest.ruling.raw
	fate := Fate{Action: got.Action, Name: got.Name[:got.NameLen], TTL: got.TTL}
	for raw := got.Records[:got.RecordLen]; len(raw) >= 2; {
		length := int(raw[0]) | int(raw[1])<<8
		fate.Data = append(fate.Data, raw[2:2+length])
		raw = raw[2+length:]
	}
	return fate
}
