package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// corednsPeer is CoreDNS with the file plugin, which looks for a new serial once per reload interval. It has a socket
// per core where it was built with the multisocket plugin.
func corednsPeer() peer {
	return peer{
		name: "coredns", title: "CoreDNS", program: "coredns", version: []string{"-version"},
		dialect: dialectPlain, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			plugins, err := exec.Command(s.program, "-plugins").CombinedOutput()
			if err != nil {
				return setup{}, fmt.Errorf("coredns -plugins: %w: %s", err, firstLine(string(plugins)))
			}
			sockets := ""
			if strings.Contains(string(plugins), "dns.multisocket") {
				sockets = fmt.Sprintf("\tmultisocket %d\n", s.threads)
			}
			config := ""
			for _, z := range s.zones {
				config += fmt.Sprintf("%s:%d {\n\tbind 127.0.0.1\n%s\tfile %s {\n\t\treload 1s\n\t}\n}\n", z.origin, s.port, sockets, z.path)
			}
			return setup{
				args: []string{"-conf", s.file("Corefile"), "-quiet"},
				env:  []string{"GOMAXPROCS=" + strconv.Itoa(s.threads)},
			}, s.write("Corefile", config)
		},
	}
}
