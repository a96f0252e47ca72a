package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// signpostName is what --peers calls it.
const signpostName = "signpost"

// signpostPeer is the server of this module. It reloads when a file is saved.
func signpostPeer() peer {
	return peer{
		name: signpostName, title: "Signpost", version: []string{"version"}, dialect: dialectSignpost, zonePath: standardZonePath,
		prepare: func(s site) (setup, error) {
			if err := writeGeography(s.file("zones/geo.mmdb")); err != nil {
				return setup{}, err
			}
			if err := s.write("zones/signpost.yaml", "geo: { database: geo.mmdb }\n"); err != nil {
				return setup{}, err
			}
			return setup{
				args: []string{"serve", s.file("zones"), "--listen", s.addr(), "--admin", "127.0.0.1:" + strconv.Itoa(s.sidePort)},
				env:  []string{"GOMAXPROCS=" + strconv.Itoa(s.threads)},
			}, nil
		},
	}
}

// buildSignpost compiles the server of this module into dir.
func buildSignpost(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "signpost")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "signpost/cmd/signpost").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build signpost/cmd/signpost: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return binary, nil
}
