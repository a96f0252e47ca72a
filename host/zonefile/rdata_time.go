package zonefile

import (
	"encoding/binary"
	"time"
)

// period parses the next token as seconds, plain or with the units of parsePeriod.
func (p *rdataParser) period(label string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	seconds, ok := parsePeriod(text)
	switch {
	case !ok:
		p.failAt(p.next-1, "%s %s is not a time, want seconds or units such as 1h30m", label, quote(text))
	case seconds > 0xffffffff:
		p.failAt(p.next-1, "%s %s is outside 0..4294967295", label, quote(text))
	default:
		p.out = binary.BigEndian.AppendUint32(p.out, uint32(seconds))
	}
}

// parsePeriod reads seconds, or numbers that each have a unit w, d, h, m or s in any case. A rest without unit (1h30) is refused, as by BIND and Knot.
// Values beyond 2^32 come back as some value beyond it.
func parsePeriod(text []byte) (seconds uint64, ok bool) {
	value, digits := uint64(0), 0 // since the last unit
	for _, c := range text {
		if c >= '0' && c <= '9' {
			digits++
			value = min(value*10+uint64(c-'0'), 1<<33)
			continue
		}
		unit := unitSeconds(c)
		if unit == 0 || digits == 0 {
			return 0, false
		}
		seconds = min(seconds+value*unit, 1<<33)
		value, digits = 0, 0
	}
	if digits == len(text) {
		seconds = value
	}
	return seconds, len(text) > 0 && (digits == 0 || digits == len(text))
}

// time parses the next token as YYYYMMDDHHmmSS in UTC, or as seconds since 1970 (RFC 4034 §3.2).
func (p *rdataParser) time(label string) {
	text := p.word(label)
	if p.msg != "" {
		return
	}
	seconds, ok := parseTime(text)
	if !ok {
		p.failAt(p.next-1, "%s %s is not a time, want YYYYMMDDHHmmSS or seconds since 1970 up to 4294967295", label, quote(text))
		return
	}
	p.out = binary.BigEndian.AppendUint32(p.out, seconds)
}

// parseTime returns seconds since 1970 modulo 2^32.
func parseTime(text []byte) (seconds uint32, ok bool) {
	const dateLen = len("YYYYMMDDHHmmSS")
	if len(text) != dateLen {
		value, ok := decimal(text)
		return uint32(value), ok && value <= 0xffffffff && len(text) <= 10
	}
	year, ok := decimal(text[:4])
	rest, ok2 := decimal(text[5:]) // decimal stops counting at 2^32, so the month comes in two parts
	if _, ok3 := decimal(text[4:5]); !ok || !ok2 || !ok3 || year < 1970 {
		return 0, false
	}
	month := uint64(text[4]-'0')*10 + rest/1e8
	day, hour, minute, second := rest/1e6%100, rest/1e4%100, rest/100%100, rest%100
	if month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	date := time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(second), 0, time.UTC)
	return uint32(date.Unix()), true
}

// daysIn returns how many days a month has.
func daysIn(year, month uint64) uint64 {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}
