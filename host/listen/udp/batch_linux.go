//go:build linux && (amd64 || arm64)

package udp

import (
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file holds the package's uses of unsafe. All of them hand the kernel arrays that batchWorker allocated on the Go
// heap and keeps for life. Go does not move heap objects, the arrays' inner pointers are typed Go pointers that the
// collector follows, and the conversions to uintptr stand in the call's argument list as rule 4 of package unsafe asks.

// batched is whether this system has this path.
const batched = true

// batchLen is the most datagrams one recvmmsg returns. 16, 32 and 64 cost the same within noise (1.05, 1.07 and 1.08 of a
// C echo loop, n = 22); a longer batch makes its first answer wait longer.
const batchLen = 32

// mmsghdr is struct mmsghdr of recvmmsg(2) on a 64-bit system.
type mmsghdr struct {
	header unix.Msghdr
	length uint32 // of the datagram: set by recvmmsg and sendmmsg
	_      uint32
}

// batchWorker owns one socket and everything a batch needs. names[i], controls[i] and slots[i] belong to the datagram
// in[i]; out is the headers of the responses, without gaps.
type batchWorker struct {
	server    *Server
	raw       syscall.RawConn
	info      *pktinfo // nil on a specific address
	is4       bool
	responder Responder
	batch     Counters
	transmit  func(fd uintptr, messages []mmsghdr) (int, syscall.Errno) // sendmmsg; tests script it
	pollFD    [1]unix.PollFd

	in, out  [batchLen]mmsghdr
	iovIn    [batchLen]unix.Iovec
	iovOut   [batchLen]unix.Iovec
	names    [batchLen]unix.RawSockaddrInet6 // RawSockaddrInet4 on an IPv4 socket, which is shorter
	controls [batchLen][controlLen]byte
	slots    [batchLen][slotLen]byte
}

func newBatchWorker(server *Server, raw syscall.RawConn, is4 bool, info *pktinfo) *batchWorker {
	w := &batchWorker{server: server, raw: raw, info: info, is4: is4, transmit: sendmmsg}
	nameLen := uint32(unix.SizeofSockaddrInet6)
	if is4 {
		nameLen = unix.SizeofSockaddrInet4
	}
	for i := range w.in {
		w.iovIn[i].Base = &w.slots[i][0]
		w.iovIn[i].Len = slotLen
		header := &w.in[i].header
		header.Name = (*byte)(unsafe.Pointer(&w.names[i]))
		header.Namelen = nameLen
		header.Iov = &w.iovIn[i]
		header.Iovlen = 1
		if info != nil {
			header.Control = &w.controls[i][0]
		}
	}
	return w
}

// receive fills the slots with up to batchLen datagrams, without waiting. A raw system call suffices, and costs less than
// one that tells the scheduler, because it never blocks.
func (w *batchWorker) receive(fd uintptr) (int, syscall.Errno) {
	if w.info != nil {
		for i := range w.in {
			w.in[i].header.Controllen = controlLen // the kernel stored the received length here
		}
	}
	count, _, errno := syscall.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&w.in[0])), batchLen, unix.MSG_DONTWAIT, 0, 0)
	return int(count), errno
}

// sendmmsg sends messages, at least one, and returns how many the kernel took; errno tells why it did not take the first.
func sendmmsg(fd uintptr, messages []mmsghdr) (int, syscall.Errno) {
	count, _, errno := syscall.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&messages[0])), uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
	return int(count), errno
}

// client returns who sent datagram i.
func (w *batchWorker) client(i int) netip.AddrPort {
	name := &w.names[i]
	port := (*[2]byte)(unsafe.Pointer(&name.Port)) // network order; at the same offset for both families
	number := uint16(port[0])<<8 | uint16(port[1])
	if w.is4 {
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr), number)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr), number)
}
