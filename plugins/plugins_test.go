package plugins

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestGenerated protects against a builtin.wasm that is older than its sources. Bytes depend on the Go release, so only the release that
// made the committed file can compare.
func TestGenerated(t *testing.T) {
	recorded, err := os.ReadFile("builtin.go.version")
	if err != nil {
		t.Fatal(err)
	}
	if release := strings.TrimSpace(string(recorded)); release != runtime.Version() {
		t.Skipf("builtin.wasm was made by %s and this is %s, which makes other bytes: run go generate ./plugins to compare", release, runtime.Version())
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./generate", "-o", dir).CombinedOutput(); err != nil {
		t.Fatalf("go run ./generate: %v\n%s", err, out)
	}
	rebuilt, err := os.ReadFile(filepath.Join(dir, "builtin.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(rebuilt, Builtin()) {
		t.Errorf("builtin.wasm: got %d other bytes from the sources, want the %d committed ones: run go generate ./plugins", len(rebuilt), len(Builtin()))
	}
}
