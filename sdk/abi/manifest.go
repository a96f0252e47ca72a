package abi

// Manifest is what describe returns, as JSON. A host refuses fields and words that it does not know, because it could not keep their promise.
type Manifest struct {
	Plugins []Plugin `json:"plugins"`
}

// Plugin describes one plugin of a module; its index is its place in the manifest.
type Plugin struct {
	Name       string      `json:"name"` // lower-case letters, digits and hyphens: the word in a chain
	Version    string      `json:"version"`
	Kind       string      `json:"kind"` // KindRouting …
	Doc        string      `json:"doc"`  // one line
	Wants      []string    `json:"wants"`
	Attributes []Attribute `json:"attributes"`
	Reasons    []string    `json:"reasons,omitempty"` // of KindHealth: what Verdict.Reason means; a # stands for Verdict.Value
}

// Kinds of a plugin: what it is asked for.
const (
	KindRouting = "routing" // decide: shares of the candidates of a name
	KindHealth  = "health"  // judge: whether the target of a check is up
	KindFilter  = "filter"  // filter: what becomes of a question that is to be forwarded
)

// Words of Plugin.Wants: a fact that is not wanted is zero, so no decision can depend on it.
const (
	WantClient  = "client"  // Family, PrefixLen and Address
	WantGeo     = "geo"     // Continent to Longitude
	WantLatency = "latency" // each candidate's LatencySource and LatencyMicros, for the place that its first attribute of type place names
)

// Attribute describes one key of a plugin's annotations. The host checks and converts values; a guest sees numbers.
type Attribute struct {
	Name     string   `json:"name"` // lower-case letters, digits and hyphens
	Type     string   `json:"type"` // TypeInt …
	Doc      string   `json:"doc"`  // one line
	Required bool     `json:"required,omitempty"`
	Default  string   `json:"default,omitempty"` // as it would stand in a zone file; "": zero
	Min      *float64 `json:"min,omitempty"`     // of int, float and duration, the latter in microseconds
	Max      *float64 `json:"max,omitempty"`
	Words    []string `json:"words,omitempty"`  // of word
	Shared   bool     `json:"shared,omitempty"` // one for all candidates of a policy: the host refuses two values, and gives every candidate the one
}

// Types of an attribute and what configure gets as its Value.Bits.
const (
	TypeInt   = "int"   // a whole number; int64
	TypeFloat = "float" // a finite number; IEEE 754 double
	TypeBool  = "bool"  // yes or no (also true, false); 1 or 0
	TypeWord  = "word"  // one of Words; its index
	TypeText  = "text"  // anything; Bits is not used, Text is
	// A time with its unit, as 300ms, 1.5s or 1h30m; int64 microseconds.
	TypeDuration = "duration"

	// A region that the server knows, or LATITUDE,LONGITUDE in degrees: two IEEE 754 singles, the latitude in the low half of Bits.
	TypePlace = "place"
	// Prefixes, addresses, names of collections in signpost.yaml, or * for everybody, joined by commas; Text is NetworkLen bytes for each.
	TypeNetworks = "networks"
)

// Layout of one network in the Text of an attribute of TypeNetworks.
const (
	NetworkFamilyOff  = 0 // u8: 4, 6, or 0 for everybody
	NetworkBitsOff    = 1 // u8: length of the prefix
	NetworkAddressOff = 4 // 16 bytes, the first 4 for family 4, zero after the prefix
	NetworkLen        = 20
)

// Value is one converted attribute.
type Value struct {
	Bits uint64
	Text string
	Set  bool // the annotation has the key; otherwise this is the default
}
