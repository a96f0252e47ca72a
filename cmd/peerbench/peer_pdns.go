package main

import "fmt"

// pdnsPeer is PowerDNS with the bind backend, its packet cache as it comes (on). More distributor threads than one
// put a queue between receiver and backend; with one the receiver answers itself, so the receivers are the workers.
func pdnsPeer() peer {
	return peer{
		name: "pdns", title: "PowerDNS", program: "pdns_server", control: "pdns_control", version: []string{"--version"},
		dialect: dialectLua, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			if err := s.write("zones.conf", s.eachZone("zone \"%s\" { type master; file \"%s\"; };\n")); err != nil {
				return setup{}, err
			}
			config := fmt.Sprintf(`launch=bind
bind-config=%[3]s/zones.conf
local-address=127.0.0.1
local-port=%[1]d
receiver-threads=%[2]d
distributor-threads=1
reuseport=yes
enable-lua-records=yes
socket-dir=%[3]s/run
daemon=no
guardian=no
disable-syslog=yes
loglevel=3
`, s.port, s.threads, s.dir)
			return setup{args: []string{"--config-dir=" + s.dir}}, s.write("pdns.conf", config)
		},
		reload: func(s site, origin string) []string {
			return []string{"--config-dir=" + s.dir, "bind-reload-now", origin}
		},
	}
}
