//go:build !windows

package socket

import "syscall"

// What bind returns when the port is taken, the port is privileged, the address is another machine's, the family is off; what accept
// returns when descriptors or memory ran out.
var (
	errnosInUse     = []syscall.Errno{syscall.EADDRINUSE}
	errnosDenied    = []syscall.Errno{syscall.EACCES, syscall.EPERM}
	errnosAbsent    = []syscall.Errno{syscall.EADDRNOTAVAIL}
	errnosFamily    = []syscall.Errno{syscall.EAFNOSUPPORT}
	errnosExhausted = []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}
)
