// Package diag holds diagnostics: mistakes in what a person wrote, each with its place and its text.
//
// Plane: control. Floor: 0. Journey of an edit: every step reports with these.
package diag

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Pos is a place in a user's file. Line and Col count from 1, Col in bytes; zero means unknown.
type Pos struct {
	File      string // slash-separated, relative to the data directory
	Line, Col int
}

// String returns file, file:line or file:line:col, as much as is known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Severity tells whether a diagnostic stops the file from being served.
type Severity uint8

// An Error keeps the last good version of its file serving; a Warning does not.
const (
	Error Severity = iota
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one mistake. Text is lower case, subject first, with the offending value inside and the fix implied.
type Diagnostic struct {
	Pos      Pos
	Severity Severity
	Text     string
}

// String returns the diagnostic as one line: "file:line:col: text", with "warning: " before the text of a warning.
func (d Diagnostic) String() string {
	text := d.Text
	if d.Severity == Warning {
		text = "warning: " + text
	}
	if where := d.Pos.String(); where != "" {
		text = where + ": " + text
	}
	return OneLine(text)
}

// OneLine keeps a text from looking like several, and from moving a terminal's cursor: file names hold any byte. Text with characters that
// cannot be printed comes as Go would write it, without the quotes around it.
func OneLine(text string) string {
	for i, r := range text {
		if r < ' ' || r == 0x7f || r >= 0x80 && (!strconv.IsPrint(r) || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD")) {
			quoted := strconv.Quote(text)
			return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
		}
	}
	return text
}

// Cause strips the operation and the path of a system error: what it is told of names the file, as its user knows it.
func Cause(err error) error {
	var (
		path *fs.PathError
		link *os.LinkError
	)
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// List is diagnostics in the order found.
type List []Diagnostic

// Errorf appends an error.
func (l *List) Errorf(pos Pos, format string, args ...any) {
	*l = append(*l, Diagnostic{pos, Error, fmt.Sprintf(format, args...)})
}

// Warnf appends a warning.
func (l *List) Warnf(pos Pos, format string, args ...any) {
	*l = append(*l, Diagnostic{pos, Warning, fmt.Sprintf(format, args...)})
}

// Errors counts the errors; the rest are warnings.
func (l List) Errors() int {
	count := 0
	for _, d := range l {
		if d.Severity == Error {
			count++
		}
	}
	return count
}

// Sort orders by file, line and column; equal places keep their order.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
}
