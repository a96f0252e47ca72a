//go:build netbsd || dragonfly

package udp

// A control message starts with its length as 32 bits; its data is aligned to the word.
const (
	cmsgLevelOff = 4
	cmsgDataOff  = int(12 + 4*(^uintptr(0)>>63))
)

// There is no option in Go's tables that pins the source of an IPv4 datagram here: 0.0.0.0 is refused.
var pktinfo4 = pktinfo{}
