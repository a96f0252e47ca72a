package override

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signpost/host/health"
	"signpost/host/wire"
)

// Protects patterns: what people write, in one canonical form, and back.
func TestParsePattern(t *testing.T) {
	for _, c := range []struct {
		text string
		want health.Pattern
		back string // "": text
	}{
		{"app.example.com/eu", health.Pattern{Name: "app.example.com.", ID: "eu"}, ""},
		{"APP.example.com./eu", health.Pattern{Name: "app.example.com.", ID: "eu"}, "app.example.com/eu"},
		{"app.example.com/a/eu", health.Pattern{Name: "app.example.com.", Type: wire.TypeA, ID: "eu"}, "app.example.com/A/eu"},
		{"app.example.com/*/eu", health.Pattern{Name: "app.example.com.", ID: "eu"}, "app.example.com/eu"},
		{"public/app.example.com/A/eu", health.Pattern{View: "public", Name: "app.example.com.", Type: wire.TypeA, ID: "eu"}, ""},
		{"*/*/*/*", health.Pattern{}, "*/*"},
		{"*/eu-*", health.Pattern{ID: "eu-*"}, ""},
		{"*.example.com/eu-?", health.Pattern{Name: "*.example.com.", ID: "eu-?"}, ""},
		{`\*.example.com/**`, health.Pattern{Name: `\*.example.com.`}, `\*.example.com/*`},
		{`\097pp.example.com/\e\u\*`, health.Pattern{Name: "app.example.com.", ID: `eu\*`}, `app.example.com/eu\*`},
		{`a\.b\\c.example.com/x`, health.Pattern{Name: `a\\.b\\\\c.example.com.`, ID: "x"}, ""},
		{`0\/25.2.0.192.in-addr.arpa/x\/y`, health.Pattern{Name: "0/25.2.0.192.in-addr.arpa.", ID: "x/y"}, ""},
		{"views/view/eu", health.Pattern{Name: "views.", ID: "eu"}, "views/eu"},
		{"./x", health.Pattern{Name: ".", ID: "x"}, ""},
		{`app.example.com/a\`, health.Pattern{Name: "app.example.com.", ID: `a\\`}, `app.example.com/a\\`},
		{"i*/app.example.com/AAAA/2001:db8::1", health.Pattern{View: "i*", Name: "app.example.com.", Type: wire.TypeAAAA, ID: "2001:db8::1"}, ""},
	} {
		got, err := ParsePattern(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v; want %+v", c.text, got, err, c.want)
			continue
		}
		back := c.back
		if back == "" {
			back = c.text
		}
		again, err := ParsePattern(got.String())
		if got.String() != back || err != nil || again != got {
			t.Errorf("%s: got back %s (%+v, %v), want %s", c.text, got, again, err, back)
		}
	}
	for text, want := range map[string]string{
		"app.example.com":           `"app.example.com" is not NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID; all candidates of a name: NAME/*`,
		"/eu":                       "name and id are needed; * is any",
		"app.example.com/":          "name and id are needed; * is any",
		"app.example.com/AA/eu":     `type "AA" is no record type`,
		"public/app.example.com/eu": `type "app.example.com" is no record type (a view as well: VIEW/NAME/TYPE/ID, with * for any type)`,
		"a/b/c/d/e":                 `"a/b/c/d/e" has 5 parts; a slash in an id is written \/`,
		"a..b/c":                    `name "a..b" has an empty label`,
		`a\001/c`:                   `name "a\\001" has control characters`,
	} {
		if p, err := ParsePattern(text); err == nil || err.Error() != want {
			t.Errorf("%s: got %+v, %v; want %s", text, p, err, want)
		}
	}
}

// Protects the file's mistakes: each with its place, all at once, and the nearest word.
func TestParseMistakes(t *testing.T) {
	text := `# by hand
- pattern: app.example.com
  force: donw
  reason: "a\tb"
- pattren: app.example.com/eu
  force: drain
  over: 30
- { pattern: app.example.com/eu, force: up, over: 30s }
- pattern: app.example.com/eu
  force: down
  at: 2026-11-22T15:00:00Z
  until: 2026-11-22 1500
- pattern: app.example.com/eu
  force: down
  at: 2026-11-22T15:00:00Z
  until: 2026-11-22T14:00:00Z
  for: 2h
  force: up
- pattern: app.example.com/eu
  id: x
  reason: [a, b]
- pattern: app.example.com/eu
  force: drain
  over: 25h
- nonsense
`
	want := []string{
		`overrides.yaml:2:12: pattern: "app.example.com" is not NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID; all candidates of a name: NAME/*`,
		`overrides.yaml:3:10: force: "donw" is not one of auto, up, down, drain (did you mean "down"?)`,
		`overrides.yaml:4:11: reason is not one line of text`,
		`overrides.yaml:5:3: unknown key "pattren" (did you mean "pattern"?)`,
		`overrides.yaml:7:9: over: 30 has no unit (did you mean 30s?)`,
		`overrides.yaml:8:51: over is for force: drain`,
		`overrides.yaml:12:10: until: "2026-11-22 1500" is not a time such as 2026-11-22T15:00:00Z or, here, "2026-11-22 15:00"`,
		`overrides.yaml:17:3: unknown key "for"; the file wants the time of the end, until:`,
		`overrides.yaml:18:3: force is said twice`,
		`overrides.yaml:19:3: an override needs force`,
		`overrides.yaml:20:3: unknown key "id"; the file wants pattern: NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID`,
		`overrides.yaml:21:11: reason wants one value`,
		`overrides.yaml:24:9: over: 25h0m0s is outside 0s..24h`,
		`overrides.yaml:25:3: an override wants keys and values, such as pattern: and force:`,
	}
	_, diags := Parse("overrides.yaml", []byte(text))
	var got []string
	for _, d := range diags {
		got = append(got, d.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for text, want := range map[string]string{
		"pattern: x":     `the file wants a list: lines that begin with "- pattern: \"NAME/ID\""`,
		"- pattern: 'x":  "YAML: could not find end character of single-quoted text",
		"- a: &x [*x]\n": "unknown key",
		"- []\n---\n- 1": "a second document",
		"\xff":           "not UTF-8",
		strings.Repeat("[", 100) + strings.Repeat("]", 100):                                        "nested more than 8 deep",
		"- pattern: a/b\n  force: down\n  until: 2026-11-22T14:00:00Z\n  at: 2026-11-22T14:00:00Z": "until is not after at",
		"- {pattern: a/b, force: up}\n- {pattern: A/b, force: down}":                               "f:1:13: warning: a/b stands in line 2 again, which counts",
		strings.Repeat("- {pattern: a/b, force: up}\n", ListMax+1):                                 "more than 1000 overrides",
		"- {pattern: a/b, force: up, reason: " + strings.Repeat("x", 201) + "}":                    "reason has 201 bytes, more than 200",
	} {
		if _, diags := Parse("f", []byte(text)); len(diags) == 0 || !strings.Contains(fmt.Sprint(diags), strings.TrimPrefix(want, "")) {
			t.Errorf("%.60q: got %v, want %s", text, diags, want)
		}
	}
}

// Protects what people may leave out and write without quotes.
func TestParse(t *testing.T) {
	list, diags := Parse("overrides.yaml", []byte(`# works tonight
- pattern: */eu-*   # for YAML an alias
  force: drain
- pattern: "app.example.com/2001:db8::1"
  force: auto
  reason: 'it''s fine'
  by: ann
  at: 2026-11-22T15:00:00+01:00
- { pattern: internal/*/A/eu, force: down, until: 2026-11-22 15:04 }
`))
	at, _ := time.Parse(time.RFC3339, "2026-11-22T14:00:00Z")
	want := []health.Override{
		{Pattern: health.Pattern{ID: "eu-*"}, Force: health.ForceDrain, By: "overrides.yaml", Over: time.Minute},
		{Pattern: health.Pattern{Name: "app.example.com.", ID: "2001:db8::1"}, Reason: "it's fine", By: "ann", At: at},
		{Pattern: health.Pattern{View: "internal", Type: wire.TypeA, ID: "eu"}, Force: health.ForceDown, By: "overrides.yaml", Until: time.Date(2026, 11, 22, 15, 4, 0, 0, time.Local)},
	}
	if len(diags) != 0 || len(list) != len(want) {
		t.Fatalf("got %+v, %v", list, diags)
	}
	for i, e := range list {
		if !equal(e.Override, want[i]) {
			t.Errorf("got %+v, want %+v", e.Override, want[i])
		}
	}
	if list[2].Pos.Line != 9 {
		t.Errorf("got %v, want line 9", list[2].Pos)
	}
	for _, text := range []string{"", "# nothing\n", "[]", "---\n", "null"} {
		if list, diags := Parse("f", []byte(text)); len(list)+len(diags) != 0 {
			t.Errorf("%q: got %v, %v", text, list, diags)
		}
	}
}

func equal(a, b health.Override) bool {
	same := a.At.Equal(b.At) && a.Until.Equal(b.Until)
	a.At, a.Until, b.At, b.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return same && a == b
}

// Protects the way back: what Format writes is read as it was, whatever stands in it, and the comments at the top stay.
func FuzzParse(f *testing.F) {
	f.Add("- pattern: */eu-*\n  force: drain\n  over: 30s\n")
	f.Add("# a\n- {pattern: 'a/b', force: up, reason: \"\\u2028 \\\"x\\\" # no\", by: 'ann: x', until: 2026-11-22T15:04:05.5Z}\n")
	f.Add("- pattern: \"\\\\*.a\\\\.b/TYPE65401/x\\\\/y\\\\\\\\\"\n  force: auto\n  at: 1999-01-01 00:00\n")
	f.Add("- &a {}\n- *a\n- <<: *a\n- ? [x]\n  : y\n- !!str x\n- |\n x\n")
	f.Fuzz(func(t *testing.T, text string) {
		entries, diags := Parse("f", []byte(text))
		for _, d := range diags {
			if d.Text == "" || strings.Contains(d.String(), "\n") {
				t.Errorf("%q: diagnostic %q", text, d)
			}
		}
		if diags.Errors() > 0 {
			return
		}
		var list []health.Override
		for _, e := range entries {
			list = append(list, e.Override)
		}
		written := Format([]byte(text), list)
		again, diags := Parse("g", written)
		if diags.Errors() > 0 || len(again) != len(list) {
			t.Fatalf("%q was written as %q: %v", text, written, diags)
		}
		for i := range again {
			if !equal(again[i].Override, list[i]) {
				t.Errorf("%q: got %+v, want %+v", text, again[i].Override, list[i])
			}
		}
		if string(Format(written, list)) != string(written) {
			t.Errorf("%q: is written as %q and then as %q", text, written, Format(written, list))
		}
	})
}

// Protects what an operator is told whose pattern matches nothing.
func TestMissing(t *testing.T) {
	var all []health.Candidate
	for _, k := range []health.Key{
		{View: "public", Name: "app.example.com.", Type: wire.TypeA, ID: "eu-1"}, {View: "public", Name: "app.example.com.", Type: wire.TypeA, ID: "us-1"},
		{View: "internal", Name: "db.example.com.", Type: wire.TypeA, ID: "main"},
	} {
		all = append(all, health.Candidate{Key: k})
	}
	for text, want := range map[string]string{
		"ap.example.com/eu-1":          `ap.example.com. is no routed name (did you mean "app.example.com."?)`,
		"*.exmple.com/*":               `no routed name matches "*.exmple.com"; there are app.example.com., db.example.com.`,
		"app.example.com/AAAA/eu-1":    "app.example.com. AAAA is not routed",
		"pubic/app.example.com/*/eu-1": `app.example.com. in the view pubic is not routed (did you mean "public"?)`,
		"internal/app.example.com/*/*": "app.example.com. in the view internal is not routed",
		"app.example.com/eu1":          `app.example.com. has no candidate "eu1" (did you mean "eu-1"?); it has eu-1, us-1`,
		"*/asia-*":                     `no candidate of * matches "asia-*"; there are eu-1, main, us-1`,
		"app.example.com/A/asia-*":     `no candidate of app.example.com. A matches "asia-*"; there are eu-1, us-1`,
	} {
		p, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := Missing(all, p); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if got := Missing(nil, health.Pattern{}); got != `no routed name matches "*"; there are none` {
		t.Errorf("got %s", got)
	}

	pattern := health.Pattern{Name: "app.example.com.", ID: "eu-1"}
	wide := health.Override{Pattern: health.Pattern{ID: "eu-*"}, Force: health.ForceDown, By: "ann"}
	for _, c := range []struct {
		list []health.Override
		want string
	}{
		{nil, "no override has the pattern app.example.com/eu-1; there are no overrides"},
		{[]health.Override{wide}, "no override has the pattern app.example.com/eu-1; what it names is held by */eu-* (down, by ann)"},
		{[]health.Override{{Pattern: health.Pattern{Name: "app.example.com.", ID: "eu-2"}}}, `no override has the pattern app.example.com/eu-1 (did you mean "app.example.com/eu-2"?)`},
		{[]health.Override{{Pattern: health.Pattern{ID: "main"}}}, "no override has the pattern app.example.com/eu-1; there are */main"},
	} {
		if got := Unheld(c.list, pattern, matching(all, pattern)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
