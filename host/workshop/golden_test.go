package workshop

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/plugins"
	"signpost/sdk/abi"
)

// Protects authors of golden decisions: every mistake has its line, and a hint.
func TestGoldenMistakes(t *testing.T) {
	const head = "case x\n;@ p id=a\n;@ p id=b\n"
	for _, c := range []struct{ text, want string }{
		{"", `g.txt: no case: each begins with a line as "case nine of ten answers are production's"`},
		{"want a=1", "g.txt:1:1: want before the first case"},
		{"cases x", `g.txt:1:1: unknown line "cases" (did you mean "case"?)`},
		{"case\n;@ p\nwant 1=1", "g.txt:1:1: a case without a name: say what it protects"},
		{"case x\nwant nodata", `g.txt:1:1: case without candidates: they are lines that begin with ";@", as in a zone file; a check is a line as "judge threshold fall=2"`},
		{"case x\n;@ p id=a", `g.txt:1:1: case that wants nothing: add a line as "want a=90% b=10%"`},
		{"case x\n;@ p\n  ;@ p id=a b\nwant 1=1", `g.txt:3:13: annotation: want key=value, not "b"`},
		{head + "want a=1\n;@ p id=c", "g.txt:5:1: a candidate behind what is given or wanted: candidates come first"},
		{head + "want c=1", `g.txt:4:1: there is no candidate "c" (did you mean "a"?)`},
		{head + "want a=1 b=50%", "g.txt:4:1: weights and percentages in one line"},
		{head + "want a=x", `g.txt:4:1: weight "x" is neither a whole number nor a percentage`},
		{head + "want a=1\nwant b=1", `g.txt:5:1: want b=1 a second time: another decision begins with "given"`},
		{head + "want nodate", `g.txt:4:1: want "nodate" is neither ID=WEIGHT nor one of nodata, servfail, pick, ttl, scope, refused (did you mean "nodata"?)`},
		{head + "want scope 24", "g.txt:4:1: a scope is wanted and no client is given"},
		{head + "want pick 0", `g.txt:4:1: want pick "0": a whole number stands behind it`},
		{head + "want refused x\nwant a=1", `g.txt:4:1: a policy that is refused decides nothing: give "want refused" a case of its own`},
		{head + "given", "g.txt:4:1: given, and nothing wanted of it"},
		{head + "given clent 192.0.2.1\nwant a=1", `g.txt:4:1: given "clent" is not one of client, place, latency, health (did you mean "client"?)`},
		{head + "given client 192.0.2.300\nwant a=1", `g.txt:4:1: client "192.0.2.300" is no prefix and no address`},
		{head + "given place county=NL\nwant a=1", `g.txt:4:1: place: unknown key "county" (did you mean "country"?)`},
		{head + "given place at=91,0\nwant a=1", `g.txt:4:1: place: at "91,0" makes no sense, as continent=EU country=NL subdivision=NH asn=64500 at=52.1,5.2 bits=20 would`},
		{head + "given latency a=80\nwant a=1", `g.txt:4:1: latency "80" is no time, as 80ms or 12.5ms is`},
		{head + "given health a=dwn\nwant a=1", `g.txt:4:1: health "dwn" is not one of up, down, unknown (did you mean "down"?)`},
		{head + "type B\nwant a=1", `g.txt:4:1: "B" is no record type`},
		{"region x 1\n" + head + "want a=1", `g.txt:1:1: region "x 1": want LATITUDE,LONGITUDE in degrees, as in "region our-dc 52.1,5.2"`},
		{"collection x 1.2.3\n" + head + "want a=1", `g.txt:1:1: collection x: "1.2.3" is no prefix and no address`},
	} {
		_, diags := ParseGolden("g.txt", c.text)
		if len(diags) != 1 || diags[0].String() != c.want {
			t.Errorf("%q:\n got %v\nwant %s", c.text, diags, c.want)
		}
	}
}

