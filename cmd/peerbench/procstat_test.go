package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	// A command may hold what looks like the end of itself.
	const text = "4711 (nsd: (main) x) S 4700 4699 1 0 -1 4194304 100 0 0 0 150 50 7 7 20 0 1 0 12345 1000 200"
	got, err := parseStat([]byte(text))
	want := procStat{pid: 4711, ppid: 4700, pgrp: 4699, state: 'S', cpu: 2 * time.Second}
	if err != nil || got != want {
		t.Errorf("parseStat(%q) = %+v, %v; want %+v", text, got, err, want)
	}
	for _, bad := range []string{"", "4711 nsd S 1 1", "4711 (nsd) S 1 2 3", strings.Replace(text, "150", "x", 1)} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", bad, got)
		}
	}
}

func TestParseSchedstat(t *testing.T) {
	if got, err := parseSchedstat([]byte("4408473 1154811 18\n")); err != nil || got != 4408473 {
		t.Errorf("got %d, %v; want 4408473", got, err)
	}
	for _, bad := range []string{"", "1 2", "x 2 3"} {
		if got, err := parseSchedstat([]byte(bad)); err == nil {
			t.Errorf("parseSchedstat(%q) = %d, want an error", bad, got)
		}
	}
}

func TestParseKilobytes(t *testing.T) {
	const text = "Rss:                3508 kB\nPss:                1548 kB\nPss_Anon:            384 kB\nThreads:\t3\n"
	if got, err := parseKilobytes([]byte(text), "Pss"); err != nil || got != 1548<<10 {
		t.Errorf("Pss = %d, %v; want %d", got, err, 1548<<10)
	}
	for _, bad := range []string{"VmHWM", "Threads"} {
		if got, err := parseKilobytes([]byte(text), bad); err == nil {
			t.Errorf("%s = %d, want an error", bad, got)
		}
	}
}

// A group is found by its number, whoever the parent is, and its threads' times and processes' memory add up.
func TestProcGroup(t *testing.T) {
	root := t.TempDir()
	process := func(pid, parent, group int, state string, threads ...string) {
		files := map[string]string{
			"stat":         strconv.Itoa(pid) + " (nsd) " + state + " " + strconv.Itoa(parent) + " " + strconv.Itoa(group) + " 1 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 1 1 1\n",
			"smaps_rollup": "Pss: 10 kB\n",
			"status":       "Name:\tnsd\nVmHWM:\t      20 kB\n",
		}
		for i, schedstat := range threads {
			files["task/"+strconv.Itoa(pid+i)+"/schedstat"] = schedstat
		}
		for name, text := range files {
			path := filepath.Join(root, strconv.Itoa(pid), name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	process(100, 1, 100, "S", "1000 0 1\n", "2000 0 1\n")
	process(110, 1, 100, "R", "500 0 1\n")  // its parent has ended
	process(120, 100, 120, "R", "9 0 1\n")  // a group of its own
	process(130, 100, 100, "Z", "70 0 1\n") // dead
	g := procGroup{root, 100}
	if got, err := g.cpu(); err != nil || got != 3500 {
		t.Errorf("cpu = %d, %v; want 3500", got, err)
	}
	if got, err := g.memory(); err != nil || got != (usage{processes: 2, pssBytes: 20 << 10, hwmBytes: 40 << 10}) {
		t.Errorf("memory = %+v, %v; want 2 processes, 20 kB, 40 kB", got, err)
	}
	process(200, 1, 200, "R") // a kernel without schedstat
	if got, err := (procGroup{root, 200}).cpu(); err != nil || got != 7*tickLen {
		t.Errorf("cpu from stat = %s, %v; want %s", got, err, 7*tickLen)
	}
	if got, err := (procGroup{root, 300}).cpu(); err == nil {
		t.Errorf("cpu of no process = %s, want an error", got)
	}
}
