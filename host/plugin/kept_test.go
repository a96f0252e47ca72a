package plugin

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// startKept starts a host that keeps code in dir, waits for it and stops it. warned is what it was told about keeping.
func startKept(t *testing.T, dir string) (warned error) {
	t.Helper()
	h, err := New(context.Background(), Options{Builtin: emitted{}.bytes(), CacheDir: dir, Warn: func(err error) { warned = err }})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	<-h.Ready()
	if err := h.Err(); err != nil {
		t.Fatalf("got %v, want the plugins compiled whatever the directory holds", err)
	}
	return warned
}

// keptFile returns the file with native code and its text.
func keptFile(t *testing.T, dir string) (string, []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "wazero-*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %v %v, want one file of native code", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return files[0], text
}

// Protects the process from what a crash, a full disk or a failing one leave in the directory of compiled code: wazero panics, asks for 32
// GB, or fails for ever on most of these. Each is compiled anew, and kept anew.
func TestDamagedCode(t *testing.T) {
	offset := func(text []byte) int { return 7 + int(text[6]) } // of the number of functions, behind magic and version
	edit := func(change func(text []byte) []byte) func(string, []byte) error {
		return func(file string, text []byte) error { return os.WriteFile(file, change(slices.Clone(text)), 0o600) }
	}
	for name, damage := range map[string]func(file string, text []byte) error{
		"empty":       edit(func(text []byte) []byte { return nil }),
		"header only": edit(func(text []byte) []byte { return text[:10] }),
		"half":        edit(func(text []byte) []byte { return text[:len(text)/2] }),
		"a byte less": edit(func(text []byte) []byte { return text[:len(text)-1] }),
		"a byte more": edit(func(text []byte) []byte { return append(text, 0) }),
		"other magic": edit(func(text []byte) []byte { text[2]++; return text }),
		"many functions": edit(func(text []byte) []byte {
			binary.LittleEndian.PutUint32(text[offset(text):], 1<<32-1)
			return text
		}),
		"offset of a function": edit(func(text []byte) []byte {
			binary.LittleEndian.PutUint64(text[offset(text)+4+8:], 1<<60)
			return text
		}),
		"native code": edit(func(text []byte) []byte { text[len(text)/2]++; return text }),
		"no file":     func(file string, _ []byte) error { return os.Remove(file) },
		"no sum": func(file string, _ []byte) error {
			return os.Remove(filepath.Join(filepath.Dir(filepath.Dir(file)), keptSum))
		},
		"sum of nothing": func(file string, _ []byte) error {
			return os.WriteFile(filepath.Join(filepath.Dir(filepath.Dir(file)), keptSum), nil, 0o600)
		},
		"directory": func(file string, _ []byte) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Mkdir(file, 0o700)
		},
		"link": func(file string, text []byte) error {
			aside := filepath.Join(filepath.Dir(file), "aside")
			if err := os.Rename(file, aside); err != nil {
				return err
			}
			return os.Symlink(aside, file)
		},
		"file in place of all": func(file string, text []byte) error {
			place := filepath.Dir(filepath.Dir(file))
			if err := os.RemoveAll(place); err != nil {
				return err
			}
			return os.WriteFile(place, text, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			startKept(t, dir)
			file, text := keptFile(t, dir)
			if err := damage(file, text); err != nil {
				t.Fatal(err)
			}
			if warned := startKept(t, dir); warned != nil {
				t.Errorf("got the warning %q, want none: the code can be kept", warned)
			}
			again, _ := keptFile(t, dir)
			if again != file || !intact(filepath.Dir(filepath.Dir(file))) {
				t.Errorf("%s is not intact after it was compiled anew", again)
			}
		})
	}
}

// A directory that takes nothing, as on a full disk, costs a warning.
func TestCodeCannotBeKept(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc, where nobody can make a directory")
	}
	warned := startKept(t, "/proc/self")
	if warned == nil || !strings.HasPrefix(warned.Error(), "keep compiled plugins in /proc/self: ") {
		t.Errorf("got the warning %v, want one that names the directory", warned)
	}
}

// Servers that start together share the directory.
func TestCodeKeptByMany(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 5 {
				startKept(t, dir)
			}
		})
	}
	wait.Wait()
	file, _ := keptFile(t, dir)
	if !intact(filepath.Dir(filepath.Dir(file))) {
		t.Errorf("%s is not intact", file)
	}
	if left, err := filepath.Glob(filepath.Join(dir, freshPrefix+"*")); err != nil || len(left) > 0 {
		t.Errorf("got %v %v, want nothing left on its way", left, err)
	}
}

// The directory does not grow with each plugin that was ever tried, and forgets what a killed process left.
func TestCodeIsPruned(t *testing.T) {
	k := kept{t.TempDir()}
	now := time.Now()
	used := func(name string, at time.Time) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(k.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(k.dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for i := range keptMax + 3 {
		used(fmt.Sprintf("%032x", i), now.Add(time.Duration(i-100)*time.Hour))
	}
	used(freshPrefix+"old", now.Add(-2*freshMax))
	used(freshPrefix+"young", now)
	used("something else", now.Add(-10000*time.Hour))
	k.prune(now)
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	want := []string{freshPrefix + "young"}
	for i := 3; i < keptMax+3; i++ {
		want = append(want, fmt.Sprintf("%032x", i))
	}
	want = append(want, "something else")
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
