package load

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"signpost/host/diag"
	"signpost/host/testbed"
)

// Protects the log from repeating itself: warnings are told once, errors each time.
func TestNews(t *testing.T) {
	at := func(line int, severity diag.Severity, text string) diag.Diagnostic {
		return diag.Diagnostic{Pos: diag.Pos{File: "a.zone", Line: line}, Severity: severity, Text: text}
	}
	before := diag.List{at(1, diag.Warning, "old"), at(2, diag.Error, "bad")}
	now := diag.List{at(3, diag.Warning, "old"), at(4, diag.Warning, "new"), at(5, diag.Error, "bad"), at(6, diag.Error, "old")}
	got, want := fmt.Sprint(news(before, now)), fmt.Sprint(now[1:])
	if got != want {
		t.Errorf("news: got %s, want %s", got, want)
	}
}

// Protects the log from a file of nothing but mistakes.
func TestLogDiagnosticsIsBounded(t *testing.T) {
	out := new(testbed.Log)
	l := New(Options{Log: slog.New(slog.NewTextHandler(out, nil))})
	var diags diag.List
	for i := range 1000 {
		diags.Errorf(diag.Pos{File: "a.zone", Line: i + 1}, "bad")
	}
	l.logDiagnostics(diags)
	if lines := strings.Count(out.String(), "\n"); lines != logLinesMax+1 || !strings.Contains(out.String(), "and 950 more") {
		t.Errorf("got %d lines, want %d, the last with the number of those left out", lines, logLinesMax+1)
	}
}
