package explain

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"signpost/host/diag"
)

// WriteText writes the report for a person at a terminal.
func (r *Report) WriteText(out io.Writer) error {
	var t text
	t.line("%s %s, asked by %s", r.Name, r.Type, r.Client)
	if addr, _, _ := strings.Cut(r.Client, "/"); r.Source != addr {
		t.add(" through %s", r.Source)
	}
	if len(r.Down) > 0 {
		t.add(", with %s down", strings.Join(r.Down, ", "))
	}
	t.line("")
	t.depth = 1
	name := r.View.Name
	if name == "" {
		name = "none"
	}
	t.pair("view", "%s: %s", name, r.View.Why)
	if r.Path != nil {
		t.hop(r.Path, r)
	}
	t.depth = 1
	t.blank()
	t.pair("scope", "/%d: %s", r.Scope, scopeText(r.Scope, r.Client))
	if r.ResponseScope < r.Scope {
		t.add("; the response says /%d, since resolvers keep negative ones for everybody", r.ResponseScope)
	}
	t.answers(r)
	if r.Cut {
		t.line("there are more than %d ways; the rest is left out", waysMax)
	}
	_, err := out.Write(append(t.Bytes(), '\n'))
	return err
}

// text is a text with indented lines. Its last line is not ended yet.
type text struct {
	bytes.Buffer
	depth int
}

func (t *text) line(format string, args ...any) {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	if format != "" {
		t.WriteString(strings.Repeat("  ", t.depth))
	}
	t.add(format, args...)
}

// add writes on. What it writes is one line: what checks found and people said moves no cursor.
func (t *text) add(format string, args ...any) {
	t.WriteString(diag.OneLine(fmt.Sprintf(format, args...)))
}

// blank leaves one line empty, unless that was done.
func (t *text) blank() {
	if !bytes.HasSuffix(t.Bytes(), []byte("\n")) {
		t.line("")
	}
}

// pair is a line with a word in front.
func (t *text) pair(word, format string, args ...any) {
	t.line("%-9s%s", word, fmt.Sprintf(format, args...))
}

// hop writes one name, and behind it what it leads to.
func (t *text) hop(h *Hop, r *Report) {
	if h.Zone != nil {
		zone := fmt.Sprintf("%s serial %d, %s", h.Zone.Name, h.Zone.Serial, h.Zone.File)
		if h.Wildcard != "" {
			zone += ", by " + h.Wildcard
		}
		t.pair("zone", "%s", zone)
	}
	switch {
	case h.Pending:
		t.pair("policy", "its plugins are still being compiled")
	case h.Policy != nil:
		t.policy(h, r)
	case h.Records != nil:
		t.pair("records", "%s %d s: %s", h.Type, h.TTL, strings.Join(h.Records, ", "))
	default:
		found := kindText[h.Kind]
		if h == r.Path && h.Kind == "nodata" && r.View.Fallthrough {
			found += "; only a name that does not exist falls through to the next view"
		}
		t.pair("found", "%s", found)
	}
	if h.Next != nil {
		t.blank()
		t.line("%s leads to %s", h.Name, h.Next.Name)
		t.depth++
		t.hop(h.Next, r)
		t.depth--
	}
}

// kindText says what was found where there are no records.
var kindText = map[string]string{
	"outside": "no zone of this view holds the name", "broken": "the zone was never loaded well",
	"undecided": "which view the client sees cannot be decided now",
	"nodata":    "the name exists, without this type", "nxdomain": "the name does not exist",
}

// policy writes a decision with its candidates as a table.
func (t *text) policy(h *Hop, r *Report) {
	p := h.Policy
	for i := range p.Chain {
		word := ""
		if i == 0 {
			word = "policy"
		}
		t.pair(word, "%s", p.Chain[i].text())
	}
	t.pair("facts", "%s", p.Facts.text())
	if health := p.healthText(); health != "" {
		t.pair("health", "%s", health)
	}
	switch {
	case p.Outcome == "nodata" && p.AllDown:
		t.pair("decision", "all candidates are down, and on-all-down=nodata")
	case p.Outcome == "nodata":
		t.pair("decision", "no candidate is for this client")
	case p.Outcome == "servfail":
		t.pair("decision", "all candidates are down, and on-all-down=servfail")
	case p.Fallback:
		t.pair("decision", "a plugin failed and changed nothing")
	case p.Pick > 1:
		t.pair("decision", "%d candidates at a time", p.Pick)
	}
	if p.TTLCap != nil {
		t.pair("ttl", "at most %d s", *p.TTLCap)
		if why, health := p.capWhy(); health {
			t.add(": %s", why)
		}
	}
	t.blank()
	t.table(candidateRows(p))
	t.blank()
	t.backgrounds(p)
	for i := range p.Candidates {
		if c := &p.Candidates[i]; c.Next != nil {
			t.line("%s (%s) leads to %s", c.ID, percentText(c.Percent), c.Next.Name)
			t.depth++
			t.hop(c.Next, r)
			t.depth--
			t.blank()
		}
	}
}

// backgrounds tells of each candidate why its health is so, as far as that is known.
func (t *text) backgrounds(p *Policy) {
	word := "reasons"
	for i := range p.Candidates {
		c := &p.Candidates[i]
		if background := c.Health.background(); background != "" {
			t.pair(word, "%s %s%s", c.ID, c.Health.State, background)
			word = ""
		}
	}
	t.blank()
}

