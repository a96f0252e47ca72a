package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestParseOptions(t *testing.T) {
	o, err := parseOptions([]string{"--quick", "--peers", "nsd, gdnsd,echo", "--loads=reload,static", "--rounds", "4"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"echo", "gdnsd", "nsd"}; !reflect.DeepEqual(o.peers, want) {
		t.Errorf("peers %q, want %q", o.peers, want)
	}
	if want := []string{"static", "reload"}; !reflect.DeepEqual(o.loads, want) {
		t.Errorf("loads %q, want %q", o.loads, want)
	}
	if want := []int{1000}; o.rounds != 4 || !reflect.DeepEqual(o.sizes, want) {
		t.Errorf("rounds %d, sizes %v; want 4 as given, and %v of --quick", o.rounds, o.sizes, want)
	}
	if o, err = parseOptions(nil, io.Discard); err != nil || len(o.peers) != len(allPeers()) || !reflect.DeepEqual(o.sizes, []int{1000, 1_000_000}) {
		t.Errorf("without arguments: %+v, %v; want every peer and both sizes", o, err)
	}
}

func TestParseOptionsRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"--peers", "unbound"}, {"--loads", "heavy"}, {"--rounds", "0"}, {"--sizes", "1e6"}, {"--sizes", "0"}, {"--names", "0"},
		{"--duration", "1ms"}, {"--rate", "-1"}, {"--edits", "0"}, {"--port", "65500"}, {"--fast"}, {"static"},
	} {
		if o, err := parseOptions(args, io.Discard); !errors.As(err, new(usageError)) {
			t.Errorf("parseOptions(%q) = %+v, %v; want a usage error", args, o, err)
		}
	}
	if _, err := parseOptions([]string{"--help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v, want %v", err, flag.ErrHelp)
	}
}

// The whole command against servers that are installed, on the real kernel: the echo floor under dnsperf, and a
// server being loaded and reloaded. Skipped where there is nothing to run.
func TestQuickRun(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("takes seconds, and needs Linux")
	}
	if _, err := findProgram("dnsperf"); err != nil {
		t.Skip(err)
	}
	binary := filepath.Join(t.TempDir(), "peerbench")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	args := []string{"--quick", "--json", "--peers", "echo,gdnsd,nsd", "--names", "500", "--duration", "200ms", "--port", "6220"}
	var got report
	runQuick(t, binary, args, &got)

	installed := map[string]bool{}
	for _, s := range got.Servers {
		installed[s.Peer] = true
	}
	seen := map[string]bool{}
	for _, m := range got.Loads {
		seen[m.Peer+" "+m.Load] = true
		if m.QPS < 100 || m.CPUMicros <= 0 || m.CPUMicros > 10_000 || m.P50Micros <= 0 || m.P99Micros < m.P50Micros || m.MemoryBytes <= 0 {
			t.Errorf("implausible: %+v", m)
		}
	}
	for _, m := range got.Reloads {
		seen[m.Peer+" reload"] = true
		if m.StartMillis <= 0 || m.ReloadMillis <= 0 || m.MemoryBytes <= 0 || m.PeakBytes < m.MemoryBytes || m.ReloadPeakBytes < m.PeakBytes || m.Asked < 100 {
			t.Errorf("implausible: %+v", m)
		}
	}
	for peer, loads := range map[string][]string{
		"echo": {"static", "mixed", "routed"}, "gdnsd": {"static", "mixed", "routed", "geo", "reload"},
		"nsd": {"static", "mixed", "reload"},
	} {
		for _, load := range loads {
			if installed[peer] && !seen[peer+" "+load] {
				t.Errorf("%s has no figures for %s; notes: %q", peer, load, got.Notes)
			}
		}
	}
}

// runQuick runs the built command and decodes what it prints.
func runQuick(t *testing.T, binary string, args []string, got *report) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its servers then
	cmd.WaitDelay = 30 * time.Second
	var out, progress bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &progress
	if err := cmd.Run(); err != nil {
		t.Fatalf("peerbench %s: %v\n%s", strings.Join(args, " "), err, progress.String())
	}
	if err := json.Unmarshal(out.Bytes(), got); err != nil {
		t.Fatalf("output is not JSON: %v\n%s", err, out.String())
	}
	t.Log(progress.String())
}
