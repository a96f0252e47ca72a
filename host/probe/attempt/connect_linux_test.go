package attempt

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"
)

// Protects checks of this machine's own ports: a socket that was given the port that it connects to meets itself, and nobody listens there.
func TestConnectedToSelf(t *testing.T) {
	for _, local := range []string{"127.0.0.1", "::1"} {
		family, address := sockaddr(netip.AddrPortFrom(netip.MustParseAddr(local), 0))
		fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Skip(err)
		}
		defer syscall.Close(fd)
		if err := syscall.Bind(fd, address); err != nil {
			t.Skip(err) // a machine without IPv6
		}
		own, err := syscall.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Connect(fd, own); err != nil {
			t.Fatal(err)
		}
		port := uint16(0)
		switch own := own.(type) {
		case *syscall.SockaddrInet4:
			port = uint16(own.Port)
		case *syscall.SockaddrInet6:
			port = uint16(own.Port)
		}
		if err := connected(fd, netip.AddrPortFrom(netip.MustParseAddr(local), port)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: got %v, want refused", local, err)
		}
		if err := connected(fd, netip.AddrPortFrom(netip.MustParseAddr(local), port+1)); err != nil {
			t.Errorf("%s, another port: got %v", local, err)
		}
	}
}
