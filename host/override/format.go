package override

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"signpost/host/health"
)

// head is what a new file begins with.
const head = `# Overrides of health: what operators say of candidates, whatever their checks say. Edit it freely: it is followed, and
# a mistake leaves the last good version in force. The last entry that matches a candidate counts.
# pattern: NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID, with * and ?. force: up, down, drain or auto (left to the check).
`

// Format writes the text that Parse reads list from. The lines of comments that before, the text until now, begins with are kept.
func Format(before []byte, list []health.Override) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(before) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 || line[0] != '#' || bytes.ContainsRune(line, '\r') { // a line's end for YAML
			break
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		b.WriteString(head)
	}
	for _, o := range list {
		b.WriteString("- pattern: " + quote(o.Pattern.String()) + "\n  force: " + o.Force.String() + "\n")
		for _, field := range [][2]string{{"reason", o.Reason}, {"by", o.By}} {
			if field[1] != "" {
				b.WriteString("  " + field[0] + ": " + quote(field[1]) + "\n")
			}
		}
		for _, field := range []struct {
			key string
			at  time.Time
		}{{"at", o.At}, {"until", o.Until}} {
			if !field.at.IsZero() {
				b.WriteString("  " + field.key + ": " + field.at.UTC().Format(time.RFC3339Nano) + "\n")
			}
		}
		if o.Force == health.ForceDrain {
			b.WriteString("  over: " + o.Over.String() + "\n")
		}
	}
	return b.Bytes()
}

// quote writes a text between double quotes, as JSON and YAML both have it.
func quote(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""` // no string does that
	}
	return strings.TrimSuffix(b.String(), "\n")
}
