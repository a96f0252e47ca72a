package rrdata

// NameSpan is where one domain name stands in data. Compressible names may be written as pointers in a message
// (RFC 3597 §4); Lower ones are lower case in the canonical form that signatures cover (RFC 4034 §6.2, RFC 6840 §5.1).
type NameSpan struct {
	Off, Len            uint16
	Compressible, Lower bool
}

// AppendNames appends the span of every domain name in rdata, in order of offset. rdata is valid for typ (Valid), its names are not
// compressed; of other bytes the names before the first fault are found. It allocates only to grow dst: two spans are
// enough for every type but HIP.
func AppendNames(dst []NameSpan, typ uint16, rdata []byte) []NameSpan {
	off := 0
	for _, f := range Layout(typ) {
		end := fieldEnd(f.Kind, rdata, off)
		if end < 0 {
			return dst
		}
		switch f.Kind {
		case NameCompressed, NameLower, Name:
			dst = append(dst, NameSpan{uint16(off), uint16(end - off), f.Kind == NameCompressed, f.Kind != Name})
		case Gateway:
			dst = appendGatewayName(dst, rdata, off+3, end, rdata[off+1])
		case Relay:
			dst = appendGatewayName(dst, rdata, off+1, end, rdata[off]&0x7f)
		case HostIdentity:
			for at := off + 4 + int(rdata[off]) + int(uint16At(rdata, off+2)); at < end; {
				next := nameEnd(rdata, at)
				dst = append(dst, NameSpan{Off: uint16(at), Len: uint16(next - at)})
				at = next
			}
		}
		off = end
	}
	return dst
}

func appendGatewayName(dst []NameSpan, rdata []byte, off, end int, form byte) []NameSpan {
	if form != gatewayName {
		return dst
	}
	return append(dst, NameSpan{Off: uint16(off), Len: uint16(end - off)})
}

// HasNames tells whether data of typ can hold domain names.
func HasNames(typ uint16) bool {
	for _, f := range Layout(typ) {
		switch f.Kind {
		case NameCompressed, NameLower, Name, Gateway, Relay, HostIdentity:
			return true
		}
	}
	return false
}

// nameEnd returns the offset just past the uncompressed name at off, or -1.
func nameEnd(b []byte, off int) int {
	start := off
	for off < len(b) {
		labelLen := int(b[off])
		off++
		if labelLen == 0 {
			if off-start > nameLenMax {
				return -1
			}
			return off
		}
		if labelLen > labelLenMax {
			return -1
		}
		off += labelLen
	}
	return -1
}
