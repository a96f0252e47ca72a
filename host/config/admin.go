package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// SocketScheme begins the address of a Unix socket on the command line.
const SocketScheme = "unix:"

// AdminOff stands for no HTTP server.
const AdminOff = "off"

// ParseAdmin reads the address of the HTTP server: host:port with an IP address, :PORT or PORT for every address. "off" returns "".
func ParseAdmin(raw string) (string, error) {
	if raw == AdminOff || raw == "false" {
		return "", nil
	}
	if strings.HasPrefix(raw, SocketScheme) {
		return "", fmt.Errorf("%q is a Unix socket; its key is admin-socket", raw)
	}
	if _, err := netip.ParseAddr(strings.Trim(raw, "[]")); err == nil {
		return "", fmt.Errorf("%q has no port", raw)
	}
	return ParseListen(raw)
}

func setAdmin(p *parser, _ string, v value) {
	raw, ok := p.scalar(v, "an address or off")
	if !ok {
		return
	}
	addr, err := ParseAdmin(raw)
	if err != nil {
		p.diags.Errorf(v.pos, "%s: %v", v.key, err)
		return
	}
	if addr != "" && !IsLoopback(addr) {
		p.diags.Warnf(v.pos, "%s: %s is reachable from other machines: everybody there may read what it serves", v.key, addr)
	}
	p.config.Admin = addr
}

// socketLenMax is the longest path of a Unix socket that every system takes.
const socketLenMax = 104 - 1 // the sun_path of BSD ends with a zero byte

// parseSocket checks the path of a Unix socket.
func parseSocket(path string) error {
	if len(path) > socketLenMax {
		return fmt.Errorf("the path has %d bytes; systems take %d at most", len(path), socketLenMax)
	}
	return nil
}

func setSocket(p *parser, name string, v value) {
	var file File
	setFile(func(*parser) *File { return &file })(p, name, v)
	if err := parseSocket(file.Path); err != nil {
		p.diags.Errorf(v.pos, "%s: %v", v.key, err)
		return
	}
	p.config.AdminSocket = file
}

var hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

func setHosts(p *parser, _ string, v value) {
	for _, item := range p.items(v, "host names") {
		raw, ok := p.scalar(item, "a host name")
		if !ok {
			continue
		}
		name := strings.TrimSuffix(strings.ToLower(raw), ".")
		if !hostName.MatchString(name) {
			p.diags.Errorf(item.pos, "%s: %q is no host name such as ns1.example.com", v.key, raw)
		} else if p.once(v.key+" name "+name, item.pos, v.key+" "+name) {
			p.config.AdminHosts = append(p.config.AdminHosts, name)
		}
	}
}