// text is one plugin in a line.
func (p *Plugin) text() string {
	origin := "sha256 " + p.SHA256[:min(len(p.SHA256), 12)]
	if p.Builtin {
		origin = "built in, " + origin
	}
	line := fmt.Sprintf("%s %s (%s)", p.Name, p.Version, origin)
	switch {
	case p.Problem != "":
		line += ": failed: " + p.Problem
	case !p.Called:
		line += ": not called"
	default:
		line += fmt.Sprintf(": %s fuel", diag.Thousands(int(p.Fuel)))
	}
	return line
}

// text lists what is known of the client.
func (f *Facts) text() string {
	if f == nil {
		return "none: all clients are treated alike"
	}
	var list []string
	if f.Client != "" {
		list = append(list, "client "+f.Client)
	}
	if f.PlaceBits != nil {
		place := "unknown"
		words := []string{f.Continent, f.Country, f.Subdivision}
		if f.ASN != 0 {
			words = append(words, fmt.Sprintf("AS%d", f.ASN))
		}
		if f.Latitude != nil && f.Longitude != nil {
			words = append(words, fmt.Sprintf("%.2f,%.2f", *f.Latitude, *f.Longitude))
		}
		if known := strings.Join(strings.Fields(strings.Join(words, " ")), " "); known != "" {
			place = known
		}
		list = append(list, fmt.Sprintf("place %s (/%d)", place, *f.PlaceBits))
	}
	if f.LatencyBits != nil {
		list = append(list, fmt.Sprintf("latency (/%d)", *f.LatencyBits))
	}
	return strings.Join(list, ", ")
}

// candidateRows is the table of a decision: only columns that say something.
func candidateRows(p *Policy) [][]string {
	head := []string{"chance", "candidate", "records", "ttl", "health"}
	latency := false
	for i := range p.Candidates {
		latency = latency || p.Candidates[i].Region != "" || p.Candidates[i].Latency != nil
	}
	if latency {
		head = append(head, "latency")
	}
	for i := range p.Chain {
		head = append(head, p.Chain[i].Name)
	}
	rows := [][]string{append(head, "attributes", "line")}
	for i := range p.Candidates {
		c := &p.Candidates[i]
		row := []string{percentText(c.Percent), c.ID, strings.Join(c.Records, ", "), fmt.Sprint(c.TTL), c.Health.text()}
		if latency {
			row = append(row, c.latencyText())
		}
		for _, weight := range c.Weights {
			if weight == nil {
				row = append(row, "-")
				continue
			}
			row = append(row, fmt.Sprint(*weight))
		}
		var attributes []string
		for _, a := range c.Attributes {
			attributes = append(attributes, a.Key+"="+a.Value)
		}
		rows = append(rows, append(row, strings.Join(attributes, " "), fmt.Sprintf("%s:%d", c.File, c.Line)))
	}
	return rows
}

func (c *Candidate) latencyText() string {
	if c.Latency == nil {
		return strings.TrimSpace(c.Region + " unknown")
	}
	return strings.TrimSpace(fmt.Sprintf("%s %.1f ms %s", c.Region, float64(c.Latency.Micros)/1000, c.Latency.Source))
}

// table writes rows in columns. A column of numbers and percentages is flush right; one that is empty below its head is left out.
func (t *text) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	right := make([]bool, len(rows[0]))
	for column := range widths {
		right[column] = true
		for i, row := range rows {
			if i > 0 && row[column] != "" {
				widths[column] = max(widths[column], utf8.RuneCountInString(row[column]))
				right[column] = right[column] && isNumber(row[column])
			}
		}
		if widths[column] > 0 {
			widths[column] = max(widths[column], utf8.RuneCountInString(rows[0][column]))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for column, cell := range row {
			if widths[column] == 0 {
				continue
			}
			pad := strings.Repeat(" ", widths[column]-utf8.RuneCountInString(cell))
			if right[column] {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		t.line("%s", strings.TrimRight(line.String(), " "))
	}
}

// isNumber tells whether a cell is a number, a percentage or the lack of one.
func isNumber(cell string) bool {
	return strings.Trim(cell, "0123456789.<> %-") == "" && strings.Count(cell, ".") < 2
}

// answers writes what the client gets in the end.
func (t *text) answers(r *Report) {
	for i := range r.Answers {
		a := &r.Answers[i]
		word := ""
		if i == 0 {
			word = "answer"
		}
		line := a.Outcome
		if len(a.Records) > 0 {
			line = fmt.Sprintf("%s for %d s (%s)", strings.Join(a.Records, ", "), a.TTL, a.TTLWhy)
		}
		if a.Error != "" {
			line += ": " + a.Error
		}
		t.pair(word, "%8s  %s", percentText(a.Percent), line)
	}
}

// scopeText says for whom a scope speaks.
func scopeText(scope int, client string) string {
	_, bits, _ := strings.Cut(client, "/")
	switch {
	case scope == 0:
		return "it is the same for all clients of the view"
	case fmt.Sprint(scope) == bits:
		return "it is for this network"
	}
	if known, err := strconv.Atoi(bits); err == nil && scope > known {
		return fmt.Sprintf("it is for the first /%d of the client's network; others in it may get another answer", scope)
	}
	return fmt.Sprintf("it is the same for the /%d around the client", scope)
}

// percentText writes a percentage with one decimal place; what that would round to nothing or to all keeps more.
func percentText(percent float64) string {
	text := fmt.Sprintf("%.1f", percent)
	if percent > 0 && percent < 0.05 {
		text = fmt.Sprintf("%.2g", percent)
		if strings.Contains(text, "e") {
			text = "<0.0001"
		}
	} else if percent < 100-1e-9 && percent >= 99.95 {
		text = ">99.9"
	}
	return text + " %"
}
