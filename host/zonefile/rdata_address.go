package zonefile

// appendIPv4 appends four decimal numbers up to 255 joined by dots; leading zeros are refused, since some read them as octal.
func appendIPv4(dst, text []byte) (out []byte, ok bool) {
	if len(text) < len("0.0.0.0") || len(text) > len("255.255.255.255") {
		return dst, false
	}
	var address [4]byte
	part, value, digits := 0, 0, 0
	for _, c := range text {
		if c == '.' {
			if digits == 0 || part == 3 {
				return dst, false
			}
			address[part] = byte(value)
			part, value, digits = part+1, 0, 0
			continue
		}
		if c < '0' || c > '9' || digits > 0 && value == 0 {
			return dst, false
		}
		if value = value*10 + int(c-'0'); value > 255 {
			return dst, false
		}
		digits++
	}
	if digits == 0 || part != 3 {
		return dst, false
	}
	address[3] = byte(value)
	return append(dst, address[:]...), true
}

// appendIPv6 appends an address of RFC 4291 §2.2, without zone.
func appendIPv6(dst, text []byte) (out []byte, ok bool) {
	address, ok := parseIPv6(text)
	if !ok {
		return dst, false
	}
	return append(dst, address[:]...), true
}

// parseIPv6 reads groups of one to four hexadecimal digits, one "::" for at least one group of zeros, and an IPv4 address in the last four
// bytes. netip.ParseAddr is not used: it wants a string, which would be allocated, and accepts zones.
func parseIPv6(text []byte) (address [16]byte, ok bool) {
	i, n, gap := 0, 0, -1 // the next byte of text, the bytes written, where "::" stands in them
	if len(text) >= 2 && text[0] == ':' && text[1] == ':' {
		i, gap = 2, 0
	}
	for n < len(address) && i < len(text) {
		start, value := i, uint16(0)
		for i < len(text) && hexValues[text[i]] <= 15 && i-start < 5 {
			value = value<<4 | uint16(hexValues[text[i]])
			i++
		}
		if i < len(text) && text[i] == '.' {
			if n > 12 {
				return address, false
			}
			if _, ok = appendIPv4(address[:n], text[start:]); !ok {
				return address, false
			}
			i, n = len(text), n+4
			break
		}
		if i == start || i-start > 4 {
			return address, false
		}
		address[n], address[n+1] = byte(value>>8), byte(value)
		if n += 2; i == len(text) {
			break
		}
		if text[i] != ':' || i+1 == len(text) {
			return address, false
		}
		if i++; text[i] == ':' {
			if gap >= 0 {
				return address, false
			}
			gap = n
			i++
		}
	}
	if i < len(text) || (n == len(address)) != (gap < 0) {
		return address, false
	}
	if gap >= 0 {
		tail := copy(address[len(address)-(n-gap):], address[gap:n])
		clear(address[gap : len(address)-tail])
	}
	return address, true
}

// ipv4 parses the next token as an IPv4 address.
func (p *rdataParser) ipv4(label string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	out, ok := appendIPv4(p.out, text)
	if p.out = out; !ok {
		p.failAt(p.next-1, "%s %s is not an IPv4 address, want four numbers 0..255 without leading zeros", label, quote(text))
	}
}

// ipv6 parses the next token as an IPv6 address.
func (p *rdataParser) ipv6(label string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	out, ok := appendIPv6(p.out, text)
	if p.out = out; !ok {
		p.failAt(p.next-1, "%s %s is not an IPv6 address such as 2001:db8::1", label, quote(text))
	}
}

// groups parses the next token as count groups of hexadecimal digits joined by sep: exactly two digits for groups of one byte, one to four
// for groups of two.
func (p *rdataParser) groups(label string, count, digitsMax int, sep byte, like string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	start := len(p.out)
	group, value, digits := 1, uint16(0), 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != sep {
			digit := hexValues[text[i]]
			if digits++; digit > 15 || digits > digitsMax {
				break
			}
			value = value<<4 | uint16(digit)
			continue
		}
		if digits == 0 || digitsMax == 2 && digits != 2 || group > count {
			break
		}
		if digitsMax == 4 {
			p.out = append(p.out, byte(value>>8))
		}
		p.out = append(p.out, byte(value))
		group, value, digits = group+1, 0, 0
	}
	if len(p.out)-start != count*digitsMax/2 || digits > 0 || group != count+1 {
		p.failAt(p.next-1, "%s %s is malformed, want %d groups such as %s", label, quote(text), count, like)
	}
}
