//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package udp

import "golang.org/x/sys/unix"

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
	for _, option := range []int{unix.SO_RCVBUF, unix.SO_SNDBUF} {
		for size := bufferLen; size >= 256<<10; size /= 2 { // BSD refuses what is above its limit
			if unix.SetsockoptInt(s, unix.SOL_SOCKET, option, size) == nil {
				break
			}
		}
	}
	if !is4 {
		_ = unix.SetsockoptInt(s, unix.IPPROTO_IPV6, unix.IPV6_USE_MIN_MTU, 1)
	}
	if info == nil {
		return nil
	}
	return unix.SetsockoptInt(s, info.level, info.option, 1)
}
