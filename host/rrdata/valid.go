package rrdata

const (
	nameLenMax  = 255 // RFC 1035 §2.3.4
	labelLenMax = 63
	lenMax      = 65535
)

// The forms of a gateway (RFC 4025 §2.5) and of a relay (RFC 8777 §4.2.3).
const (
	gatewayNone = iota
	gatewayIPv4
	gatewayIPv6
	gatewayName
)

// Valid tells whether rdata, its names uncompressed, is well-formed data of typ: every field whole, nothing behind the last one, and no
// Fault. Data of a type without layout is always valid.
func Valid(typ uint16, rdata []byte) bool {
	if len(rdata) > lenMax {
		return false
	}
	layout := Layout(typ)
	if layout == nil {
		return true
	}
	off := 0
	for _, f := range layout {
		if off = fieldEnd(f.Kind, rdata, off); off < 0 {
			return false
		}
	}
	return off == len(rdata) && Fault(typ, rdata) == ""
}

// fieldEnd returns the offset just past the field of that kind at b[off:], or -1 where the bytes are no such field.
func fieldEnd(kind Kind, b []byte, off int) int {
	switch kind {
	case Uint8, Algorithm:
		return fixedEnd(b, off, 1)
	case Uint16, TypeCode, CertType:
		return fixedEnd(b, off, 2)
	case Uint32, Period, Time, IPv4:
		return fixedEnd(b, off, 4)
	case EUI48:
		return fixedEnd(b, off, 6)
	case EUI64, Node64:
		return fixedEnd(b, off, 8)
	case IPv6, Location:
		return fixedEnd(b, off, 16)
	case NameCompressed, NameLower, Name:
		return nameEnd(b, off)
	case String, Digits, Decimal, Tag, Salt, Hash32:
		return countedEnd(kind, b, off)
	case OptionalString:
		if off == len(b) {
			return off
		}
		return countedEnd(String, b, off)
	case Hex, Base64:
		if off == len(b) {
			return -1
		}
		return len(b)
	case Text, OptionalBase64:
		return len(b)
	}
	return compositeEnd(kind, b, off)
}

func fixedEnd(b []byte, off, size int) int {
	if len(b)-off < size {
		return -1
	}
	return off + size
}

// countedEnd is fieldEnd for the kinds that begin with a length byte.
func countedEnd(kind Kind, b []byte, off int) int {
	if off >= len(b) || len(b)-off-1 < int(b[off]) {
		return -1
	}
	end := off + 1 + int(b[off])
	text := b[off+1 : end]
	ok := true
	switch kind {
	case Digits:
		ok = IsDigits(text)
	case Decimal:
		ok = IsDecimal(text)
	case Tag:
		ok = IsTag(text)
	case Hash32:
		ok = len(text) > 0
	}
	if !ok {
		return -1
	}
	return end
}

// compositeEnd is fieldEnd for the kinds with a structure of their own.
func compositeEnd(kind Kind, b []byte, off int) int {
	switch kind {
	case Strings:
		for first := true; first || off < len(b); first = false {
			if off = countedEnd(String, b, off); off < 0 {
				return -1
			}
		}
		return off
	case Bitmap:
		return bitmapEnd(b, off)
	case OldBitmap:
		if n := len(b) - off; n < 1 || n > 16 || b[off]&0x80 != 0 || b[len(b)-1] == 0 {
			return -1
		}
		return len(b)
	case SvcParams:
		if svcParamsFault(b[off:]) != "" {
			return -1
		}
		return len(b)
	case Prefixes:
		return prefixesEnd(b, off)
	case Gateway:
		if len(b)-off < 3 {
			return -1
		}
		return gatewayEnd(b, off+3, b[off+1])
	case Relay:
		if len(b)-off < 1 {
			return -1
		}
		return gatewayEnd(b, off+1, b[off]&0x7f)
	case HostIdentity:
		return hostIdentityEnd(b, off)
	}
	return -1
}

// bitmapEnd checks windows in ascending order, each of 1 to 32 bytes that do not end in zero (RFC 4034 §4.1.2).
func bitmapEnd(b []byte, off int) int {
	last := -1
	for off < len(b) {
		if len(b)-off < 3 || int(b[off]) <= last || b[off+1] == 0 || b[off+1] > 32 {
			return -1
		}
		last = int(b[off])
		end := off + 2 + int(b[off+1])
		if end > len(b) || b[end-1] == 0 {
			return -1
		}
		off = end
	}
	return off
}

// prefixesEnd checks APL items (RFC 3123 §4): address family, prefix length, negation and length, address without trailing zeros.
func prefixesEnd(b []byte, off int) int {
	for off < len(b) {
		if len(b)-off < 4 {
			return -1
		}
		addrLen := int(b[off+3] & 0x7f)
		bits, size := int(b[off+2]), 0
		switch uint16At(b, off) {
		case 1:
			size = 4
		case 2:
			size = 16
		default:
			return -1
		}
		end := off + 4 + addrLen
		if addrLen > size || bits > size*8 || end > len(b) || addrLen > 0 && b[end-1] == 0 {
			return -1
		}
		off = end
	}
	return off
}

// gatewayEnd returns the end of an IPSECKEY gateway or AMTRELAY relay of that form.
func gatewayEnd(b []byte, off int, form byte) int {
	switch form {
	case gatewayNone:
		return off
	case gatewayIPv4:
		return fixedEnd(b, off, 4)
	case gatewayIPv6:
		return fixedEnd(b, off, 16)
	case gatewayName:
		return nameEnd(b, off)
	}
	return -1
}

// hostIdentityEnd checks HIP (RFC 8005 §5): HIT length, algorithm, key length, HIT, key, names of rendezvous servers.
func hostIdentityEnd(b []byte, off int) int {
	if len(b)-off < 4 || b[off] == 0 || uint16At(b, off+2) == 0 {
		return -1
	}
	off += 4 + int(b[off]) + int(uint16At(b, off+2))
	if off > len(b) {
		return -1
	}
	for off < len(b) {
		if off = nameEnd(b, off); off < 0 {
			return -1
		}
	}
	return off
}

func uint16At(b []byte, off int) uint16 { return uint16(b[off])<<8 | uint16(b[off+1]) }
