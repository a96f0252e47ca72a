package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"signpost/host/admin"
	"signpost/host/diag"
	"signpost/host/health"
)

// lineLen is the longest line of a table on a terminal, as far as its words allow; programs get each row in one line.
const lineLen = 100

// printHealth prints a line for each candidate. The view is left out when there is one only.
func printHealth(out io.Writer, text []byte, wrapped bool) error {
	var list admin.Health
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	if len(list.Candidates) == 0 {
		_, err := fmt.Fprintln(out, "no candidates")
		return err
	}
	views := false
	for _, c := range list.Candidates {
		views = views || c.View != list.Candidates[0].View
	}
	now := time.Now()
	rows := [][]string{{"name", "type", "candidate", "state", "since", "rtt", "why"}}
	for i := range list.Candidates {
		c := &list.Candidates[i]
		rtt := ""
		if c.RTTMillis > 0 {
			rtt = fmt.Sprintf("%.3gms", c.RTTMillis)
		}
		rows = append(rows, []string{strings.TrimSuffix(c.Name, "."), c.Type, c.ID, state(c), when(c.Since, now), rtt, why(c, now)})
	}
	if views {
		rows[0] = append([]string{"view"}, rows[0]...)
		for i := range list.Candidates {
			rows[i+1] = append([]string{list.Candidates[i].View}, rows[i+1]...)
		}
	}
	return printRows(out, rows, wrapped)
}

// state is the state, and how much of its share a candidate gets.
func state(c *admin.Candidate) string {
	drain := c.Override == health.ForceDrain.String()
	switch {
	case drain && c.Share == 0:
		return "drained"
	case drain && c.State != "down":
		return fmt.Sprintf("draining %d%%", c.Share)
	case c.State != "down" && c.Share < 100:
		return fmt.Sprintf("%s %d%%", c.State, c.Share)
	}
	return c.State
}

// when is a time as short as it can be understood at now.
func when(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	switch {
	case at.Format(time.DateOnly) == now.Format(time.DateOnly):
		return at.Format(time.TimeOnly)
	case at.Sub(now).Abs() < 180*24*time.Hour:
		return at.Format("01-02 15:04")
	}
	return at.Format(time.DateOnly)
}

// why tells what the state comes from.
func why(c *admin.Candidate, now time.Time) string {
	check := "no check"
	if c.Check != "" {
		check = "check " + c.Check
	}
	if c.Found != "" {
		check += ": " + c.Found
	}
	if c.Override == "" {
		return check
	}
	text := fmt.Sprintf("%s, says %s", c.Why, c.By)
	if c.Why == "" {
		text = "says " + c.By
	}
	if c.Until != nil {
		text += " until " + when(*c.Until, now)
	}
	if strings.ContainsAny(c.Pattern, "*?") {
		text += " of " + c.Pattern
	}
	if c.Check != "" {
		text += "; " + check
	}
	return text
}

// printRows prints a table, as printTable does.
func printRows(out io.Writer, rows [][]string, wrapped bool) error {
	if !wrapped {
		return printTable(out, rows, 0)
	}
	return printTable(out, rows, lineLen)
}

// printTable prints a table whose last column goes on in the next line where its line is longer than lenMax, unless that is 0. What endpoints and
// people said moves no cursor.
func printTable(out io.Writer, rows [][]string, lenMax int) error {
	last := len(rows[0]) - 1
	for _, row := range rows {
		for i := range row {
			row[i] = diag.OneLine(row[i])
		}
	}
	widths := make([]int, last)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	indent := 0
	for i := range widths {
		if widths[i] > 0 {
			indent += widths[i] + 2
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, width := range widths {
			b.WriteString(row[i])
			b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(row[i])+2))
		}
		b.WriteString(wrap(row[last], lenMax-indent, min(indent, lenMax-40), lenMax))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// wrap breaks a text between words into lines of at most lenMax characters, unless that is 0: the first has room for so many, the others begin
// behind indent.
func wrap(text string, room, indent, lenMax int) string {
	if lenMax == 0 {
		return text
	}
	var b strings.Builder
	for i, word := range strings.Split(text, " ") {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1 > room:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			room = lenMax - indent
		default:
			b.WriteByte(' ')
			room--
		}
		b.WriteString(word)
		room -= width
	}
	return b.String()
}
