package zonefile

import (
	"encoding/binary"
	"fmt"
	"math"
	"path"

	"signpost/host/diag"
	"signpost/host/rrdata"
)

// reader is one Read: the state that entries hand on to those after them, and the buffers of the current one.
type reader struct {
	scanner
	src  Source
	emit func(*Entry)

	file     uint16
	files    []string
	chain    []include // files being read, outermost first
	includes int
	generate generator

	origin        []byte // never changed in place: $INCLUDE keeps the one before
	originChanged bool   // no owner stated since $ORIGIN or $INCLUDE with an origin
	owner         []byte
	ownerState    ownerState
	ttl           lastTTL

	entry      Entry
	annotation annotation
	fields     recordFields
	rdata      []byte

	diags      diag.List
	diagsAfter int // beyond diagMax
	diagAfter  diag.Pos
	typeNames  []string // all types' names, made for the first did-you-mean
}

// ownerState says whether a record that starts with a blank has an owner.
type ownerState uint8

const (
	ownerNone  ownerState = iota // no record before
	ownerKnown                   // reader.owner
	ownerBad                     // the record before had a mistake there: those that inherit are left out without a diagnostic of their own
)

// lastTTL is what a record without TTL gets.
type lastTTL struct {
	standard      uint32 // of $TTL, or the SOA's minimum
	stated        uint32 // of the last record that stated one
	standardKnown bool
	statedKnown   bool
	warned        bool
}

// recordFields are the places of one record's fields in toks; -1 where a field is left out.
type recordFields struct {
	owner, ttl, class, typ, data int
}

func newReader(src Source, emit func(*Entry)) *reader {
	return &reader{src: src, emit: emit, origin: src.Origin, generate: generator{left: generateTotalMax}}
}

// readRoot reads the zone file itself.
func (r *reader) readRoot() {
	text, err := r.src.Open(r.src.Path)
	r.files = append(r.files, r.src.Path)
	if err != nil {
		r.diags.Errorf(diag.Pos{File: r.src.Path}, "zone file cannot be read: %v", diag.Cause(err))
		return
	}
	r.chain = append(r.chain, include{path: r.src.Path})
	r.readText(text)
	if r.diagsAfter > 0 {
		r.diags.Errorf(r.diagAfter, "this and %d more diagnostics are not shown", r.diagsAfter-1)
	}
}

// readText reads one file to its end.
func (r *reader) readText(text []byte) {
	r.scanner = scanner{text: text, line: 1, toks: r.toks[:0], notes: r.notes[:0]}
	if len(text) >= 3 && string(text[:3]) == "\xef\xbb\xbf" {
		r.errorAt(1, 1, "file starts with a byte order mark: save it without one, servers take it for a part of the first name")
		r.off = 3
	}
	for {
		switch r.next() {
		case entryEnd:
			return
		case entryFault:
			r.errorAt(r.fault.line, r.fault.col, "%s", r.fault.text)
			if !r.blank {
				r.ownerState = ownerBad
			}
		case entryFields:
			switch {
			case len(r.toks) == 0:
				r.strayNotes()
			case !r.blank && !r.toks[0].quoted && r.toks[0].text[0] == '$':
				r.directive()
			default:
				if !r.record() && r.parens {
					r.rereadSwallowed()
				}
			}
		}
	}
}

// record reads the entry as a record and emits it. False after a mistake.
func (r *reader) record() bool {
	f := &r.fields
	*f = recordFields{-1, -1, -1, -1, -1}
	first := 0
	if !r.blank {
		f.owner, first = 0, 1
		if !r.stateOwner(&r.toks[0]) {
			return false
		}
	} else if !r.inheritOwner() {
		return false
	}
	if !r.header(first) || !r.takeNotes() {
		return false
	}
	e := &r.entry
	e.Owner, e.Pos, e.DataPos = r.owner, r.pos(&r.toks[0]), r.pos(&r.toks[0])
	if f.data < len(r.toks) {
		e.DataPos = r.pos(&r.toks[f.data])
	}
	return r.finish(r.toks[f.data:], 0)
}

// rereadSwallowed follows a bad record in parentheses: if one of its later lines starts with a field, as records do, the ")" may be missing.
func (r *reader) rereadSwallowed() {
	for i := range r.toks {
		if t := &r.toks[i]; t.line > r.parenLine && t.col == 1 {
			r.errorAt(r.parenLine, uint16(min(r.parenOff-r.parenLineOff+1, math.MaxUint16)), `"(" is not closed before line %d, which starts like a record`, t.line)
			r.reread(t.line)
			return
		}
	}
}

// finish reads the data, settles the TTL and emits. generated is the value of $GENERATE's iteration where the fields come from one.
func (r *reader) finish(data []token, generated int64) bool {
	e := &r.entry
	out, bad, msg := appendRData(r.rdata[:0], e.Type, data, r.origin)
	r.rdata = out
	if msg != "" {
		line, col := r.dataPlace(data, bad)
		if r.generate.active {
			line, col = e.DataPos.Line, e.DataPos.Col
			msg = fmt.Sprintf("%s (where $ is %d)", msg, generated)
		}
		r.errorAt(line, col, "%s", msg)
		return false
	}
	e.RData = out
	if r.fields.ttl < 0 && !r.leftOutTTL() {
		return false
	}
	if e.Annotation != nil {
		e.Annotation = &r.annotation.Annotation
	}
	r.emit(e)
	return true
}

