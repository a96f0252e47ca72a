package zonefile

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signpost/host/diag"
)

// headerWord says what a field between owner and data is.
type headerWord uint8

const (
	headerType headerWord = iota // or nothing that is known
	headerTTL
	headerIN
)

// headerKind looks at the first bytes only: a TTL starts with a digit, and no class or type does.
func headerKind(t *token) headerWord {
	text := t.text
	switch {
	case t.quoted || len(text) == 0:
		return headerType
	case text[0] >= '0' && text[0] <= '9':
		return headerTTL
	case len(text) == 2 && text[0]|0x20 == 'i' && text[1]|0x20 == 'n':
		return headerIN
	}
	if number, ok := genericClass(text); ok && number == 1 {
		return headerIN
	}
	return headerType
}

// genericClass returns the number of CLASSnnn (RFC 3597 section 5).
func genericClass(text []byte) (number int, ok bool) {
	const prefix = "CLASS"
	if len(text) <= len(prefix) || !bytes.EqualFold(text[:len(prefix)], []byte(prefix)) {
		return 0, false
	}
	number, err := strconv.Atoi(string(text[len(prefix):]))
	return number, err == nil && number >= 0 && text[len(prefix)] != '+'
}

// parseTTL reads seconds, or numbers with the units w, d, h, m and s in any order, as "1h30m". msg is not empty on error.
func parseTTL(text []byte) (ttl uint32, msg string) {
	var total, number uint64
	digits, units := 0, 0
	for _, c := range text {
		if c >= '0' && c <= '9' {
			number = min(number*10+uint64(c-'0'), 1<<40)
			digits++
			continue
		}
		scale := unitSeconds(c)
		if scale == 0 || digits == 0 {
			return 0, fmt.Sprintf("%s is no TTL: it is seconds, or numbers with w, d, h, m, s as 1h30m", quote(text))
		}
		total = min(total+number*scale, 1<<40)
		number, digits, units = 0, 0, units+1
	}
	switch {
	case digits > 0 && units > 0:
		return 0, fmt.Sprintf("TTL %s ends without a unit: one of w, d, h, m, s", quote(text))
	case digits == 0 && units == 0:
		return 0, fmt.Sprintf("TTL %s is no number", quote(text))
	}
	if total = total + number; total > ttlMax {
		return 0, fmt.Sprintf("TTL %s is outside 0..%d", quote(text), ttlMax)
	}
	return uint32(total), ""
}

// unitSeconds returns 0 for what is no unit.
func unitSeconds(c byte) uint64 {
	switch c | 0x20 {
	case 's':
		return 1
	case 'm':
		return 60
	case 'h':
		return 3600
	case 'd':
		return 86400
	case 'w':
		return 604800
	}
	return 0
}

// badHeader says why the field toks[i], which is no TTL, is no type either.
func (r *reader) badHeader(t *token, i int) {
	text := t.text
	upper := strings.ToUpper(string(clip(text)))
	number, generic := genericClass(t.text)
	switch {
	case t.quoted:
		r.errorAt(t.line, t.col, "%s is quoted: TTL, class and type stand without quotes", quote(text))
	case upper == "CH" || upper == "HS" || upper == "CS":
		r.errorAt(t.line, t.col, "class %s (%s) is not served, only IN", upper, map[string]string{"CH": "Chaos", "HS": "Hesiod", "CS": "Csnet"}[upper])
	case generic && number <= 65535:
		r.errorAt(t.line, t.col, "class %d is not served, only IN (CLASS1)", number)
	case generic:
		r.errorAt(t.line, t.col, "class %s is outside CLASS0..CLASS65535", quote(text))
	case r.blank && i == 0 && t.text[0] == '$':
		r.errorAt(t.line, t.col, "%s behind a blank is no directive: it must start its line", quote(text))
	case r.blank && i == 0:
		r.errorAt(t.line, t.col, "unknown type %s%s: the line starts with a blank, so its owner is left out", quote(text), r.nearType(upper))
	default:
		r.errorAt(t.line, t.col, "unknown type %s%s", quote(text), r.nearType(upper))
	}
}

// nearType suggests a type or class.
func (r *reader) nearType(word string) string {
	if len(word) == 1 || len(r.diags) >= diagMax {
		return "" // every type of one or two letters would be near; a message that is not shown needs no hint
	}
	if r.typeNames == nil {
		r.typeNames = append(slices.Clone(commonTypes), "IN")
		for _, named := range [][2]uint16{{1, 300}, {32768, 32800}, {65280, 65535}} { // where IANA gives types, and the private ones
			for typ := named[0]; typ < named[1]; typ++ {
				if name := typeName(typ); !strings.HasPrefix(name, "TYPE") {
					r.typeNames = append(r.typeNames, name)
				}
			}
		}
	}
	return diag.DidYouMean(word, r.typeNames)
}

// commonTypes come first, so that among equally near names they win.
var commonTypes = []string{"A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "SRV", "PTR", "CAA", "ALIAS"}
