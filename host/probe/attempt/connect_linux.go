package attempt

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"
)

// socket is a TCP socket in the runtime's poller. It is an os.File because package net would spend a goroutine, a timer and four system calls
// more on each connection; host/RATIONALE.md, "Why do probes open their own sockets?", has the figures.
type socket struct{ *os.File }

func (socket) LocalAddr() net.Addr  { return &net.TCPAddr{} } // nobody asks
func (socket) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// CloseWrite tells the other side that no more will come.
func (s socket) CloseWrite() error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var outcome error
	err = raw.Control(func(fd uintptr) { outcome = syscall.Shutdown(int(fd), syscall.SHUT_WR) })
	return cmp.Or(err, outcome)
}

// connect opens a connection to an address.
func connect(ctx context.Context, to netip.AddrPort, deadline time.Time) (*line, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	family, address := sockaddr(to)
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, syscall.IPPROTO_TCP)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1}); err != nil {
		syscall.Close(fd)
		return nil, os.NewSyscallError("setsockopt", err)
	}
	err = syscall.Connect(fd, address)
	if t := taskOf(ctx); t != nil && (err == nil || err == syscall.EINPROGRESS || err == syscall.EINTR) {
		return t.adopt(ctx, fd, to, deadline)
	}
	if err == nil {
		err = connected(fd, to)
	}
	file := os.NewFile(uintptr(fd), "probe")
	l := newLine(ctx, socket{file})
	if err == syscall.EINPROGRESS || err == syscall.EINTR {
		l.SetDeadline(deadline)
		err = settle(file, to)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		l.Close()
		return nil, err
	}
	return l, nil
}

// settle waits until a connection is there or is not to be.
func settle(file *os.File, to netip.AddrPort) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var outcome error
	err = raw.Write(func(fd uintptr) (done bool) {
		done, outcome = settled(int(fd), to)
		return done
	})
	return cmp.Or(err, outcome)
}

// settled tells whether a connection is there or is not to be, and why not. Pollers may wake for nothing.
func settled(fd int, to netip.AddrPort) (done bool, err error) {
	number, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err == nil && number != 0 {
		err = syscall.Errno(number)
	}
	if err != nil {
		return true, err
	}
	if _, err := syscall.Getpeername(fd); err != nil {
		return false, nil
	}
	return true, connected(fd, to)
}

// connected is called when a connection is there. If the socket was given the very port that it connects to, it met itself and nobody listens:
// that happens once in some 28,000 attempts to a closed port of this machine that lies among those for clients.
func connected(fd int, to netip.AddrPort) error {
	own, err := syscall.Getsockname(fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	self := false
	switch own := own.(type) {
	case *syscall.SockaddrInet4:
		self = own.Port == int(to.Port()) && netip.AddrFrom4(own.Addr) == to.Addr()
	case *syscall.SockaddrInet6:
		self = own.Port == int(to.Port()) && netip.AddrFrom16(own.Addr) == to.Addr().WithZone("")
	}
	if self {
		return syscall.ECONNREFUSED
	}
	return nil
}

// sockaddr is an address as the system has it.
func sockaddr(to netip.AddrPort) (family int, address syscall.Sockaddr) {
	if to.Addr().Is4() {
		return syscall.AF_INET, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	six := &syscall.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	if zone := to.Addr().Zone(); zone != "" {
		if number, err := strconv.ParseUint(zone, 10, 32); err == nil {
			six.ZoneId = uint32(number)
		} else if i, err := net.InterfaceByName(zone); err == nil {
			six.ZoneId = uint32(i.Index)
		}
	}
	return syscall.AF_INET6, six
}
