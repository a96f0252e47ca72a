package socket

import "golang.org/x/sys/windows"

// SetBuffers asks for the kernel's receive and send buffers, in bytes; sockets accepted from fd inherit them.
func SetBuffers(fd uintptr, receiveLen, sendLen int) error {
	if err := windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_RCVBUF, receiveLen); err != nil {
		return err
	}
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_SNDBUF, sendLen)
}
