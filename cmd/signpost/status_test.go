package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"signpost/host/admin"
)

// Protects the text on a terminal of 80 columns: no line is longer while its words allow, what goes on stands under its beginning, nothing is
// lost, and programs get each thing in one line.
func TestStatusFits(t *testing.T) {
	why := "connect refused " + strings.Repeat("again and ", 12) + "again (3/3)"
	report := admin.Report{
		Version: "1", Directory: "/srv/zones/" + strings.Repeat("production/", 3), Generation: 7, UptimeSeconds: 3,
		Listen: []string{"192.0.2.53:53", "198.51.100.53:53", "[2001:db8::53]:53", "127.0.0.1:53", "[::1]:53"},
		Views:  []admin.ViewReport{{Name: "public", Zones: 1, Records: 2}},
		Down:   []admin.Target{{Check: "web", Endpoint: "192.0.2.10", Since: time.Date(2026, 11, 22, 16, 0, 0, 0, time.Local), Why: why, UserCount: 2}},
		Overrides: []admin.OverrideReport{
			{Pattern: "*/eu-*", State: "down", By: "ann@desk", Reason: strings.Repeat("power works ", 9) + "today"}, {Pattern: "*/us-1", State: "up", By: "bob", Reason: "test"},
		},
		Diagnostics: []admin.Diagnostic{{File: "example.com.zone", Line: 7, Column: 57, Text: "weighted: " + strings.Repeat("weight 900 is outside 0..255 ", 5)}},
		Trouble:     []string{"check web: " + strings.Repeat("1 of 2 down, ", 10) + "and more"},
	}
	texts := map[bool]string{}
	for _, wraps := range []bool{true, false} {
		var out strings.Builder
		if err := printStatus(&out, &report, wraps); err != nil {
			t.Fatal(err)
		}
		texts[wraps] = out.String()
	}
	for line := range strings.Lines(texts[true]) {
		if length := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); length > statusLineLen {
			t.Errorf("%d characters in %q", length, line)
		}
	}
	if got, want := strings.Fields(texts[true]), strings.Fields(texts[false]); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got the words %s, want %s", got, want)
	}
	if lines := strings.Count(texts[false], "\n"); lines != 9 || !strings.Contains(texts[true], "\n             [::1]:53\n") {
		t.Errorf("got %d lines for programs, and for a terminal\n%s", lines, texts[true])
	}
}
