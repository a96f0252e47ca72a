//go:build freebsd || dragonfly

package tcp_test

import "syscall"

// setLimit sets how many files may be open; the hard limit is raised if it must be.
func setLimit(limit *syscall.Rlimit, count uint64) {
	limit.Cur = int64(count)
	limit.Max = max(limit.Max, limit.Cur)
}
