package zonefile

// hex appends all remaining tokens as hexadecimal digits, two a byte; a byte may be split between tokens.
func (p *rdataParser) hex(label string, maybeNone bool) {
	first := p.next
	digits, high := 0, byte(0)
	for p.next < len(p.toks) {
		text := p.word(label)
		for _, c := range text {
			value := hexDigit(c)
			if value > 15 {
				p.failAt(p.next-1, "%s %q is not hexadecimal: %q", label, clip(text), c)
				return
			}
			if digits++; digits%2 == 1 {
				high = value << 4
			} else {
				p.out = append(p.out, high|value)
			}
		}
		if p.msg != "" {
			return
		}
	}
	switch {
	case digits == 0 && !maybeNone:
		p.failAt(first, "%s is missing", label)
	case digits%2 == 1:
		p.failAt(p.next-1, "%s has %d hexadecimal digits, an even number is needed", label, digits)
	}
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
