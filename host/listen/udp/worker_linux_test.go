//go:build linux && (amd64 || arm64)

package udp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// idle returns a bound batch worker that does not run, and its descriptor.
func idle(t *testing.T, addr string) (*batchWorker, uintptr) {
	t.Helper()
	s, err := listen(addr, 1, newEcho, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w := s.workers[0].(*batchWorker)
	w.responder = newEcho()
	var descriptor uintptr
	if err := w.raw.Control(func(fd uintptr) { descriptor = fd }); err != nil {
		t.Fatal(err)
	}
	return w, descriptor
}

// A batch is received, answered and sent without allocating, on specific and on wildcard addresses.
func TestBatchAllocs(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		w, fd := idle(t, addr)
		host := "127.0.0.1"
		if strings.HasPrefix(addr, "[") {
			host = "::1"
		}
		conn := dial(t, w.server, host)
		query := []byte("abquery")
		allocs := testing.AllocsPerRun(20, func() {
			for range 2*batchLen + 1 {
				_, _ = conn.Write(query) // a lost one shows in the count below
			}
			if w.serve(fd) {
				t.Error("serve: got true, want false: nothing closed")
			}
		})
		if allocs != 0 {
			t.Errorf("%s: got %v allocations a run, want 0", addr, allocs)
		}
		c := w.server.Counters()
		if want := uint64(21 * (2*batchLen + 1)); c.Sent != want || c.Received != want || c.Batches != 63 {
			t.Errorf("%s: got %+v, want %d received and sent in 63 batches", addr, c, want)
		}
	}
}

// A reply to port 0 cannot be sent; the Responder is not asked, and the rest of the batch is answered.
func TestPortZero(t *testing.T) {
	w, _ := idle(t, "127.0.0.1:0")
	for i := range 3 {
		w.in[i].length = 7
		w.names[i].Port = uint16(i % 2 * 0x3412)
	}
	if got := w.answer(3); got != 1 {
		t.Errorf("answer: got %d responses, want 1", got)
	}
	if w.out[0].header.Name != w.in[1].header.Name || w.out[0].header.Iov.Base != w.iovIn[1].Base {
		t.Error("answer: the response does not go to the client of the middle datagram")
	}
	if w.batch.PortZero != 2 {
		t.Errorf("PortZero: got %d, want 2", w.batch.PortZero)
	}
}

// Whatever sendmmsg returns costs the response it is about, never those behind it; a send buffer that stays full costs
// the rest, after one wait.
func TestSendErrors(t *testing.T) {
	type step struct {
		sent  int
		errno syscall.Errno
	}
	for _, row := range []struct {
		name         string
		steps        []step
		sent, failed uint64
	}{
		{"all at once", []step{{5, 0}}, 5, 0},
		{"in parts", []step{{2, 0}, {1, 0}, {2, 0}}, 5, 0},
		{"firewall", []step{{1, 0}, {0, unix.EPERM}, {3, 0}}, 4, 1},
		{"refused", []step{{0, unix.ECONNREFUSED}, {4, 0}}, 4, 1},
		{"queue full", []step{{0, unix.ENOBUFS}, {0, unix.ENOBUFS}, {3, 0}}, 3, 2},
		{"interrupted", []step{{0, unix.EINTR}, {5, 0}}, 5, 0},
		{"buffer full once", []step{{3, 0}, {0, unix.EAGAIN}, {2, 0}}, 5, 0},
		{"buffer stays full", []step{{3, 0}, {0, unix.EAGAIN}, {1, 0}, {0, unix.EAGAIN}}, 4, 1},
		{"nothing taken", []step{{0, 0}, {4, 0}}, 4, 1},
		{"last unreachable", []step{{4, 0}, {0, unix.ENETUNREACH}}, 4, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, fd := idle(t, "127.0.0.1:0")
			calls, left := 0, 5
			w.transmit = func(_ uintptr, messages []mmsghdr) (int, syscall.Errno) {
				if calls == len(row.steps) {
					t.Fatalf("call %d: want no more than %d", calls+1, len(row.steps))
				}
				if len(messages) != left {
					t.Errorf("call %d: got %d messages, want %d", calls+1, len(messages), left)
				}
				s := row.steps[calls]
				calls++
				left -= s.sent
				if s.sent == 0 && s.errno != unix.EAGAIN && s.errno != unix.EINTR {
					left--
				}
				return s.sent, s.errno
			}
			w.send(fd, 5)
			if w.batch.Sent != row.sent || w.batch.SendErrors != row.failed || calls != len(row.steps) {
				t.Errorf("got %d sent, %d failed in %d calls, want %d, %d, %d", w.batch.Sent, w.batch.SendErrors, calls,
					row.sent, row.failed, len(row.steps))
			}
		})
	}
}

