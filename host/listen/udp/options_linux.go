package udp

import "golang.org/x/sys/unix"

// A control message starts with its length as a C size_t.
const (
	cmsgLevelOff = int(4 << (^uintptr(0) >> 63))
	cmsgDataOff  = cmsgLevelOff + 8
)

// struct in_pktinfo is {ifindex, spec_dst, addr}; spec_dst is this machine's address, also where addr is a broadcast one.
var pktinfo4 = pktinfo{
	level: unix.IPPROTO_IP, option: unix.IP_PKTINFO, kind: unix.IP_PKTINFO, sendKind: unix.IP_PKTINFO,
	dataLen: 12, ifindexOff: 0, sourceOff: 4, receivedOff: 4, addrLen: 4,
}

// struct in6_pktinfo is {addr, ifindex}.
var pktinfo6 = pktinfo{
	level: unix.IPPROTO_IPV6, option: unix.IPV6_RECVPKTINFO, kind: unix.IPV6_PKTINFO, sendKind: unix.IPV6_PKTINFO,
	dataLen: 20, ifindexOff: 16, sourceOff: 0, receivedOff: 0, addrLen: 16,
}

// flagTruncated marks a datagram that was longer than its slot.
const flagTruncated = unix.MSG_TRUNC

// setOptions prepares a socket before it is bound.
func setOptions(fd uintptr, is4 bool, info *pktinfo) error {
	s := int(fd)
	for _, size := range []struct{ force, ask int }{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(s, unix.SOL_SOCKET, size.force, bufferLen) != nil { // needs CAP_NET_ADMIN
			_ = unix.SetsockoptInt(s, unix.SOL_SOCKET, size.ask, bufferLen) // the kernel caps it silently
		}
	}
	// No path MTU discovery, as in NSD, Knot and Unbound: a forged "fragmentation needed" must not make us send fragments
	// that can be poisoned, and a response that fits 1232 bytes needs none.
	if is4 {
		_ = unix.SetsockoptInt(s, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_OMIT)
	} else {
		_ = unix.SetsockoptInt(s, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_OMIT)
		_ = unix.SetsockoptInt(s, unix.IPPROTO_IPV6, unix.IPV6_MTU, ipv6MinMTU)
	}
	if info == nil {
		return nil
	}
	return unix.SetsockoptInt(s, info.level, info.option, 1)
}
