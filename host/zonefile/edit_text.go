package zonefile

import (
	"bytes"
	"fmt"
	"strings"
)

// splices turns edits into changes of the text, or says which of them cannot be made.
func (f *File) splices(edits []Edit) ([]splice, error) {
	type key struct {
		record int
		op     Op
	}
	seen := make(map[key]bool)
	var out []splice
	for _, e := range edits {
		if e.Record >= len(f.records) || e.Record < 0 && e.Op != Insert {
			return nil, fmt.Errorf("edit %s: record %d is outside 0..%d", f.src.Path, e.Record, len(f.records)-1)
		}
		if seen[key{e.Record, e.Op}] && e.Op != Insert || e.Op != Insert && (seen[key{e.Record, Delete}] || e.Op == Delete &&
			(seen[key{e.Record, SetTTL}] || seen[key{e.Record, SetData}] || seen[key{e.Record, SetAnnotation}])) {
			return nil, fmt.Errorf("edit %s: the record of %s is edited twice", f.src.Path, f.where(&f.records[e.Record]))
		}
		seen[key{e.Record, e.Op}] = true
		more, err := f.spliceFor(&e)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func (f *File) spliceFor(e *Edit) ([]splice, error) {
	if e.Op == Insert && e.Record < 0 {
		return f.spliceInsert(len(f.text), e.Text)
	}
	rec := &f.records[e.Record]
	switch {
	case rec.file != 0:
		return nil, fmt.Errorf("edit %s: the record of %s is in an included file: edit that file", f.src.Path, f.where(rec))
	case rec.generated:
		return nil, fmt.Errorf("edit %s: the record of %s is made by $GENERATE: edit the directive", f.src.Path, f.where(rec))
	}
	switch e.Op {
	case SetTTL:
		if e.TTL > ttlMax {
			return nil, fmt.Errorf("edit %s: TTL %d is outside 0..%d", f.src.Path, e.TTL, ttlMax)
		}
		return f.spliceTTL(rec, f.scan(rec), e.TTL), nil
	case SetData:
		return f.spliceData(rec, f.scan(rec), e.Text)
	case SetAnnotation:
		return f.spliceAnnotation(rec, f.scan(rec), e.Text)
	case Delete:
		return []splice{{rec.start, rec.end, nil}}, nil
	case Insert:
		return f.spliceInsert(rec.end, e.Text)
	}
	return nil, fmt.Errorf("edit %s: op %d is unknown", f.src.Path, e.Op)
}

// spliceInsert puts text on lines of its own at off, which is the start of a line or the end of the text.
func (f *File) spliceInsert(off int, text string) ([]splice, error) {
	text = strings.TrimRight(text, "\r\n")
	s := scanner{text: []byte(text), line: 1}
	kind := s.next()
	switch {
	case kind == entryFault:
		return nil, fmt.Errorf("edit %s: insert %s: %s", f.src.Path, quote([]byte(text)), s.fault.text)
	case len(s.toks) == 0 || s.blank || s.off < len(s.text):
		return nil, fmt.Errorf("edit %s: insert %s: want one record that starts with its owner", f.src.Path, quote([]byte(text)))
	case !s.toks[0].quoted && s.toks[0].text[0] == '$':
		return nil, fmt.Errorf("edit %s: insert %s: a directive is no record", f.src.Path, quote([]byte(text)))
	}
	newline := f.newline()
	if off > 0 && f.text[off-1] != '\n' {
		return []splice{{off, off, []byte(newline + text)}}, nil
	}
	return []splice{{off, off, []byte(text + newline)}}, nil
}

// newline returns what the file's first line ends with.
func (f *File) newline() string {
	if i := bytes.IndexByte(f.text, '\n'); i > 0 && f.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// spliceData replaces fields of the data one by one, or all of it.
func (f *File) spliceData(rec *record, s *scanner, text string) ([]splice, error) {
	fresh := scanner{text: []byte(text), line: 1}
	kind := fresh.next()
	fields := fresh.toks
	switch {
	case kind == entryFault:
		return nil, fmt.Errorf("edit %s: data %s: %s", f.src.Path, quote(fresh.text), fresh.fault.text)
	case fresh.parens || fresh.off < len(text) || strings.Contains(text, "\n") || len(fields) == 0 ||
		strings.Trim(text[fresh.end(&fields[len(fields)-1]):], " \t\r") != "":
		return nil, fmt.Errorf("edit %s: data %s: want fields on one line, without parentheses and comments", f.src.Path, quote(fresh.text))
	}
	old := s.toks[rec.dataFieldOff:]
	switch {
	case len(old) == len(fields):
		var out []splice
		for i := range old {
			field := fresh.text[fresh.start(&fields[i]):fresh.end(&fields[i])]
			if start, end := s.start(&old[i]), s.end(&old[i]); !bytes.Equal(s.text[start:end], field) {
				out = append(out, splice{start, end, field})
			}
		}
		return out, nil
	case rec.parens:
		return nil, fmt.Errorf("edit %s: the record of %s has parentheses around its %d data fields, and the new data has %d: delete it and insert another",
			f.src.Path, f.where(rec), len(old), len(fields))
	case len(old) == 0:
		end := s.end(&s.toks[len(s.toks)-1])
		return []splice{{end, end, []byte(" " + strings.Trim(text, " \t\r"))}}, nil
	}
	return []splice{{s.start(&old[0]), s.end(&old[len(old)-1]), []byte(strings.Trim(text, " \t\r"))}}, nil
}

// spliceAnnotation replaces, adds or takes away the annotation; a comment behind it stays.
func (f *File) spliceAnnotation(rec *record, s *scanner, text string) ([]splice, error) {
	text = strings.Trim(text, " \t")
	if text != "" {
		var a annotation
		scan, _, msg := a.parse(&comment{text: []byte(text), line: 1, col: 1}, 0)
		if msg == "" && scan.off < len(text) || strings.ContainsAny(text, "\r\n") {
			msg = "want no comment and no line break in it"
		}
		if msg != "" {
			return nil, fmt.Errorf("edit %s: annotation %s: %s", f.src.Path, quote([]byte(text)), msg)
		}
	}
	if len(s.notes) > 0 {
		return s.replaceNote(text), nil
	}
	if text == "" {
		return nil, nil
	}
	at := f.commentOff(rec, s)
	if at < len(s.text) && s.text[at] == ';' {
		return []splice{{at, at, []byte(";@ " + text + " ")}}, nil
	}
	return []splice{{at, at, []byte(" ;@ " + text)}}, nil
}

// replaceNote changes the annotation that is there, from its ";@" to the end of the last attribute.
func (s *scanner) replaceNote(text string) []splice {
	note := &s.notes[0]
	var a annotation
	scan, _, _ := a.parse(note, 0)
	noteOff := cap(s.text) - cap(note.text)
	end := noteOff + len(bytes.TrimRight(note.text[:scan.off], " \t"))
	if text != "" {
		return []splice{{noteOff, end, []byte(" " + text)}}
	}
	start := noteOff - len(";@")
	if scan.off == len(note.text) {
		end = noteOff + scan.off
		for start > 0 && isBlank(s.text[start-1]) {
			start--
		}
		return []splice{{start, end, nil}}
	}
	return []splice{{start, noteOff + scan.off, nil}}
}

// commentOff returns where the record's last line has its comment, or where its text ends.
func (f *File) commentOff(rec *record, s *scanner) int {
	lineEnd := rec.end
	for lineEnd > rec.start && (s.text[lineEnd-1] == '\n' || s.text[lineEnd-1] == '\r') {
		lineEnd--
	}
	off := bytes.LastIndexByte(s.text[:lineEnd], '\n') + 1
	off = max(off, s.end(&s.toks[len(s.toks)-1]))
	if i := bytes.IndexByte(s.text[off:lineEnd], ';'); i >= 0 {
		return off + i
	}
	return off + len(bytes.TrimRight(s.text[off:lineEnd], " \t"))
}
