package load

import (
	"fmt"
	"strings"
)

// zoneSuffix ends every zone file's name.
const zoneSuffix = ".zone"

// rootName is the file name, without suffix, of the zone that has no name.
const rootName = "root"

// isZoneFile tells whether a directory entry is meant as a zone. Editors' leftovers (.x.zone.swp, x.zone~, #x.zone#, .#x.zone,
// x.zone.bak, 4913) and dot-files are not.
func isZoneFile(name string) bool {
	return strings.HasSuffix(name, zoneSuffix) && name[0] != '.' && name[0] != '#'
}

// originOf returns the zone name, in wire form and lower case, that the file name stands for; problem says why there is none.
// The name stands before ".zone"; "root" is the root zone; %XX is the byte XX inside a label, so a label may hold "/" or ".".
func originOf(fileName string) (origin []byte, problem string) {
	text := strings.TrimSuffix(fileName, zoneSuffix)
	if text == rootName {
		return []byte{0}, ""
	}
	labels := strings.Split(text, ".")
	if len(labels) > 1 && labels[len(labels)-1] == "" {
		labels = labels[:len(labels)-1] // "example.com..zone": the dot that ends an absolute name
	}
	for _, label := range labels {
		raw, problem := unescapeLabel(label)
		if problem != "" {
			return nil, problem
		}
		if len(raw) == 0 {
			return nil, fmt.Sprintf("zone name %q has an empty label", text)
		}
		if len(raw) > 63 {
			return nil, fmt.Sprintf("zone name %q has a label of %d bytes, 63 are allowed", text, len(raw))
		}
		origin = append(append(origin, byte(len(raw))), raw...)
	}
	origin = append(origin, 0)
	if len(origin) > 255 {
		return nil, fmt.Sprintf("zone name %q is %d bytes long, 255 are allowed", text, len(origin))
	}
	return origin, ""
}

// unescapeLabel resolves %XX and folds ASCII letters.
func unescapeLabel(label string) (raw []byte, problem string) {
	for i := 0; i < len(label); i++ {
		c := label[i]
		switch {
		case c == '%':
			if i+2 >= len(label) || unhex(label[i+1]) < 0 || unhex(label[i+2]) < 0 {
				return nil, fmt.Sprintf("zone name has %q, a percent sign needs two hexadecimal digits (%%25 is the sign itself)", label[i:min(i+3, len(label))])
			}
			c = byte(unhex(label[i+1])<<4 | unhex(label[i+2]))
			i += 2
		case c == '\\':
			return nil, "zone name has a backslash, write the byte as %XX"
		case c >= 0x80:
			return nil, fmt.Sprintf("zone name has %q, write an internationalized name in its xn-- form", label)
		case c <= ' ' || c == 0x7f:
			return nil, fmt.Sprintf("zone name has the byte %#02x, write it as %%%02X", c, c)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		raw = append(raw, c)
	}
	return raw, ""
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// NameText returns the presentation form of a wire name, with the final dot.
func NameText(name []byte) string {
	if len(name) == 1 {
		return "."
	}
	var b strings.Builder
	for len(name) > 1 {
		label := name[1 : 1+name[0]]
		for _, c := range label {
			switch {
			case c == '.' || c == '\\' || c == '"' || c == ';' || c == '(' || c == ')' || c == '@' || c == '$':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c <= ' ' || c >= 0x7f:
				fmt.Fprintf(&b, "\\%03d", c)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteByte('.')
		name = name[1+name[0]:]
	}
	return b.String()
}
