//go:build unix

package socket

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
)

// What the kernel says becomes one line with the address, the reason and what to do about it.
func TestExplain(t *testing.T) {
	for _, row := range []struct {
		addr  string
		errno syscall.Errno
		want  string
	}{
		{"0.0.0.0:53", syscall.EACCES, "listen on 0.0.0.0:53/udp: port 53 needs privilege: " + privilege() + ", or use a port above 1023: permission denied"},
		{"127.0.0.1:5300", syscall.EACCES, "listen on 127.0.0.1:5300/udp: permission denied"},
		{"[::]:53", syscall.EADDRINUSE, "listen on [::]:53/udp: port in use by another program"},
		{"192.0.2.1:53", syscall.EADDRNOTAVAIL, "listen on 192.0.2.1:53/udp: address is not on this machine: "},
		{"[::1]:53", syscall.EAFNOSUPPORT, "listen on [::1]:53/udp: this machine has no such address family: "},
		{"[::1]:53", syscall.EMFILE, "listen on [::1]:53/udp: too many open files"},
	} {
		err := explain("udp", netip.MustParseAddrPort(row.addr), &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", row.errno)})
		if got := err.Error(); !strings.HasPrefix(got, row.want) {
			t.Errorf("explain(%s, %v): got %q, want %q", row.addr, row.errno, got, row.want)
		}
	}
}

// Only what closing a connection would cure counts as exhausted.
func TestExhausted(t *testing.T) {
	for errno, want := range map[syscall.Errno]bool{syscall.EMFILE: true, syscall.ENFILE: true, syscall.ENOMEM: true, syscall.EPROTO: false, syscall.ENETDOWN: false} {
		if got := Exhausted(&net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", errno)}); got != want {
			t.Errorf("Exhausted(%v): got %v, want %v", errno, got, want)
		}
	}
}

// A listen address is an IP address and a port; anything else is refused with the text in the message.
func TestParse(t *testing.T) {
	for _, row := range []struct{ addr, network string }{
		{"127.0.0.1:53", "udp4"}, {"0.0.0.0:0", "udp4"}, {"[::]:5300", "udp6"}, {"[fe80::1%eth0]:53", "udp6"},
		{"", ""}, {":53", ""}, {"53", ""}, {"localhost:53", ""}, {"127.0.0.1", ""}, {"127.0.0.1:65536", ""}, {"::1:53", ""}, {"[::ffff:192.0.2.1]:53", ""},
	} {
		addr, err := Parse(row.addr)
		if row.network == "" {
			if want := fmt.Sprintf("listen address %q is ", row.addr); !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("Parse(%q): got %v, %v, want an error that starts with %q", row.addr, addr, err, want)
			}
			continue
		}
		if err != nil || addr.String() != row.addr || Network("udp", addr) != row.network {
			t.Errorf("Parse(%q): got %v, network %s, %v, want network %s", row.addr, addr, Network("udp", addr), err, row.network)
		}
	}
}
