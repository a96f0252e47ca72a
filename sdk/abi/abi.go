// Package abi is the border between Signpost and its plugins: every number and byte layout that host and guest share.
//
// Plane: both. Floor: 0. Journey of a query: step 4; journey of an edit: step 3.
// All integers are little-endian. sdk/README.md is the same border in prose, for authors of other languages.
package abi

// Version is what host and guest agree on; a guest says so by exporting ExportMarker. Numbers never change their meaning: a version
// only gives meaning to reserved bytes, which earlier hosts zero, and adds names, which earlier hosts refuse. History:
//
//   - 1: 2026-11-22: routing: describe, configure, decide; wanted facts: client, geo, latency; attributes of the types place and networks.
//   - 1: 2026-11-22: kinds health (judge) and filter, with frames and exports of their own; decide is required of routing only.
//   - 1: 2026-11-23: health: a verdict's share, the verdict before the one so far; attributes of the type duration.
const Version = 1

// What a guest exports, with its signature. All are required but ExportInitialize, which runs once before any other if it is there, and
// ExportDecide, which only plugins of KindRouting need; judge.go and filter.go have what the other kinds need. The marker of a guest
// without routing plugins may return any address.
const (
	ExportMemory     = "memory"
	ExportInitialize = "_initialize"        // ()
	ExportMarker     = "signpost_abi_v1"    // () → i32: address of the Frame, FrameLen bytes, a multiple of 8, the same for ever
	ExportDescribe   = "signpost_describe"  // () → i64: address<<32 | length of the manifest
	ExportAlloc      = "signpost_alloc"     // (length i32) → i32: address of a buffer that is the host's until configure returned
	ExportConfigure  = "signpost_configure" // (plugin, policy, address, length i32) → i64: 0, or address<<32 | length of problems
	ExportDecide     = "signpost_decide"    // (policy i32) → i32: 0, or any other number for "I cannot"
)

// Limits of what crosses the border. A host refuses more.
const (
	CandidateMax   = 1024    // candidates of a policy
	AttributeMax   = 64      // attributes of a plugin
	PluginMax      = 64      // plugins in a module
	ManifestLenMax = 1 << 18 // bytes
	ProblemsLenMax = 1 << 16 // bytes of all problems of one configure
	ProblemMax     = 64      // problems of one configure
)

// A Frame is where a decision's facts are and where its result goes. The host writes Facts and the first CandidateCount candidates, sets the
// result to "nothing said" (Pick 0, TTLCapNone, ScopeUnsaid, weights 0), calls decide, then reads the result. Reserved bytes are zero. What a
// plugin does not want is zero.
type Frame struct {
	Facts  Facts
	Result Result
}

// Facts is the input half of a Frame.
type Facts struct {
	CandidateCount uint32
	Family         uint8 // of the client: 4, 6, or 0 for unknown
	PrefixLen      uint8 // of the client's network, in bits
	_              [2]byte
	Address        [16]byte // of the client's network, its first 4 bytes for family 4, bits after PrefixLen zero

	// Where that network is, to a plugin that wants geo. Codes are upper-case letters and digits, zeros behind them; all zero: unknown.
	Continent   [2]byte // AF AN AS EU NA OC SA
	Country     [2]byte // ISO 3166-1 alpha-2
	Subdivision [4]byte // ISO 3166-2, what stands behind the country's hyphen
	ASN         uint32  // number of the autonomous system; 0: unknown
	Located     uint8   // 1: Latitude and Longitude are known
	_           [3]byte
	Latitude    float64 // degrees north
	Longitude   float64 // degrees east
	_           [8]byte

	Candidates [CandidateMax]Candidate
}

// Candidate is what is known about one candidate now.
type Candidate struct {
	Weight uint32 // left by the plugins before this one in the chain; 0: down, or ruled out, and what is 0 stays 0
	Health uint8  // HealthUnknown, HealthUp or HealthDown

	// How far the candidate's place is from the client's network, to a plugin that wants latency and has an attribute of type place.
	LatencySource uint8 // LatencyUnknown …
	_             [2]byte
	LatencyMicros uint32 // round trip; 0 if LatencySource is LatencyUnknown
	_             [4]byte
}

// Result is the output half of a Frame.
type Result struct {
	Pick    uint32 // how many candidates answer; 0: as the plugin before said, or 1
	TTLCap  uint32 // seconds for which the decision holds; TTLCapNone: for as long as the records' TTL says
	Scope4  uint8  // 0..32: length of the client prefix that the decision holds for, should the client be of family 4; ScopeUnsaid: of the facts
	Scope6  uint8  // 0..128: likewise for family 6
	Open    uint8  // 1: if only candidates that are down got weight, they answer as if they were up; 0: then the result changes nothing
	_       [5]byte
	Weights [CandidateMax]uint32 // shares of the answers, multiplied with the incoming ones by the host; all 0: no candidate is for this client
}

// TTLCapNone in Result.TTLCap says that the decision holds as long as the records' TTL.
const TTLCapNone = 1<<32 - 1

// ScopeUnsaid in Result.Scope4 and Scope6 says that the decision holds for the network that the facts are about.
const ScopeUnsaid = 255

// Values of Candidate.LatencySource: where LatencyMicros is from.
const (
	LatencyUnknown  = 0
	LatencyMeasured = 1 // the table of measurements
	LatencyDistance = 2 // the great circle between the client's network and the place
	LatencyProbe    = 3 // the server's own probes
)

// Values of Candidate.Health. Unknown, before the first verdict, is treated as up.
const (
	HealthUnknown = 0
	HealthUp      = 1
	HealthDown    = 2
)

// Byte offsets in a Frame, which hosts use and a test compares with the structs.
const (
	CandidateCountOff = 0
	FamilyOff         = 4
	PrefixLenOff      = 5
	AddressOff        = 8
	ContinentOff      = 24
	CountryOff        = 26
	SubdivisionOff    = 28
	ASNOff            = 32
	LocatedOff        = 36
	LatitudeOff       = 40
	LongitudeOff      = 48
	CandidatesOff     = 64
	CandidateLen      = 16
	WeightOff         = 0 // in a candidate
	HealthOff         = 4 // in a candidate
	LatencySourceOff  = 5 // in a candidate
	LatencyMicrosOff  = 8 // in a candidate

	PickOff    = CandidatesOff + CandidateMax*CandidateLen
	TTLCapOff  = PickOff + 4
	Scope4Off  = PickOff + 8
	Scope6Off  = PickOff + 9
	OpenOff    = PickOff + 10
	WeightsOff = PickOff + 16
	FrameLen   = WeightsOff + CandidateMax*4
)