// A port that another program offers to share is in use all the same: the kernel would give it half of our queries.
func TestPortInUseThoughShared(t *testing.T) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			if err := share(fd); err != nil {
				t.Error(err)
			}
		})
	}}
	other, err := config.ListenPacket(context.Background(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	addr := other.LocalAddr().String()
	s, err := Listen(addr, 2, newEcho)
	if err == nil {
		s.Close()
	}
	if got, want := fmt.Sprint(err), "listen on "+addr+"/udp: port in use"; !strings.HasPrefix(got, want) {
		t.Errorf("Listen(%q): got %q, want %q", addr, got, want)
	}
}

// The kernel spreads clients over all workers, the first included, whose socket was bound before it was shared.
func TestWorkersShareLoad(t *testing.T) {
	served := make([]int, 4)
	next := 0
	s, err := Listen("127.0.0.1:0", len(served), func() Responder {
		next++
		return &counting{count: &served[next-1]}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	for range 128 {
		exchange(t, dial(t, s, "127.0.0.1"), []byte("abquery"))
	}
	s.Close()
	total := 0
	for i, count := range served {
		total += count
		if count == 0 {
			t.Errorf("worker %d of %v: got no client of 128, want some", i, served)
		}
	}
	if total != 128 {
		t.Errorf("served %v: got %d in all, want 128", served, total)
	}
}

type counting struct {
	echo
	count *int
}

func (c *counting) Respond(pkt []byte, n int, client netip.AddrPort, tcp bool) int {
	*c.count++
	return c.echo.Respond(pkt, n, client, tcp)
}

// The control message is turned around in place: the interface goes, except for link-local addresses; what cannot be a
// source is left to the kernel.
func TestTurn(t *testing.T) {
	message := func(level, kind uint32, data ...byte) []byte {
		b := make([]byte, cmsgDataOff)
		b[0] = byte(cmsgDataOff + len(data))
		b[cmsgLevelOff], b[cmsgLevelOff+4] = byte(level), byte(kind)
		return append(b, data...)
	}
	six := func(addr string, ifindex byte) []byte {
		a := netip.MustParseAddr(addr).As16()
		return message(unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, append(a[:], ifindex, 0, 0, 0)...)
	}
	four := func(ifindex byte, source, sentTo [4]byte) []byte {
		data := append([]byte{ifindex, 0, 0, 0}, source[:]...)
		return message(unix.IPPROTO_IP, unix.IP_PKTINFO, append(data, sentTo[:]...)...)
	}
	unicast, broadcast := [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 255}
	for _, row := range []struct {
		name     string
		info     *pktinfo
		in, want []byte
	}{
		{"IPv4", &pktinfo4, four(3, unicast, unicast), four(0, unicast, unicast)},
		{"IPv4 broadcast", &pktinfo4, four(3, unicast, broadcast), four(0, unicast, broadcast)},
		{"IPv4 unknown", &pktinfo4, four(3, [4]byte{}, unicast), nil},
		{"IPv6", &pktinfo6, six("2001:db8::1", 3), six("2001:db8::1", 0)},
		{"IPv6 link-local", &pktinfo6, six("fe80::1", 3), six("fe80::1", 3)},
		{"IPv6 multicast", &pktinfo6, six("ff02::fb", 3), nil},
		{"other kind", &pktinfo6, message(unix.IPPROTO_IPV6, unix.IPV6_HOPLIMIT, make([]byte, 20)...), nil},
		{"short", &pktinfo6, six("2001:db8::1", 3)[:20], nil},
		{"none", &pktinfo4, nil, nil},
	} {
		if got := row.info.turn(row.in); string(got) != string(row.want) {
			t.Errorf("%s: got %x, want %x", row.name, got, row.want)
		}
	}
}
