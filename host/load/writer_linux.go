package load

import (
	"os"

	"golang.org/x/sys/unix"
)

// writerOf tells whether some process has f open for writing. The kernel grants a read lease only when none has, so asking for
// one (and giving it back at once) is the question. It answers for files that we own, or with CAP_LEASE, on local file systems.
func writerOf(f *os.File) writer {
	raw, err := f.SyscallConn()
	if err != nil {
		return writerUnknown
	}
	answer := writerUnknown
	if err := raw.Control(func(fd uintptr) {
		_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK)
		switch err {
		case nil:
			answer = writerNone
			_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK) // closing the file would release it as well
		case unix.EAGAIN:
			answer = writerOpen
		}
	}); err != nil {
		return writerUnknown
	}
	return answer
}
