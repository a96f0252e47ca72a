package zonefile

import (
	"bytes"
	"fmt"
	"math"
)

// byteClass says what a byte outside quotes and comments does.
type byteClass uint8

const (
	classWord byteClass = iota // part of a field
	classBlank
	classNewline
	classReturn
	classComment
	classQuote
	classOpen
	classClose
	classEscape
	classControl
)

var classes = func() (table [256]byteClass) {
	for c := range 32 {
		table[c] = classControl
	}
	table[127] = classControl
	table[' '], table['\t'] = classBlank, classBlank
	table['\n'], table['\r'] = classNewline, classReturn
	table[';'], table['"'], table['\\'] = classComment, classQuote, classEscape
	table['('], table[')'] = classOpen, classClose
	return table
}()

// quotedStop marks the bytes at which a quoted string needs attention.
var quotedStop = func() (table [256]bool) {
	for c, class := range classes {
		table[c] = class == classControl || class == classNewline || class == classReturn || class == classQuote || class == classEscape
	}
	return table
}()

// entryKind is what next found.
type entryKind uint8

const (
	entryEnd    entryKind = iota // no more text
	entryFields                  // toks holds the fields; none on an empty line
	entryFault                   // fault says what is wrong; the text goes on at the next record
)

// fault is a mistake in the syntax, at an offset of its line.
type fault struct {
	line uint32
	col  uint16
	text string
}

// comment is an annotation: text from just behind ";@" to the end of its line.
type comment struct {
	text []byte
	line uint32
	col  uint16 // of text, or of the ";" of what is none
}

// scanner cuts one file into entries: the fields of one line, or of several where parentheses join them.
type scanner struct {
	text    []byte
	off     int
	lineOff int // where the current line starts
	line    uint32
	inParen bool

	// The current entry.
	toks      []token
	startOff  int // of its first line
	startLine uint32
	blank     bool
	parens    bool // it has some
	notes     []comment
	almost    comment // text from behind "; @": a comment behind a field, which may have been meant as an annotation
	fault     fault

	parenOff, parenLineOff int
	parenLine              uint32
}

// column returns the 1-based column of off on the current line.
func (s *scanner) column(off int) uint16 {
	return uint16(min(off-s.lineOff+1, math.MaxUint16))
}

// next reads one entry. The fields and notes of the one before are overwritten.
func (s *scanner) next() entryKind {
	s.toks, s.notes, s.almost, s.inParen, s.parens = s.toks[:0], s.notes[:0], comment{}, false, false
	s.startOff, s.startLine = s.off, s.line
	text, i := s.text, s.off
	if i >= len(text) {
		return entryEnd
	}
	s.blank = text[i] == ' ' || text[i] == '\t'
	for i < len(text) {
		switch classes[text[i]] {
		case classBlank:
			i++
		case classWord:
			start := i
			for i++; i < len(text) && classes[text[i]] == classWord; i++ {
			}
			if i < len(text) && classes[text[i]] == classEscape || i-start > tokenLenMax {
				if i = s.escapedWord(start, i); i < 0 {
					return s.faulted()
				}
				continue
			}
			s.toks = append(s.toks, token{text: text[start:i], line: s.line, col: s.column(start)})
		case classNewline:
			i++
			s.line, s.lineOff = s.line+1, i
			if !s.inParen {
				s.off = i
				return s.counted()
			}
		default:
			if i = s.special(i); i < 0 {
				return s.faulted()
			}
		}
	}
	s.off = i
	if s.inParen {
		return s.neverClosed("")
	}
	return s.counted()
}

// counted ends an entry without a fault of its bytes.
func (s *scanner) counted() entryKind {
	if len(s.toks) <= tokenCountMax {
		return entryFields
	}
	last := &s.toks[tokenCountMax]
	s.fault = fault{last.line, last.col, fmt.Sprintf("record of more than %d fields", tokenCountMax)}
	s.toks = nil // not kept: it is large
	return entryFault
}

// special handles the rarer byte at i and returns where to go on, or -1 after a fault.
func (s *scanner) special(i int) int {
	switch classes[s.text[i]] {
	case classReturn:
		if i+1 == len(s.text) || s.text[i+1] != '\n' {
			return s.failAt(i, "carriage return without a line feed behind it")
		}
		return i + 1
	case classComment:
		end := s.lineEnd(i)
		if i+1 < end && s.text[i+1] == '@' {
			note := bytes.TrimSuffix(s.text[i+2:end], []byte("\r"))
			s.notes = append(s.notes, comment{text: note, line: s.line, col: s.column(i + 2)})
		} else if i+1 < end && isBlank(s.text[i+1]) && len(s.toks) > 0 {
			if text, found := bytes.CutPrefix(bytes.TrimLeft(s.text[i+1:end], " \t"), []byte("@")); found {
				s.almost = comment{text: text, line: s.line, col: s.column(i)}
			}
		}
		return end
	case classQuote:
		return s.quoted(i)
	case classEscape:
		return s.escapedWord(i, i)
	case classOpen:
		if s.inParen {
			if s.parenLine == s.line {
				return s.failAt(i, `"(" inside parentheses: they do not nest`)
			}
			s.neverClosed(fmt.Sprintf(" before the next one opens in line %d", s.line))
			return -1
		}
		s.inParen, s.parens = true, true
		s.parenOff, s.parenLine, s.parenLineOff = i, s.line, s.lineOff
		return i + 1
	case classClose:
		if !s.inParen {
			return s.failAt(i, `")" without a "(" before it`)
		}
		s.inParen = false
		return i + 1
	}
	return s.failAt(i, fmt.Sprintf(`control byte %d: write it as \%03d`, s.text[i], s.text[i]))
}

