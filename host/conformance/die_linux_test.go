package conformance

import (
	"os/exec"
	"syscall"
)

// dieWithTest makes the kernel end cmd when the thread that starts it ends: a test that panics leaves no server behind.
func dieWithTest(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
