package zonefile

import (
	"bytes"
	"encoding/binary"
	"slices"

	"signpost/host/rrdata"
)

// svcParams parses all remaining tokens as key, key=value or key="value", in any order (RFC 9460 §2.1), and writes them by ascending key. What a value
// must be and which keys need each other is rrdata.Fault's to say.
func (p *rdataParser) svcParams() {
	params := len(p.out)
	for p.next < len(p.toks) && p.msg == "" {
		at := p.next
		text := p.word("parameter")
		if p.msg != "" {
			return
		}
		name, value, assigned := bytes.Cut(text, []byte("="))
		key, ok := rrdata.SvcKeyByName(name)
		if !ok {
			p.failAt(at, "parameter %s is not known, want a name such as alpn or port, or key and a number up to 65535", quote(name))
			return
		}
		if next := p.next; assigned && len(value) == 0 && next < len(p.toks) && p.isGlued(at) {
			value = p.toks[next].text
			p.next++
		}
		start := len(p.out)
		p.out = binary.BigEndian.AppendUint16(p.out, key)
		p.out = append(p.out, 0, 0)
		switch {
		case assigned && bytes.HasPrefix(name, []byte("key")): // the value is in wire form
			p.unescaped("parameter value", value)
		case assigned:
			p.svcValue(key, value)
		}
		valueLen := len(p.out) - start - 4
		if valueLen > rdataLenMax {
			p.failAt(at, "parameter %s has a value of %d bytes, at most 65535 are allowed", name, valueLen)
		} else if fault := rrdata.SvcValueFault(key, p.out[start+4:]); fault != "" {
			p.failAt(at, "%s", fault)
		}
		if p.msg != "" {
			return
		}
		binary.BigEndian.PutUint16(p.out[start+2:], uint16(valueLen))
		if !sortParam(p.out[params:], start-params) {
			p.failAt(at, "parameter %s is given twice", name)
		}
	}
}

// isGlued tells whether a quoted token follows that one without a blank.
func (p *rdataParser) isGlued(at int) bool {
	word, next := &p.toks[at], &p.toks[at+1]
	return next.quoted && next.line == word.line && int(next.col) == int(word.col)+len(word.text)
}

// sortParam moves the parameter at last, behind all others, to its place among them; false if its key is there already.
func sortParam(params []byte, last int) bool {
	key := binary.BigEndian.Uint16(params[last:])
	for off := 0; off < last; {
		other := binary.BigEndian.Uint16(params[off:])
		if other == key {
			return false
		}
		if other > key {
			slices.Reverse(params[off:last])
			slices.Reverse(params[last:])
			slices.Reverse(params[off:])
			return true
		}
		off += 4 + int(binary.BigEndian.Uint16(params[off+2:]))
	}
	return true
}

// svcValue appends the wire form of a value; the token just read is to blame.
func (p *rdataParser) svcValue(key uint16, value []byte) {
	switch key {
	case rrdata.SvcMandatory:
		p.svcKeys(value)
	case rrdata.SvcALPN:
		p.svcProtocols(value)
	case rrdata.SvcPort:
		port, ok := decimal(value)
		if !ok || port > 0xffff {
			p.failAt(p.next-1, "parameter port %s is outside 0..65535", quote(value))
		}
		p.out = binary.BigEndian.AppendUint16(p.out, uint16(port))
	case rrdata.SvcIPv4Hint, rrdata.SvcIPv6Hint:
		p.svcAddresses(key, value)
	case rrdata.SvcECH:
		var d base64Decoder
		p.base64Digits("parameter ech", value, &d)
		p.endBase64("parameter ech", &d)
	default:
		p.unescaped("parameter value", value)
	}
}

// svcKeys appends keys joined by commas in ascending order.
func (p *rdataParser) svcKeys(value []byte) {
	start := len(p.out)
	for more := true; more && p.msg == ""; {
		var name []byte
		name, value, more = bytes.Cut(value, []byte(","))
		key, ok := rrdata.SvcKeyByName(name)
		if !ok {
			p.failAt(p.next-1, "parameter mandatory: key %s is not known", quote(name))
			return
		}
		p.out = binary.BigEndian.AppendUint16(p.out, key)
		for off := len(p.out) - 2; off > start && binary.BigEndian.Uint16(p.out[off-2:]) > key; off -= 2 {
			copy(p.out[off:], p.out[off-2:off])
			binary.BigEndian.PutUint16(p.out[off-2:], key)
		}
	}
}

// svcAddresses appends addresses joined by commas.
func (p *rdataParser) svcAddresses(key uint16, value []byte) {
	for more := true; more; {
		var text []byte
		text, value, more = bytes.Cut(value, []byte(","))
		var ok bool
		if key == rrdata.SvcIPv4Hint {
			p.out, ok = appendIPv4(p.out, text)
		} else {
			p.out, ok = appendIPv6(p.out, text)
		}
		if !ok {
			p.failAt(p.next-1, "parameter %s: address %s is malformed", rrdata.SvcKeyName(key), quote(text))
			return
		}
	}
}

// svcProtocols appends protocol ids joined by commas, each with a length byte. The value is unescaped twice: as text of a zone file, then as a list in which
// \, and \\ stand for the character (RFC 9460 §A.1). The second step works in place: no id grows, and a comma makes
// room for the next length.
func (p *rdataParser) svcProtocols(value []byte) {
	lenOff := len(p.out)
	p.out = append(p.out, 0)
	p.unescaped("parameter alpn", value)
	if p.msg != "" {
		return
	}
	list := p.out[lenOff+1:]
	out := p.out[:lenOff+1]
	for i := 0; i <= len(list); i++ {
		if i < len(list) && list[i] != ',' {
			if list[i] == '\\' {
				if i++; i == len(list) {
					p.failAt(p.next-1, "parameter alpn %s ends in a backslash", quote(value))
					return
				}
			}
			out = append(out, list[i])
			continue
		}
		idLen := len(out) - lenOff - 1
		if idLen == 0 || idLen > 255 {
			p.failAt(p.next-1, "parameter alpn %s has an id of %d bytes, want 1 to 255", quote(value), idLen)
			return
		}
		out[lenOff] = byte(idLen)
		if i < len(list) {
			lenOff = len(out)
			out = append(out, 0)
		}
	}
	p.out = out
}
