package testbed

import (
	"os"
	"syscall"
	"testing"
)

// SmallDisk mounts a file system of a size, such as "1m", until the test ends. It skips the test of who may not.
func SmallDisk(t *testing.T, size string) (dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a small file system")
	}
	dir = t.TempDir()
	if err := syscall.Mount("signpost-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no small file system here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
