package udp

import "golang.org/x/sys/unix"

// A control message starts with its length as 32 bits and is aligned to 4 bytes.
const (
	cmsgLevelOff = 4
	cmsgDataOff  = 12
)

// struct in_pktinfo is {ifindex, spec_dst, addr}; received messages leave spec_dst empty, sent ones take it as source.
var pktinfo4 = pktinfo{
	level: unix.IPPROTO_IP, option: unix.IP_RECVPKTINFO, kind: unix.IP_PKTINFO, sendKind: unix.IP_PKTINFO,
	dataLen: 12, ifindexOff: 0, sourceOff: 4, receivedOff: 8, addrLen: 4,
}