// escapedWord reads on from i in a word that started at start, with escapes or too long, and returns its end or -1.
func (s *scanner) escapedWord(start, i int) int {
	for i < len(s.text) {
		switch classes[s.text[i]] {
		case classWord:
			i++
			continue
		case classEscape:
			if !s.escapes(i) {
				return -1
			}
			i += 2
			continue
		}
		break
	}
	if i-start > tokenLenMax {
		return s.failAt(start, fmt.Sprintf("field of %d bytes: at most %d", i-start, tokenLenMax))
	}
	s.toks = append(s.toks, token{text: s.text[start:i], line: s.line, col: s.column(start)})
	return i
}

// escapes reports whether the backslash at i has a byte to escape, and records the fault if not.
func (s *scanner) escapes(i int) bool {
	if i+1 == len(s.text) || s.text[i+1] == '\n' || s.text[i+1] == '\r' {
		s.failAt(i, "backslash at the end of the line")
		return false
	}
	if classes[s.text[i+1]] == classControl {
		s.failAt(i+1, fmt.Sprintf(`control byte %d: write it as \%03d`, s.text[i+1], s.text[i+1]))
		return false
	}
	return true
}

// quoted reads the string whose opening quote is at start and returns where to go on, or -1.
func (s *scanner) quoted(start int) int {
	for i := start + 1; i < len(s.text); i++ {
		c := s.text[i]
		if !quotedStop[c] {
			continue
		}
		switch classes[c] {
		case classQuote:
			if i-start > tokenLenMax {
				return s.failAt(start, fmt.Sprintf("string of %d bytes: at most %d", i-start-1, tokenLenMax))
			}
			s.toks = append(s.toks, token{text: s.text[start+1 : i], line: s.line, col: s.column(start), quoted: true})
			return i + 1
		case classEscape:
			if !s.escapes(i) {
				return -1
			}
			i++
		case classControl:
			return s.failAt(i, fmt.Sprintf(`control byte %d: write it as \%03d`, c, c))
		case classReturn:
			if i+1 < len(s.text) && s.text[i+1] != '\n' {
				return s.failAt(i, `carriage return in a string: write it as \013`)
			}
			return s.failAt(start, "string is not closed on its line")
		default:
			return s.failAt(start, "string is not closed on its line")
		}
	}
	return s.failAt(start, "string is not closed on its line")
}

// failAt records a fault at off of the current line and returns -1.
func (s *scanner) failAt(off int, text string) int {
	s.fault = fault{s.line, s.column(off), text}
	s.off = off
	return -1
}

// faulted ends an entry with a fault. A fault in a later line than the open "(" is more often one of a record that the missing ")"
// swallowed: if a line since then starts with a field, that is reported, and the lines are read again as records.
func (s *scanner) faulted() entryKind {
	if !s.inParen || s.line == s.parenLine {
		return s.resync()
	}
	line := s.parenLine
	for off := s.parenOff; off < s.off; {
		if off = s.lineEnd(off) + 1; off > s.off || off == len(s.text) {
			break
		}
		if line++; startsField(s.text[off]) {
			return s.neverClosed(fmt.Sprintf(" before line %d, which starts like a record", line))
		}
	}
	return s.resync()
}

// reread goes back to the start of a line of the current entry, so that it is read as one of its own.
func (s *scanner) reread(line uint32) {
	s.off, s.line = s.startOff, s.startLine
	for ; s.line < line; s.line++ {
		s.off = s.lineEnd(s.off) + 1
	}
	s.lineOff = s.off
}

// startsField reports whether a record with an owner may start with c.
func startsField(c byte) bool {
	class := classes[c]
	return class == classWord || class == classEscape || class == classQuote
}

// neverClosed records the fault of an open parenthesis and goes back behind its line, so that what follows is read as records.
func (s *scanner) neverClosed(where string) entryKind {
	s.line, s.lineOff, s.off = s.parenLine, s.parenLineOff, s.parenOff
	s.failAt(s.parenOff, `"(" is never closed`)
	if where != "" {
		s.fault.text = `"(" is not closed` + where
	}
	return s.resync()
}

// resync skips to where the next record may start: the next line; inside parentheses the next line that starts with a field.
// Every way into it moves forward by a line at least, and text is read again only once per "(": the whole scan stays linear.
func (s *scanner) resync() entryKind {
	for {
		s.off = s.lineEnd(s.off)
		if s.off == len(s.text) {
			return entryFault
		}
		s.off++
		s.line, s.lineOff = s.line+1, s.off
		if !s.inParen || s.off == len(s.text) {
			return entryFault
		}
		if startsField(s.text[s.off]) {
			return entryFault
		}
	}
}

// lineEnd returns the offset of the line feed at or after off, or the text's end.
func (s *scanner) lineEnd(off int) int {
	if n := bytes.IndexByte(s.text[off:], '\n'); n >= 0 {
		return off + n
	}
	return len(s.text)
}
