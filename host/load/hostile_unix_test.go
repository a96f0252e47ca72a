//go:build unix

package load

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Protects the last good zone, the other zones and the memory from whatever may stand where a zone file stood.
func TestLastGoodStays(t *testing.T) {
	link := func(target string) func(path string) error {
		return func(path string) error { return os.Symlink(target, path) }
	}
	dir, aside := t.TempDir(), t.TempDir()
	file, other := filepath.Join(dir, "example.com.zone"), filepath.Join(dir, "example.net.zone")
	write(t, zoneText(1, 0), file)
	write(t, zoneText(1, 0), other)
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	include := func(path string) func(string) error {
		return func(file string) error {
			return os.WriteFile(file, []byte(zoneText(99, 0)+"$INCLUDE "+path+"\n"), 0o600)
		}
	}
	f := follow(t, dir)
	f.awaitSerials("public/example.com. 1", "public/example.net. 1")
	serial := 1
	for _, c := range []struct {
		name, want string
		make       func(path string) error
	}{
		{"directory", "not a regular file", func(path string) error { return os.Mkdir(path, 0o700) }},
		{"pipe", "not a regular file", func(path string) error { return syscall.Mkfifo(path, 0o600) }},
		{"link to nowhere", "no such file", link("nowhere/at/all")},
		{"link to itself", "too many", link("example.com.zone")},
		{"endless device", "not a regular file", link("/dev/zero")},
		{"device of the terminal", "not a regular file", link("/dev/tty")},
		{"zeros", "begins with a zero byte", func(path string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 1<<30)
		}},
		{"more than fits", "bytes are more than", func(path string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 3<<30)
		}},
		{"include of a pipe", "$INCLUDE: pipe cannot be read: not a regular file", include("pipe")},
		{"include of a device", "leaves the data directory", include("/dev/zero")},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		strange := filepath.Join(aside, "strange")
		must(t, c.make(strange))
		must(t, os.Rename(file, filepath.Join(aside, "good")))
		must(t, os.Rename(strange, file))
		f.awaitDiagnostic(c.want)
		if f.last.Diagnostics.Errors() != 1 {
			t.Errorf("%s: got %v, want one error", c.name, f.last.Diagnostics)
		}
		write(t, zoneText(serial+1, 0), other)
		f.await(c.name+": the other zone", func(s *Status) bool {
			return strings.Contains(summary(s), "public/example.net. "+strconv.Itoa(serial+1))
		})
		if got, want := summary(f.last), "public/example.com. "+strconv.Itoa(serial); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want the last good zone, %s", c.name, got, want)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 100<<20 {
			t.Errorf("%s: got %d MiB allocated, want the file left alone", c.name, got>>20)
		}
		serial++
		must(t, os.RemoveAll(file))
		write(t, zoneText(serial, 0), file)
		f.awaitSerials("public/example.com. "+strconv.Itoa(serial), "public/example.net. "+strconv.Itoa(serial))
	}
}
