//go:build unix

package load

import "syscall"

// openFlags keeps opening from waiting: a pipe may stand where a file stood a moment ago.
const openFlags = syscall.O_NONBLOCK
