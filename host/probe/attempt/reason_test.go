package attempt

import (
	"errors"
	"io/fs"
	"net"
	"os"
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
