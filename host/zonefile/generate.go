package zonefile

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// generator is the work of one $GENERATE: range, two templates and the buffers of one iteration.
type generator struct {
	active            bool
	start, stop, step int64
	lhs, rhs          []templatePart
	text              []byte // of the iteration
	owner             []byte
	scan              scanner
	left              int // records that the whole Read may still generate
}

// templatePart is literal text, then, unless it is the last part, the iterator.
type templatePart struct {
	literal  []byte
	iterator bool
	offset   int64
	width    int
	base     byte // one of d, o, x, X, n, N
}

const (
	templateLenMax   = 4096 // bytes of an owner or of data, expanded
	iteratorWidthMax = 255
	generateTotalMax = 16 * generateMax
)

// generateDirective reads "$GENERATE start-stop[/step] owner [TTL] [class] type data" as BIND does and emits its records.
// The data is one field: where it is quoted, its content is the data, as in BIND.
func (r *reader) generateDirective() {
	if !r.arguments(4, math.MaxInt, "one of range, owner, type and data") {
		return
	}
	if r.parens {
		r.errorAt(r.parenLine, uint16(min(r.parenOff-r.parenLineOff+1, math.MaxUint16)), "$GENERATE stands on one line, without parentheses")
		return
	}
	g := &r.generate
	if !r.generateRange(&r.toks[1]) {
		return
	}
	r.fields = recordFields{-1, -1, -1, -1, -1}
	if !r.header(3) || !r.takeNotes() {
		return
	}
	data := r.toks[r.fields.data:]
	if len(data) == 0 {
		line, col := r.dataPlace(data, 0)
		r.errorAt(line, col, "$GENERATE: the data is missing")
		return
	}
	rhs := data[0]
	if len(data) > 1 {
		r.errorAt(data[1].line, data[1].col, "$GENERATE: data of several fields stands in quotes, as \"%s %s …\"", clip(data[0].text), clip(data[1].text))
		return
	}
	var ok bool
	if g.lhs, ok = r.template(g.lhs[:0], &r.toks[2]); !ok {
		return
	}
	if g.rhs, ok = r.template(g.rhs[:0], &rhs); !ok {
		return
	}
	owner, ownerState, originChanged := r.owner, r.ownerState, r.originChanged
	r.owner, g.active = g.owner, true
	for i := g.start; i <= g.stop && r.generateOne(i, &rhs); i += g.step {
	}
	g.owner, g.active = r.owner, false
	r.owner, r.ownerState, r.originChanged = owner, ownerState, originChanged
}

// generateRange reads start-stop[/step].
func (r *reader) generateRange(t *token) bool {
	g := &r.generate
	bounds, step, stepped := strings.Cut(string(t.text), "/")
	first, last, ok := strings.Cut(bounds, "-")
	g.step = 1
	var ok1, ok2 bool
	g.start, ok1 = rangeNumber(first)
	g.stop, ok2 = rangeNumber(last)
	if stepped {
		var okStep bool
		g.step, okStep = rangeNumber(step)
		ok = ok && okStep
	}
	switch {
	case !ok || !ok1 || !ok2 || t.quoted:
		r.errorAt(t.line, t.col, "$GENERATE: range %s is not start-stop or start-stop/step, with numbers in 0..%d", quote(t.text), math.MaxInt32)
	case g.start > g.stop:
		r.errorAt(t.line, t.col, "$GENERATE: range %s starts behind its end", quote(t.text))
	case g.step == 0:
		r.errorAt(t.line, t.col, "$GENERATE: range %s has the step 0", quote(t.text))
	case (g.stop-g.start)/g.step >= generateMax:
		r.errorAt(t.line, t.col, "$GENERATE: range %s makes %d records, at most %d are allowed", quote(t.text), (g.stop-g.start)/g.step+1, generateMax)
	case (g.stop-g.start)/g.step >= int64(g.left):
		r.errorAt(t.line, t.col, "$GENERATE: range %s takes the zone beyond %d generated records", quote(t.text), generateTotalMax)
	default:
		g.left -= int((g.stop-g.start)/g.step + 1)
		return true
	}
	return false
}

// rangeNumber reads digits only.
func rangeNumber(text string) (int64, bool) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int64(n), err == nil
}

// template cuts a field at its iterators: "$" or "${offset[,width[,base]]}". "$$" is a "$", and so is "\$", whose backslash stays.
func (r *reader) template(parts []templatePart, t *token) ([]templatePart, bool) {
	text := t.text
	var literal []byte
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			literal = append(literal, text[i], text[i+1])
			i++
		case text[i] != '$':
			literal = append(literal, text[i])
		case i+1 < len(text) && text[i+1] == '$':
			literal = append(literal, '$')
			i++
		default:
			part := templatePart{literal: literal, iterator: true, base: 'd'}
			literal = nil
			if i+1 < len(text) && text[i+1] == '{' {
				end := bytes.IndexByte(text[i:], '}')
				if end < 0 {
					r.errorAt(t.line, t.col, `$GENERATE: %s is not closed with "}"`, quote(text[i:]))
					return parts, false
				}
				if msg := part.modify(string(text[i+2 : i+end])); msg != "" {
					r.errorAt(t.line, t.col, "$GENERATE: %s: %s", quote(text[i:i+end+1]), msg)
					return parts, false
				}
				i += end
			}
			parts = append(parts, part)
		}
	}
	return append(parts, templatePart{literal: literal}), true
}

