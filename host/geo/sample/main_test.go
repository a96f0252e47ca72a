package main

import (
	"bytes"
	"os"
	"testing"
)

// Protects the committed sample: it is what this program writes.
func TestCommitted(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../zonefiles/sample.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("zonefiles/sample.mmdb has %d bytes that differ from the %d that go generate ./host/geo writes", len(got), len(want))
	}
}
