package zonefile

import (
	"encoding/binary"
)

// ipsecGateway parses precedence, gateway type, algorithm and gateway (RFC 4025 §3.1).
func (p *rdataParser) ipsecGateway() {
	p.out = append(p.out, byte(p.number("precedence", 0xff)))
	form := byte(p.number("gateway type", 3))
	p.out = append(p.out, form, byte(p.number("algorithm", 0xff)))
	p.gateway("gateway", form)
}

// relay parses discovery bit, relay type and relay (RFC 8777 §4.3).
func (p *rdataParser) relay() {
	discovery := byte(p.number("discovery bit", 1))
	form := byte(p.number("relay type", 3))
	p.out = append(p.out, discovery<<7|form)
	p.gateway("relay", form)
}

// gateway parses the next token as none, an IPv4 address, an IPv6 address or a name: form 0 to 3.
func (p *rdataParser) gateway(label string, form byte) {
	switch form {
	case 0:
		if text := p.word(label); p.msg == "" && string(text) != "." {
			p.failAt(p.next-1, "%s %s does not match its type 0, want .", label, quote(text))
		}
	case 1:
		p.ipv4(label)
	case 2:
		p.ipv6(label)
	default:
		p.name(label)
	}
}

// hostIdentity parses HIP: algorithm, HIT, public key, rendezvous servers (RFC 8005 §6).
func (p *rdataParser) hostIdentity() {
	algorithm := byte(p.number("algorithm", 0xff))
	header := len(p.out)
	p.out = append(p.out, 0, algorithm, 0, 0)
	p.hexWord("HIT")
	tagLen := len(p.out) - header - 4
	if p.msg == "" && (tagLen == 0 || tagLen > 255) {
		p.failAt(p.next-1, "HIT has %d bytes, want 1 to 255", tagLen)
	}
	p.base64Word("public key")
	keyLen := len(p.out) - header - 4 - tagLen
	if p.msg == "" && (keyLen == 0 || keyLen > 0xffff) {
		p.failAt(p.next-1, "public key has %d bytes, want 1 to 65535", keyLen)
	}
	if p.msg != "" {
		return
	}
	p.out[header] = byte(tagLen)
	binary.BigEndian.PutUint16(p.out[header+2:], uint16(keyLen))
	for p.next < len(p.toks) && p.msg == "" {
		p.name("rendezvous server")
	}
}

// prefixes parses all remaining tokens as [!]family:address/length (RFC 3123 §5).
func (p *rdataParser) prefixes() {
	for p.next < len(p.toks) && p.msg == "" {
		text := p.word("prefix")
		out, ok := appendPrefix(p.out, text)
		if p.out = out; !ok {
			p.failAt(p.next-1, "prefix %s is malformed, want 1:192.0.2.0/24 or 2:2001:db8::/32, with ! in front to negate", quote(text))
		}
	}
}

// appendPrefix appends one item of an APL record; the trailing zero bytes of its address are left out (RFC 3123 §4).
func appendPrefix(dst, text []byte) (out []byte, ok bool) {
	var negated byte
	if len(text) > 0 && text[0] == '!' {
		negated, text = 0x80, text[1:]
	}
	slash := len(text) - 1
	for slash > 0 && text[slash] != '/' {
		slash--
	}
	if slash < 2 || text[1] != ':' {
		return dst, false
	}
	bits, ok := decimal(text[slash+1:])
	header := len(dst)
	dst = append(dst, 0, text[0]-'0', byte(bits), 0)
	switch {
	case !ok:
		return dst, false
	case text[0] == '1' && bits <= 32:
		dst, ok = appendIPv4(dst, text[2:slash])
	case text[0] == '2' && bits <= 128:
		dst, ok = appendIPv6(dst, text[2:slash])
	default:
		ok = false
	}
	for len(dst) > header+4 && dst[len(dst)-1] == 0 {
		dst = dst[:len(dst)-1]
	}
	dst[header+3] = negated | byte(len(dst)-header-4)
	return dst, ok
}
