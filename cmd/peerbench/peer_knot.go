package main

import "fmt"

// knotPeer is Knot DNS, with the journal off: it would record each reload's difference, which nobody else does.
func knotPeer() peer {
	return peer{
		name: "knot", title: "Knot DNS", program: "knotd", control: "knotc", version: []string{"-V"},
		dialect: dialectPlain, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			config := fmt.Sprintf(`server:
  rundir: "%[3]s/run"
  listen: 127.0.0.1@%[1]d
  udp-workers: %[2]d
  tcp-workers: %[2]d
  background-workers: %[2]d
control:
  listen: "%[3]s/run/knot.sock"
database:
  storage: "%[3]s/state"
log:
  - target: stderr
    any: error
template:
  - id: default
    journal-content: none
    zonefile-load: whole
    zonefile-sync: -1
zone:
`, s.port, s.threads, s.dir)
			config += s.eachZone("  - domain: %s\n    file: \"%s\"\n")
			return setup{args: []string{"-c", s.file("knot.conf")}}, s.write("knot.conf", config)
		},
		reload: func(s site, origin string) []string {
			return []string{"-s", s.file("run/knot.sock"), "zone-reload", origin}
		},
	}
}
