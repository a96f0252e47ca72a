package attempt

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart gives a program a process group of its own, so that all of it can be killed.
func apart(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killAll kills a program and what it has started, unless somebody has left its process group.
func killAll(command *exec.Cmd) { syscall.Kill(-command.Process.Pid, syscall.SIGKILL) } // an error: there is none left

// reap waits for a program's end and kills what it leaves behind. Its number stays its own until then, so that killAll cannot meet others.
func reap(command *exec.Cmd) error {
	for unix.Waitid(unix.P_PID, command.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	killAll(command)
	return command.Wait()
}

// environment is what a program gets of this process's environment: nothing.
func environment() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
}
