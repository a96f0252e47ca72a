package main

import "syscall"

// serverAttr puts a server into a process group of its own, which is how its forks are found, and has the kernel
// end it if peerbench is killed.
func serverAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// endGroup kills what is left of a server's process group.
func endGroup(pgid int) { _ = syscall.Kill(-pgid, syscall.SIGKILL) }
