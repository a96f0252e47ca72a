package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// dnsPort is the port of an address without one.
const dnsPort = 53

// ParseListen reads an address to serve on and returns its one spelling: "192.0.2.1:53", "[2001:db8::1]:53", "0.0.0.0:53" (every IPv4
// address), "[::]:53" (every IPv6 address and no IPv4 one), ":53" (every address). "ADDR" alone means port 53; "PORT", ":PORT" and
// "*:PORT" mean every address; port 0 lets the system choose. The error has the value in it.
func ParseListen(raw string) (string, error) {
	if addr, err := netip.ParseAddrPort(raw); err == nil {
		return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()).String(), nil
	}
	bare := raw
	if strings.HasPrefix(raw, "[") && strings.HasSuffix(raw, "]") {
		bare = raw[1 : len(raw)-1]
	}
	if addr, err := netip.ParseAddr(bare); err == nil {
		return netip.AddrPortFrom(addr.Unmap(), dnsPort).String(), nil
	}
	if rest, isStar := strings.CutPrefix(raw, "*"); strings.HasPrefix(rest, ":") || !isStar && isDigits(rest) {
		port, err := strconv.ParseUint(strings.TrimPrefix(rest, ":"), 10, 16)
		if err != nil {
			return "", fmt.Errorf("%q has no port 0..65535", raw)
		}
		return fmt.Sprintf(":%d", port), nil
	}
	host := raw
	if i := strings.LastIndexByte(raw, ':'); i > 0 {
		host = raw[:i]
		if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
			return "", fmt.Errorf("%q has no port 0..65535", raw)
		}
	}
	in := ""
	if host != raw {
		in = fmt.Sprintf(" in %q", raw)
	}
	return "", fmt.Errorf("%q is no IP address%s; write 127.0.0.1:5300, [::1]:5300 or :53", host, in)
}

// CheckListen returns an error when two of the addresses, as ParseListen returns them, are equal or one holds the other.
func CheckListen(addrs []string) error {
	for i, addr := range addrs {
		if err := overlap(addrs[:i], addr); err != nil {
			return err
		}
	}
	return nil
}

func overlap(before []string, addr string) error {
	for _, other := range before {
		switch {
		case strings.HasSuffix(addr, ":0"): // the system chooses another port each time
		case other == addr:
			return fmt.Errorf("%s is listed twice", addr)
		case covers(other, addr):
			return fmt.Errorf("%s is part of %s; keep one of them", addr, other)
		case covers(addr, other):
			return fmt.Errorf("%s is part of %s; keep one of them", other, addr)
		}
	}
	return nil
}

// covers tells whether a wildcard holds the other address.
func covers(wildcard, addr string) bool {
	i, j := strings.LastIndexByte(wildcard, ':'), strings.LastIndexByte(addr, ':')
	if wildcard[i:] != addr[j:] {
		return false
	}
	switch wildcard[:i] {
	case "":
		return true
	case "0.0.0.0":
		return j > 0 && addr[0] != '['
	case "[::]":
		return j > 0 && addr[0] == '['
	}
	return false
}

// Sockets spells out an address that ParseListen returned: ":53" stands for all of IPv4 and all of IPv6.
func Sockets(addr string) []string {
	if strings.HasPrefix(addr, ":") {
		return []string{"0.0.0.0" + addr, "[::]" + addr}
	}
	return []string{addr}
}

func setListen(p *parser, _ string, v value) {
	var addrs []string
	items := p.items(v, "addresses")
	for _, item := range items {
		raw, ok := p.scalar(item, "an address")
		if !ok {
			continue
		}
		addr, err := ParseListen(raw)
		if err == nil {
			err = overlap(addrs, addr)
		}
		if err != nil {
			p.diags.Errorf(item.pos, "%s: %v", v.key, err)
			continue
		}
		addrs = append(addrs, addr)
	}
	if len(items) == 0 {
		p.diags.Errorf(v.pos, "%s is empty; leave it out for the default", v.key)
	}
	if len(addrs) > 0 {
		p.config.Listen = addrs
	}
}

// IsLoopback tells whether only this machine reaches addr, as ParseListen returns it.
func IsLoopback(addr string) bool {
	parsed, err := netip.ParseAddrPort(addr)
	return err == nil && parsed.Addr().IsLoopback()
}
