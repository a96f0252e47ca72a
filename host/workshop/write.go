package workshop

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"signpost/host/geo"
	"signpost/host/policy"
)

// writeNote writes a candidate as an annotation that reads back as it.
func writeNote(chain []string, c *policy.Candidate) string {
	var b strings.Builder
	b.WriteString(";@ " + strings.Join(chain, "+"))
	if !slices.ContainsFunc(c.Attrs, func(a policy.Attr) bool { return a.Key == "id" }) {
		fmt.Fprintf(&b, " id=%s", quoteValue(c.ID))
	}
	for _, a := range c.Attrs {
		fmt.Fprintf(&b, " %s=%s", a.Key, quoteValue(a.Value))
	}
	return b.String()
}

// quoteValue writes a value of an annotation, in quotes where it needs them.
func quoteValue(text string) string {
	var b strings.Builder
	needed := text == ""
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			needed = true
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			needed = needed || c == ' ' || c == ';'
			b.WriteByte(c)
		}
	}
	if needed {
		return `"` + b.String() + `"`
	}
	return b.String()
}

// writeGiven writes facts as given lines that read back as them, without "given". One empty line stands for no facts.
func writeGiven(ids []string, f *policy.Facts) []string {
	var lines []string
	add := func(word string, list []string) {
		if len(list) > 0 {
			lines = append(lines, word+" "+strings.Join(list, " "))
		}
	}
	if f.Client.IsValid() {
		add("client", []string{f.Client.String()})
	}
	add("place", writePlace(f))
	var list []string
	for i, l := range f.Latency {
		if l.Source != geo.Unknown {
			list = append(list, quoteID(ids[i])+"="+(time.Duration(l.Micros)*time.Microsecond).String())
		}
	}
	if len(list) > 0 && f.LatencyBits != clientBits(f.Client) {
		list = append(list, fmt.Sprintf("bits=%d", f.LatencyBits))
	}
	add("latency", list)
	list = nil
	for i, h := range f.Health {
		if h != policy.Up {
			list = append(list, quoteID(ids[i])+"="+healthWords[h])
		}
	}
	add("health", list)
	if lines == nil {
		return []string{""}
	}
	return lines
}

func writePlace(f *policy.Facts) (list []string) {
	p := &f.Place
	for _, code := range []struct {
		key  string
		text []byte
	}{{"continent", p.Continent[:]}, {"country", p.Country[:]}, {"subdivision", p.Subdivision[:]}} {
		if text := strings.TrimRight(string(code.text), "\x00"); text != "" {
			list = append(list, code.key+"="+text)
		}
	}
	if p.ASN != 0 {
		list = append(list, fmt.Sprintf("asn=%d", p.ASN))
	}
	if p.Located {
		list = append(list, fmt.Sprintf("at=%s,%s", decimal(p.Latitude), decimal(p.Longitude)))
	}
	if len(list) > 0 && f.PlaceBits != clientBits(f.Client) {
		list = append(list, fmt.Sprintf("bits=%d", f.PlaceBits))
	}
	return list
}

func decimal(x float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", x), "0"), ".")
}
