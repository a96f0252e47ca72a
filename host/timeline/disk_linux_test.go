package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signpost/host/event"
	"signpost/host/testbed"
)

// Protects the timeline on a full disk: events are in memory, the log has one line, nothing torn stays in the file, and it goes on when there is room.
func TestFullDisk(t *testing.T) {
	dir := testbed.SmallDisk(t, "64k")
	line, log := open(dir)
	defer line.Close()
	fill(line, 0, 3)
	filler := filepath.Join(dir, "fill")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: got %v, want %v", err, syscall.ENOSPC)
	}
	long := of(3)
	long.Why = strings.Repeat("x", 6000) // a part of it fits into the last page
	for range 50 {
		line.Append([]event.Event{long})
	}
	if got := len(line.Find(Query{}).Events); got != 53 || strings.Count(log.String(), "no space left") != 1 {
		t.Errorf("got %d events, log %s; want 53, and one line", got, log)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	fill(line, 4, 6)
	if !strings.Contains(log.String(), "written to its file again") {
		t.Errorf("got log %s, want that there is room again", log)
	}
	text, err := os.ReadFile(line.file.path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for row := range bytes.Lines(text) {
		var e event.Event
		if err := json.Unmarshal(row, &e); err != nil {
			t.Errorf("%v in %q", err, row)
		}
		names = append(names, strings.TrimSuffix(e.Name, ".example.com."))
	}
	if got := strings.Join(names, " "); got != "n0 n1 n2 n4 n5" {
		t.Errorf("the file has %q, want n0 n1 n2 n4 n5", got)
	}
}

// Protects the server from a timeline that is no file: nobody writes into that pipe, and waiting for it would be for ever.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	line, log := open(dir)
	for _, suffix := range []string{"", oldSuffix} {
		if err := syscall.Mkfifo(line.file.path+suffix, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fill(line, 0, 3)
	line.Close()
	if got := names(line.Find(Query{}).Events); got != "n0 n1 n2" || !strings.Contains(log.String(), "is no file") {
		t.Errorf("got %q, logged %q; want all in memory, and why", got, log)
	}
}
