// Package config turns signpost.yaml into one immutable value, and every mistake in it into a diagnostic with its line and column.
//
// Plane: control. Floor: 1. Journey of an edit: step 2, for the one file that holds what is not zone data.
// Adding an option takes a field here, a row in the table of options.go, and its user; the manual's table is printed from the rows.
package config

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"signpost/host/diag"
	"signpost/host/geo"
)

// FileName is the configuration's name in the data directory.
const FileName = "signpost.yaml"

// PublicView is the view whose zones stand in the data directory itself.
const PublicView = "public"

// Config is what signpost.yaml says. It never changes after Parse; a snapshot and its workers share it.
type Config struct {
	Listen []string // as ParseListen returns them: "127.0.0.1:5300", ":53" (every address, both families), "[::]:53" (IPv6 only)

	Admin          string   // host:port of the HTTP server; empty = none
	AdminSocket    File     // unix socket of the same server, where nobody is asked for a token; the zero File: none
	AdminTokenFile File     // holds the token that requests which change something must bring, and those of other machines; the zero File: there is none
	AdminReads     bool     // requests that read must bring it, too, wherever they come from
	AdminHosts     []string // names beside addresses, localhost and the machine's own by which its clients may call it, in lower case

	Views  []View // in order; public is always among them
	Keys   []Key  // in order
	Serial string // SerialFile or SerialAuto

	QueryLog string // file that gets a line for each query, relative to the data directory; empty = none

	ViewPolicy    []string // chain of the plugins that choose a client's views
	ViewPolicyPos diag.Pos // of it; the zero Pos for the default

	ServerID string // answer to CH TXT id.server and hostname.bind; empty = REFUSED
	Version  string // answer to CH TXT version.server and version.bind; empty = REFUSED
	NSID     string // bytes of the NSID option (RFC 5001); empty = the option is not sent

	UDPPayload int  // largest UDP response, and the size the server advertises (RFC 6891 section 6.2.5), in bytes
	MinimalANY bool // ANY over UDP gets one RRset (RFC 8482)

	Cookies   Cookies
	RateLimit RateLimit
	TCP       TCPLimits
	ACL       ACL

	Geo         Geo
	Latency     Latency
	Collections map[string][]netip.Prefix // networks by the name that annotations give them

	Checks  map[string]Check // by name
	Probing Probing          // of all checks
	Notices Notices

	Overrides File // operators' words about candidates, as a file; the zero File: overrides.yaml in the state directory

	Plugins map[string]PluginLimits // by plugin name; a plugin without an entry gets DefaultPluginLimits
}

// The two values of Config.Serial.
const (
	SerialFile = "file" // the SOA serial is the file's
	SerialAuto = "auto" // it also grows when the content changed and the file's did not
)

// DefaultViewPolicy is the plugin that chooses a client's views unless signpost.yaml names another.
const DefaultViewPolicy = "split-horizon"

// View is one split-horizon view.
type View struct {
	Name        string
	Pos         diag.Pos       // of its name; the zero Pos for a public view that is not listed
	Clients     []netip.Prefix // masked; empty = every client
	ClientsPos  diag.Pos       // of them
	Keys        []string       // names of keys, as Key has them: only queries that are signed with one of them see it; empty = all
	Listen      []string       // the sockets, as Sockets returns them, whose queries may see it; empty = all
	Fallthrough bool           // a name that its zone lacks is looked up in the next view
	Check       string         // the view is left out while it is down; "": never
	CheckPos    diag.Pos       // of that name
	Attributes  []Attribute    // for the plugins that choose, beside clients; in the order of the file
}

// Attribute is one key of a view that only plugins know.
type Attribute struct {
	Key, Value       string // values of a list are joined by commas
	KeyPos, ValuePos diag.Pos
}

// Cookies configures DNS cookies (RFC 7873, RFC 9018).
type Cookies struct {
	Enabled bool
	Secrets [][16]byte // the first makes cookies, all verify them; empty = a random one per start
}

// RateLimit configures response rate limiting. It is off while ResponsesPerSecond is 0.
type RateLimit struct {
	ResponsesPerSecond int
	WindowSeconds      int
	Slip               int // every Slip-th limited response is sent truncated; 0 = all are dropped
	PrefixLen4         int // clients of one prefix share their budget
	PrefixLen6         int
	TableSize          int // (client prefix, response) pairs remembered
	Exempt             []netip.Prefix
}

// TCPLimits bounds TCP connections.
type TCPLimits struct {
	MaxConnections int
	MaxPerClient   int // connections of one client address
	IdleTimeout    time.Duration
}

// ACL says who is answered. The longest prefix that holds the client decides; none: answered unless Allow has entries.
type ACL struct {
	Allow, Deny []netip.Prefix
}

// File is a data file that signpost.yaml names.
type File struct {
	Path string   // slash-separated and clean, relative to the data directory or absolute; "": none
	Pos  diag.Pos // of the path
}

// Geo says where the databases of places are.
type Geo struct {
	Database File // MMDB: continent, country, subdivision, coordinates, and perhaps the autonomous system
	ASN      File // MMDB: the autonomous system
}

// Latency says what is known about the way from clients to regions.
type Latency struct {
	Table   File                  // measured round trips
	Regions map[string]geo.Region // own ones, by name
}

// PluginLimits bounds one plugin.
type PluginLimits struct {
	Pos       diag.Pos // of its name; the zero Pos for defaults
	SHA256    string   // lower-case hex of the only file that may load; empty = any
	SHA256Pos diag.Pos // of that sum, for the message that refuses the file
	Fuel      int      // per call
	Memory    int      // bytes, whole Wasm pages
}

// DefaultPluginLimits returns the limits of a plugin that signpost.yaml does not mention.
func DefaultPluginLimits() PluginLimits {
	return PluginLimits{Fuel: 200_000, Memory: 16 << 20}
}

// Default returns the configuration of a directory without signpost.yaml.
func Default() *Config {
	return &Config{
		Listen:     []string{"127.0.0.1:5300", "[::1]:5300"},
		Admin:      "127.0.0.1:5380",
		Views:      []View{{Name: PublicView}},
		ViewPolicy: []string{DefaultViewPolicy},
		Serial:     SerialFile,
		UDPPayload: 1232, // fits an IPv6 packet of the smallest MTU: 1280 - 40 - 8
		MinimalANY: true,
		Cookies:    Cookies{Enabled: true},
		RateLimit: RateLimit{
			WindowSeconds: 15, Slip: 2, PrefixLen4: 24, PrefixLen6: 56, TableSize: 131_072,
		},
		TCP:         TCPLimits{MaxConnections: 4096, MaxPerClient: 256, IdleTimeout: 10 * time.Second},
		Latency:     Latency{Regions: map[string]geo.Region{}},
		Collections: map[string][]netip.Prefix{},

		Checks:  map[string]Check{},
		Probing: Probing{Concurrency: 512, ConcurrencyPerHost: 64},
		Plugins: map[string]PluginLimits{},
	}
}

func defaultCheck() Check {
	return Check{
		Interval: 30 * time.Second, Jitter: 5, Fall: 3, Rise: 3, Connect: 4 * time.Second, Respond: 2 * time.Second,
		OnUnknown: UnknownUp, Judge: DefaultJudge,
	}
}

// Plugin returns the limits of the plugin name.
func (c *Config) Plugin(name string) PluginLimits {
	if limits, ok := c.Plugins[name]; ok {
		return limits
	}
	return DefaultPluginLimits()
}

// CheckNames returns the names of the declared checks, sorted.
func (c *Config) CheckNames() []string {
	return slices.Sorted(maps.Keys(c.Checks))
}
