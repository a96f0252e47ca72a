package zonefile

// typeCode parses the next token as an RR type.
func (p *rdataParser) typeCode(label string) (typ uint16) {
	text := p.word(label)
	if p.msg != "" {
		return 0
	}
	typ, ok := typeByName(text)
	if !ok {
		p.failAt(p.next-1, "%s %s is not an RR type", label, quote(text))
	}
	return typ
}

// bitmap parses all remaining tokens as RR types, in any order (RFC 4034 §4.1.2). Each pass over them writes one window, so that there is no
// buffer for the 65536 bits; nearly all records have one window.
func (p *rdataParser) bitmap(label string) {
	first := p.next
	for window := 0; window < 256 && p.msg == ""; {
		var bits [32]byte
		size, following := 0, 256
		for p.next = first; p.next < len(p.toks); {
			typ := p.typeCode(label)
			if p.msg != "" {
				return
			}
			switch high := int(typ >> 8); {
			case high == window:
				bits[typ>>3&31] |= 0x80 >> (typ & 7)
				size = max(size, int(typ>>3&31)+1)
			case high > window:
				following = min(following, high)
			}
		}
		if size > 0 {
			p.out = append(append(p.out, byte(window), byte(size)), bits[:size]...)
		}
		window = following
	}
}

// oldBitmap parses all remaining tokens as RR types up to 127 (RFC 2535 §5.2).
func (p *rdataParser) oldBitmap(label string) {
	var bits [16]byte
	size := 0
	for p.msg == "" && (size == 0 || p.next < len(p.toks)) {
		typ := p.typeCode(label)
		if p.msg == "" && (typ == 0 || typ > 127) {
			p.failAt(p.next-1, "%s: %s is beyond type 127", label, typeName(typ))
		}
		if p.msg != "" {
			return
		}
		bits[typ>>3] |= 0x80 >> (typ & 7)
		size = max(size, int(typ>>3)+1)
	}
	p.out = append(p.out, bits[:size]...)
}
