//go:build unix

package notice

import (
	"os/exec"
	"syscall"
)

// killWhole has a command that takes too long end with all that it started.
func killWhole(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}
