package host

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"signpost/host/diag"
)

// NewLog returns a logger for people (format "text") or for programs ("json").
func NewLog(w io.Writer, format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(&lines{out: &output{w: w}}), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: millis})), nil
	}
	return nil, fmt.Errorf("log format %q is neither text nor json", format)
}

// millis writes a duration as a number of milliseconds and says so in its name.
func millis(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		return slog.Float64(a.Key+"Millis", float64(a.Value.Duration().Microseconds())/1000)
	}
	return a
}

// lines writes a record as one line that reads well: time, level, message as it is, attributes. slog's own text form quotes the message, and
// messages here are diagnostics full of quotes.
type lines struct {
	out   *output
	attrs string // of With, ready to be written
	group string // of WithGroup, with the dot
}

type output struct {
	mu sync.Mutex
	w  io.Writer
}

// Enabled drops debug messages; there are none.
func (l *lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle writes the line with one Write.
func (l *lines) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	b.WriteString(r.Time.Format("2006-01-02 15:04:05.000 "))
	fmt.Fprintf(&b, "%-5s ", strings.ToLower(r.Level.String()))
	b.WriteString(diag.OneLine(r.Message))
	b.WriteString(l.attrs)
	r.Attrs(func(a slog.Attr) bool {
		if _, said := a.Value.Any().(diag.Diagnostic); !said { // by the message
			appendAttr(&b, l.group, a)
		}
		return true
	})
	b.WriteByte('\n')
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	_, err := l.out.w.Write(b.Bytes())
	return err
}

// WithAttrs returns a handler that writes these on each line.
func (l *lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	b := bytes.NewBufferString(l.attrs)
	for _, a := range attrs {
		appendAttr(b, l.group, a)
	}
	return &lines{out: l.out, attrs: b.String(), group: l.group}
}

// WithGroup returns a handler that prefixes names.
func (l *lines) WithGroup(name string) slog.Handler {
	if name == "" {
		return l
	}
	return &lines{out: l.out, attrs: l.attrs, group: l.group + name + "."}
}

func appendAttr(b *bytes.Buffer, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range value.Group() {
			appendAttr(b, group, member)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	text := value.String()
	if value.Kind() == slog.KindDuration {
		text = value.Duration().Round(10 * time.Microsecond).String()
	}
	if text == "" || strings.ContainsAny(text, " \"=") || diag.OneLine(text) != text {
		text = strconv.Quote(text)
	}
	fmt.Fprintf(b, " %s%s=%s", group, a.Key, text)
}
