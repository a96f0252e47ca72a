// Package socket turns a listen address into a bound socket, or into one line that says why it cannot be.
//
// Plane: control. Floor: 0. Journey of a query: before step 1; listen/udp and listen/tcp bind with it.
package socket

import (
	"fmt"
	"net/netip"
)

// Parse reads a listen address: an IP address and a port, as 127.0.0.1:53, 0.0.0.0:53, [::]:53 or [fe80::1%eth0]:53.
// Port 0 lets the system choose one. Names are refused, because they may mean several addresses or change; an empty
// host is refused, because one socket serves one address family.
func Parse(addr string) (netip.AddrPort, error) {
	parsed, err := netip.ParseAddrPort(addr)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen address %q is not IP:PORT, for example 127.0.0.1:53, 0.0.0.0:53 or [::1]:53", addr)
	}
	if parsed.Addr().Is4In6() {
		return netip.AddrPort{}, fmt.Errorf("listen address %q is an IPv4 address in IPv6 form; write %s", addr,
			netip.AddrPortFrom(parsed.Addr().Unmap(), parsed.Port()))
	}
	return parsed, nil
}

// Network returns the network that pins the family of addr: transport is "udp" or "tcp", the result "udp4", "tcp6" and
// so on. With the 6 the net package sets IPV6_V6ONLY, so that 0.0.0.0 and [::] can be listed side by side.
func Network(transport string, addr netip.AddrPort) string {
	if addr.Addr().Is4() {
		return transport + "4"
	}
	return transport + "6"
}
