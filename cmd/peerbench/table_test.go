package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tables are what README quotes. Golden: testdata/tables.md.
func TestTables(t *testing.T) {
	loads := queryLoads(10_000)
	r := report{
		Machine: "Example CPU, 2 cores, Linux 6.1", Settings: "Medians of 3 rounds", Notes: []string{"CoreDNS: left out: coredns is not installed"},
		Servers: []serverVersion{
			{Peer: "echo", Title: "echo floor", echo: true}, {Peer: "nsd", Title: "NSD", Version: "4.6.1"},
			{Peer: "signpost", Title: "Signpost", Version: "0.1.0", dialect: dialectSignpost}, {Peer: "bind", Title: "BIND", Version: "9.18"},
		},
		loads: []load{loads[0], loads[2]}, sizes: []int{1000},
		results: results{
			Loads: []loadResult{
				{Peer: "echo", Load: "static", QPS: 250_000, CPUMicros: 2.5, MemoryBytes: 3e6, Rate: 10_000, P50Micros: 30, P99Micros: 60},
				{Peer: "nsd", Load: "static", QPS: 150_000, CPUMicros: 4.4, MemoryBytes: 80e6, Rate: 10_000, P50Micros: 40, P99Micros: 90},
				{Peer: "signpost", Load: "static", QPS: 220_000, CPUMicros: 2.9, MemoryBytes: 20e6, Rate: 10_000, P50Micros: 35, P99Micros: 70},
				{Peer: "nsd", Load: "static", QPS: 152_000, CPUMicros: 4.2, MemoryBytes: 82e6, Rate: 10_000, P50Micros: 42, P99Micros: 94, Lost: 3, RateLost: 1},
				{Peer: "signpost", Load: "routed", QPS: 210_000, CPUMicros: 3.0, MemoryBytes: 21e6},
			},
			Reloads: []reloadResult{
				{Peer: "nsd", Records: 1000, StartMillis: 60, MemoryBytes: 75e6, PeakBytes: 76e6, ReloadMillis: 17, ReloadPeakBytes: 90e6, Asked: 1000, Lost: 2, P99BeforeMicros: 80, P99DuringMicros: 400, MaxDuringMicros: 1e6},
				{Peer: "signpost", Records: 1000, StartMillis: 20, MemoryBytes: 15e6, PeakBytes: 16e6, ReloadMillis: 12, ReloadPeakBytes: 17e6, Asked: 1000, P99BeforeMicros: 80, P99DuringMicros: 100, MaxDuringMicros: 300},
			},
			Starts: []startResult{
				{Peer: "signpost", Cache: "empty", StaticMillis: 40, RoutedMillis: 900}, {Peer: "signpost", Cache: "warm", StaticMillis: 38, RoutedMillis: 60},
				{Peer: "signpost", Cache: "empty", StaticMillis: 42, RoutedMillis: 1000}, {Peer: "signpost", Cache: "warm", StaticMillis: 40, RoutedMillis: 62},
			},
			Saves: []saveResult{{Peer: "signpost", Way: "rename over", Records: 100, Edits: 100, MedianMillis: 11.5, MaxMillis: 20}},
		},
	}
	var b strings.Builder
	if err := writeTables(&b, r); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "tables.md")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("tables differ from %s (UPDATE_GOLDEN=1 rewrites it); got:\n%s", golden, got)
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"NSD version 4.6.1\nWritten by NLnet Labs.\n":                                   "4.6.1",
		"knotd (Knot DNS), version 3.2.6\n":                                             "3.2.6",
		"gdnsd: invalid option -- '-'\ngdnsd version 3.8.1\n":                           "3.8.1",
		"Nov 22 17:50:37 PowerDNS Authoritative Server 4.7.3 (C) 2001-2022 PowerDNS BV": "4.7.3",
		"BIND 9.18.49-1~deb12u3-Debian (Extended Support Version) <id:>":                "9.18.49-1~deb12u3-Debian",
		"CoreDNS-1.12.1\nlinux/amd64, go1.24.2, 707c7c1\n":                              "1.12.1",
		"signpost v0.1.0 (go1.26)":                                                      "0.1.0",
		"no number. at all":                                                             "version unknown",
	} {
		if got := parseVersion(text); got != want {
			t.Errorf("parseVersion(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestParseCPUModel(t *testing.T) {
	if got := parseCPUModel("processor\t: 0\nmodel name\t: Example CPU @ 2 GHz\nflags\t: fpu\n"); got != "Example CPU @ 2 GHz" {
		t.Errorf("got %q", got)
	}
	if got := parseCPUModel("processor\t: 0\n"); got == "" {
		t.Error("no model name: got nothing, want the architecture")
	}
}
