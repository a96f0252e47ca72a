//go:build !windows

package socket

import "syscall"

// SetBuffers asks for the kernel's receive and send buffers, in bytes; sockets accepted from fd inherit them.
func SetBuffers(fd uintptr, receiveLen, sendLen int) error {
	if err := syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, receiveLen); err != nil {
		return err
	}
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, sendLen)
}
