package config

import (
	"net/netip"
	"slices"
	"time"
)

// option is one row: a key of signpost.yaml, its place in Config and its line in the manual. In a path, * stands for a name the user chose
// and - for a member of a list.
type option struct {
	path     string
	fallback string // the default as one would write it; "" = nothing
	doc      string
	set      setter                                    // nil for a mapping that other rows describe
	open     func(p *parser, name string, where value) // for a row without set that others stand below: it begins
}

// setter stores one value; name is what the path's * stands for.
type setter func(p *parser, name string, v value)

// options is every key there is. README.md's table is printed from it (Table), and the default column is tested against Default.
var options = slices.Concat(serverOptions, checkOptions, noticeOptions, pluginOptions)

// serverOptions are the rows of what is neither checks nor plugins.
var serverOptions = []option{
	{"listen", `[127.0.0.1:5300, "[::1]:5300"]`, "Addresses served over UDP and TCP. `ADDR:PORT`; `ADDR` alone means port 53; `:PORT`, `*:PORT` or `PORT` every address, IPv4 and IPv6; `0.0.0.0:PORT` or `[::]:PORT` every address of one family.", setListen, nil},
	{"admin", "127.0.0.1:5380", "Address of the HTTP server of health, metrics, status and the rest; `/` there lists it all. `off`: none. On an address that other machines reach they get `/healthz`, `/readyz` and `/metrics`, and the rest only with the token of `admin-token-file`; it is no TLS, so put a proxy that speaks it in front.", setAdmin, nil},
	{"admin-token-file", "", "File with a secret of at least 16 bytes, relative to the data directory or absolute. Who changes something over HTTP must bring it as a bearer token, and who reads from another machine. It is read again when it changes. Left out: on loopback everybody may change things.", setFile(func(p *parser) *File { return &p.config.AdminTokenFile }), nil},
	{"admin-token-reads", "false", "Reading needs the token on loopback, too, but for `/healthz`, `/readyz` and `/metrics`: for machines with several users, and behind a proxy. Without `admin-token-file` all of that is refused.", boolean(func(p *parser, _ string) *bool { return &p.config.AdminReads }), nil},
	{"admin-socket", "", "Path of a Unix socket, relative to the data directory or absolute, with the same server. Only the user who runs the server, and root, can use it; they need no token.", setSocket, nil},
	{"admin-hosts", "", "Names by which browsers and proxies may call the HTTP server, beside addresses, `localhost` and the machine's own name. Any other is refused: it may be one that a stranger has turned to this address.", setHosts, nil},
	{"overrides", "", "File of the operators' words about candidates, absolute or relative to the data directory, which `signpost health set` writes and people may edit; followed. Left out: `overrides.yaml` in the state directory that systemd made, else `overrides-HASH.yaml` in the user's, HASH being that of the data directory.", setFile(func(p *parser) *File { return &p.config.Overrides }), nil},

	{"views", "", "Split-horizon views, in the order in which a client is sent to them. The view NAME serves the zones in the folder NAME/; `public`, those in the data directory, is last unless it is listed.", nil, nil},
	{"views.*", "", "", nil, openView},
	{"views.*.clients", "", "Prefixes of the view's clients; left out: everybody.", setClients, nil},
	{"views.*.listen", "", "Addresses of `listen` whose queries alone may see the view; left out: all.", setViewListen, nil},
	{"views.*.fallthrough", "false", "A name that does not exist in the view's zone is looked up in the client's next view.", boolean(func(p *parser, name string) *bool { return &p.view(name).Fallthrough }), nil},
	{"views.*.check", "", "Check, with a `target` or of a kind without endpoint: while it is down, the view stands behind the client's others. While all are down, it is as if all were up.", setViewCheck, nil},
	{"views.*.attributes", "", "Keys and values for the plugins of `view-policy`, as in an annotation; a list is joined by commas.", setAttributes, nil},
	{"views.*.key", "", "Key, or a list of them: only queries that are signed with one see the view; left out: all.", setViewKey, nil},
	{"view-policy", DefaultViewPolicy, "The plugin that chooses a client's views, or several joined by `+`. The candidates are the views, with their `clients` and `attributes`.", setViewPolicy, nil},

	{"keys", "", "TSIG keys (RFC 8945), by name. A query that is signed with one gets a signed response, and sees the views of that key.", nil, nil},
	{"keys.*", "", "", nil, openKey},
	{"keys.*.algorithm", KeyAlgorithms[0], "`hmac-sha256`, `hmac-sha384`, `hmac-sha512`, or for old clients `hmac-sha1`.", oneOf(ofKey(func(k *Key) *string { return &k.Algorithm }), KeyAlgorithms...), nil},
	{"keys.*.secret", "", "The secret in base64, at least 16 bytes of it. It or `secret-file` is needed.", setSecret, nil},
	{"keys.*.secret-file", "", "File with the secret in base64, so that it does not stand here. Followed like a zone.", setFileOf(ofKey(func(k *Key) *File { return &k.SecretFile })), nil},

	{"serial", "file", "`file`: the SOA serial is the file's. `auto`: it also grows when the content changed and the file's serial did not.", oneOf(func(p *parser, _ string) *string { return &p.config.Serial }, SerialFile, SerialAuto), nil},

	{"query-log", "", "File that gets a line for each query, absolute or relative to the data directory: time, client, listener, name, type, class, client subnet, response code, view, candidates, a digest of the answer and the TSIG key. It is opened anew after it was moved, and at SIGHUP. A file with something else in it is left alone. Left out: none.", text(func(p *parser, _ string) *string { return &p.config.QueryLog }), nil},

	{"server.id", "", "Text of CH TXT `id.server` and `hostname.bind`; left out: REFUSED.", text(func(p *parser, _ string) *string { return &p.config.ServerID }), nil},
	{"server.version", "", "Text of CH TXT `version.server` and `version.bind`; left out: REFUSED.", text(func(p *parser, _ string) *string { return &p.config.Version }), nil},
	{"server.nsid", "", "Content of the NSID option (RFC 5001), text or `0x` and hex digits; left out: not sent.", setNSID, nil},

	{"udp-payload", "1232", "Largest UDP response in bytes, 512..4096; larger ones are truncated.", number(512, 4096, func(p *parser, _ string) *int { return &p.config.UDPPayload }), nil},
	{"minimal-any", "true", "Answer ANY over UDP with one RRset (RFC 8482).", boolean(func(p *parser, _ string) *bool { return &p.config.MinimalANY }), nil},

	{"cookies.enabled", "true", "Answer DNS cookies (RFC 7873, RFC 9018).", boolean(func(p *parser, _ string) *bool { return &p.config.Cookies.Enabled }), nil},
	{"cookies.secrets", "", "Secrets of 32 hex digits, the same on all servers of one address. The first makes cookies, all verify them. Left out: a random one at each start.", setSecrets, nil},

	{"rate-limit.responses-per-second", "0", "Equal UDP responses a second to one client prefix; 0 turns rate limiting off.", number(0, 1_000_000, func(p *parser, _ string) *int { return &p.config.RateLimit.ResponsesPerSecond }), nil},
	{"rate-limit.window", "15s", "How long a flood is remembered, 1s..1h in whole seconds.", setWindow, nil},
	{"rate-limit.slip", "2", "Every which limited response is sent, truncated, instead of dropped; 0 drops all, 1 truncates all; at most 10.", number(0, 10, func(p *parser, _ string) *int { return &p.config.RateLimit.Slip }), nil},
	{"rate-limit.prefix-v4", "24", "Bits of an IPv4 address that make one client, 8..32.", number(8, 32, func(p *parser, _ string) *int { return &p.config.RateLimit.PrefixLen4 }), nil},
	{"rate-limit.prefix-v6", "56", "Bits of an IPv6 address that make one client, 16..128.", number(16, 128, func(p *parser, _ string) *int { return &p.config.RateLimit.PrefixLen6 }), nil},
	{"rate-limit.table-size", "131072", "Pairs of client and response remembered, 8 bytes each, 1024..16777216.", number(1024, 1<<24, func(p *parser, _ string) *int { return &p.config.RateLimit.TableSize }), nil},
	{"rate-limit.exempt", "", "Prefixes that are never limited; loopback never is.", prefixes(func(p *parser, _ string) *[]netip.Prefix { return &p.config.RateLimit.Exempt }), nil},

	{"tcp.max-connections", "4096", "TCP connections open at a time, 1..1000000.", number(1, 1_000_000, func(p *parser, _ string) *int { return &p.config.TCP.MaxConnections }), nil},
	{"tcp.max-per-client", "256", "Of these, with one client address, 1..1000000.", number(1, 1_000_000, func(p *parser, _ string) *int { return &p.config.TCP.MaxPerClient }), nil},
	{"tcp.idle-timeout", "10s", "A connection without a query for so long is closed, 100ms..1h.", duration(100*time.Millisecond, time.Hour, func(p *parser, _ string) *time.Duration { return &p.config.TCP.IdleTimeout }), nil},

	{"acl.allow", "", "Prefixes that are answered. The longest prefix of both lists that holds the client decides; none does: answered, unless this list has entries.", prefixes(func(p *parser, _ string) *[]netip.Prefix { return &p.config.ACL.Allow }), nil},
	{"acl.deny", "", "Prefixes that get REFUSED.", prefixes(func(p *parser, _ string) *[]netip.Prefix { return &p.config.ACL.Deny }), nil},

	{"geo.database", "", "MMDB file with the places of networks: GeoLite2-City or -Country, DB-IP, IPinfo. Relative to the data directory, or absolute (`/usr/share/GeoIP/GeoLite2-City.mmdb`). Followed like a zone.", setFile(func(p *parser) *File { return &p.config.Geo.Database }), nil},
	{"geo.asn", "", "MMDB file with the autonomous systems of networks, if the other one has none: GeoLite2-ASN.", setFile(func(p *parser) *File { return &p.config.Geo.ASN }), nil},

	{"latency", "", "Round trips between clients and regions, which the latency policy compares. Measured ones go before estimates from the distance.", nil, nil},
	{"latency.table", "", "CSV file with measured round trips, `prefix,region,ms` a row. Followed like a zone.", setFile(func(p *parser) *File { return &p.config.Latency.Table }), nil},
	{"latency.regions", "", "Own regions beside those of AWS, Google Cloud and Azure, which are known; an own one of the same name goes first.", nil, nil},
	{"latency.regions.*", "", "", nil, openRegion},
	{"latency.regions.*.lat", "", "Degrees north, -90..90.", degrees(90, func(p *parser, name string) *float64 { return &p.regions[name].Latitude }), nil},
	{"latency.regions.*.lon", "", "Degrees east, -180..180.", degrees(180, func(p *parser, name string) *float64 { return &p.regions[name].Longitude }), nil},

	{"collections", "", "Networks under a name that annotations may use in place of prefixes.", nil, nil},
	{"collections.*", "", "Prefixes of the collection NAME.", setCollection, nil},
}

