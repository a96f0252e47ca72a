package diag

import (
	"context"
	"log/slog"
)

// LogTo writes the diagnostic as one line of a log. Its level says whether it is a warning; its parts are an attribute for programs, which a
// log for people leaves out.
func (d Diagnostic) LogTo(log *slog.Logger) {
	level := slog.LevelError
	if d.Severity == Warning {
		level = slog.LevelWarn
	}
	log.Log(context.Background(), level, Diagnostic{Pos: d.Pos, Text: d.Text}.String(), "diagnostic", d)
}

// LogValue has a log in JSON show the parts, under the names that they have in /status. What is not known is left out.
func (d Diagnostic) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("file", d.Pos.File)}
	if d.Pos.Line > 0 {
		attrs = append(attrs, slog.Int("line", d.Pos.Line))
	}
	if d.Pos.Col > 0 {
		attrs = append(attrs, slog.Int("column", d.Pos.Col))
	}
	return slog.GroupValue(append(attrs, slog.String("severity", d.Severity.String()), slog.String("text", d.Text))...)
}
