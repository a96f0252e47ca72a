package udp

import "golang.org/x/sys/windows"

// A control message (WSACMSGHDR) starts with its length as a SIZE_T.
const (
	cmsgLevelOff = int(4 << (^uintptr(0) >> 63))
	cmsgDataOff  = cmsgLevelOff + 8
)

// IN_PKTINFO is {addr, ifindex}.
var pktinfo4 = pktinfo{
	level: windows.IPPROTO_IP, option: windows.IP_PKTINFO, kind: windows.IP_PKTINFO, sendKind: windows.IP_PKTINFO,
	dataLen: 8, ifindexOff: 4, sourceOff: 0, receivedOff: 0, addrLen: 4,
}

// IN6_PKTINFO is {addr, ifindex}.
var pktinfo6 = pktinfo{
	level: windows.IPPROTO_IPV6, option: windows.IPV6_PKTINFO, kind: windows.IPV6_PKTINFO, sendKind: windows.IPV6_PKTINFO,
	dataLen: 20, ifindexOff: 16, sourceOff: 0, receivedOff: 0, addrLen: 16,
}

// flagTruncated marks a datagram that was longer than its slot (MSG_TRUNC of ws2def.h).
const flagTruncated = 0x100

// setOptions prepares a socket before it is bound. Go switches off ICMP errors (SIO_UDP_CONNRESET) by itself.
func setOptions(fd uintptr, _ bool, info *pktinfo) error {
	s := windows.Handle(fd)
	_ = windows.SetsockoptInt(s, windows.SOL_SOCKET, windows.SO_RCVBUF, bufferLen)
	_ = windows.SetsockoptInt(s, windows.SOL_SOCKET, windows.SO_SNDBUF, bufferLen)
	if info == nil {
		return nil
	}
	return windows.SetsockoptInt(s, info.level, info.option, 1)
}
