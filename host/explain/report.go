package explain

// Report is why a client gets its answers. It is what --json and GET /explain print: names are never changed and never reused, what a version
// does not know is left out.
type Report struct {
	Name       string   `json:"name"`   // presentation form, with the last dot
	Type       string   `json:"type"`   // by name, or TYPEnnn
	Client     string   `json:"client"` // the network that the answer is for, as a resolver sends it (RFC 7871)
	Source     string   `json:"source"` // where the query came from; it has the view
	Down       []string `json:"down,omitempty"`
	Generation uint64   `json:"generation"`

	View    *View    `json:"view"`
	Path    *Hop     `json:"path,omitempty"` // the question's name; what it leads to hangs on it
	Answers []Answer `json:"answers"`        // everything that can be answered, the likeliest first
	Scope   int      `json:"scope"`          // prefix length of the client's network for which all of this holds (RFC 7871 §7.2.1)

	// ResponseScope is what the response says. It is Scope, or 0 if no answer has records: resolvers keep those for everybody (RFC 7871 §7.4).
	ResponseScope int `json:"responseScope"`

	Cut bool `json:"cut,omitempty"` // there are more ways than are followed: answers are not complete
}

// View is the view in which the question's name was found, and why the client was sent there.
type View struct {
	Name  string   `json:"name,omitempty"` // left out: none has a zone for it, or the client sees none
	Why   string   `json:"why"`
	Asked []string `json:"asked,omitempty"` // the views that were asked, in order; left out while there is one for everybody
	Down  []string `json:"down,omitempty"`  // views that are down, and stand behind the others
	Chain []Plugin `json:"chain,omitempty"` // the plugins that choose views

	Fallthrough bool `json:"fallthrough,omitempty"` // the client's next view is asked for names that do not exist
}

