//go:build freebsd || openbsd

package udp

import "golang.org/x/sys/unix"

// A control message starts with its length as 32 bits; its data is aligned to the word.
const (
	cmsgLevelOff = 4
	cmsgDataOff  = int(12 + 4*(^uintptr(0)>>63))
)

// The address alone, the same way in as out.
var pktinfo4 = pktinfo{
	level: unix.IPPROTO_IP, option: unix.IP_RECVDSTADDR, kind: unix.IP_RECVDSTADDR, sendKind: unix.IP_SENDSRCADDR,
	dataLen: 4, ifindexOff: -1, sourceOff: 0, receivedOff: 0, addrLen: 4,
}
