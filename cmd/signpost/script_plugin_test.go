package main

import (
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// setToolchain lets scripts build plugins in Go, which wants a home that scripts do not have; the cache of builds is this test's own, so that the
// standard library is not compiled again. A plugin needs no network: $ASC_MODULES is where the AssemblyScript compiler is, if it is in PATH.
func setToolchain(env *testscript.Env) error {
	out, err := exec.Command("go", "env", "GOCACHE", "GOPATH", "GOMODCACHE").Output()
	if err != nil {
		return err
	}
	values := strings.Split(string(out), "\n")
	for i, name := range []string{"GOCACHE", "GOPATH", "GOMODCACHE"} {
		env.Setenv(name, values[i])
	}
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOTOOLCHAIN", "local")
	if asc, err := exec.LookPath("asc"); err == nil {
		if asc, err = filepath.EvalSymlinks(asc); err != nil { // node_modules/assemblyscript/bin/asc.js
			return err
		}
		env.Setenv("ASC_MODULES", filepath.Dir(filepath.Dir(filepath.Dir(asc))))
	}
	return nil
}
