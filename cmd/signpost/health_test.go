package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"signpost/host/admin"
	"signpost/host/event"
)

// Protects --until: a time of the day is the next such.
func TestNextTime(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 30, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"15:00": "2026-11-22 15:00", "14:30": "2026-11-23 14:30", "00:00": "2026-11-23 00:00", "2026-11-22T14:31:00Z": "2026-11-22 14:31",
		"2026-11-22T14:30:00Z": "2026-11-22T14:30:00Z is over already",
		"25:00":                `"25:00" is not a time such as 2026-11-22T15:00:00Z or, here, "2026-11-22 15:00"`,
	} {
		at, err := nextTime(text, now)
		got := at.UTC().Format("2006-01-02 15:04")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// Protects the table on a terminal: no line longer than 100 characters while its words allow, and nothing lost.
func TestHealthTableFits(t *testing.T) {
	until := time.Date(2026, 11, 22, 16, 0, 0, 0, time.Local)
	c := admin.Candidate{
		Name: "app.example.com.", Type: "A", ID: "eu-1", State: "up", Share: 45, Override: "drain", Pattern: "*/eu-*", Until: &until, By: "ann@desk",
		Why: strings.Repeat("kernel update ", 9) + "today", Check: "web", Found: "200 OK (3/3)",
	}
	now := until.Add(-time.Hour)
	text := why(&c, now)
	if want := strings.Repeat("kernel update ", 9) + "today, says ann@desk until 16:00:00 of */eu-*; check web: 200 OK (3/3)"; text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	for _, wrapped := range []bool{true, false} {
		var out strings.Builder
		if err := printRows(&out, [][]string{{"name", "state", "why"}, {"app.example.com", state(&c), text}}, wrapped); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		longest := 0
		for _, line := range lines {
			longest = max(longest, utf8.RuneCountInString(line))
		}
		if (longest <= lineLen) != wrapped || (len(lines) == 2) == wrapped || strings.Join(strings.Fields(strings.Join(lines[1:], " ")), " ") != "app.example.com draining 45% "+text {
			t.Errorf("wrapped %v: got %d characters in\n%s", wrapped, longest, out.String())
		}
	}
	states := ""
	for _, c := range []admin.Candidate{
		{State: "down", Override: "drain"}, {State: "down", Share: 100, Override: "down"}, {State: "up", Share: 30}, {State: "down", Share: 60, Override: "drain"}, {State: "unknown", Share: 100},
	} {
		states += fmt.Sprintf("%s, ", state(&c))
	}
	if states != "drained, down, up 30%, down, unknown, " {
		t.Errorf("got states %s", states)
	}
}

// Protects terminals: what endpoints, operators and files made a server say moves no cursor and looks like no other line.
func TestHostileWords(t *testing.T) {
	const hostile = "\x1b[2J\x1b]0;owned\a\nwrong: nothing\r\u009b31m \u202e"
	at := time.Date(2026, 11, 22, 16, 0, 0, 0, time.Local)
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	for name, show := range map[string]func(out io.Writer) error{
		"timeline": func(out io.Writer) error {
			return (&timelineText{out: out}).write([]event.Event{{At: at, Text: hostile}})
		},
		"health": func(out io.Writer) error {
			return printHealth(out, fmt.Appendf(nil, `{"candidates":[{"name":"a.","id":%s,"why":%[1]s,"found":%[1]s,"check":"web"}]}`, quoted), true)
		},
		"overrides": func(out io.Writer) error {
			_, err := printOverrides(out, fmt.Appendf(nil, `{"overrides":[{"reason":%s,"by":%[1]s}],"file":%[1]s,"trouble":%[1]s,"diagnostics":[%[1]s]}`, quoted), false)
			return err
		},
		"checks": func(out io.Writer) error {
			return printChecks(out, fmt.Appendf(nil, `{"targets":[{"check":"web","endpoint":%s,"why":%[1]s,"users":[{"name":"a.","id":%[1]s}]}]}`, quoted), "", "", true)
		},
		"status": func(out io.Writer) error {
			return printStatus(out, &admin.Report{
				Down: []admin.Target{{Check: "web", Endpoint: hostile, Why: hostile}}, Trouble: []string{hostile},
				Overrides: []admin.OverrideReport{{Reason: hostile, By: hostile}}, Diagnostics: []admin.Diagnostic{{File: hostile, Text: hostile}},
			}, true)
		},
	} {
		var out strings.Builder
		if err := show(&out); err != nil {
			t.Fatal(err)
		}
		bad := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
		if strings.ContainsFunc(out.String(), bad) || strings.Contains(out.String(), "\nwrong: nothing") || !strings.Contains(out.String(), `\x1b[2J`) {
			t.Errorf("%s: got %q", name, out.String())
		}
	}
}
