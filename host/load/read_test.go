package load

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Protects what is read at all: regular files inside the directory, whole ones.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	write(t, "whole\n", dir, "a.zone")
	write(t, "whole\n", dir, "sub", "b.inc")
	write(t, "secret\n", dir, "..", filepath.Base(dir)+"-secret")
	t.Cleanup(func() { _ = os.Remove(dir + "-secret") }) // t.TempDir removes its parent anyway
	r := reader{dir: dir, now: time.Now}
	for _, name := range []string{"a.zone", "sub/b.inc"} {
		if c := r.read(name); c.err != nil || string(c.text) != "whole\n" || c.stamp == (stamp{}) {
			t.Errorf("read(%q): got %q, error %v", name, c.text, c.err)
		}
	}
	for name, want := range map[string]error{
		"../" + filepath.Base(dir) + "-secret": errOutside,
		"/etc/hostname":                        errOutside,
		"sub/../a.zone":                        errOutside,
		"":                                     errOutside,
		"nowhere":                              fs.ErrNotExist,
		"a.zone/below":                         fs.ErrNotExist,
		"sub":                                  errIrregular,
	} {
		if c := r.read(name); !errors.Is(c.err, want) {
			t.Errorf("read(%q): got error %v, want %v", name, c.err, want)
		}
	}
}

// Protects the patience with writers: a file that is open for writing is not read, until it was waited for long enough.
func TestReadOpenForWriting(t *testing.T) {
	dir := t.TempDir()
	write(t, "half\n", dir, "a.zone")
	out, err := os.OpenFile(filepath.Join(dir, "a.zone"), os.O_WRONLY, 0)
	must(t, err)
	defer out.Close()
	if writerOf(out) == writerUnknown {
		t.Skip("the system cannot tell whether a file is open for writing")
	}
	r := reader{dir: dir, now: time.Now}
	if c := r.read("a.zone"); !errors.Is(c.err, errUnsettled) {
		t.Errorf("open for writing: got %q, error %v, want %v", c.text, c.err, errUnsettled)
	}
	r.overdue = map[string]bool{"a.zone": true}
	if c := r.read("a.zone"); c.err != nil {
		t.Errorf("waited for long enough: got error %v", c.err)
	}
}

// Protects the guess where the system cannot tell: what does not end in a newline may be half a file.
func TestFinished(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"a.zone", "", false},
		{"a.zone", "www A 192.0.2.1\n", true},
		{"a.zone", "www A 192.0.", false},
		{"plugins/x.wasm", "\x00asm", true},
	} {
		if got := formOf(c.name).finished([]byte(c.text)); got != c.want {
			t.Errorf("%s, %q: got %v, want %v", c.name, c.text, got, c.want)
		}
	}
}

// Protects from the halves that a full disk leaves, as far as they can be told from files that merely lack the last newline.
func TestReadCutOff(t *testing.T) {
	dir := t.TempDir()
	r := reader{dir: dir, now: time.Now, settled: true}
	for _, c := range []struct {
		name string
		len  int
		end  string
		want error
	}{
		{"a.zone", 0, "", nil},
		{"a.zone", 2 * blockLen, "", errCut},
		{"a.zone", 2*blockLen - 1, "\n", nil},
		{"a.zone", 2*blockLen + 1, "", nil},
		{"plugins/a.wasm", 2 * blockLen, "", nil},
	} {
		must(t, os.MkdirAll(filepath.Join(dir, "plugins"), 0o755))
		write(t, strings.Repeat(";", c.len)+c.end, dir, c.name)
		if got := r.read(c.name); !errors.Is(got.err, c.want) {
			t.Errorf("%s of %d bytes, then %q: got error %v, want %v", c.name, c.len, c.end, got.err, c.want)
		}
	}
}
