package zonefile

import "encoding/binary"

// period parses the next token as seconds, plain or with the units of parsePeriod.
func (p *rdataParser) period(label string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	seconds, ok := parsePeriod(text)
	switch {
	case !ok:
		p.failAt(p.next-1, "%s %q is not a time, want seconds or units such as 1h30m", label, clip(text))
	case seconds > 0xffffffff:
		p.failAt(p.next-1, "%s %q is outside 0..4294967295", label, clip(text))
	default:
		p.out = binary.BigEndian.AppendUint32(p.out, uint32(seconds))
	}
}

// parsePeriod reads seconds, or numbers that each have a unit w, d, h, m or s in any case; the last one may go without (1h30 is an hour
// and 30 seconds). Values beyond 2^32 come back as some value beyond it.
func parsePeriod(text []byte) (seconds uint64, ok bool) {
	value, digits := uint64(0), 0
	for _, c := range text {
		if c >= '0' && c <= '9' {
			digits++
			value = min(value*10+uint64(c-'0'), 1<<33)
			continue
		}
		unit := periodUnit(c)
		if unit == 0 || digits == 0 {
			return 0, false
		}
		seconds = min(seconds+value*unit, 1<<33)
		value, digits = 0, 0
	}
	return seconds + value, len(text) > 0
}

// periodUnit returns the seconds of a unit, 0 for other bytes.
func periodUnit(c byte) uint64 {
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