// Protects the meaning of golden decisions: those that are right pass, and each that is wrong fails at its line.
func TestGoldenOnTheHost(t *testing.T) {
	b := open(t, plugins.Builtin(), "weighted", true)
	golden, diags := ParseGolden("g.txt", `# facts and wants of all kinds
case shares
;@ weighted id=a weight=90
;@ weighted id="the other" weight=10
;@ weighted id=a
want a=90 "the other"=10
given
want a=90% "the other"=10.0%
given health a=down
want "the other"=10
given health a=down "the other"=down
want a=90 "the other"=10
given health a=unknown
given client 2001:db8::/48
want scope 0
want a=90 "the other"=10

case nothing is up
type AAAA
;@ weighted weight=1 on-all-down=nodata
given health 1=down
want nodata
given
want 1=1
want 1=100%

case a third
;@ weighted id=a weight=1
;@ weighted id=b weight=2
want a=33.3% b=66.67%

case a chain
;@ geolocation+weighted id=nl weight=1 country=NL
;@ geolocation+weighted id=eu weight=3 continent=EU
given client 192.0.2.0/24
given place continent=EU country=DE bits=16
want eu=3
want scope 16
given place country=US
want nodata

case a mistake
;@ weighted id=a weight=300
want refused weight 300 is outside 0..255
`)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	checked, failures, warnings := b.Check(golden)
	if checked != 14 || len(failures) > 0 || len(warnings) > 0 {
		t.Errorf("got %d checked, failures %v, warnings %v; want 14, none, none", checked, failures, warnings)
	}
	for _, c := range []struct{ wants, want string }{
		{"want a=1", "g.txt:4:1: x\n    ;@ weighted id=a weight=1\n    ;@ weighted id=b weight=2\n  got   a=1 b=2\n  want  a=1\n"},
		{"given health a=down\nwant a=100%", "  given health a=down\n  got   b=100%\n  want  a=100%\n"},
		{"want nodata", "  got   a=1 b=2\n  want  nodata\n"},
		{"want servfail", "want  servfail"},
		{"want pick 2", "want  pick 2"},
		{"want ttl 30", "want  ttl 30"},
		{"given client 192.0.2.0/24\nwant scope 8", "  got   scope 0\n  want  scope 8\n"},
		{"want a=33.4% b=66.6%", "  got   a=33.3333% b=66.6667%\n"},
		{"want refused x", "  got   accepted\n  want  refused x\n"},
	} {
		golden, diags := ParseGolden("g.txt", "case x\n;@ weighted id=a weight=1\n;@ weighted id=b weight=2\n"+c.wants)
		if len(diags) > 0 {
			t.Errorf("%q: %v", c.wants, diags)
			continue
		}
		if _, failures, _ := b.Check(golden); len(failures) != 1 || !strings.Contains(failures[0].String(), c.want) {
			t.Errorf("%q: got %v, want one failure with\n%s", c.wants, failures, c.want)
		}
	}
}

// Protects authors from refusals that nobody wanted, and from wants that no message meets.
func TestGoldenRefusals(t *testing.T) {
	b := open(t, plugins.Builtin(), "weighted", false)
	golden, diags := ParseGolden("g.txt", "case x\n;@ weighted id=a weight=300\n;@ weighted id=b weight=red\nwant refused weight 300\nwant refused no such\ncase y\n;@ weighted\nwant 1=1")
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	_, failures, _ := b.Check(golden)
	var got []string
	for _, f := range failures {
		got = append(got, fmt.Sprint(f.Pos))
	}
	if want := []string{"g.txt:5:1", "g.txt:3:25", "g.txt:6:1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\n%v\nwant failures at %v", got, failures, want)
	}
}

// Protects authors from facts that they give and that the plugin did not ask for.
func TestGoldenWarns(t *testing.T) {
	b := open(t, plugins.Builtin(), "weighted", false)
	golden, _ := ParseGolden("g.txt", "case x\n;@ weighted weight=1\ngiven client 192.0.2.1\ngiven place country=NL\ngiven latency 1=5ms\nwant 1=1")
	_, _, warnings := b.Check(golden)
	want := diag.List{}
	for _, fact := range []string{"client", "geo", "latency"} {
		want.Warnf(diag.Pos{File: "g.txt", Line: 3, Col: 1}, "weighted does not want %s, so it does not see what is given of it", fact)
	}
	if !reflect.DeepEqual(warnings, want) {
		t.Errorf("got %v, want %v", warnings, want)
	}
}

