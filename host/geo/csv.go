package geo

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
)

// Mistake is one wrong row of a table. Line and Col count from 1, Col in bytes.
type Mistake struct {
	Line, Col int
	Text      string
}

// Bounds of a table. A round trip of a minute is a typing error, and who reads beyond a hundred mistakes writes a program.
const (
	mistakesMax = 100
	millisMax   = 60_000
	rowsMax     = 1 << 26 // a third of a gigabyte
)

// ParseTable reads the text of a table: a row a line, "PREFIX,REGION,MILLISECONDS". Blank lines, what follows a #, blanks and quotes around a
// field, and a first line with the columns' names say nothing. A bare address is a prefix of its own. suggest completes the message about a
// region that is not known. The table is nil if there are mistakes; of more than a hundred the last one counts the rest.
func ParseTable(text []byte, regions *Regions, suggest func(word string, known []string) string) (*Table, []Mistake) {
	p := tableParser{regions: regions, suggest: suggest, numbers: make(map[string]uint16)}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	p.v4 = make([]row, 0, len(text)/24) // "192.0.2.0/24,eu-west-1,9"
	for len(text) > 0 {
		p.line++
		p.text, text, _ = bytes.Cut(text, []byte("\n"))
		p.readLine()
	}
	table, doubled := compile(p.v4, p.v6, p.numbers)
	for _, pair := range doubled {
		p.line = int(pair[1].line)
		p.mistake(1, "the prefix and the region are those of line %d", pair[0].line)
	}
	if p.count == 0 {
		return table, nil
	}
	slices.SortStableFunc(p.mistakes, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	if p.count > mistakesMax {
		last := p.mistakes[mistakesMax-1]
		p.mistakes = append(p.mistakes, Mistake{last.Line, 1, fmt.Sprintf("%d more mistakes", p.count-mistakesMax)})
	}
	return nil, p.mistakes
}

// tableParser is one ParseTable in progress.
type tableParser struct {
	regions  *Regions
	suggest  func(word string, known []string) string
	numbers  map[string]uint16
	v4, v6   []row
	text     []byte // of this line
	line     int
	began    bool // a line was not empty
	mistakes []Mistake
	count    int
}

func (p *tableParser) mistake(col int, format string, args ...any) {
	if p.count++; p.count <= mistakesMax {
		p.mistakes = append(p.mistakes, Mistake{p.line, col, fmt.Sprintf(format, args...)})
	}
}

// field is a part of a line, without the blanks and quotes around it.
type field struct {
	text []byte
	col  int
}

// cut takes the field in front of the next comma off the line.
func cut(line []byte, col int) (f field, rest []byte, restCol int, more bool) {
	raw, rest, more := bytes.Cut(line, []byte(","))
	restCol = col + len(raw) + 1
	for len(raw) > 0 && blank(raw[0]) {
		raw, col = raw[1:], col+1
	}
	for len(raw) > 0 && blank(raw[len(raw)-1]) {
		raw = raw[:len(raw)-1]
	}
	if n := len(raw); n >= 2 && raw[0] == '"' && raw[n-1] == '"' {
		raw, col = raw[1:n-1], col+1
	}
	return field{raw, col}, rest, restCol, more
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// readLine reads one line.
func (p *tableParser) readLine() {
	line := p.text
	if at := bytes.IndexByte(line, '#'); at >= 0 {
		line = line[:at]
	}
	line = bytes.TrimRight(line, " \t\r")
	if len(bytes.TrimLeft(line, " \t")) == 0 {
		return
	}
	var fields [3]field
	col, count, more := 1, 0, true
	for rest := line; more; count++ {
		var f field
		f, rest, col, more = cut(rest, col)
		if count < len(fields) {
			fields[count] = f
		}
	}
	first := !p.began
	p.began = true
	switch {
	case count != len(fields):
		p.mistake(1, "%d fields, a row has three: prefix,region,ms", count)
	case first && isHeader(fields):
	case len(p.v4)+len(p.v6) == rowsMax:
		p.mistake(1, "more than %d rows", rowsMax)
	default:
		p.readRow(fields)
	}
}

func isHeader(fields [3]field) bool {
	for i, name := range [...]string{"prefix", "region", "ms"} {
		if !bytes.EqualFold(fields[i].text, []byte(name)) {
			return false
		}
	}
	return true
}

// readRow reads all three fields, so that all mistakes are found at once.
func (p *tableParser) readRow(fields [3]field) {
	prefix, prefixOK := p.prefix(fields[0])
	region, regionOK := p.region(fields[1])
	micros, microsOK := p.micros(fields[2])
	if !prefixOK || !regionOK || !microsOK {
		return
	}
	r := row{addressOf(prefix.Addr()), uint8(prefix.Bits()), region, micros, uint32(p.line)}
	if prefix.Addr().Is4() {
		p.v4 = append(p.v4, r)
	} else {
		p.v6 = append(p.v6, r)
	}
}

func (p *tableParser) prefix(f field) (netip.Prefix, bool) {
	if prefix, ok := plainPrefix(f.text); ok {
		return prefix, true
	}
	raw := string(f.text)
	prefix, err := netip.ParsePrefix(raw)
	if err != nil {
		addr, addrErr := netip.ParseAddr(raw)
		if addrErr != nil || addr.Zone() != "" {
			p.mistake(f.col, "%q is not a prefix such as 192.0.2.0/24 or 2001:db8::/32", raw)
			return netip.Prefix{}, false
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	switch {
	case prefix.Addr().Is4In6():
		p.mistake(f.col, "%s is an IPv4-mapped address; write it as IPv4", raw)
	case prefix != prefix.Masked():
		p.mistake(f.col, "%s has bits set behind the prefix (did you mean %s?)", raw, prefix.Masked())
	default:
		return prefix, true
	}
	return netip.Prefix{}, false
}

// plainPrefix reads "192.0.2.0/24" without making a string of it: most rows are like that. It leaves everything unusual to netip.
func plainPrefix(raw []byte) (netip.Prefix, bool) {
	var parts [5]uint32 // four of the address, and the length
	part, digits := 0, 0
	for _, c := range raw {
		switch {
		case c >= '0' && c <= '9' && digits < 3 && (digits == 0 || parts[part] != 0):
			parts[part] = parts[part]*10 + uint32(c-'0')
			digits++
		case digits > 0 && (c == '.' && part < 3 || c == '/' && part == 3):
			part, digits = part+1, 0
		default:
			return netip.Prefix{}, false
		}
	}
	if part != 4 || digits == 0 || parts[0]|parts[1]|parts[2]|parts[3] > 255 || parts[4] > 32 {
		return netip.Prefix{}, false
	}
	addr := netip.AddrFrom4([4]byte{byte(parts[0]), byte(parts[1]), byte(parts[2]), byte(parts[3])})
	prefix := netip.PrefixFrom(addr, int(parts[4]))
	return prefix, prefix == prefix.Masked()
}

func (p *tableParser) region(f field) (uint16, bool) {
	if number, ok := p.numbers[string(f.text)]; ok {
		return number, true
	}
	name := string(f.text)
	if _, ok := p.regions.Find(name); !ok {
		hint := ""
		if p.count < mistakesMax {
			hint = p.suggest(name, p.regions.Names())
		}
		p.mistake(f.col, "region %q is not known%s", name, hint)
		return 0, false
	}
	if len(p.numbers) > math.MaxUint16 {
		p.mistake(f.col, "more than %d regions", math.MaxUint16+1)
		return 0, false
	}
	number := uint16(len(p.numbers))
	p.numbers[name] = number
	return number, true
}

func (p *tableParser) micros(f field) (uint32, bool) {
	micros, ok := microsOf(f.text)
	switch {
	case !ok:
		p.mistake(f.col, "%q is not a number of milliseconds such as 12 or 8.25", f.text)
	case micros > 1000*millisMax:
		p.mistake(f.col, "%s ms is outside 0..%d", f.text, millisMax)
	default:
		return uint32(micros), true
	}
	return 0, false
}

// microsOf reads milliseconds in decimal, with a fraction or without. What is smaller than a microsecond is cut off.
func microsOf(raw []byte) (micros uint64, ok bool) {
	unit, point := uint64(1000), false
	for _, c := range raw {
		switch {
		case c == '.' && !point:
			point = true
		case c < '0' || c > '9':
			return 0, false
		case point:
			unit /= 10
			micros += unit * uint64(c-'0')
			ok = true
		default:
			micros = min(micros*10, math.MaxUint32) + unit*uint64(c-'0')
			ok = true
		}
	}
	return micros, ok
}
