package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signpost/host/testbed"
)

// fill takes all room and returns what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	file := filepath.Join(dir, "fill")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling %s: got %v, want %v", dir, err, syscall.ENOSPC)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// testFullDisks: the disk of the zones, the compiled code and the serials is full from the start, and has room again later.
func testFullDisks(t *testing.T, _ string) {
	disk := testbed.SmallDisk(t, "1m")
	zones, state := filepath.Join(disk, "zones"), filepath.Join(disk, "state")
	for _, dir := range []string{zones, filepath.Join(disk, "cache"), state} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file, other := filepath.Join(zones, "example.com.zone"), filepath.Join(zones, "example.net.zone")
	routed := "app 60 IN A 192.0.2.10 ;@ weighted weight=1\napp 60 IN A 192.0.2.11 ;@ weighted weight=0\n"
	saveFile(t, numberedZone(1)+routed, file)
	saveFile(t, numberedZone(1), other)
	saveFile(t, "serial: auto\n", zones, "signpost.yaml")
	free := fill(t, disk)
	p := launch(t, filepath.Join(disk, "cache"), zones, func(p *program) {
		p.cmd.Env = append(p.cmd.Env, "STATE_DIRECTORY="+state)
	})
	p.awaitAddress("app.example.com.", "192.0.2.10")
	for _, want := range []string{"keep compiled plugins", "remember serials"} {
		if got := strings.Count(p.log.String(), want); got != 1 {
			t.Errorf("got %d lines with %q, want one", got, want)
		}
	}
	// An editor that fails in the middle leaves a part, which may even parse.
	long := numberedZone(2) + strings.Repeat("; this line is a part of a file that does not fit any more\n", 20_000)
	if err := os.WriteFile(file, []byte(long), 0o644); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want %v", err, syscall.ENOSPC)
	}
	p.wait("the diagnostic", func() bool { return strings.Contains(p.log.String(), "error example.com.zone") })
	p.expect("udp", "www.example.com.", numbered(1))
	free()
	saveFile(t, numberedZone(3), file)
	p.awaitAddress("www.example.com.", numbered(3))
	saveFile(t, numberedZone(3), other)
	p.awaitAddress("www.example.net.", numbered(3))
	if files, err := filepath.Glob(filepath.Join(state, "serials-*.json")); err != nil || len(files) != 1 {
		t.Errorf("got %v %v, want the serials remembered again", files, err)
	}
	p.stop()
}
