package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signpost/host/metrics"
	"signpost/host/querylog"
	"signpost/host/querylog/line"
)

const entry = "2026-11-22T21:07:03.123456Z 192.0.2.7 udp app.example.com. A IN - NOERROR public canary 5b8b2e2d0a1f3c44\n"

// Protects files that are no query log from a mistyped path: nothing is appended to a zone. What was cut off is a query log still.
func TestForeignFile(t *testing.T) {
	for text, taken := range map[string]bool{
		"":                                 true,
		line.Head:                          true,
		line.Head[:7]:                      true,
		"# signpost query log 2: new\n":    true,
		entry:                              true,
		"\n" + entry:                       true,
		"$TTL 300\n@ IN SOA ns1 h 1\n":     false,
		"# What is not zone data.\n":       false,
		"listen: 127.0.0.1:5300":           false,
		"\x00asm\x01\x00\x00\x00":          false,
		strings.Repeat("x", 2*firstLenMax): false,
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), fileMode); err != nil {
			t.Fatal(err)
		}
		file, err := open(path)
		if got := err == nil; got != taken {
			t.Errorf("%.40q: got %v, want taken: %v", text, err, taken)
		}
		if err == nil {
			_ = file.Close()
			continue
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != text {
			t.Errorf("%.40q: became %.40q, %v", text, after, err)
		}
	}
}

// Protects the first line behind one that a full disk cut off: it begins a line of its own, however often writing failed between them.
func TestTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queries.log")
	l := New(Options{Rings: new(querylog.Rings), Metrics: new(metrics.Control), Warn: func(error) {}, Fine: func(bool) {}})
	l.look(path, false)
	if _, err := l.file.WriteString(entry[:30]); err != nil { // as much as there was room for
		t.Fatal(err)
	}
	l.torn = true
	good := l.file
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no /dev/full")
	} else if err != nil {
		t.Fatal(err)
	}
	for _, file := range []*os.File{full, full, good, good} {
		l.file = file
		l.text, l.lines = append(l.text, entry...), 1
		l.flush()
	}
	_ = full.Close()
	l.close()
	got, err := os.ReadFile(path)
	if want := line.Head + entry[:30] + "\n" + entry + entry; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if written, failed := l.options.Metrics.QueryLogWritten.Load(), l.options.Metrics.QueryLogFailed.Load(); written != 2 || failed != 2 {
		t.Errorf("got %d written and %d failed, want 2 and 2", written, failed)
	}
}
