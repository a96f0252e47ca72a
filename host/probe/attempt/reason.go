package attempt

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// unresolved is the error of a host name without addresses.
type unresolved struct {
	host string
	err  error
}

func (u *unresolved) Error() string {
	var lookup *net.DNSError
	switch {
	case errors.Is(u.err, context.Canceled):
		return stopped
	case errors.As(u.err, &lookup) && lookup.IsNotFound:
		return u.host + " does not resolve: no such host"
	case timedOut(u.err):
		return u.host + " does not resolve: timeout"
	case errors.As(u.err, &lookup):
		return u.host + " does not resolve: " + lookup.Err
	}
	return u.host + " does not resolve: " + u.err.Error()
}

func (u *unresolved) Unwrap() error { return u.err }

// stopped is the text of an attempt whose context was cancelled.
const stopped = "stopped"

// plain are texts of errors that are the same on every system; what does not begin with "no" follows what was done.
var plain = []struct {
	err  error
	text string
}{
	{syscall.ECONNREFUSED, " refused"},
	{syscall.ECONNRESET, ": connection reset"},
	{syscall.ECONNABORTED, ": connection aborted"},
	{syscall.EPIPE, ": connection reset"},
	{syscall.EHOSTUNREACH, "no route to host"},
	{syscall.ENETUNREACH, "no route to network"},
	{syscall.EADDRNOTAVAIL, "no local address or port left"},
	{syscall.EMFILE, ": too many open files here"},
	{syscall.ENFILE, ": too many open files here"},
	{syscall.ENOSPC, ": fs.epoll.max_user_watches reached here"}, // nothing else that an attempt does has that
	{syscall.EACCES, " not permitted here"},
	{syscall.EPERM, " not permitted here"},
	{io.EOF, ": connection closed"},
	{io.ErrUnexpectedEOF, ": connection closed"},
}

// reason puts an error into a few words that stay the same from attempt to attempt: doing ("connect"), and what became of it.
func reason(doing string, within time.Duration, err error) string {
	var lookup *unresolved
	switch {
	case errors.As(err, &lookup):
		return lookup.Error()
	case errors.Is(err, context.Canceled):
		return stopped
	case errors.Is(err, syscall.EAGAIN): // of fork; the package syscall takes it for a timeout
		return doing + ": too many processes here"
	case timedOut(err):
		return doing + " timeout after " + within.String()
	}
	for _, p := range plain {
		if !errors.Is(err, p.err) {
			continue
		}
		if strings.HasPrefix(p.text, "no ") {
			return p.text
		}
		return doing + p.text
	}
	var network *net.OpError
	if errors.As(err, &network) && network.Op == "remote error" {
		doing = "server refuses" // an alert of TLS
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next // what is innermost has neither addresses nor ports, which differ each time
	}
	return doing + ": " + strings.TrimPrefix(err.Error(), "tls: ")
}

// exhausted reports whether it is this machine that has run out of something, which says nothing of the endpoint: all would look dead at once.
func exhausted(err error) bool {
	limits := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EAGAIN, syscall.EADDRNOTAVAIL, syscall.ENOSPC}
	for _, limit := range limits {
		if errors.Is(err, limit) || err != nil && strings.Contains(err.Error(), limit.Error()) { // a resolver tells only the text
			return true
		}
	}
	return false
}

// timedOut reports whether an error is of a deadline.
func timedOut(err error) bool {
	var network net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}
