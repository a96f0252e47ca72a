package zonefile

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

const (
	nameLenMax  = 255 // wire bytes, RFC 1035 §2.3.4
	labelLenMax = 63
)

// appendName appends the wire form of the presentation name text to dst; a name without trailing dot gets origin (wire) behind it.
// "@" is not special here. On error msg is not empty and out is dst as it was.
func appendName(dst, text, origin []byte) (out []byte, msg string) {
	if len(text) == 1 && text[0] == '.' {
		return append(dst, 0), ""
	}
	start := len(dst)
	lenOff := start
	out = append(dst, 0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '.':
			labelLen := len(out) - lenOff - 1
			if labelLen == 0 {
				return out[:start], fmt.Sprintf("name %s has an empty label", quote(text))
			}
			if labelLen > labelLenMax {
				return out[:start], labelTooLong(text, labelLen)
			}
			out[lenOff] = byte(labelLen)
			lenOff = len(out)
			out = append(out, 0)
			continue
		case '\\':
			var used int
			if c, used = unescape(text[i:]); used == 0 {
				return out[:start], badEscape("name", text, i)
			}
			i += used - 1
		}
		out = append(out, c)
	}
	labelLen := len(out) - lenOff - 1
	switch {
	case len(text) == 0:
		return out[:start], "name is empty"
	case labelLen > labelLenMax:
		return out[:start], labelTooLong(text, labelLen)
	case labelLen > 0:
		if len(origin) == 0 {
			return out[:start], fmt.Sprintf("name %s is relative and there is no origin", quote(text))
		}
		out[lenOff] = byte(labelLen)
		out = append(out, origin...)
	}
	if nameLen := len(out) - start; nameLen > nameLenMax {
		return out[:start], nameTooLong(text, nameLen)
	}
	return out, ""
}

// ParseName returns the wire form of a name as people write it, case kept; the last dot may be missing.
func ParseName(text string) ([]byte, error) {
	name, msg := appendName(nil, []byte(text), []byte{0})
	if msg != "" {
		return nil, errors.New(msg)
	}
	return name, nil
}

// unescape returns the byte that the escape at the beginning of text stands for, and how many bytes of text it is: 2 for \X, 4 for \DDD,
// 0 where it is broken (RFC 1035 §5.1).
func unescape(text []byte) (c byte, used int) {
	if len(text) < 2 {
		return 0, 0
	}
	if text[1] < '0' || text[1] > '9' {
		return text[1], 2
	}
	if len(text) < 4 || text[2] < '0' || text[2] > '9' || text[3] < '0' || text[3] > '9' {
		return 0, 0
	}
	value := int(text[1]-'0')*100 + int(text[2]-'0')*10 + int(text[3]-'0')
	if value > 255 {
		return 0, 0
	}
	return byte(value), 4
}

func badEscape(what string, text []byte, at int) string {
	end := min(len(text), at+4)
	return fmt.Sprintf("%s %s has a bad escape %s, want \\DDD up to \\255, or \\ and a character", what, quote(text), quote(text[at:end]))
}

func labelTooLong(text []byte, labelLen int) string {
	return fmt.Sprintf("name %s has a label of %d bytes, at most 63 are allowed", quote(text), labelLen)
}

func nameTooLong(text []byte, nameLen int) string {
	return fmt.Sprintf("name %s has %d bytes on the wire, at most 255 are allowed", quote(text), nameLen)
}

// clip shortens text for a message.
func clip(text []byte) []byte {
	const textLenMax = 80
	if len(text) <= textLenMax {
		return text
	}
	return append(bytes.Clone(text[:textLenMax]), "…"...)
}

// quote returns text in quotes for a message, as it stands in the file: unlike %q it doubles no backslash.
func quote(text []byte) string {
	out := []byte{'"'}
	for rest := clip(text); len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 || r < ' ' || r == 0x7f {
			out = append(out, '\\', '0'+rest[0]/100, '0'+rest[0]/10%10, '0'+rest[0]%10)
		} else {
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	return string(append(out, '"'))
}

// AppendName appends the presentation form of the uncompressed wire name at the beginning of name: absolute, with \DDD and \X where a zone file needs
// them. Of malformed bytes it prints the labels that are whole.
func AppendName(dst, name []byte) []byte {
	if len(name) == 0 || name[0] == 0 {
		return append(dst, '.')
	}
	for len(name) > 0 && name[0] != 0 && int(name[0]) < len(name) {
		for _, c := range name[1 : 1+int(name[0])] {
			dst = appendEscaped(dst, c, `."();@$\`)
		}
		dst = append(dst, '.')
		name = name[1+int(name[0]):]
	}
	return dst
}

// appendEscaped appends c as it stands in a zone file: \DDD outside of printable ASCII and for space, \X for the bytes of special.
func appendEscaped(dst []byte, c byte, special string) []byte {
	if c <= ' ' || c >= 0x7f {
		return append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
	}
	for i := range len(special) {
		if special[i] == c {
			return append(dst, '\\', c)
		}
	}
	return append(dst, c)
}
