package zonefile

import (
	"bytes"
	"fmt"

	"signpost/host/rrdata"
)

// token is one field of a record as it stands in the file: escapes still in place, quotes stripped.
type token struct {
	text   []byte
	line   uint32
	col    uint16
	quoted bool
}

// rdataLenMax is what the length field of a record can say.
const rdataLenMax = 65535

// appendRData appends the wire form of one record's data: the presentation form of typ, or \# of any type (RFC 3597 §5). Relative names
// get origin. On error msg is not empty, bad is the index of the offending token (len(toks): something is missing), and out is dst.
func appendRData(dst []byte, typ uint16, toks []token, origin []byte) (out []byte, bad int, msg string) {
	if len(toks) == 1 && !toks[0].quoted {
		switch typ { // the types that large zones are made of
		case rrdata.TypeA:
			if out, ok := appendIPv4(dst, toks[0].text); ok {
				return out, 0, ""
			}
		case rrdata.TypeAAAA:
			if out, ok := appendIPv6(dst, toks[0].text); ok {
				return out, 0, ""
			}
		}
	}
	p := rdataParser{out: dst, start: len(dst), toks: toks, origin: origin}
	p.record(typ)
	if p.msg != "" {
		return p.out[:p.start], p.bad, p.msg
	}
	return p.out, 0, ""
}

// rdataParser turns the tokens of one record into wire form, field by field, and stops at the first error.
type rdataParser struct {
	out    []byte
	start  int // where the data begins in out
	toks   []token
	next   int // the token to be read
	origin []byte
	bad    int
	msg    string
}

// record parses all of the data.
func (p *rdataParser) record(typ uint16) {
	if !rrdata.Zoneable(typ) {
		p.failAt(0, "type %s may not stand in a zone", typeName(typ))
		return
	}
	if len(p.toks) > 0 && !p.toks[0].quoted && string(p.toks[0].text) == `\#` {
		p.generic(typ)
		return
	}
	layout := rrdata.Layout(typ)
	if layout == nil {
		p.failAt(0, "type %s has no text form here, want \\# LENGTH HEX", typeName(typ))
		return
	}
	for i := range layout {
		if p.field(&layout[i]); p.msg != "" {
			return
		}
	}
	switch {
	case p.next < len(p.toks):
		p.failAt(p.next, "%s follows the end of the %s data%s", quote(p.toks[p.next].text), typeName(typ), commentHint(p.toks[p.next].text))
	case len(p.out)-p.start > rdataLenMax:
		p.failAt(len(p.toks)-1, "data has %d bytes, at most 65535 are allowed", len(p.out)-p.start)
	default:
		if fault := rrdata.Fault(typ, p.out[p.start:]); fault != "" {
			p.failAt(len(p.toks)-1, "%s", fault)
		}
	}
}

// generic parses \# LENGTH HEX; data of a known type must be valid for it.
func (p *rdataParser) generic(typ uint16) {
	p.next++
	at := p.next
	length := p.number("length", rdataLenMax)
	if p.msg != "" {
		return
	}
	p.hex("data", true)
	if p.msg != "" {
		return
	}
	got := len(p.out) - p.start
	switch {
	case got != int(length):
		p.failAt(at, "length %d does not match the %d bytes of data that follow", length, got)
	case !rrdata.Valid(typ, p.out[p.start:]):
		p.failAt(at, "data is not valid for type %s", typeName(typ))
	}
}

// failAt notes the first error; bad is the index of the token it is about.
func (p *rdataParser) failAt(bad int, format string, args ...any) {
	if p.msg == "" {
		p.bad, p.msg = bad, fmt.Sprintf(format, args...)
	}
}

// word returns the next token's text, which may not be quoted; nil after an error.
func (p *rdataParser) word(label string) []byte {
	text := p.any(label)
	if p.msg == "" && p.toks[p.next-1].quoted {
		p.failAt(p.next-1, "%s %s may not be quoted", label, quote(text))
		return nil
	}
	return text
}

// any returns the next token's text, quoted or not; nil after an error.
func (p *rdataParser) any(label string) []byte {
	if p.next >= len(p.toks) {
		p.failAt(len(p.toks), "%s is missing", label)
		return nil
	}
	p.next++
	return p.toks[p.next-1].text
}

// number parses the next token as a decimal number up to limit.
func (p *rdataParser) number(label string, limit uint64) uint64 {
	text := p.word(label)
	if p.msg != "" {
		return 0
	}
	value, ok := decimal(text)
	switch {
	case !ok:
		p.failAt(p.next-1, "%s %s is not a number in 0..%d", label, quote(text), limit)
	case value > limit:
		p.failAt(p.next-1, "%s %s is outside 0..%d", label, quote(text), limit)
	default:
		return value
	}
	return 0
}

// decimal parses one or more digits; values beyond 2^32 come back as such a value.
func decimal(text []byte) (value uint64, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		if value = value*10 + uint64(c-'0'); value > 1<<32 {
			value = 1 << 32
		}
	}
	return value, len(text) > 0
}

// name parses the next token as a domain name; "@" is the origin.
func (p *rdataParser) name(label string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	if len(text) == 1 && text[0] == '@' {
		p.out = append(p.out, p.origin...)
		return
	}
	out, msg := appendName(p.out, text, p.origin)
	p.out = out
	if msg != "" {
		p.failAt(p.next-1, "%s: %s", label, msg)
	}
}

// strings parses all remaining tokens as character-strings; there is at least one.
func (p *rdataParser) strings(label string) {
	for first := true; p.msg == "" && (first || p.next < len(p.toks)); first = false {
		p.str(label)
	}
}

// str parses the next token as a character-string: a length byte and up to 255 bytes.
func (p *rdataParser) str(label string) {
	lenOff := len(p.out)
	p.out = append(p.out, 0)
	p.bytes(label, 255)
	if p.msg == "" {
		p.out[lenOff] = byte(len(p.out) - lenOff - 1)
	}
}

// bytes appends the next token's text, escapes resolved, up to limit bytes.
func (p *rdataParser) bytes(label string, limit int) {
	text := p.any(label)
	start := len(p.out)
	p.unescaped(label, text)
	if n := len(p.out) - start; p.msg == "" && n > limit {
		p.failAt(p.next-1, "%s has %d bytes, at most %d are allowed", label, n, limit)
	}
}

// unescaped appends text with its escapes resolved; the token just read is to blame.
func (p *rdataParser) unescaped(label string, text []byte) {
	for len(text) > 0 {
		at := bytes.IndexByte(text, '\\')
		if at < 0 {
			p.out = append(p.out, text...)
			return
		}
		c, used := unescape(text[at:])
		if used == 0 {
			p.failAt(p.next-1, "%s", badEscape(label, text, at))
			return
		}
		p.out = append(append(p.out, text[:at]...), c)
		text = text[at+used:]
	}
}

// strOf is str for a text that is made of what ok says.
func (p *rdataParser) strOf(label string, ok func([]byte) bool, want string) {
	lenOff := len(p.out)
	if p.str(label); p.msg == "" && !ok(p.out[lenOff+1:]) {
		p.failAt(p.next-1, "%s %s is not made of %s", label, quote(p.toks[p.next-1].text), want)
	}
}

// commentHint says what a comment starts with where somebody wrote one as other languages have it.
func commentHint(text []byte) string {
	if bytes.HasPrefix(text, []byte("#")) || bytes.HasPrefix(text, []byte("//")) {
		return `: a comment starts with ";"`
	}
	return ""
}
