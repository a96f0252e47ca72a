//go:build unix

package probe

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"signpost/host/config"
)

// hostileStates are what may stand where the state should be; good is a true one.
func hostileStates(good []byte) map[string]func(file string) error {
	text := func(text []byte) func(string) error {
		return func(file string) error { return os.WriteFile(file, text, 0o600) }
	}
	return map[string]func(string) error{
		"pipe":                   func(file string) error { return syscall.Mkfifo(file, 0o600) },
		"directory":              func(file string) error { return os.Mkdir(file, 0o700) },
		"link to itself":         func(file string) error { return os.Symlink(file, file) },
		"endless":                func(file string) error { return os.Symlink("/dev/zero", file) },
		"truncated":              text(good[:len(good)/2]),
		"empty":                  text(nil),
		"another version":        text(bytes.Replace(good, []byte(`"version":1`), []byte(`"version":2`), 1)),
		"no targets":             text([]byte("null")),
		"deep":                   text(bytes.Repeat([]byte("["), 1<<20)),
		"long ago and backwards": text(bytes.Replace(good, []byte(`"held":`), []byte(`"held":-9223372036854775807,"held":`), 1)),
		"negative":               text(bytes.Replace(bytes.Replace(good, []byte(`"rtt":`), []byte(`"rtt":-`), 1), []byte(`"held":`), []byte(`"held":-`), 1)),
		"from the future":        text(bytes.Replace(good, []byte(`"since":"20`), []byte(`"since":"90`), 1)),
	}
}

// Protects the start from whatever stands where the state should be, and the directory from what killed processes leave.
func TestStateOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		remember := func(o *Options) { o.StateDir = dir }
		checks := map[string]config.Check{"web": checkOf(config.CheckTCP, nil)}
		first := start(t, checks, remember)
		first.serve("app.example.com.", "a web 192.0.2.1")
		pass(15 * time.Second)
		file := first.memory.file
		first.stop()
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for name, age := range map[string]time.Duration{".health-1": 2 * time.Hour, ".health-2": time.Minute, "health-3": 2 * time.Hour} {
			written := time.Now().Add(-age)
			err := os.WriteFile(filepath.Join(dir, name), good[:100], 0o600)
			if err = errors.Join(err, os.Chtimes(filepath.Join(dir, name), written, written)); err != nil {
				t.Fatal(err)
			}
		}
		for name, put := range hostileStates(good) {
			if err := os.RemoveAll(file); err != nil {
				t.Fatal(err)
			}
			if err := put(file); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			next := start(t, checks, remember)
			p := next.serve("app.example.com.", "a web 192.0.2.1")
			pass(25 * time.Second)
			next.expect(name, p, "up")
			for _, target := range next.Targets() {
				if target.RTT < 0 || target.Attempts == 0 || target.Since.After(time.Now()) {
					t.Errorf("%s: got %+v", name, target)
				}
			}
			next.stop()
		}
		left, err := filepath.Glob(filepath.Join(dir, "*health-[123]"))
		if err != nil || len(left) != 2 || filepath.Base(left[0]) != ".health-2" {
			t.Errorf("got %q, want that only what was abandoned is gone", left)
		}
	})
}
