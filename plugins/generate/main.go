// Command generate builds the built-in plugins: plugins/builtin.wasm, and beside it the Go release that made it, because another
// release makes other bytes. It needs only Go. Run it by go generate ./plugins; a test compares what is committed.
//
// Plane: none. Floor: 0.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

func main() {
	dir := flag.String("o", ".", "directory to write to")
	flag.Parse()
	if err := generate(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate runs in the folder of package plugins.
func generate(dir string) error {
	build := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
		"-o", filepath.Join(dir, "builtin.wasm"), "./builtin")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWASM=", "GOEXPERIMENT=", "GOWORK=off")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the guest: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "builtin.go.version"), []byte(runtime.Version()+"\n"), 0o644)
}
