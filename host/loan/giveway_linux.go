package loan

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// sliceNanos is how long a considerate thread runs before one that woke up may take its processor: the least that Linux takes. The usual
// slice, 3 ms, is what a packet would wait that arrives on the compiler's processor.
const sliceNanos = 100_000

// GiveWay makes the calling goroutine's thread give way to others often. The goroutine keeps the thread, and takes it along when it ends.
// Linux before 6.12 has one slice for all and does not mind being asked.
func GiveWay() {
	runtime.LockOSThread()
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return
	}
	attr.Runtime = sliceNanos
	_ = unix.SchedSetAttr(0, attr, 0) // without it the work is done all the same
}
