package message

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zonefile"
)

// Record is one resource record of a message.
type Record struct {
	Type uint16
	TTL  uint32
	Data string // as a zone file has it, names in lower case
}

// recordHeadLen is a record's type, class, TTL and data length, behind its owner.
const recordHeadLen = 10

// ReadRecord reads the record at msg[off:] and returns the offset past it; zero for one that is broken.
func ReadRecord(msg []byte, off int) (r Record, past int) {
	var name wire.Name
	off = name.ParseName(msg, off)
	if off == 0 || off+recordHeadLen > len(msg) {
		return r, 0
	}
	r.Type, r.TTL = binary.BigEndian.Uint16(msg[off:]), binary.BigEndian.Uint32(msg[off+4:])
	start := off + recordHeadLen
	past = start + int(binary.BigEndian.Uint16(msg[off+8:]))
	if past > len(msg) {
		return r, 0
	}
	r.Data = dataText(msg[:past], start, r.Type)
	return r, past
}

// NameText is a wire name as people write it.
func NameText(name []byte) string { return string(zonefile.AppendName(nil, name)) }

// dataText is the data at msg[off:] to its end. Types whose fields people seldom write by hand have the form of RFC 3597.
func dataText(msg []byte, off int, typ uint16) string {
	var words []string
	at := off
	for _, field := range rrdata.Layout(typ) {
		word, past := fieldText(msg, at, field.Kind)
		if past == 0 {
			words = nil
			break
		}
		words, at = append(words, word), past
	}
	if len(words) == 0 || at != len(msg) {
		return fmt.Sprintf(`\# %d %x`, len(msg)-off, msg[off:])
	}
	return strings.Join(words, " ")
}

// fieldText is one field at msg[off:], and the offset past it: zero for a kind that is not written out, or data that is too short.
func fieldText(msg []byte, off int, kind rrdata.Kind) (word string, past int) {
	rest := msg[off:]
	number := func(length int) (string, int) {
		if len(rest) < length {
			return "", 0
		}
		var value uint64
		for _, b := range rest[:length] {
			value = value<<8 | uint64(b)
		}
		return strconv.FormatUint(value, 10), off + length
	}
	switch kind {
	case rrdata.Uint8, rrdata.Algorithm:
		return number(1)
	case rrdata.Uint16, rrdata.CertType:
		return number(2)
	case rrdata.Uint32, rrdata.Period:
		return number(4)
	case rrdata.IPv4, rrdata.IPv6:
		length := 4
		if kind == rrdata.IPv6 {
			length = 16
		}
		if len(rest) < length {
			return "", 0
		}
		addr, _ := netip.AddrFromSlice(rest[:length])
		return addr.String(), off + length
	case rrdata.NameCompressed, rrdata.NameLower, rrdata.Name:
		var name wire.Name
		past = name.ParseName(msg, off)
		return NameText(name.Bytes()), past
	case rrdata.String, rrdata.Tag:
		return stringText(msg, off)
	case rrdata.Strings:
		return stringsText(msg, off)
	case rrdata.Text:
		return quoted(rest), len(msg)
	case rrdata.Hex:
		return fmt.Sprintf("%X", rest), len(msg)
	case rrdata.Base64:
		return base64.StdEncoding.EncodeToString(rest), len(msg)
	}
	return "", 0
}

func stringText(msg []byte, off int) (string, int) {
	if off >= len(msg) || off+1+int(msg[off]) > len(msg) {
		return "", 0
	}
	past := off + 1 + int(msg[off])
	return quoted(msg[off+1 : past]), past
}

func stringsText(msg []byte, off int) (string, int) {
	var words []string
	for off < len(msg) {
		word, past := stringText(msg, off)
		if past == 0 {
			return "", 0
		}
		words, off = append(words, word), past
	}
	return strings.Join(words, " "), off
}

// quoted writes a character-string as zone files do (RFC 1035 §5.1).
func quoted(text []byte) string {
	out := []byte{'"'}
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ' || c > '~':
			out = fmt.Appendf(out, `\%03d`, c)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
