//go:build linux && (amd64 || arm64)

package udp

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"signpost/host/listen/socket"
)

// bindBatched binds one socket for each worker. The kernel spreads datagrams over them by client address and port. The
// first socket is bound without SO_REUSEPORT, so that a port which any other program holds is refused, even one that is
// willing to share; only then is sharing allowed, for the rest.
func (s *Server) bindBatched(addr netip.AddrPort, workers int) error {
	info, err := pktinfoOf(addr)
	if err != nil {
		return err
	}
	is4 := addr.Addr().Is4()
	for i := range workers {
		conn, err := socket.ListenUDP(addr, func(fd uintptr) error {
			if i > 0 {
				if err := share(fd); err != nil {
					return err
				}
			}
			return setOptions(fd, is4, info)
		})
		if err != nil {
			return err
		}
		s.conns = append(s.conns, conn)
		raw, err := conn.SyscallConn()
		if err != nil {
			return fmt.Errorf("listen on %s/udp: %w", addr, err)
		}
		if i == 0 {
			var shareErr error
			if err := raw.Control(func(fd uintptr) { shareErr = share(fd) }); err != nil || shareErr != nil {
				return fmt.Errorf("share %s/udp among workers: %w", addr, shareErr)
			}
			addr = conn.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort() // the others need the real port
		}
		s.workers = append(s.workers, newBatchWorker(s, raw, is4, info))
	}
	return nil
}

// share lets further sockets be bound to the address of fd.
func share(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}

// run serves until the server closes. The whole work happens inside RawConn.Read, which keeps the descriptor open while
// serve runs and parks the goroutine in the netpoller when serve returns false.
func (w *batchWorker) run(responder Responder) {
	w.responder = responder
	_ = w.raw.Read(w.serve) // ends when serve returns true or the socket is closed; neither is an error
}

// serve answers batches until the socket is empty (false) or the server closes (true). Empty means park at once: see
// RATIONALE.md "Why do idle workers park in the netpoller?".
func (w *batchWorker) serve(fd uintptr) bool {
	for !w.server.closing.Load() {
		count, errno := w.receive(fd)
		switch {
		case errno == 0:
			w.send(fd, w.answer(count))
			w.server.tally.add(&w.batch)
		case errno == unix.EAGAIN:
			return false
		case errno != unix.EINTR:
			w.batch.ReceiveErrors++ // about one datagram, or out of memory: the next call may do better
			w.server.tally.add(&w.batch)
			return false
		}
	}
	return true
}

// answer lets the Responder answer the count datagrams received, and returns how many responses out holds.
func (w *batchWorker) answer(count int) int {
	responses := 0
	w.batch.Batches++
	w.batch.Received += uint64(count)
	w.responder.Begin()
	for i := range count {
		in := &w.in[i]
		if in.header.Flags&unix.MSG_TRUNC != 0 {
			w.batch.Truncated++
		}
		client := w.client(i)
		if client.Port() == 0 {
			w.batch.PortZero++
			continue
		}
		slot := w.slots[i][:]
		length := w.responder.Respond(slot, int(in.length), client, false)
		if length == 0 {
			w.batch.Unanswered++
			continue
		}
		_ = slot[:length] // a Responder that claims more must not make the kernel read on
		w.iovOut[responses] = unix.Iovec{Base: &slot[0], Len: uint64(length)}
		out := &w.out[responses].header
		*out = in.header
		out.Iov = &w.iovOut[responses]
		if w.info != nil {
			out.Controllen = uint64(len(w.info.turn(w.controls[i][:in.header.Controllen])))
		}
		responses++
	}
	w.responder.End()
	return responses
}

// sendWaitMillis bounds how long a worker waits for room in a full send buffer before it drops the rest of a batch. Only
// a network slower than the answers fills it, and then queries are being dropped anyway.
const sendWaitMillis = 5

// send sends the first count responses. What the kernel refuses costs that one response, not the batch: EPERM is a
// firewall, EINVAL and ENETUNREACH are a client that cannot be reached, ENOBUFS is a full device queue.
func (w *batchWorker) send(fd uintptr, count int) {
	waited := false
	for from := 0; from < count; {
		sent, errno := w.transmit(fd, w.out[from:count])
		switch {
		case errno == 0 && sent > 0:
			w.batch.Sent += uint64(sent)
			from += sent
		case errno == unix.EINTR:
		case errno == unix.EAGAIN && !waited:
			waited = true
			w.pollFD[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT}
			_, _ = unix.Poll(w.pollFD[:], sendWaitMillis) // writable or not, the next attempt tells
		case errno == unix.EAGAIN:
			w.batch.SendErrors += uint64(count - from)
			return
		default:
			w.batch.SendErrors++
			from++
		}
	}
}
