package explain

import (
	"fmt"
	"io"
	"strings"

	"signpost/host/diag"
)

// WriteText writes the difference for a person at a terminal; nothing if there is none.
func (d *Difference) WriteText(out io.Writer) error {
	var t text
	for i := range d.Zones {
		z := &d.Zones[i]
		switch z.Change {
		case "added":
			t.line("zone %s in %s: added, serial %d", z.Zone, z.View, z.New)
		case "removed":
			t.line("zone %s in %s: removed, serial %d", z.Zone, z.View, z.Old)
		case "broken":
			t.line("zone %s in %s: cannot be served: SERVFAIL", z.Zone, z.View)
		default:
			t.line("zone %s in %s: serial %d → %d", z.Zone, z.View, z.Old, z.New)
		}
		t.depth = 1
		for j := range d.Records {
			if r := &d.Records[j]; r.View == z.View && r.Zone == z.Zone {
				t.line("%s", r.text())
			}
		}
		t.depth = 0
	}
	for i := range d.Views {
		v := &d.Views[i]
		t.line("clients %s%s: views %s → %s", strings.Join(v.Clients, ", "), more(v.Count-len(v.Clients)), v.Old, v.New)
	}
	views := ""
	for i := range d.Names {
		n := &d.Names[i]
		if n.Views != views {
			views = n.Views
			t.line("clients of %s:", views)
		}
		n.write(&t)
	}
	if d.Empty() {
		return nil
	}
	if d.MaxShift > 0 {
		t.line("largest shift: %s, %s (%s)", percentText(d.MaxShift), d.MaxName, diag.Count(d.Clients, "client network", "client networks"))
	} else {
		t.line("no answer moves (%s)", diag.Count(d.Clients, "client network", "client networks"))
	}
	_, err := out.Write(append(t.Bytes(), '\n'))
	return err
}

func more(count int) string {
	if count <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", count)
}

// dataLenMax bounds the data of one side of a changed record set in a text.
const dataLenMax = 100

func dataList(list []string) string {
	joined := []rune(strings.Join(list, ", "))
	if len(joined) > dataLenMax {
		return string(joined[:dataLenMax]) + "…"
	}
	return string(joined)
}

// text is one line: + added, - removed, ~ changed.
func (r *RecordChange) text() string {
	switch r.Change {
	case "added":
		return fmt.Sprintf("+ %s %s %d %s", r.Name, r.Type, r.NewTTL, dataList(r.New))
	case "removed":
		return fmt.Sprintf("- %s %s %d %s", r.Name, r.Type, r.OldTTL, dataList(r.Old))
	case "ttl":
		return fmt.Sprintf("~ %s %s: TTL %d → %d", r.Name, r.Type, r.OldTTL, r.NewTTL)
	}
	line := fmt.Sprintf("~ %s %s: %s → %s", r.Name, r.Type, dataList(r.Old), dataList(r.New))
	if r.OldTTL != r.NewTTL {
		line += fmt.Sprintf(", TTL %d → %d", r.OldTTL, r.NewTTL)
	}
	return line
}

// movesMax bounds the moves of one name in a text; --json has all.
const movesMax = 8

func (n *NameChange) write(t *text) {
	subject := n.Name + " " + n.Type + ":"
	ttl := ""
	if n.OldTTL != n.NewTTL {
		ttl = fmt.Sprintf(", TTL %d → %d", n.OldTTL, n.NewTTL)
	}
	switch n.Change {
	case "added", "removed":
		t.line("%s %s", subject, n.Change)
		return
	case "ttl":
		t.line("%s same answers%s", subject, ttl)
		return
	}
	for i := range n.Moves {
		m := &n.Moves[i]
		if i == movesMax {
			t.line("%s and %d smaller moves", subject, len(n.Moves)-movesMax)
			return
		}
		t.line("%s %s %s → %s%s", subject, percentText(m.Percent), m.From, m.To, ttl)
		ttl = ""
	}
}
