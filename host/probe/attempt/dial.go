package attempt

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// addressesMax is how many addresses of a host name are tried.
const addressesMax = 8

// literal tells that an endpoint is an address that can be connected to without asking anybody: a resolver for a name, the system for the
// interface of a zone.
func literal(endpoint string) bool {
	addr, err := netip.ParseAddr(endpoint)
	return err == nil && addr.Zone() == ""
}

// dialer connects to endpoints.
type dialer struct {
	resolver Resolver
	within   time.Duration // for all of it
}

// addresses returns where an endpoint is: an address is there itself, a host name where the resolver says.
func (d *dialer) addresses(ctx context.Context, endpoint string, deadline time.Time) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(endpoint); err == nil {
		return []netip.Addr{addr}, nil
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	found, err := d.resolver.LookupNetIP(ctx, "ip", endpoint)
	if err == nil && len(found) == 0 {
		err = &net.DNSError{Err: "no such host", Name: endpoint, IsNotFound: true}
	}
	if err != nil {
		return nil, &unresolved{endpoint, err}
	}
	return found[:min(len(found), addressesMax)], nil
}

// each tries the addresses of an endpoint in turn until one does; each gets its part of the time that is left. The error is the
// first that says something of the endpoint: where one family of addresses cannot be used, the other one's counts.
func each(ctx context.Context, found []netip.Addr, deadline time.Time, try func(addr netip.Addr, deadline time.Time) error) error {
	var first error
	for i, addr := range found {
		now := time.Now()
		err := try(addr.Unmap(), now.Add(deadline.Sub(now)/time.Duration(len(found)-i)))
		if err == nil {
			return nil
		}
		if first == nil || exhausted(first) {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return first
}

// dial connects to the first address of an endpoint that answers.
func (d *dialer) dial(ctx context.Context, endpoint string, port int, deadline time.Time) (l *line, err error) {
	found, err := d.addresses(ctx, endpoint, deadline)
	if err != nil {
		return nil, err
	}
	err = each(ctx, found, deadline, func(addr netip.Addr, deadline time.Time) (err error) {
		l, err = connect(ctx, netip.AddrPortFrom(addr, uint16(port)), deadline)
		return err
	})
	return l, err
}
