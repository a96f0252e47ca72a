//go:build !linux

package main

import "syscall"

// serverAttr has nothing to set where there is no /proc to find forks in.
func serverAttr() *syscall.SysProcAttr { return nil }

// endGroup has no group to end.
func endGroup(int) {}
