package answer

import (
	"testing"

	"signpost/host/health"
)

// Protects what a plugin of a chain ruled out from a later one that finds all candidates for a client down: it may take up only what is left.
func TestReopenedWithinChain(t *testing.T) {
	const text = `
in A 10.1.0.1  ;@ split-horizon+geolocation id=inside clients=10.0.0.0/8 default=yes
in A 192.0.2.2 ;@ split-horizon+geolocation id=outside continent=AF
sh A 10.1.0.1  ;@ split-horizon+weighted+geolocation id=inside clients=10.0.0.0/8 weight=1 default=yes
sh A 192.0.2.1 ;@ split-horizon+weighted+geolocation id=one weight=200 default=yes
sh A 192.0.2.2 ;@ split-horizon+weighted+geolocation id=two weight=0 default=yes
sh A 192.0.2.3 ;@ split-horizon+weighted+geolocation id=three weight=5 continent=AF
`
	w, table := healthWorker(t, text)
	force(t, table, health.ForceDown, "in inside")
	if got := seen(t, w, "in", "A"); got != "NOERROR" {
		t.Errorf("a client outside: got %s, want no answer", got)
	}
	force(t, table, health.ForceDown, "sh inside", "sh one", "sh two")
	if got := seen(t, w, "sh", "A"); got != "192.0.2.1" {
		t.Errorf("all for a client are down: got %s, want 192.0.2.1", got)
	}
}
