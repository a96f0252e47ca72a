package conformance

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// asker puts questions to every server. It owns one UDP socket and at most one TCP connection for each; one goroutine uses it.
type asker struct {
	t       *testing.T
	servers []*server
	udp     []net.Conn
	tcp     []net.Conn
	id      uint16
	expires time.Time // of the read deadlines, which are set rarely because each costs a timer
	message []byte
	buf     []byte
}

const (
	replyWait = 2 * time.Second
	tries     = 3
)

func newAsker(t *testing.T, servers []*server) *asker {
	a := &asker{t: t, servers: servers, udp: make([]net.Conn, len(servers)), tcp: make([]net.Conn, len(servers)), buf: make([]byte, 65537)}
	for i, s := range servers {
		conn, err := net.Dial("udp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		a.udp[i] = conn
	}
	return a
}

func (a *asker) close() {
	for i := range a.servers {
		a.udp[i].Close()
		if a.tcp[i] != nil {
			a.tcp[i].Close()
		}
	}
}

// askUDP sends q to all servers at once and returns their replies in the order of servers.
func (a *asker) askUDP(q question) []*reply {
	a.id++
	a.message = q.appendTo(a.message[:0], a.id)
	if now := time.Now(); a.expires.Before(now.Add(replyWait)) {
		a.expires = now.Add(2 * replyWait)
		for _, conn := range a.udp {
			conn.SetReadDeadline(a.expires)
		}
	}
	for _, conn := range a.udp {
		conn.Write(a.message)
	}
	replies := make([]*reply, len(a.udp))
	for i := range a.udp {
		replies[i] = a.receive(i)
	}
	return replies
}

// receive waits for the reply with the current id; a query or reply that the kernel dropped is asked again.
func (a *asker) receive(i int) *reply {
	for try := 1; ; {
		n, err := a.udp[i].Read(a.buf)
		switch {
		case err == nil && n >= 2 && binary.BigEndian.Uint16(a.buf) == a.id:
			return parseReply(a.buf[:n])
		case err == nil: // a late reply to an earlier try
		case try == tries:
			a.expires = time.Time{}
			return &reply{none: true}
		default:
			try++
			a.udp[i].SetReadDeadline(time.Now().Add(replyWait))
			a.expires = time.Time{}
			a.udp[i].Write(a.message)
		}
	}
}

// askTCP sends q to all servers over TCP.
func (a *asker) askTCP(q question) []*reply {
	a.id++
	framed := q.appendTo([]byte{0, 0}, a.id)
	binary.BigEndian.PutUint16(framed, uint16(len(framed)-2))
	replies := make([]*reply, len(a.servers))
	for i := range a.servers {
		replies[i] = &reply{none: true}
		for range tries {
			if msg := a.exchangeTCP(i, framed); msg != nil {
				replies[i] = parseReply(msg)
				break
			}
		}
	}
	return replies
}

// exchangeTCP returns nil when the connection failed; the next call opens another.
func (a *asker) exchangeTCP(i int, framed []byte) []byte {
	if a.tcp[i] == nil {
		conn, err := net.DialTimeout("tcp", a.servers[i].addr, replyWait)
		if err != nil {
			return nil
		}
		a.tcp[i] = conn
	}
	conn := a.tcp[i]
	conn.SetDeadline(time.Now().Add(replyWait))
	if _, err := conn.Write(framed); err == nil {
		if _, err = io.ReadFull(conn, a.buf[:2]); err == nil {
			msg := a.buf[2 : 2+int(binary.BigEndian.Uint16(a.buf))]
			if _, err = io.ReadFull(conn, msg); err == nil {
				return msg
			}
		}
	}
	conn.Close()
	a.tcp[i] = nil
	return nil
}

// oddWaits are how long a message may take that is perhaps never answered; a busy machine gets a second and a third try.
var oddWaits = []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second}

// exchangeOdd sends one odd message and digests what comes back.
func exchangeOdd(addr string, o oddity, waits []time.Duration) string {
	msg, network := o.send.bytes(0x5150), "udp"
	if o.tcp {
		msg, network = append([]byte{byte(len(msg) >> 8), byte(len(msg))}, msg...), "tcp"
	}
	for _, wait := range waits {
		conn, err := net.Dial(network, addr)
		if err != nil {
			return err.Error()
		}
		conn.SetDeadline(time.Now().Add(wait))
		conn.Write(msg)
		got := readOne(conn, o.tcp)
		conn.Close()
		if got != nil {
			return digest(got)
		}
	}
	return digest(nil)
}

func readOne(conn net.Conn, framed bool) []byte {
	buf := make([]byte, 65537)
	if !framed {
		n, err := conn.Read(buf)
		if err != nil {
			return nil
		}
		return buf[:n]
	}
	if _, err := io.ReadFull(conn, buf[:2]); err != nil {
		return nil
	}
	msg := buf[2 : 2+int(binary.BigEndian.Uint16(buf))]
	if _, err := io.ReadFull(conn, msg); err != nil {
		return nil
	}
	return msg
}