// Hop is one name on the way to an answer.
type Hop struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`           // answer, cname, dname, alias, nodata, nxdomain, referral, outside, broken, many
	Type     string   `json:"type,omitempty"` // of the record set that was found
	View     string   `json:"view,omitempty"` // in which it was found
	Zone     *Zone    `json:"zone,omitempty"`
	Wildcard string   `json:"wildcard,omitempty"` // the owner that stands for the name
	TTL      uint32   `json:"ttl,omitempty"`      // of the record set, seconds
	Records  []string `json:"records,omitempty"`  // their data, if no policy chooses among them
	Pending  bool     `json:"pending,omitempty"`  // the plugins that decide are not compiled yet
	Policy   *Policy  `json:"policy,omitempty"`
	Next     *Hop     `json:"next,omitempty"` // where records without policy lead to
}

// Zone is the zone that a name was found in.
type Zone struct {
	Name   string `json:"name"`
	File   string `json:"file"` // relative to the data directory
	Serial uint32 `json:"serial"`
}

// Policy is one decision.
type Policy struct {
	Chain      []Plugin    `json:"chain"`
	Outcome    string      `json:"outcome"`           // answer, nodata, servfail
	OnAllDown  string      `json:"onAllDown"`         // open, nodata, servfail
	FailOpen   bool        `json:"failOpen"`          // all candidates for this client are down, so they count as up
	AllDown    bool        `json:"allDown,omitempty"` // so they are, and on-all-down is why the outcome is no answer
	Panic      bool        `json:"panic,omitempty"`   // fewer are live than panic-threshold asks for, so the dead count as up
	Fallback   bool        `json:"fallback"`          // a plugin failed, and changed nothing
	Pick       int         `json:"pick"`              // candidates in one answer
	TTLCap     *uint32     `json:"ttlCap,omitempty"`  // seconds
	MinTTL     uint32      `json:"minTTL"`            // seconds; the least that health lowers the TTL to
	Flip       *Flip       `json:"flip,omitempty"`    // left out: nobody knows when health may change
	Scope      int         `json:"scope"`             // for the client's family
	Fuel       uint64      `json:"fuel"`              // of the whole chain
	Facts      *Facts      `json:"facts,omitempty"`   // left out: the chain wants none, all clients are treated alike
	Candidates []Candidate `json:"candidates"`        // in the order of the file
}

// Flip is the earliest change of a candidate's health that is possible.
type Flip struct {
	Candidate string `json:"candidate"`
	To        string `json:"to"`      // up, down
	Seconds   uint32 `json:"seconds"` // until then, when the latest probe was judged
}

// Plugin is one plugin of a chain and what it did.
type Plugin struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	SHA256  string  `json:"sha256"` // of the module
	Builtin bool    `json:"builtin"`
	Called  bool    `json:"called"`            // false: the decision was made before its turn
	Problem string  `json:"problem,omitempty"` // why it failed
	Pick    int     `json:"pick,omitempty"`    // that it asked for; left out: no opinion
	TTLCap  *uint32 `json:"ttlCap,omitempty"`
	Scope   int     `json:"scope"` // for the client's family
	Fuel    uint64  `json:"fuel"`
}

// Facts are what the chain could see of the client.
type Facts struct {
	Client      string   `json:"client,omitempty"`
	Continent   string   `json:"continent,omitempty"`
	Country     string   `json:"country,omitempty"`
	Subdivision string   `json:"subdivision,omitempty"`
	ASN         uint32   `json:"asn,omitempty"`
	Latitude    *float64 `json:"latitude,omitempty"`
	Longitude   *float64 `json:"longitude,omitempty"`
	PlaceBits   *int     `json:"placeBits,omitempty"`   // prefix length for which the place holds
	LatencyBits *int     `json:"latencyBits,omitempty"` // prefix length for which the latencies hold
}

// Candidate is one alternative.
type Candidate struct {
	ID         string      `json:"id"`
	File       string      `json:"file"`
	Line       int         `json:"line"`
	Attributes []Attribute `json:"attributes"` // as written, without id and check
	Health     Health      `json:"health"`
	Region     string      `json:"region,omitempty"`
	Latency    *Latency    `json:"latency,omitempty"`
	Given      []*uint32   `json:"given"`   // what each plugin said; null: it failed or was not called
	Weights    []*uint32   `json:"weights"` // after each plugin
	Weight     uint32      `json:"weight"`  // in the end
	Percent    float64     `json:"percent"` // chance to be in an answer, 0 to 100
	TTL        uint32      `json:"ttl"`     // of its records, seconds
	Records    []string    `json:"records"` // their data
	Next       *Hop        `json:"next,omitempty"`
}

// Attribute is one key of an annotation.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Health is the state of a candidate.
type Health struct {
	State   string `json:"state"`             // up, down, unknown
	Drained bool   `json:"drained,omitempty"` // it is down because it is to get nothing, and not because it is dead
	Share   *uint8 `json:"share,omitempty"`   // percent of its weight that it gets; left out: all
	Check   string `json:"check,omitempty"`   // left out: none, always up
	Verdict string `json:"verdict,omitempty"` // what the check says, where that is not the state
	Since   string `json:"since,omitempty"`   // RFC 3339
	Reason  string `json:"reason,omitempty"`
}

// Latency is a round trip between the client and a candidate's region.
type Latency struct {
	Micros uint32 `json:"micros"`
	Source string `json:"source"` // which of the ways to know it decided: measured, distance, probe
}

// Answer is one thing that the client may get.
type Answer struct {
	Percent float64  `json:"percent"` // of the questions
	Outcome string   `json:"outcome"` // NOERROR, NODATA, NXDOMAIN, REFERRAL, SERVFAIL, …
	Records []string `json:"records,omitempty"`
	TTL     uint32   `json:"ttl,omitempty"`
	TTLWhy  string   `json:"ttlWhy,omitempty"`
	Via     []string `json:"via,omitempty"`   // the ways to it: ids of candidates, joined by " → "
	Error   string   `json:"error,omitempty"` // text of the extended error (RFC 8914)
}
