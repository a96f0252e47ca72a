package zonefile

// hex appends all remaining tokens as hexadecimal digits, two a byte; a byte may be split between tokens.
func (p *rdataParser) hex(label string, maybeNone bool) {
	digits := 0
	for p.next < len(p.toks) && p.msg == "" {
		digits = p.hexDigits(label, p.word(label), digits)
	}
	switch {
	case digits == 0 && !maybeNone:
		p.failAt(len(p.toks), "%s is missing", label)
	case digits%2 == 1:
		p.failAt(p.next-1, "%s has %d hexadecimal digits, an even number is needed", label, digits)
	}
}

// hexDigits appends the digits of text; there were already count of them, and the new count is returned.
func (p *rdataParser) hexDigits(label string, text []byte, count int) int {
	for _, c := range text {
		value := hexDigit(c)
		if value > 15 {
			p.failAt(p.next-1, "%s %q has %q, want hexadecimal digits", label, clip(text), c)
			return count
		}
		if count++; count%2 == 1 {
			p.out = append(p.out, value<<4)
		} else {
			p.out[len(p.out)-1] |= value
		}
	}
	return count
}

// hexDigit returns the value of a hexadecimal digit, 255 for any other byte.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// hexWord appends the next token as hexadecimal digits.
func (p *rdataParser) hexWord(label string) {
	text := p.word(label)
	if digits := p.hexDigits(label, text, 0); digits%2 == 1 {
		p.failAt(p.next-1, "%s %q has %d hexadecimal digits, an even number is needed", label, clip(text), digits)
	}
}

// salt parses the next token as hexadecimal digits or "-" for none, with a length byte before them.
func (p *rdataParser) salt(label string) {
	lenOff := len(p.out)
	p.out = append(p.out, 0)
	if p.next < len(p.toks) && string(p.toks[p.next].text) == "-" && !p.toks[p.next].quoted {
		p.next++
		return
	}
	p.hexWord(label)
	if len(p.out) == lenOff+1 {
		p.failAt(p.next-1, "%s is empty, want - for none", label)
	}
	p.endCounted(label, lenOff)
}

// endCounted sets the length byte at lenOff to the number of bytes behind it.
func (p *rdataParser) endCounted(label string, lenOff int) {
	n := len(p.out) - lenOff - 1
	if n > 255 {
		p.failAt(p.next-1, "%s has %d bytes, at most 255 are allowed", label, n)
		return
	}
	p.out[lenOff] = byte(n)
}

// hash32 parses the next token as base32hex without padding (RFC 4648 §7), with a length byte before it.
func (p *rdataParser) hash32(label string) {
	text := p.word(label)
	lenOff := len(p.out)
	p.out = append(p.out, 0)
	bits, bitCount := uint32(0), 0
	for _, c := range text {
		value := base32Digit(c)
		if value > 31 {
			p.failAt(p.next-1, "%s %q has %q, want base32hex digits 0-9 and a-v", label, clip(text), c)
			return
		}
		bits, bitCount = bits<<5|uint32(value), bitCount+5
		if bitCount >= 8 {
			bitCount -= 8
			p.out = append(p.out, byte(bits>>bitCount))
			bits &= 1<<bitCount - 1
		}
	}
	switch {
	case bitCount >= 5 || bits != 0:
		p.failAt(p.next-1, "%s %q does not end on a whole byte", label, clip(text))
	case len(p.out) == lenOff+1:
		p.failAt(p.next-1, "%s is empty", label)
	}
	p.endCounted(label, lenOff)
}

func base32Digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'v':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

// base64 appends all remaining tokens as base64 (RFC 4648 §4); a byte may be split between tokens, padding is needed.
func (p *rdataParser) base64(label string, maybeNone bool) {
	if maybeNone && p.next == len(p.toks) {
		return
	}
	var d base64Decoder
	for first := true; p.msg == "" && (first || p.next < len(p.toks)); first = false {
		p.base64Digits(label, p.word(label), &d)
	}
	p.endBase64(label, &d)
}

// base64Word appends the next token as base64.
func (p *rdataParser) base64Word(label string) {
	var d base64Decoder
	p.base64Digits(label, p.word(label), &d)
	p.endBase64(label, &d)
}

// base64Decoder is the state between two digits.
type base64Decoder struct {
	bits   uint32
	digits int // in the group of four
	pads   int
}

func (p *rdataParser) base64Digits(label string, text []byte, d *base64Decoder) {
	for _, c := range text {
		value := base64Digit(c)
		switch {
		case c == '=' && d.digits+d.pads < 4 && d.digits >= 2:
			d.pads++
		case value > 63:
			p.failAt(p.next-1, "%s %q has %q, want base64", label, clip(text), c)
			return
		case d.pads > 0:
			p.failAt(p.next-1, "%s %q goes on behind its padding", label, clip(text))
			return
		default:
			d.bits = d.bits<<6 | uint32(value)
			if d.digits++; d.digits == 4 {
				p.out = append(p.out, byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
				d.bits, d.digits = 0, 0
			}
		}
	}
}

// endBase64 appends the bytes of the last, padded group.
func (p *rdataParser) endBase64(label string, d *base64Decoder) {
	if p.msg != "" || d.digits == 0 {
		return
	}
	if d.digits+d.pads != 4 {
		p.failAt(p.next-1, "%s ends within a group of four base64 digits, padding with = is missing", label)
		return
	}
	spare := 8 - 2*d.digits // 4 of two digits' 12 bits, 2 of three digits' 18
	if d.bits&(1<<spare-1) != 0 {
		p.failAt(p.next-1, "%s has bits set behind its last byte: bad base64", label)
		return
	}
	d.bits >>= spare
	if d.digits == 3 {
		p.out = append(p.out, byte(d.bits>>8))
	}
	p.out = append(p.out, byte(d.bits))
}

func base64Digit(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return 255
}
