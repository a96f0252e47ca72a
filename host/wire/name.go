package wire

import "encoding/binary"

// slack is how far past a name eight-byte loads may reach.
const slack = 8

// Name is a name in lower case with its labels marked. A worker owns and reuses it; it is too large to copy.
type Name struct {
	Buf    [NameLenMax + 1 + slack]byte // wire form in lower case; bytes past Len are undefined
	Len    int                          // with the root label
	Labels int                          // root excluded
	Off    [LabelCountMax + 1]uint8     // where each label starts in Buf; Off[Labels] is the root label
	At     [LabelCountMax + 1]uint16    // where each label stands in the message it was read from
}

// Bytes is the name in wire form, a view of n.
func (n *Name) Bytes() []byte { return n.Buf[:n.Len] }

// Suffix is the wire form of the name's last labels, root excluded from the count; a view of n.
func (n *Name) Suffix(labels int) []byte { return n.Buf[n.Off[n.Labels-labels]:n.Len] }

// ParseQuestionName reads the uncompressed name at msg[HeaderLen:n] and returns the offset past it, or zero when there is none:
// it runs over the end, is too long, or holds a compression pointer (nothing stands before it to point at).
// cap(msg) must be at least n plus eight: loads are eight bytes wide.
func (n *Name) ParseQuestionName(msg []byte, end int) int {
	off, labels := HeaderLen, 0
	for {
		if off >= end || off-HeaderLen >= NameLenMax {
			return 0
		}
		length := int(msg[off])
		n.Off[labels] = uint8(off - HeaderLen)
		n.At[labels] = uint16(off)
		if length == 0 {
			break
		}
		if length > 63 {
			return 0
		}
		labels++
		off += 1 + length
	}
	off++
	n.Labels = labels
	n.Len = off - HeaderLen
	wide := msg[:off+slack]
	for i := 0; i < n.Len; i += 8 {
		binary.LittleEndian.PutUint64(n.Buf[i:], lower8(binary.LittleEndian.Uint64(wide[HeaderLen+i:])))
	}
	return off
}

// ParseName reads the name at msg[off:], following compression pointers, which must point backwards. It returns the
// offset past the name where it stands, or zero when it is malformed.
func (n *Name) ParseName(msg []byte, off int) int {
	past, labels, length := 0, 0, 0
	limit := off
	for {
		if off >= len(msg) {
			return 0
		}
		c := int(msg[off])
		switch {
		case c == 0:
			n.Off[labels], n.At[labels] = uint8(length), uint16(off)
			n.Buf[length] = 0
			n.Len, n.Labels = length+1, labels
			if past == 0 {
				past = off + 1
			}
			return past
		case c < 64:
			if off+1+c > len(msg) || length+1+c >= NameLenMax {
				return 0
			}
			n.Off[labels], n.At[labels] = uint8(length), uint16(off)
			labels++
			n.Buf[length] = byte(c)
			for i := 1; i <= c; i++ {
				n.Buf[length+i] = Lower(msg[off+i])
			}
			length += 1 + c
			off += 1 + c
		case c >= 0xC0:
			if off+2 > len(msg) {
				return 0
			}
			if past == 0 {
				past = off + 2
			}
			off = int(binary.BigEndian.Uint16(msg[off:])) & PointerMax
			if off >= limit {
				return 0
			}
			limit = off
		default:
			return 0
		}
	}
}

// Set makes n the wire name name, which must be valid and uncompressed. At holds the offsets in name itself.
func (n *Name) Set(name []byte) { n.ParseName(name, 0) }

// CountLabels counts the labels of a whole name in wire form, root excluded.
func CountLabels(name []byte) int {
	count := 0
	for off := 0; name[off] != 0; off += 1 + int(name[off]) {
		count++
	}
	return count
}

// StartsLabel tells whether a label of name, in wire form, starts at off, which is at most its length: the same bytes may stand inside
// a longer label.
func StartsLabel(name []byte, off int) bool {
	at := 0
	for at < off {
		at += 1 + int(name[at])
	}
	return at == off
}

// skipName returns the offset past the name at msg[off:n], or zero when it is malformed. Pointers are not followed.
func skipName(msg []byte, off, end int) int {
	for off < end {
		c := int(msg[off])
		switch {
		case c == 0:
			return off + 1
		case c < 64:
			off += 1 + c
		case c >= 0xC0:
			if off+2 > end {
				return 0
			}
			return off + 2
		default:
			return 0
		}
	}
	return 0
}

// SkipRecord returns the offset past the record at msg[off:], which this server wrote.
func SkipRecord(msg []byte, off int) int {
	off = skipName(msg, off, len(msg))
	return off + 10 + int(binary.BigEndian.Uint16(msg[off+8:]))
}

// Lower returns an ASCII letter in lower case and any other byte as it is (RFC 4343).
func Lower(c byte) byte {
	if c-'A' < 26 {
		c |= 0x20
	}
	return c
}

// lower8 lowers the ASCII letters among eight bytes at once. Length bytes are below 'A' and stay as they are.
func lower8(x uint64) uint64 {
	const ones = 0x0101010101010101
	low7 := x & (0x7F * ones)
	fromA := low7 + (0x80-'A')*ones // top bit of a byte: it is at least 'A'
	pastZ := low7 + (0x7F-'Z')*ones // top bit of a byte: it is past 'Z'
	upper := (fromA ^ pastZ) & ^x & (0x80 * ones)
	return x | upper>>2
}

// LowerName lowers name, in wire form, in place.
func LowerName(name []byte) {
	for i, c := range name {
		name[i] = Lower(c)
	}
}
