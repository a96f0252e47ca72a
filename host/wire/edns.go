package wire

import "encoding/binary"

// cookieLenMax is a client cookie of 8 and a server cookie of up to 32 bytes (RFC 7873 §4).
const cookieLenMax = 40

// EDNS is what the OPT record of a query says (RFC 6891). Its bytes are copies: the packet may be overwritten.
type EDNS struct {
	Present   bool
	DO        bool // DNSSEC records wanted (RFC 3225)
	NSID      bool // the server's identity wanted (RFC 5001)
	Version   uint8
	CookieLen uint8  // 0, 8 or 16..40
	UDPSize   uint16 // as sent; values below 512 count as 512
	ECS       ClientSubnet
	Cookie    [cookieLenMax]byte
}

// ClientSubnet is the client subnet option (RFC 7871 §6).
type ClientSubnet struct {
	Present bool
	Family  uint16   // 1 IPv4, 2 IPv6; 0 only where Source is 0
	Source  uint8    // prefix length in bits
	Addr    [16]byte // network order, bits past Source are zero
}

// AddrLen is how many bytes of Addr the option carries: just enough for Source.
func (s *ClientSubnet) AddrLen() int { return (int(s.Source) + 7) / 8 }

// parse reads an OPT record: fixed is its type, class, TTL and length, data its options. It is false for a malformed one.
func (e *EDNS) parse(fixed, data []byte) bool {
	e.Present = true
	e.UDPSize = binary.BigEndian.Uint16(fixed[2:])
	e.Version = fixed[5]
	e.DO = fixed[6]&0x80 != 0
	if e.Version != 0 {
		return true // the options of another version are not ours to read: BADVERS
	}
	for len(data) > 0 {
		if len(data) < 4 {
			return false
		}
		code, length := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
		if 4+length > len(data) {
			return false
		}
		if !e.option(code, data[4:4+length]) {
			return false
		}
		data = data[4+length:]
	}
	return true
}

// option reads one option; unknown ones are ignored (RFC 6891 §6.1.2).
func (e *EDNS) option(code uint16, body []byte) bool {
	switch code {
	case OptionNSID:
		e.NSID = true
	case OptionECS:
		return e.ECS.parse(body)
	case OptionCookie:
		// RFC 7873 §5.2.2: any other length is FORMERR.
		if len(body) != 8 && (len(body) < 16 || len(body) > cookieLenMax) {
			return false
		}
		e.CookieLen = uint8(copy(e.Cookie[:], body))
	}
	return true
}

// parse reads the option's body. RFC 7871 §7.1.2 wants FORMERR for: an unknown family, a prefix longer than the family's
// addresses, an address that is not just as long as the prefix needs, a bit set past the prefix, a scope in a query.
func (s *ClientSubnet) parse(body []byte) bool {
	if len(body) < 4 || s.Present {
		return false
	}
	s.Family = binary.BigEndian.Uint16(body)
	s.Source = body[2]
	scope := body[3]
	var bits uint8
	switch s.Family {
	case 0: // "no address": what dig +subnet=0 sends
	case 1:
		bits = 32
	case 2:
		bits = 128
	default:
		return false
	}
	addr := body[4:]
	if scope != 0 || s.Source > bits || len(addr) != s.AddrLen() {
		return false
	}
	if spare := s.Source % 8; spare != 0 && addr[len(addr)-1]<<spare != 0 {
		return false
	}
	clear(s.Addr[:])
	copy(s.Addr[:], addr)
	s.Present = true
	return true
}