// modify reads offset[,width[,base]].
func (p *templatePart) modify(text string) (msg string) {
	fields := strings.Split(text, ",")
	if len(fields) > 3 {
		return "want ${offset,width,base}"
	}
	offset, err := strconv.ParseInt(fields[0], 10, 32)
	if err != nil {
		return fmt.Sprintf("offset %s is no number", quote([]byte(fields[0])))
	}
	p.offset = offset
	if len(fields) > 1 {
		width, err := strconv.ParseUint(fields[1], 10, 31)
		if err != nil || width > iteratorWidthMax {
			return fmt.Sprintf("width %s is outside 0..%d", quote([]byte(fields[1])), iteratorWidthMax)
		}
		p.width = int(width)
	}
	if len(fields) > 2 {
		if len(fields[2]) != 1 || !strings.Contains("doxXnN", fields[2]) {
			return fmt.Sprintf("base %s is none of d, o, x, X, n, N", quote([]byte(fields[2])))
		}
		p.base = fields[2][0]
	}
	return ""
}

// generateOne emits the record of one iteration. False stops the directive: the other iterations would say the same.
func (r *reader) generateOne(i int64, rhs *token) bool {
	g, e := &r.generate, &r.entry
	directive := &r.toks[0]
	lhs := &r.toks[2]
	var msg string
	if g.text, msg = expand(g.text[:0], g.lhs, i); msg != "" {
		r.errorAt(lhs.line, lhs.col, "$GENERATE: owner: %s (where $ is %d)", msg, i)
		return false
	}
	if string(g.text) == "@" {
		r.owner = append(r.owner[:0], r.origin...)
	} else if r.owner, msg = appendName(r.owner[:0], g.text, r.origin); msg != "" {
		r.errorAt(lhs.line, lhs.col, "$GENERATE: owner: %s (where $ is %d)", msg, i)
		return false
	}
	if g.text, msg = expand(g.text[:0], g.rhs, i); msg != "" {
		r.errorAt(rhs.line, rhs.col, "$GENERATE: data: %s (where $ is %d)", msg, i)
		return false
	}
	g.scan = scanner{text: g.text, line: 1, toks: g.scan.toks, notes: g.scan.notes}
	if g.scan.next() == entryFault {
		r.errorAt(rhs.line, rhs.col, "$GENERATE: data: %s (where $ is %d)", g.scan.fault.text, i)
		return false
	}
	e.Owner, e.Pos, e.DataPos = r.owner, r.pos(directive), r.pos(rhs)
	return r.finish(g.scan.toks, i)
}

// expand appends the template with $ = i.
func expand(dst []byte, parts []templatePart, i int64) (out []byte, msg string) {
	for k := range parts {
		p := &parts[k]
		dst = append(dst, p.literal...)
		if !p.iterator {
			break
		}
		value := i + p.offset
		if value < 0 && p.base != 'd' {
			return dst, fmt.Sprintf("%d has no form in base %c", value, p.base)
		}
		dst = p.number(dst, value)
		if len(dst) > templateLenMax {
			break
		}
	}
	if len(dst) > templateLenMax {
		return dst, fmt.Sprintf("more than %d bytes", templateLenMax)
	}
	return dst, ""
}

// number appends value as printf's %0*d, %0*o or %0*x does, or as nibbles: hexadecimal digits from the last to the first with dots
// between them, where width counts the dots too (an even width ends in a dot), as in BIND.
func (p *templatePart) number(dst []byte, value int64) []byte {
	if p.base|0x20 == 'n' {
		return p.nibbles(dst, value)
	}
	var buf [24]byte
	digits := buf[:0]
	switch p.base {
	case 'd':
		digits = strconv.AppendInt(digits, value, 10)
	case 'o':
		digits = strconv.AppendInt(digits, value, 8)
	default:
		digits = strconv.AppendInt(digits, value, 16)
		if p.base == 'X' {
			digits = bytes.ToUpper(digits)
		}
	}
	pad := p.width - len(digits)
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	for ; pad > 0; pad-- {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func (p *templatePart) nibbles(dst []byte, value int64) []byte {
	hex := "0123456789abcdef"
	if p.base == 'N' {
		hex = "0123456789ABCDEF"
	}
	for width := p.width; ; {
		dst = append(dst, hex[value&15])
		value >>= 4
		if width--; width <= 0 && value == 0 {
			return dst
		}
		dst = append(dst, '.')
		if width--; width <= 0 && value == 0 {
			return dst
		}
	}
}
