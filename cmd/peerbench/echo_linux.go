package main

import (
	"fmt"
	"net/netip"
	"runtime"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	echoBatchLen  = 32
	echoPacketLen = 512
)

// echo is the floor that every server is compared with: it sends each query back with the QR bit set, and nothing
// else. threads blocking recvmmsg/sendmmsg loops, each on a socket of its own (SO_REUSEPORT) and an OS thread of its
// own. It returns only with an error.
//
// Its use of unsafe: neither syscall nor x/sys/unix wraps the two calls. The message
// headers point into buffers that live, unmoved, as long as the thread's loop.
func echo(addr string, threads int) error {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().Is4() {
		return fmt.Errorf("address %q is not IPv4:port", addr)
	}
	debug.SetGCPercent(-1)          // nothing is allocated; a collector waiting for a raw call would hang
	runtime.GOMAXPROCS(threads + 1) // a raw system call keeps its P
	failed := make(chan error, threads)
	for range threads {
		fd, err := echoSocket(at)
		if err != nil {
			return err
		}
		go func() {
			runtime.LockOSThread()
			failed <- echoLoop(fd)
		}()
	}
	return <-failed
}

func echoSocket(at netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, fmt.Errorf("reuseport: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		return 0, fmt.Errorf("bind %s: %w", at, err)
	}
	return fd, nil
}

// mmsghdr is struct mmsghdr of recvmmsg(2); Go pads it as C does.
type mmsghdr struct {
	header unix.Msghdr
	length uint32
}

func echoLoop(fd int) error {
	type slot struct {
		from   unix.RawSockaddrInet4
		iov    unix.Iovec
		packet [echoPacketLen]byte
	}
	slots := make([]slot, echoBatchLen)
	batch := make([]mmsghdr, echoBatchLen)
	for i := range slots {
		s := &slots[i]
		s.iov.Base = &s.packet[0]
		batch[i].header.Name = (*byte)(unsafe.Pointer(&s.from))
		batch[i].header.Iov = &s.iov
		batch[i].header.SetIovlen(1)
	}
	for {
		for i := range slots {
			slots[i].iov.SetLen(echoPacketLen)
			batch[i].header.Namelen = uint32(unsafe.Sizeof(slots[i].from))
		}
		got, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&batch[0])), echoBatchLen, unix.MSG_WAITFORONE, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return fmt.Errorf("recvmmsg: %w", errno)
		}
		for i := range int(got) {
			slots[i].packet[2] |= 0x80
			slots[i].iov.SetLen(int(batch[i].length))
		}
		for sent := 0; sent < int(got); {
			n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&batch[sent])), got-uintptr(sent), 0, 0, 0)
			switch {
			case errno == unix.EINTR:
			case errno != 0:
				sent++ // what cannot be sent is lost, as in a server
			default:
				sent += int(n)
			}
		}
	}
}
