// Package policy holds routing policies and decisions: what a chain of plugins was given and what came out, as pure values and rules.
//
// Plane: both. Floor: 1. Journey of a query: step 4 (a decision, then a draw); journey of an edit: step 3 (Spec → Policy).
// Nothing here locks, logs, allocates after the first use of a buffer, or knows WebAssembly.
package policy

import (
	"signpost/host/diag"
	"signpost/host/geo"
)

// CandidateMax is the most candidates that one policy may have; sdk/abi reserves room for as many.
const CandidateMax = 1024

// Spec is what the zone file says about one owner name and type, before a plugin saw it.
type Spec struct {
	Owner      string // presentation form, for messages
	Type       uint16
	TTL        uint32   // of its records
	Chain      []string // plugin names in the order they run
	Candidates []Candidate
	ChainPos   diag.Pos // of the chain, where it stands at none of the candidates; zero: at the first of them
	FailClosed bool     // as in Policy
}

// Candidate is one alternative of a Spec: all lines that share an id.
//
// Attrs holds the annotation keys of all its lines in file order. A key may stand on several lines with one value. The common keys id, check,
// on-all-down, panic-threshold, min-ttl and evaluate-target-health may be among them: they belong to the host, never to a plugin, and ID and
// Check win over them when set.
type Candidate struct {
	ID    string
	Check string // "": always up
	// Endpoints are what the check probes, as Policy has them; none without a check.
	Endpoints []string
	Chain     []string // of this candidate's first line; nil means the Spec's. Another chain than the Spec's is a diagnostic
	Attrs     []Attr
	Pos       diag.Pos // the first line
	ChainPos  diag.Pos // the first byte of the chain; the plugins' names follow it joined by "+"
}

// Attr is one key=value of an annotation, unquoted.
type Attr struct {
	Key, Value       string
	KeyPos, ValuePos diag.Pos
}

// OnAllDown tells what is answered while every candidate is down.
type OnAllDown uint8

// FailOpen answers as if all were up, as Route 53 does; the others are what the on-all-down key names.
const (
	FailOpen OnAllDown = iota
	NoDataWhenDown
	ServFailWhenDown
)

// OnAllDownWords are the values of the on-all-down key, by OnAllDown.
var OnAllDownWords = [...]string{FailOpen: "open", NoDataWhenDown: "nodata", ServFailWhenDown: "servfail"}

// String returns the word that the zone file uses.
func (o OnAllDown) String() string { return OnAllDownWords[o] }

// TargetHealth tells whether a candidate that leads to another name is down while that name has no live address.
type TargetHealth uint8

// What the key evaluate-target-health says. Unsaid means yes where the target's addresses are what is answered, behind an ALIAS, and no where
// a CNAME itself is: it may lead to where this server cannot know.
const (
	TargetUnsaid TargetHealth = iota
	TargetCounts
	TargetIgnored
)

// Wants is a set of facts about the client.
type Wants uint8

// The client's network itself, where it is, and how far the candidates' regions are from it.
const (
	WantsClient Wants = 1 << iota
	WantsGeo
	WantsLatency
)

// Note is a candidate as the zone file has it.
type Note struct {
	Attrs []string // "key=value" in the order of the file, without id and check
	Pos   diag.Pos // of its first line
}

// Policy is an accepted Spec. It is immutable and shared by all workers; it works as long as something refers to it, also after
// its plugins were replaced by newer ones.
type Policy struct {
	Owner  string
	Type   uint16
	Chain  []string
	IDs    []string // of the candidates, in the order of the Spec
	Checks []string // aligned with IDs; "": always up
	// Endpoints are what the check of each candidate probes: addresses, or host names with the last dot, of its records, each once, in the order of
	// the zone. Aligned with IDs; a candidate without check has none. nil: none has a check.
	Endpoints [][]string
	OnAllDown OnAllDown
	// PanicThreshold is the percentage of the candidates that must be live for verdicts to be believed; 0: verdicts are always believed.
	PanicThreshold uint8
	// MinTTL is the least that health lowers a TTL to, in seconds.
	MinTTL uint32
	// FailClosed is for a policy whose answer may be a secret: a candidate is chosen only if every plugin of the chain gave it weight. When all
	// are down the outcome is NoData, and ServFail when a plugin fails.
	FailClosed bool
	// Targets says of each candidate of an ALIAS or CNAME whether it is only up while its target is; aligned with IDs, nil for other types.
	Targets []TargetHealth
	// Slots are the candidates' live health, aligned with IDs; nil: all are up. health.Table sets them before the policy is published.
	Slots []*Slot
	// Wants tells on which facts about the client the decision may depend. When it is zero a decision holds for all clients until a health
	// state changes: it may be kept, and its scopes are zero.
	Wants Wants
	// Regions are the places of the candidates, aligned with IDs; nil unless Wants has WantsLatency. One without coordinates has none.
	Regions []geo.Region
	// Notes are what the zone file says of the candidates, aligned with IDs: for people, never for deciding.
	Notes []Note
	// Program is what package plugin made of the chain. No other package reads it.
	Program any
}
