package udp

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"signpost/host/listen/socket"
)

// portableWorker handles one datagram at a time through the net package. All workers of a server share one socket: only
// Linux spreads datagrams over several.
type portableWorker struct {
	server  *Server
	conn    *net.UDPConn
	info    *pktinfo // nil on a specific address
	buf     []byte
	control []byte
	batch   Counters
}

// bindPortable binds one socket and gives it to all workers.
func (s *Server) bindPortable(addr netip.AddrPort, workers int) error {
	info, err := pktinfoOf(addr)
	if err != nil {
		return err
	}
	conn, err := socket.ListenUDP(addr, func(fd uintptr) error { return setOptions(fd, addr.Addr().Is4(), info) })
	if err != nil {
		return err
	}
	s.conns = append(s.conns, conn)
	for range workers {
		w := &portableWorker{server: s, conn: conn, info: info, buf: make([]byte, slotLen)}
		if info != nil {
			w.control = make([]byte, controlLen)
		}
		s.workers = append(s.workers, w)
	}
	return nil
}

// retryDelay keeps a socket that only fails from spinning. Errors of a UDP socket are about single datagrams and rare.
const retryDelay = time.Millisecond

func (w *portableWorker) run(responder Responder) {
	for {
		n, controlLen, flags, client, err := w.conn.ReadMsgUDPAddrPort(w.buf, w.control)
		if errors.Is(err, net.ErrClosed) || w.server.closing.Load() {
			return
		}
		if err != nil && n <= 0 {
			w.batch.ReceiveErrors++
			w.server.tally.add(&w.batch)
			time.Sleep(retryDelay)
			continue
		}
		w.batch.Batches++
		w.batch.Received++
		if err != nil || flags&flagTruncated != 0 { // Windows reports the cut as an error
			w.batch.Truncated++
		}
		w.answer(responder, n, w.control[:controlLen], client)
		w.server.tally.add(&w.batch)
	}
}

// answer handles the datagram in buf[:n].
func (w *portableWorker) answer(responder Responder, n int, control []byte, client netip.AddrPort) {
	if client.Port() == 0 {
		w.batch.PortZero++
		return
	}
	responder.Begin()
	length := responder.Respond(w.buf, n, netip.AddrPortFrom(client.Addr().WithZone(""), client.Port()), false)
	responder.End()
	if length == 0 {
		w.batch.Unanswered++
		return
	}
	if w.info != nil {
		control = w.info.turn(control)
	}
	if _, _, err := w.conn.WriteMsgUDPAddrPort(w.buf[:length], control, client); err != nil {
		w.batch.SendErrors++
		return
	}
	w.batch.Sent++
}