// dataPlace returns where data[bad] stands; for bad = len(data) the end of the last field.
func (r *reader) dataPlace(data []token, bad int) (line uint32, col uint16) {
	if bad < len(data) {
		return data[bad].line, data[bad].col
	}
	last := &r.toks[len(r.toks)-1]
	width := len(last.text)
	if last.quoted {
		width += 2
	}
	return last.line, uint16(min(int(last.col)+width, math.MaxUint16))
}

// stateOwner makes the field the current owner.
func (r *reader) stateOwner(t *token) bool {
	r.originChanged = false
	if len(t.text) == 1 && t.text[0] == '@' && !t.quoted {
		r.owner = append(r.owner[:0], r.origin...)
		r.ownerState = ownerKnown
		return true
	}
	owner, msg := appendName(r.owner[:0], t.text, r.origin)
	r.owner = owner
	if msg != "" {
		r.ownerState = ownerBad
		r.errorAt(t.line, t.col, "owner: %s", msg)
		return false
	}
	r.ownerState = ownerKnown
	return true
}

// inheritOwner checks that there is an owner before a record that starts with a blank.
func (r *reader) inheritOwner() bool {
	t := &r.toks[0]
	if r.ownerState == ownerNone {
		r.errorAt(t.line, t.col, "line starts with a blank, so its owner is that of the record before, but there is none")
		r.ownerState = ownerBad
		return false
	}
	if r.originChanged && r.ownerState == ownerKnown {
		r.originChanged = false
		r.warnAt(t.line, t.col, "owner is still %s, that of the record before: $ORIGIN does not change it", AppendName(nil, r.owner))
	}
	return r.ownerState == ownerKnown
}

// header reads TTL and class, in either order, and the type, from toks[i] on.
func (r *reader) header(i int) bool {
	f, e := &r.fields, &r.entry
	for ; i < len(r.toks); i++ {
		t := &r.toks[i]
		switch kind := headerKind(t); {
		case kind == headerTTL && f.ttl < 0:
			ttl, msg := parseTTL(t.text)
			if msg != "" {
				r.errorAt(t.line, t.col, "%s", msg)
				return false
			}
			e.TTL, f.ttl = ttl, i
			r.ttl.stated, r.ttl.statedKnown = ttl, true
		case kind == headerIN && f.class < 0:
			f.class = i
		case kind == headerTTL:
			r.errorAt(t.line, t.col, "second TTL %s, want a type", quote(t.text))
			return false
		case kind == headerIN:
			r.errorAt(t.line, t.col, "second class %s, want a type", quote(t.text))
			return false
		default:
			typ, ok := typeByName(t.text)
			if !ok || t.quoted {
				r.badHeader(t, i)
				return false
			}
			e.Type, f.typ, f.data = typ, i, i+1
			return true
		}
	}
	line, col := r.dataPlace(r.toks, len(r.toks))
	r.errorAt(line, col, "type is missing behind %s", quote(r.toks[len(r.toks)-1].text))
	return false
}

// leftOutTTL settles the TTL of a record that states none.
func (r *reader) leftOutTTL() bool {
	e, known := &r.entry, &r.ttl
	switch {
	case known.standardKnown:
		e.TTL = known.standard
	case known.statedKnown:
		e.TTL = known.stated
		if !known.warned {
			known.warned = true
			r.warnAt(e.Pos.Line, e.Pos.Col, "TTL is left out and there is no $TTL: the last one stated, %d, is used (RFC 1035); other servers may use 3600", e.TTL)
		}
	case e.Type == rrdata.TypeSOA && len(e.RData) >= 4:
		e.TTL = binary.BigEndian.Uint32(e.RData[len(e.RData)-4:])
		if e.TTL > ttlMax {
			r.errorAt(e.Pos.Line, e.Pos.Col, "TTL is left out and the SOA's minimum %d is outside 0..%d", e.TTL, ttlMax)
			return false
		}
		known.standard, known.standardKnown = e.TTL, true
		r.warnAt(e.Pos.Line, e.Pos.Col, "TTL is left out and there is no $TTL: the SOA's minimum, %d, is used; other servers may use 3600", e.TTL)
	default:
		r.errorAt(e.Pos.Line, e.Pos.Col, "TTL is left out, and neither a $TTL nor a record with a TTL stands before: write $TTL at the top")
		return false
	}
	return true
}

// pos returns the place of a field of the current file.
func (r *reader) pos(t *token) Pos { return Pos{Line: t.line, Col: t.col, File: r.file} }

// errorAt reports an error in the current file.
func (r *reader) errorAt(line uint32, col uint16, format string, args ...any) {
	r.report(diag.Error, line, col, format, args)
}

// warnAt reports a warning in the current file.
func (r *reader) warnAt(line uint32, col uint16, format string, args ...any) {
	r.report(diag.Warning, line, col, format, args)
}

// report keeps the first diagMax diagnostics and counts the others.
func (r *reader) report(severity diag.Severity, line uint32, col uint16, format string, args []any) {
	where := diag.Pos{File: r.files[r.file], Line: int(line), Col: int(col)}
	if len(r.diags) >= diagMax {
		if r.diagsAfter == 0 {
			r.diagAfter = where
		}
		if severity == diag.Error {
			r.diagsAfter++
		}
		return
	}
	r.diags = append(r.diags, diag.Diagnostic{Pos: where, Severity: severity, Text: fmt.Sprintf(format, args...)})
}

// here returns the directory of the current file, against which $INCLUDE is resolved.
func (r *reader) here() string { return path.Dir(r.files[r.file]) }
