package explain

import (
	"strings"
	"testing"
	"unicode"
)

// Protects terminals: what a check found and what operators said is one line each that can be printed, whatever it is.
func TestHostileWords(t *testing.T) {
	const hostile = "\x1b[2J\nanswer   100 %  192.0.2.66\r\u009b31m"
	r := Report{Name: "app.example.com.", Type: "A", Client: "192.0.2.1/32", Path: &Hop{Policy: &Policy{
		Candidates: []Candidate{{ID: hostile, Health: Health{State: "down", Since: "now", Reason: hostile}}},
	}}}
	r.View = &View{Name: hostile, Why: hostile}
	var out strings.Builder
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	bad := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if got := out.String(); strings.ContainsFunc(got, bad) || strings.Contains(got, "\nanswer") || !strings.Contains(got, `\x1b[2J`) {
		t.Errorf("got %q", got)
	}
}
