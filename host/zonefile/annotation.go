package zonefile

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// annotation is the buffer behind Entry.Annotation.
type annotation struct {
	Annotation
	buf []byte // unescaped values
}

// takeNotes reads the annotation of the record in toks, if it has one, into the entry.
func (r *reader) takeNotes() bool {
	r.entry.Annotation = nil
	r.checkAlmost()
	if len(r.notes) == 0 {
		return true
	}
	if len(r.notes) > 1 {
		n := &r.notes[1]
		r.errorAt(n.line, n.col-2, "second annotation of one record, the first is in line %d", r.notes[0].line)
		return false
	}
	n := &r.notes[0]
	_, at, msg := r.annotation.parse(n, r.file)
	if msg != "" {
		r.errorAt(n.line, uint16(min(int(n.col)+at, math.MaxUint16)), "annotation: %s", msg)
		return false
	}
	r.entry.Annotation = &r.annotation.Annotation
	return true
}

// checkAlmost warns of a comment that is an annotation but for the blank before its "@": words that follow without a "=" are prose.
func (r *reader) checkAlmost() {
	if r.src.Policy == nil || r.almost.text == nil {
		return
	}
	s := noteScan{text: r.almost.text}
	s.blanks()
	words := string(s.word(isChainByte))
	first, _, _ := strings.Cut(words, "+")
	s.blanks()
	if !r.src.Policy(first) || !s.done() && (!isBlank(s.text[s.off-1]) || !bytes.ContainsRune(s.text[s.off:s.wordEnd()], '=')) {
		return
	}
	r.warnAt(r.almost.line, r.almost.col, `"; @%s" is a comment, not an annotation (did you mean ";@ %s"?)`, clip([]byte(words)), clip([]byte(words)))
}

// strayNotes reports annotations on lines without a record, except records of the apex that were taken out, as ";@ IN MX 10 mail".
func (r *reader) strayNotes() {
	for i := range r.notes {
		n := &r.notes[i]
		if !commentedOut(n.text) {
			r.errorAt(n.line, n.col-2, `annotation belongs to no record: it stands behind a record, on its line or inside its parentheses; a comment starts with "; @"`)
		}
	}
}

// commentedOut reports whether the text behind ";@" goes on as a record does: with a TTL, a class or a type.
func commentedOut(text []byte) bool {
	fields := bytes.Fields(text)
	if len(fields) == 0 {
		return true
	}
	t := token{text: fields[0]}
	if headerKind(&t) == headerIN {
		return true
	}
	if _, msg := parseTTL(t.text); msg == "" {
		return true
	}
	_, ok := typeByName(t.text)
	return ok
}

// noteScan reads one annotation's text.
type noteScan struct {
	*annotation
	text []byte
	off  int
	line uint32
	col  uint16
	file uint16
}

// parse reads n: a chain, then key=value until the end or a ";", where s.off is left. at is the offset in n.text of what msg, if not
// empty, is about.
func (a *annotation) parse(n *comment, file uint16) (s noteScan, at int, msg string) {
	a.Attrs, a.buf = a.Attrs[:0], a.buf[:0]
	s = noteScan{annotation: a, text: n.text, line: n.line, col: n.col, file: file}
	s.blanks()
	start := s.off
	a.Chain, a.ChainPos = s.word(isChainByte), s.pos(start)
	if at, msg := s.chain(start); msg != "" {
		return s, at, msg
	}
	for {
		before := s.off
		s.blanks()
		if s.done() {
			return s, 0, ""
		}
		if before == s.off {
			return s, s.off, fmt.Sprintf("want a blank before %s", quote(s.text[s.off:]))
		}
		if at, msg := s.attr(); msg != "" {
			return s, at, msg
		}
	}
}

// chain checks the words that were read from start on.
func (s *noteScan) chain(start int) (at int, msg string) {
	if len(s.Chain) == 0 {
		if s.done() {
			return start, "the policy is missing"
		}
		return start, fmt.Sprintf("want a policy's name, not %s", quote(s.text[start:]))
	}
	if s.off < len(s.text) && s.text[s.off] == '=' {
		return start, fmt.Sprintf("the policy is missing before %s", quote(s.text[start:]))
	}
	for i, c := range s.Chain {
		if c == '+' && (i == 0 || i+1 == len(s.Chain) || s.Chain[i+1] == '+') {
			return start + i, fmt.Sprintf(`chain %s: "+" stands between two policies`, quote(s.Chain))
		}
	}
	if !s.done() && !isBlank(s.text[s.off]) {
		return s.off, fmt.Sprintf("chain %s: byte %q does not belong to a policy's name", quote(s.Chain), s.text[s.off])
	}
	return 0, ""
}

