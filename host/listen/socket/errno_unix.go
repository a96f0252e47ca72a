//go:build !windows

package socket

import "syscall"

// What bind returns when the port is taken, the port is privileged, the address is another machine's, the family is off.
var (
	errnosInUse  = []syscall.Errno{syscall.EADDRINUSE}
	errnosDenied = []syscall.Errno{syscall.EACCES, syscall.EPERM}
	errnosAbsent = []syscall.Errno{syscall.EADDRNOTAVAIL}
	errnosFamily = []syscall.Errno{syscall.EAFNOSUPPORT}
)
