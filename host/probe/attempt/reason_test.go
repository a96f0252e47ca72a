package attempt

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Protects endpoints from being blamed for what this machine lacks: no more processes, no more files, no memory.
func TestRefused(t *testing.T) {
	cases := []struct {
		err    error
		noData bool
		text   string
	}{
		{&fs.PathError{Op: "fork/exec", Path: "/srv/good", Err: syscall.EAGAIN}, true, "exec: too many processes here"},
		{os.NewSyscallError("socket", syscall.EMFILE), true, "exec: too many open files here"},
		{os.NewSyscallError("socket", syscall.ENOBUFS), true, "exec: no buffer space available"},
		{&net.DNSError{Err: "dial udp: socket: too many open files"}, true, "exec: lookup : dial udp: socket: too many open files"},
		{os.NewSyscallError("connect", syscall.EADDRNOTAVAIL), true, "no local address or port left"},
		{os.NewSyscallError("epoll_ctl", syscall.ENOSPC), true, "exec: fs.epoll.max_user_watches reached here"},
		{os.NewSyscallError("epoll_ctl", syscall.ENOMEM), true, "exec: cannot allocate memory"},
		{syscall.ECONNREFUSED, false, "exec refused"},
		{os.ErrDeadlineExceeded, false, "exec timeout after 1s"},
		{errors.New("exec format error"), false, "exec: exec format error"},
	}
	for _, c := range cases {
		if r := refused(time.Now(), reason("exec", time.Second, c.err), c.err); r.NoData != c.noData || r.Text != c.text || r.OK {
			t.Errorf("%v: got %+v, want %v %q", c.err, r, c.noData, c.text)
		}
	}
}

// Protects verdicts of host names where one family of addresses cannot be used: what the other one's address does is what is told.
func TestEachOfAnotherFamily(t *testing.T) {
	found := []netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}
	outcomes := []error{syscall.EADDRNOTAVAIL, syscall.ECONNREFUSED, os.ErrDeadlineExceeded}
	err := each(t.Context(), found, time.Now().Add(time.Minute), func(addr netip.Addr, _ time.Time) error { return outcomes[slices.Index(found, addr)] })
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want refused", err)
	}
}
