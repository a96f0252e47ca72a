package attempt

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// task makes attempts on a Loop, one after the other, and is the socket of the present one. It has others go on while it waits.
type task struct {
	loop   *Loop
	job    job
	resume func() (struct{}, bool) // called by the loop
	yield  func(struct{}) bool     // called by the task
	stop   func()

	fd       int
	events   uint32 // that the loop knows of; 0: it does not know the socket
	deadline time.Time
	cut      error // why it goes on without an event
}

// taskKey is the key of a context's task.
type taskKey struct{}

// taskOf is the task that an attempt with the context is made by; nil: it has a goroutine of its own.
func taskOf(ctx context.Context) *task {
	t, _ := ctx.Value(taskKey{}).(*task)
	return t
}

// adopt makes a line of a socket that connects, when it is connected.
func (t *task) adopt(ctx context.Context, fd int, to netip.AddrPort, deadline time.Time) (*line, error) {
	t.fd, t.events, t.deadline = fd, 0, deadline
	done, err := settled(fd, to)
	for !done && err == nil {
		if err = t.await(syscall.EPOLLOUT); err == nil {
			done, err = settled(fd, to)
		}
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return &line{Conn: t, ctx: ctx, left: readMax, unguard: func() bool { return ctx.Err() == nil }}, nil
}

// await has others go on until the socket has one of the events. An error says that it has not, and will not be waited for.
func (t *task) await(events uint32) error {
	l := t.loop
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if t.events != events {
		change := syscall.EPOLL_CTL_MOD
		if t.events == 0 {
			change = syscall.EPOLL_CTL_ADD
		}
		if err := syscall.EpollCtl(l.epoll, change, t.fd, &syscall.EpollEvent{Events: events, Fd: int32(t.fd)}); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
		t.events = events
	}
	l.remind(t.deadline)
	l.waiting[int32(t.fd)] = t
	t.yield(struct{}{})
	delete(l.waiting, int32(t.fd))
	err := t.cut
	t.cut = nil
	return err
}

// Read reads what is there, or comes before the deadline.
func (t *task) Read(p []byte) (int, error) {
	for {
		n, err := syscall.Read(t.fd, p)
		switch {
		case err == nil && n == 0 && len(p) > 0:
			return 0, io.EOF
		case err == nil:
			return n, nil
		case err == syscall.EAGAIN:
			err = t.await(syscall.EPOLLIN)
		case err == syscall.EINTR:
			err = nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// Write writes all of p before the deadline.
func (t *task) Write(p []byte) (written int, err error) {
	for written < len(p) {
		n, err := syscall.Write(t.fd, p[written:])
		written += max(n, 0)
		switch err {
		case syscall.EAGAIN:
			err = t.await(syscall.EPOLLOUT)
		case syscall.EINTR:
			err = nil
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// SetDeadline bounds everything that follows.
func (t *task) SetDeadline(at time.Time) error {
	t.deadline = at
	return nil
}

func (t *task) SetReadDeadline(at time.Time) error  { return t.SetDeadline(at) }
func (t *task) SetWriteDeadline(at time.Time) error { return t.SetDeadline(at) }

func (t *task) LocalAddr() net.Addr  { return &net.TCPAddr{} } // nobody asks
func (t *task) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// CloseWrite tells the other side that no more will come.
func (t *task) CloseWrite() error { return syscall.Shutdown(t.fd, syscall.SHUT_WR) }

// Close resets the connection. It is taken out of the loop before: a child of this process that is about to run a program holds a copy for a
// moment, which would keep it there, and the loop awake.
func (t *task) Close() error {
	if t.events != 0 {
		_ = syscall.EpollCtl(t.loop.epoll, syscall.EPOLL_CTL_DEL, t.fd, nil)
	}
	return syscall.Close(t.fd)
}
