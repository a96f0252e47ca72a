package main

import (
	"fmt"
	"path/filepath"
)

// gdnsdPeer is gdnsd, the fastest of the peers and the one other with weighted answers built in. A zone file is
// named as its zone.
func gdnsdPeer() peer {
	return peer{
		name: "gdnsd", title: "gdnsd", program: "gdnsd", control: "gdnsdctl", version: []string{"-h"},
		dialect: dialectGdnsd, zonePath: func(origin string) string { return filepath.Join("zones", origin) },
		prepare: func(s site) (setup, error) {
			config := fmt.Sprintf(`options => {
  listen => { 127.0.0.1:%[1]d => { udp_threads => %[2]d, tcp_threads => %[2]d } }
  run_dir => %[3]s/run
  state_dir => %[3]s/state
}
%[4]s`, s.port, s.threads, s.dir, gdnsdResources(s.file("geo.mmdb")))
			if err := writeGeography(s.file("geo.mmdb")); err != nil {
				return setup{}, err
			}
			return setup{args: []string{"-c", s.dir, "start"}}, s.write("config", config)
		},
		reload: func(s site, _ string) []string { return []string{"-c", s.dir, "reload-zones"} },
	}
}
