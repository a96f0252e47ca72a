package socket

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// What bind returns when the port is taken, the port is reserved, the address is another machine's, the family is off; what accept
// returns when descriptors or memory ran out.
var (
	errnosInUse     = []syscall.Errno{windows.WSAEADDRINUSE}
	errnosDenied    = []syscall.Errno{windows.WSAEACCES}
	errnosAbsent    = []syscall.Errno{windows.WSAEADDRNOTAVAIL}
	errnosFamily    = []syscall.Errno{windows.WSAEAFNOSUPPORT}
	errnosExhausted = []syscall.Errno{windows.WSAEMFILE, windows.WSAENOBUFS}
)