// Protects what fuzzing prints: a case reads back as the policy and the facts that it was written from.
func TestWrittenCaseReadsBack(t *testing.T) {
	low, high := -5.0, 5.0
	about := &abi.Plugin{Name: "p", Attributes: []abi.Attribute{{Name: "n", Type: abi.TypeFloat, Min: &low, Max: &high}, {Name: "t", Type: abi.TypeText},
		{Name: "where", Type: abi.TypePlace}, {Name: "whose", Type: abi.TypeNetworks}, {Name: "w", Type: abi.TypeWord, Words: []string{"x", "y"}, Shared: true}}}
	u := newUrn(rand.New(rand.NewPCG(5, 6)), about, nil)
	for range 500 {
		s := &scene{spec: u.spec()}
		for range 3 {
			s.facts = append(s.facts, u.facts(len(s.spec.Candidates)))
		}
		text := s.text("x", [][]string{{"nodata"}, {"nodata"}, {"nodata"}})
		golden, diags := ParseGolden("g.txt", text)
		if len(diags) > 0 {
			t.Fatalf("%v\n%s", diags, text)
		}
		c := &golden.Cases[0]
		if got, want := sayings(&c.Spec), sayings(&s.spec); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\ngot candidates %q\nwant %q", text, got, want)
		}
		for i := range s.facts {
			ids := c.ids()
			got, want := writeGiven(ids, &c.Trials[i].Facts), writeGiven(ids, &s.facts[i])
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s\ngot facts %q\nwant %q", text, got, want)
			}
			if got, want := c.Trials[i].Facts.Place, s.facts[i].Place; got != want {
				t.Fatalf("%s\ngot place %+v\nwant %+v", text, got, want)
			}
		}
	}
}

// sayings are what a Spec's candidates say, without their places in a file and without the id among the keys.
func sayings(spec *policy.Spec) (list []string) {
	for _, c := range spec.Candidates {
		text := c.ID
		for _, a := range c.Attrs {
			if a.Key != "id" {
				text += fmt.Sprintf(" %s=%q", a.Key, a.Value)
			}
		}
		list = append(list, text)
	}
	return list
}

func FuzzParseGolden(f *testing.F) {
	f.Add("case x\n;@ p id=a\n;@ p id=\"b c\" k=v\ngiven client 192.0.2.0/24\ngiven latency a=5ms bits=3\nwant a=1 \"b c\"=2\nwant scope 3\ngiven\nwant nodata")
	f.Add("region a 1,2\ncollection b 10.0.0.0/8,*\ncase y\ntype AAAA\n;@ p+q\nwant refused no")
	f.Fuzz(func(t *testing.T, text string) {
		golden, diags := ParseGolden("g.txt", text)
		if len(diags) > 0 {
			return
		}
		for i := range golden.Cases {
			c := &golden.Cases[i]
			if len(c.Spec.Candidates) == 0 || len(c.Trials)+len(c.Refused) == 0 {
				t.Errorf("%q: got a case without candidates or wants: %+v", text, c)
			}
		}
	})
}

// Protects the reason of a failure: a decision behind one that failed is judged on its own, not by the server's pause after a failure.
func TestGoldenAfterFailure(t *testing.T) {
	wasm, err := naughty()
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, wasm, "spins", false)
	golden, diags := ParseGolden("g.txt", "case x\n;@ spins\ngiven place country=BR\nwant 1=1\ngiven place country=NL\nwant 1=1\ngiven place country=BR\nwant 1=1")
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	_, failures, _ := b.Check(golden)
	var got []string
	for _, f := range failures {
		got = append(got, fmt.Sprint(f.Pos, " ", f.Got))
	}
	spent := fmt.Sprintf("[the plugin failed: decide: fuel is spent (limit %d)]", b.Module.Limits.DecisionFuel(1))
	heading := fmt.Sprintf("; with more of it: decide: fuel is spent (limit %d)]", plugin.Limits{Fuel: patientFuel}.DecisionFuel(1))
	if want := []string{"g.txt:4:1 " + strings.TrimSuffix(spent, "]") + heading, "g.txt:8:1 " + spent}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Protects the first mistake that everybody makes in Go, whose panic spends the fuel before it says where it was.
func TestGoldenSaysWhatPanicked(t *testing.T) {
	wasm, err := naughty()
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, wasm, "traps", false)
	golden, _ := ParseGolden("g.txt", "case x\n;@ traps id=a\n;@ traps id=b\ngiven health b=down\nwant a=1")
	_, failures, _ := b.Check(golden)
	if len(failures) != 1 || !strings.Contains(failures[0].Got[0], "with more of it: decide: unreachable: panic: runtime error: index out of range [3] with length 2") {
		t.Errorf("got %v, want one with the text of the panic", failures)
	}
}
