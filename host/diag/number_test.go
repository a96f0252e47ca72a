package diag

import "testing"

// Protects the numbers of messages: commas, and the word's two forms.
func TestCount(t *testing.T) {
	for n, want := range map[int]string{
		-1234: "-1,234 zones", -123: "-123 zones", 0: "0 zones", 1: "1 zone", 999: "999 zones", 1000: "1,000 zones", 1234567: "1,234,567 zones",
	} {
		if got := Count(n, "zone", "zones"); got != want {
			t.Errorf("Count(%d): got %q, want %q", n, got, want)
		}
	}
}
