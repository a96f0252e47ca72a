package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"syscall"
)

// Control sets options on a socket before it is bound; it may be nil.
type Control func(fd uintptr) error

// ListenUDP binds one UDP socket to addr. The error is one line that names the address and the reason.
func ListenUDP(addr netip.AddrPort, control Control) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: adapt(control)}
	conn, err := config.ListenPacket(context.Background(), Network("udp", addr), addr.String())
	if err != nil {
		return nil, explain("udp", addr, err)
	}
	return conn.(*net.UDPConn), nil
}

// ListenTCP binds one listening TCP socket to addr, without TCP keepalives: DNS connections that say nothing are closed
// long before a keepalive would fire, and setting them costs three system calls a connection.
func ListenTCP(addr netip.AddrPort, control Control) (*net.TCPListener, error) {
	config := net.ListenConfig{Control: adapt(control), KeepAlive: -1}
	config.SetMultipathTCP(false) // Go's default for listeners; a query and its answer gain nothing from a second path
	listener, err := config.Listen(context.Background(), Network("tcp", addr), addr.String())
	if err != nil {
		return nil, explain("tcp", addr, err)
	}
	return listener.(*net.TCPListener), nil
}

// adapt makes the callback that net.ListenConfig wants.
func adapt(control Control) func(string, string, syscall.RawConn) error {
	if control == nil {
		return nil
	}
	return func(_, _ string, raw syscall.RawConn) error {
		var failure error
		if err := raw.Control(func(fd uintptr) { failure = control(fd) }); err != nil {
			return err
		}
		return failure
	}
}

// explain turns the error of a bind into one line for a person: address, transport, reason, what to do.
func explain(transport string, addr netip.AddrPort, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return fmt.Errorf("listen on %s/%s: %w", addr, transport, err)
	}
	switch {
	case slices.Contains(errnosInUse, errno):
		return fmt.Errorf("listen on %s/%s: port in use by another program", addr, transport)
	case slices.Contains(errnosDenied, errno) && addr.Port() < privilegedBelow:
		return fmt.Errorf("listen on %s/%s: port %d needs privilege: %s, or use a port above 1023: %w",
			addr, transport, addr.Port(), privilege(), errno)
	case slices.Contains(errnosAbsent, errno):
		return fmt.Errorf("listen on %s/%s: address is not on this machine: %w", addr, transport, errno)
	case slices.Contains(errnosFamily, errno):
		return fmt.Errorf("listen on %s/%s: this machine has no such address family: %w", addr, transport, errno)
	}
	return fmt.Errorf("listen on %s/%s: %w", addr, transport, errno)
}

// privilegedBelow is the first port that any user may bind on Unix.
const privilegedBelow = 1024

// privilege returns what a person does to let this program bind a privileged port.
func privilege() string {
	if runtime.GOOS != "linux" {
		return "run as administrator"
	}
	path, err := os.Executable()
	if err != nil {
		path = "signpost"
	}
	return "run setcap cap_net_bind_service=+ep " + path
}

// Exhausted is whether err, from accepting a connection, says that descriptors or memory ran out, so that closing
// another connection would help.
func Exhausted(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && slices.Contains(errnosExhausted, errno)
}
