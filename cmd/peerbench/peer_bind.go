package main

import (
	"fmt"
	"strconv"
)

// bindPeer is BIND 9 as an authoritative server only.
func bindPeer() peer {
	return peer{
		name: "bind", title: "BIND", program: "named", control: "rndc", version: []string{"-v"},
		dialect: dialectPlain, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			// The key guards a loopback port of a server that lives for seconds.
			key := "key \"bench\" { algorithm hmac-sha256; secret \"cGVlcmJlbmNoIHBlZXJiZW5jaCBwZWVyYmVuY2ghISE=\"; };\n"
			if err := s.write("rndc.conf", key+fmt.Sprintf("options { default-key \"bench\"; default-server 127.0.0.1; default-port %d; };\n", s.sidePort)); err != nil {
				return setup{}, err
			}
			config := key + fmt.Sprintf(`options {
	directory "%[3]s/state";
	pid-file "%[3]s/run/named.pid";
	session-keyfile none;
	listen-on port %[1]d { 127.0.0.1; };
	listen-on-v6 { none; };
	recursion no;
	notify no;
	allow-transfer { none; };
	dnssec-validation no;
	querylog no;
};
controls { inet 127.0.0.1 port %[2]d allow { 127.0.0.1; } keys { "bench"; }; };
logging { category default { default_stderr; }; channel default_stderr { stderr; severity error; }; };
`, s.port, s.sidePort, s.dir)
			config += s.eachZone("zone \"%s\" { type primary; file \"%s\"; };\n")
			return setup{args: []string{"-f", "-n", strconv.Itoa(s.threads), "-c", s.file("named.conf")}}, s.write("named.conf", config)
		},
		reload: func(s site, origin string) []string {
			return []string{"-c", s.file("rndc.conf"), "reload", origin}
		},
	}
}
