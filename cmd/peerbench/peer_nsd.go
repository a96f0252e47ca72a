package main

import "fmt"

// nsdPeer is NSD: one process per core, forked anew at each reload. Debian's build limits response rates by default,
// and has 70 MB of tables for it even when it does not: hence rrl-size.
func nsdPeer() peer {
	return peer{
		name: "nsd", title: "NSD", program: "nsd", control: "nsd-control", version: []string{"-v"},
		dialect: dialectPlain, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			config := fmt.Sprintf(`server:
	ip-address: 127.0.0.1@%d
	server-count: %d
	reuseport: yes
	do-ip6: no
	username: ""
	chroot: ""
	database: ""
	zonesdir: "%[3]s"
	pidfile: "%[3]s/run/nsd.pid"
	xfrdfile: "%[3]s/state/xfrd.state"
	xfrdir: "%[3]s/state"
	zonelistfile: "%[3]s/state/zone.list"
	logfile: "%[3]s/nsd.log"
	verbosity: 0
	rrl-size: 1000
	rrl-ratelimit: 0
	rrl-whitelist-ratelimit: 0
remote-control:
	control-enable: yes
	control-interface: "%[3]s/run/nsd.sock"
`, s.port, s.threads, s.dir)
			config += s.eachZone("zone:\n\tname: %s\n\tzonefile: \"%s\"\n")
			return setup{args: []string{"-d", "-c", s.file("nsd.conf")}}, s.write("nsd.conf", config)
		},
		reload: func(s site, origin string) []string {
			return []string{"-c", s.file("nsd.conf"), "reload", origin}
		},
	}
}
