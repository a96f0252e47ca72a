package diag

import "testing"

// Protects the one-line form that logs, check and /readyz print.
func TestDiagnosticString(t *testing.T) {
	for _, c := range []struct {
		d    Diagnostic
		want string
	}{
		{Diagnostic{Pos{"example.com.zone", 12, 3}, Error, "weight 300 is outside 0..255"}, "example.com.zone:12:3: weight 300 is outside 0..255"},
		{Diagnostic{Pos{"a.zone", 7, 0}, Warning, "duplicate record"}, "a.zone:7: warning: duplicate record"},
		{Diagnostic{Pos{"a.zone", 0, 0}, Error, "no SOA"}, "a.zone: no SOA"},
		{Diagnostic{Pos{}, Error, "no zones"}, "no zones"},
		{Diagnostic{Pos{"a\nb\xff\x1b[2J.zone", 1, 0}, Error, `"x" is no \name`}, `a\nb\xff\x1b[2J.zone:1: "x" is no \\name`},
		{Diagnostic{Pos{"a.zone", 1, 0}, Error, "cycle: a → bü \uFFFD"}, "a.zone:1: cycle: a → bü \uFFFD"},
		{Diagnostic{Pos{"a.zone", 1, 0}, Error, "\u009b2J \u202e"}, `a.zone:1: \u009b2J \u202e`},
	} {
		if got := c.d.String(); got != c.want {
			t.Errorf("%#v: got %q, want %q", c.d, got, c.want)
		}
	}
}

// Protects the suggestions: near words only, swaps of neighbours count once.
func TestDidYouMean(t *testing.T) {
	known := []string{"weighted", "failover", "latency", "web", "id"}
	for word, want := range map[string]string{
		"wieghted": ` (did you mean "weighted"?)`,
		"Failovr":  ` (did you mean "failover"?)`,
		"wbe":      ` (did you mean "web"?)`,
		"banana":   "",
		"zz":       "",
	} {
		if got := DidYouMean(word, known); got != want {
			t.Errorf("DidYouMean(%q): got %q, want %q", word, got, want)
		}
	}
}

// Protects the order and the count of a list.
func TestListSortAndErrors(t *testing.T) {
	var l List
	l.Warnf(Pos{"b.zone", 1, 1}, "second file")
	l.Errorf(Pos{"a.zone", 9, 1}, "later line")
	l.Errorf(Pos{"a.zone", 2, 5}, "earlier line")
	l.Sort()
	if l[0].Text != "earlier line" || l[1].Text != "later line" || l[2].Text != "second file" || l.Errors() != 2 {
		t.Errorf("got %v with %d errors", l, l.Errors())
	}
}
