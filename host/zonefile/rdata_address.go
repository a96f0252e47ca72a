package zonefile

import "net/netip"

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

// parseIPv6 reads groups of one to four hexadecimal digits, one "::" for at least one group of zeros, and an IPv4 address in the last four bytes.
func parseIPv6(text []byte) (address [16]byte, ok bool) {
	const longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"
	if len(text) > len(longest) {
		return address, false
	}
	parsed, err := netip.ParseAddr(string(text))
	if err != nil || !parsed.Is6() || parsed.Zone() != "" {
		return address, false
	}
	return parsed.As16(), true
}

// ipv4 parses the next token as an IPv4 address.
func (p *rdataParser) ipv4(label string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	out, ok := appendIPv4(p.out, text)
	if p.out = out; !ok {
		p.failAt(p.next-1, "%s %q is not an IPv4 address, want four numbers 0..255 without leading zeros", label, clip(text))
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
		p.failAt(p.next-1, "%s %q is not an IPv6 address such as 2001:db8::1", label, clip(text))
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
			digit := hexDigit(text[i])
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
		p.failAt(p.next-1, "%s %q is malformed, want %d groups such as %s", label, clip(text), count, like)
	}
}
