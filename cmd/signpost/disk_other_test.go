//go:build unix && !linux

package main

import "testing"

func testFullDisks(t *testing.T, _ string) {
	t.Skip("needs a small file system, which only Linux mounts in one call")
}
