//go:build !linux

package attempt

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// connect opens a connection to an address.
func connect(ctx context.Context, to netip.AddrPort, deadline time.Time) (*line, error) {
	dialer := net.Dialer{Deadline: deadline, KeepAlive: -1}
	conn, err := dialer.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		conn.Close()
		return nil, err
	}
	return newLine(ctx, conn), nil
}
