package main

import (
	"fmt"
	"strconv"
)

// corednsPeer is CoreDNS with the file plugin, which looks for a new serial once per reload interval.
func corednsPeer() peer {
	return peer{
		name: "coredns", title: "CoreDNS", program: "coredns", version: []string{"-version"},
		dialect: dialectPlain, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			config := ""
			for _, z := range s.zones {
				config += fmt.Sprintf("%s:%d {\n\tbind 127.0.0.1\n\tfile %s {\n\t\treload 1s\n\t}\n}\n", z.origin, s.port, z.path)
			}
			return setup{
				args: []string{"-conf", s.file("Corefile"), "-quiet"},
				env:  []string{"GOMAXPROCS=" + strconv.Itoa(s.threads)},
			}, s.write("Corefile", config)
		},
	}
}
