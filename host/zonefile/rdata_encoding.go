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
	out, i := p.out, 0
	for ; count%2 == 0 && i+1 < len(text); i += 2 { // whole bytes; a digit's value has none of notDigit's upper bits
		high, low := hexValues[text[i]], hexValues[text[i+1]]
		if (high|low)&0xf0 != 0 {
			break
		}
		out = append(out, high<<4|low)
	}
	count += i
	for ; i < len(text); i++ {
		value := hexValues[text[i]]
		if value > 15 {
			p.failAt(p.next-1, "%s %s has %s, want hexadecimal digits", label, quote(text), quote(text[i:i+1]))
			return count
		}
		if count++; count%2 == 1 {
			out = append(out, value<<4)
		} else {
			out[len(out)-1] |= value
		}
	}
	p.out = out
	return count
}

// notDigit is what the tables below hold for bytes that are no digits.
const notDigit = 255

// digitValues returns the value of each byte among digits.
func digitValues(digits string) (values [256]byte) {
	for i := range values {
		values[i] = notDigit
	}
	for i := range len(digits) {
		values[digits[i]] = byte(i)
	}
	return values
}

var (
	hexValues    = foldCase(digitValues("0123456789abcdef"))
	base32Values = foldCase(digitValues("0123456789abcdefghijklmnopqrstuv"))
	base64Values = digitValues("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)

// foldCase gives upper-case letters the values of lower-case ones.
func foldCase(values [256]byte) [256]byte {
	for c := 'A'; c <= 'Z'; c++ {
		values[c] = values[c+'a'-'A']
	}
	return values
}

// hexWord appends the next token as hexadecimal digits.
func (p *rdataParser) hexWord(label string) {
	text := p.word(label)
	if digits := p.hexDigits(label, text, 0); digits%2 == 1 {
		p.failAt(p.next-1, "%s %s has %d hexadecimal digits, an even number is needed", label, quote(text), digits)
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
		value := base32Values[c]
		if value > 31 {
			p.failAt(p.next-1, "%s %s has %s, want base32hex digits 0-9 and a-v", label, quote(text), quote([]byte{c}))
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
		p.failAt(p.next-1, "%s %s does not end on a whole byte", label, quote(text))
	case len(p.out) == lenOff+1:
		p.failAt(p.next-1, "%s is empty", label)
	}
	p.endCounted(label, lenOff)
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
	raw, out := text, p.out
	for len(raw) >= 4 && d.digits+d.pads == 0 { // whole groups; a base64 value has none of notDigit's upper bits
		v0, v1, v2, v3 := base64Values[raw[0]], base64Values[raw[1]], base64Values[raw[2]], base64Values[raw[3]]
		if (v0|v1|v2|v3)&0xc0 != 0 {
			break
		}
		out = append(out, v0<<2|v1>>4, v1<<4|v2>>2, v2<<6|v3)
		raw = raw[4:]
	}
	p.out = out
	for _, c := range raw {
		value := base64Values[c]
		switch {
		case c == '=' && d.digits+d.pads < 4 && d.digits >= 2:
			d.pads++
		case value > 63:
			p.failAt(p.next-1, "%s %s has %s, want base64", label, quote(text), quote([]byte{c}))
			return
		case d.pads > 0:
			p.failAt(p.next-1, "%s %s goes on behind its padding", label, quote(text))
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
