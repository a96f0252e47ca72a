package workshop

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"signpost/host/diag"
	"signpost/plugins"
)

// Protects authors of golden verdicts: every mistake has its line, and a hint.
func TestGoldenVerdictMistakes(t *testing.T) {
	const head = "case x\njudge threshold fall=2\n"
	for _, c := range []struct{ text, want string }{
		{"judge threshold", "g.txt:1:1: judge before the first case"},
		{"case x\njudge threshold fall", `g.txt:2:17: annotation: want key=value, not "fall"`},
		{head + "judge threshold\nwant up", "g.txt:3:1: a case is about one check, or about candidates"},
		{head + ";@ weighted weight=1\nwant up", "g.txt:3:1: a case is about one check, or about candidates"},
		{head, `g.txt:1:1: case that wants nothing: add a line as "want down"`},
		{head + "given seen +", "g.txt:3:1: given, and nothing wanted of it"},
		{head + "given sen +\nwant up", `g.txt:3:1: given "sen" is not one of was, seen (did you mean "seen"?)`},
		{head + "given seen + x\nwant up", `g.txt:3:1: seen: "x" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{head + "given seen up*65\nwant up", "g.txt:3:1: there are more than 64 vantage points"},
		{head + "given seen up*x\nwant up", `g.txt:3:1: seen "up*x": a whole number stands behind the *`},
		{head + "given was over\nwant up", `g.txt:3:1: was "over": want the verdict that stood, and for how long, as in "given was up/90s" or "given was up/5s after down"`},
		{head + "want a=1", `g.txt:3:1: want "a=1" is not one of up, down, unknown, share, because, refused`},
		{head + "want dwn", `g.txt:3:1: want "dwn" is not one of up, down, unknown, share, because, refused (did you mean "down"?)`},
		{head + "want share 101", `g.txt:3:1: want share "101": a whole number of percent stands behind it, 0..100`},
		{head + "want up\nwant down", `g.txt:4:1: want down a second time: another verdict begins with "given"`},
		{head + "want up\nwant refused x", `g.txt:4:1: a policy that is refused decides nothing: give "want refused" a case of its own`},
	} {
		_, diags := ParseGolden("g.txt", c.text)
		if len(diags) != 1 || diags[0].String() != c.want {
			t.Errorf("%q:\n got %v\nwant %s", c.text, diags, c.want)
		}
	}
}

// Protects the meaning of golden verdicts: those that are right pass, and each that is wrong fails at its line.
func TestGoldenVerdictsOnTheHost(t *testing.T) {
	b := open(t, plugins.Builtin(), "degraded", true)
	golden, diags := ParseGolden("g.txt", `
case a judge of its own
judge degraded slow=900ms
given was up/1h
given seen 20ms*5
want up
want share 100
given was up/1h after up
given seen 500ms*5 - -
want up
want share 55
want because its answers are slow: a share of 55 %
given was up/30s after down
given seen @10s 20ms*3 ---
want share 50
given seen -
want down
want because failures in a row: 1

case others are known
judge quorum percent=50
given seen up*2
given seen down/5s
want up

case a check that is refused
judge degraded slow=1h
want refused slow 1h is outside 1ms..10m
`)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	checked, failures, warnings := b.Check(golden)
	if checked != 10 || len(failures) > 0 || len(warnings) > 0 {
		t.Errorf("got %d checked, %v, %v, want 10 and nothing to say", checked, failures, warnings)
	}
	wrong, _ := ParseGolden("g.txt", "case wrong\njudge degraded\ngiven was up\ngiven seen 550ms*9\nwant down\nwant share 50\nwant because of me\n")
	_, failures, _ = b.Check(wrong)
	if len(failures) != 3 || failures[1].Pos != (diag.Pos{File: "g.txt", Line: 6, Col: 1}) ||
		strings.Join(failures[1].Got, ", ") != "up, share 55, because its answers are slow: a share of 55 %" || failures[0].Given[1] != "seen 550ms*9" {
		t.Errorf("got %v, want three failures at their lines", failures)
	}
}

// What fuzzing draws is written so that it reads back as the same.
func TestHistoriesReadBack(t *testing.T) {
	b := open(t, plugins.Builtin(), "degraded", true)
	u := newUrn(rand.New(rand.NewPCG(1, 2)), &b.About, nil)
	for range 500 {
		d := docket{spec: u.check()}
		e := u.evidence()
		lines := writeHistory(&e)
		golden, diags := ParseGolden("g.txt", d.text("x", nil)+"given "+strings.Join(lines, "\ngiven ")+"\nwant up\n")
		if len(diags) > 0 {
			t.Fatalf("%v in\n%s", diags, strings.Join(lines, "\n"))
		}
		if got := golden.Cases[0].Hearings[0].Evidence; !reflect.DeepEqual(got, e) {
			t.Fatalf("got %+v, want %+v\n%s", got, e, strings.Join(lines, "\n"))
		}
		read := golden.Cases[0].Spec.Candidates[0].Attrs
		for i, attr := range d.spec.Candidates[0].Attrs {
			if read[i].Key != attr.Key || read[i].Value != attr.Value {
				t.Fatalf("got %+v, want %+v", read[i], attr)
			}
		}
	}
}
