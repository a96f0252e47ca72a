package zonefile

import (
	"bytes"
	"encoding/binary"
)

// location parses LOC (RFC 1876 §3): latitude, longitude, altitude, size, horizontal and vertical precision.
func (p *rdataParser) location() {
	const equator = 1 << 31
	latitude := p.angle("latitude", 90, 'N', 'S')
	longitude := p.angle("longitude", 180, 'E', 'W')
	altitude := p.metres("altitude", -10000000, 4284967295)
	sizes := [3]byte{0x12, 0x16, 0x13} // 1 m, 10,000 m, 10 m
	for i, label := range [...]string{"size", "horizontal precision", "vertical precision"} {
		if p.msg == "" && p.next < len(p.toks) {
			sizes[i] = centimetrePower(p.metres(label, 0, 9000000000))
		}
	}
	p.out = append(p.out, 0, sizes[0], sizes[1], sizes[2])
	p.out = binary.BigEndian.AppendUint32(p.out, uint32(equator+latitude))
	p.out = binary.BigEndian.AppendUint32(p.out, uint32(equator+longitude))
	p.out = binary.BigEndian.AppendUint32(p.out, uint32(altitude+10000000))
}

// angle parses degrees, optional minutes, optional seconds with up to three decimals, and a hemisphere, to thousandths of a second.
func (p *rdataParser) angle(label string, degreesMax uint64, positive, negative byte) int64 {
	total := int64(p.number(label, degreesMax)) * 3600_000
	limits := [...]struct {
		unit         string
		decimals     int
		limit, scale int64
	}{{"minutes", 0, 60, 60_000}, {"seconds", 3, 60_000, 1}}
	for part := 0; p.msg == ""; part++ {
		text := p.word(label)
		if p.msg != "" {
			return 0
		}
		if len(text) == 1 && (text[0] == positive || text[0] == negative) {
			if total > int64(degreesMax)*3600_000 {
				p.failAt(p.next-1, "%s is beyond %d degrees", label, degreesMax)
			}
			if text[0] == negative {
				return -total
			}
			return total
		}
		if part == len(limits) {
			p.failAt(p.next-1, "%s %s is not %c or %c", label, quote(text), positive, negative)
			return 0
		}
		value, ok := fixedPoint(text, limits[part].decimals)
		if !ok || value < 0 || value >= limits[part].limit {
			p.failAt(p.next-1, "%s %s is neither %s below 60 nor %c or %c", label, quote(text), limits[part].unit, positive, negative)
			return 0
		}
		total += value * limits[part].scale
	}
	return 0
}

// metres parses the next token as metres with up to two decimals and an optional m, to centimetres between least and most.
func (p *rdataParser) metres(label string, least, most int64) int64 {
	text := p.word(label)
	if p.msg != "" {
		return 0
	}
	value, ok := fixedPoint(bytes.TrimSuffix(text, []byte("m")), 2)
	switch {
	case !ok:
		p.failAt(p.next-1, "%s %s is not in metres with at most two decimals", label, quote(text))
	case value < least || value > most:
		p.failAt(p.next-1, "%s %s is outside %d.%02d..%d.%02d", label, quote(text), least/100, -least%100, most/100, most%100)
	default:
		return value
	}
	return 0
}

// fixedPoint parses a decimal number with up to decimals places behind its point, scaled by ten to their power. Values beyond 2^40 come back as some value
// beyond it.
func fixedPoint(text []byte, decimals int) (value int64, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	digits, behind, point := 0, 0, false
	for _, c := range text {
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			return 0, false
		}
		digits++
		value = min(value*10+int64(c-'0'), 1<<41)
		if point {
			behind++
		}
	}
	if digits == 0 || behind > decimals || point && decimals == 0 {
		return 0, false
	}
	for ; behind < decimals; behind++ {
		value = min(value*10, 1<<41)
	}
	if negative {
		value = -value
	}
	return value, true
}

// centimetrePower returns value as a digit times a power of ten, rounded down: the digit in the high four bits (RFC 1876 §2).
func centimetrePower(value int64) byte {
	power := byte(0)
	for value > 9 {
		value /= 10
		power++
	}
	return byte(value)<<4 | power
}