// pluginOptions are the rows of plugins.
var pluginOptions = []option{
	{"plugins", "", "Limits of plugins, by name.", nil, nil},
	{"plugins.*", "", "", nil, openPlugin},
	{"plugins.*.sha256", "", "Sum of the only file that may load, 64 hex digits.", setSHA256, nil},
	{"plugins.*.fuel", "200000", "Fuel of one call, 1000..4000000.", number(1000, 4_000_000, func(p *parser, name string) *int { return &p.plugins[name].Fuel }), nil},
	{"plugins.*.memory", "16MiB", "Memory of one instance, whole Wasm pages of 64KiB, 64KiB..1GiB.", setMemory, nil},
}

// later are keys of the design that this version does not have. Silence about them would be worse than an error.
var later = []string{"forward", "tls", "https", "quic"}

// find returns the row of path.
func find(path string) *option {
	for i := range options {
		if options[i].path == path {
			return &options[i]
		}
	}
	return nil
}

// children returns the keys that may stand below path ("" for the top); * is any name.
func children(path string) []string {
	var keys []string
	for _, o := range options {
		rest, ok := below(o.path, path)
		if ok && (len(keys) == 0 || keys[len(keys)-1] != rest) {
			keys = append(keys, rest)
		}
	}
	return keys
}

// isMapping tells whether rows stand below path.
func isMapping(path string) bool { return len(children(path)) > 0 }
