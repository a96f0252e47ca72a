package explain

import (
	"fmt"
	"io"

	"signpost/host/diag"
)

// The most of each that a text lists; --json has all.
const (
	replayNamesMax   = 50
	replayAnswersMax = 20
	replayClientsMax = 20
)

// WriteText writes the replay for a person at a terminal.
func (r *Replay) WriteText(out io.Writer) error {
	var t text
	t.line("%s", diag.Count(int(r.Queries), "query", "queries"))
	if r.LeftOut > 0 {
		t.add(", %s left out", diag.Thousands(int(r.LeftOut)))
	}
	if r.Bad > 0 {
		t.add(", %s could not be read", diag.Thousands(int(r.Bad)))
	}
	for i := range r.Names {
		if i == replayNamesMax {
			t.line("and %d more names", len(r.Names)-replayNamesMax)
			break
		}
		n := &r.Names[i]
		t.blank()
		t.line("%s %s: %s", n.Name, n.Type, diag.Count(int(n.Queries), "query", "queries"))
		if n.Changed > 0 {
			t.add(", %s change", numberText(n.Changed))
		}
		t.depth = 1
		t.table(n.rows(r.Against))
		t.depth = 0
	}
	t.blank()
	what := "got what they would not get now"
	if r.Against {
		what = "get something else"
	}
	t.line("%s of %s queries %s", numberText(r.Changed), diag.Thousands(int(r.Queries)), what)
	t.depth = 1
	for i := range r.Clients {
		if i == replayClientsMax {
			t.line("and %d more clients", len(r.Clients)-replayClientsMax)
			break
		}
		c := &r.Clients[i]
		t.line("%s: %s of %s", c.Client, numberText(c.Changed), diag.Thousands(int(c.Queries)))
	}
	_, err := out.Write(append(t.Bytes(), '\n'))
	return err
}

// rows is the histogram of a name.
func (n *ReplayName) rows(against bool) [][]string {
	head := "expected"
	if against {
		head = "new"
	}
	rows := [][]string{{"recorded", "old", head, "answer", "data"}}
	for i := range n.Answers {
		if i == replayAnswersMax {
			rows = append(rows, []string{"", "", "", fmt.Sprintf("and %d more", len(n.Answers)-replayAnswersMax), ""})
			break
		}
		a := &n.Answers[i]
		data := a.Data
		if data == a.Answer {
			data = ""
		}
		rows = append(rows, []string{optionalPercent(a.Recorded), optionalPercent(a.Old), percentText(a.Percent), a.Answer, data})
	}
	return rows
}

func optionalPercent(p *float64) string {
	if p == nil {
		return ""
	}
	return percentText(*p)
}

// numberText writes an expected number: whole ones without a decimal place.
func numberText(n float64) string {
	if n == float64(uint64(n)) {
		return diag.Thousands(int(n))
	}
	return fmt.Sprintf("%.1f", n)
}
