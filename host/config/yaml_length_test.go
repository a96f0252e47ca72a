package config

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Protects reloads from files that take minutes to parse: what is long enough for that is refused, or found wrong, and long configurations are read.
func TestLongFiles(t *testing.T) {
	many := func(line string) string {
		var text strings.Builder
		for i := 0; text.Len() < textLenMax-100; i++ {
			text.WriteString(strings.Replace(line, "#", strconv.Itoa(i), 1))
		}
		return text.String()
	}
	for _, c := range []struct{ name, text, want string }{
		{"keys", many("k#: b\n"), "too many keys"},
		{"keys without values", many("? k#\n"), "too many keys"},
		{"keys inside", "a:\n" + many("  k#: b\n"), "too many keys"},
		{"lists of keys", many("- k#: b\n"), ""},
		{"checks", "checks:\n" + many("  c#: { http: { port: 80, path: /health, contains: well }, interval: 10s, fall: 3 }\n"), ""},
		{"anchors", many("&a# "), "YAML: "},
		{"tags", many("!t# "), "YAML: "},
		{"texts", many("'a#' "), "YAML: "},
	} {
		y := ReadYAML("f", []byte(c.text), depthMax, tokensMax)
		if got := fmt.Sprint(y.Diags); c.want == "" && len(y.Diags) > 0 || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %.200s, want %q", c.name, got, c.want)
		}
	}
	if _, diags := Parse("f", []byte("checks: {"+many("c#: 1, ")+"}")); diags.Errors() < textLenMax/20 {
		t.Errorf("mistakes in one line: got %d, want all of them", diags.Errors())
	}
}
