package file

import (
	"strings"
	"testing"
)

// Protects the log from a line in each second while the file cannot be written: what is in the way is said once, and names the file that people know.
func TestTroubleOnce(t *testing.T) {
	d := newDesk(t, "/proc/overrides.yaml") // where nobody can make a file
	for _, pattern := range []string{"app.example.com/eu-1", "app.example.com/eu-2"} {
		if err := d.say(pattern, down("drill")); err == nil {
			t.Error("got no error")
		}
	}
	for range 5 {
		d.Look()
	}
	if count := strings.Count(d.log.String(), "level=ERROR"); count != 1 || !strings.Contains(d.log.String(), "/proc/overrides.yaml: no such file") {
		t.Errorf("got %d errors, want one about the file:\n%s", count, d.log.String())
	}
}