// attr reads one key=value.
func (s *noteScan) attr() (at int, msg string) {
	start := s.off
	if len(s.Attrs) == attrCountMax {
		return start, fmt.Sprintf("more than %d attributes", attrCountMax)
	}
	key := s.word(isKeyByte)
	switch {
	case s.off < len(s.text) && s.text[s.off] == '+':
		return s.off, `want no blanks around the "+" of a chain`
	case bytes.HasPrefix(bytes.TrimLeft(s.text[s.off:], " \t"), []byte("=")) && s.off < len(s.text) && s.text[s.off] != '=':
		return start, fmt.Sprintf(`want %s=value without blanks around the "="`, clip(key))
	case len(key) == 0:
		return start, fmt.Sprintf("want key=value, not %s", quote(s.text[start:]))
	case s.off == len(s.text) || s.text[s.off] != '=':
		return start, fmt.Sprintf("want key=value, not %s", quote(s.text[start:s.wordEnd()]))
	}
	for i := range s.Attrs {
		if bytes.Equal(s.Attrs[i].Key, key) {
			return start, fmt.Sprintf("%s stands twice", clip(key))
		}
	}
	s.off++
	valueOff := s.off
	value, at, msg := s.value()
	if msg != "" {
		return at, fmt.Sprintf("%s: %s", clip(key), msg)
	}
	s.Attrs = append(s.Attrs, Attr{Key: key, Value: value, KeyPos: s.pos(start), ValuePos: s.pos(valueOff)})
	return 0, ""
}

// value reads what stands behind "=": quoted, or up to a blank or ";".
func (s *noteScan) value() (value []byte, at int, msg string) {
	start := s.off
	quoted := !s.done() && s.text[s.off] == '"'
	if quoted {
		s.off++
	}
	from, escaped := s.off, false
	bufFrom := len(s.buf)
	for s.off < len(s.text) {
		c, used := s.text[s.off], 1
		switch {
		case quoted && c == '"':
			value = s.valueBytes(from, bufFrom, escaped)
			s.off++
			return value, 0, ""
		case !quoted && (isBlank(c) || c == ';'):
			return s.bare(start, from, bufFrom, escaped)
		case !quoted && c == '"':
			return nil, s.off, "a quote stands inside a value: quote all of it, or write \\\""
		case c == '\\':
			if c, used = unescape(s.text[s.off:]); used == 0 {
				return nil, s.off, fmt.Sprintf("bad escape %s", quote(s.text[s.off:min(len(s.text), s.off+4)]))
			}
			if !escaped {
				s.buf, escaped = append(s.buf, s.text[from:s.off]...), true
			}
		case classes[c] == classControl || classes[c] == classReturn:
			return nil, s.off, fmt.Sprintf(`control byte %d: write it as \%03d`, c, c)
		}
		if escaped {
			s.buf = append(s.buf, c)
		}
		s.off += used
	}
	if quoted {
		return nil, start, "quoted value is not closed"
	}
	return s.bare(start, from, bufFrom, escaped)
}

// bare ends a value without quotes.
func (s *noteScan) bare(start, from, bufFrom int, escaped bool) (value []byte, at int, msg string) {
	if s.off == start {
		return nil, start, `value is missing (an empty one is written "")`
	}
	return s.valueBytes(from, bufFrom, escaped), 0, ""
}

// valueBytes returns the value that ends at off. Growth of buf leaves the values before it in the array they are in.
func (s *noteScan) valueBytes(from, bufFrom int, escaped bool) []byte {
	if escaped {
		return s.buf[bufFrom:len(s.buf):len(s.buf)]
	}
	return s.text[from:s.off:s.off]
}

// word reads bytes of one kind.
func (s *noteScan) word(kind func(byte) bool) []byte {
	start := s.off
	for s.off < len(s.text) && kind(s.text[s.off]) {
		s.off++
	}
	return s.text[start:s.off:s.off]
}

// wordEnd returns where the word at off ends, for messages.
func (s *noteScan) wordEnd() int {
	end := s.off
	for end < len(s.text) && !isBlank(s.text[end]) {
		end++
	}
	return end
}

func (s *noteScan) blanks() {
	for s.off < len(s.text) && isBlank(s.text[s.off]) {
		s.off++
	}
}

// done reports the end: of the text, or a comment inside the comment.
func (s *noteScan) done() bool { return s.off == len(s.text) || s.text[s.off] == ';' }

func (s *noteScan) pos(off int) Pos {
	return Pos{Line: s.line, Col: uint16(min(int(s.col)+off, math.MaxUint16)), File: s.file}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isChainByte(c byte) bool { return c == '+' || isKeyByte(c) }

func isKeyByte(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26 || c == '-' || c == '_' || c == '.'
}
