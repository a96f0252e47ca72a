package abi

import "testing"

// What is read of a history is written so that it reads back as the same.
func TestVantage(t *testing.T) {
	for _, c := range []struct{ text, want, message string }{
		{"+ + -", "+*2 -", ""},
		{"--++", "-*2 +*2", ""},
		{"120ms -2s/503 +", "+120ms -2s/503 +", ""},
		{"-*12 +*20", "-*12 +*20", ""},
		{"down/20s", "down/20s", ""},
		{"up", "up", ""},
		{"", "unknown", ""},
		{"up/1m @10s + -", "up/1m @10s + -", ""},
		{"@100ms +/200*3 0s", "@100ms +/200*3 +0s", ""},
		{"+*33", "", "there are more than 32 attempts"},
		{"x", "", `"x" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{"+ down", "", `"down" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{"+-5s", "", `"+-5s" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{"120", "", `"120" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{"-*0", "", `"-*0" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{"/503", "", `"/503" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{"+/70000", "", `"+/70000" is no attempt, as +, -, 120ms, -2s/503 and +*12 are`},
		{"@x +", "", `"@x" is no time, as @10s is`},
	} {
		v, message := ParseVantage(c.text)
		if message != c.message {
			t.Errorf("%q: got %q, want %q", c.text, message, c.message)
		}
		if message != "" {
			continue
		}
		if got := VantageText(&v); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
		if again, message := ParseVantage(VantageText(&v)); again != v || message != "" {
			t.Errorf("%q: read back as %+v %q, want %+v", c.text, again, message, v)
		}
	}
	v, _ := ParseVantage("down/20s @10s - 250ms/301")
	if a := v.Attempts[1]; v.Health != HealthDown || v.HeldMillis != 20_000 || v.AttemptCount != 2 || v.Attempts[0].OK != 0 ||
		a != (Attempt{AgeMillis: 10_000, TookMicros: 250_000, Code: 301, OK: 1}) {
		t.Errorf("got %+v", v)
	}
}
