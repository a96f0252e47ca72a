package udp

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// On a wildcard address the reply must leave from the address the query came to (RFC 1123 section 6.1.3.3 wants it, and
// clients drop anything else). The kernel says which in a control message, and takes the same control message as the
// source of what is sent. So the message is turned around where it lies.

// controlLen has room for the one control message asked for: at most a 16-byte header and 24 bytes of data.
const controlLen = 64

// pktinfo describes that control message for one address family on one system: the header's level and type, and where in
// the data the parts stand (-1: there is none).
type pktinfo struct {
	level, kind int // of a received message
	sendKind    int // of one to send
	option      int // socket option of that level that asks for it
	dataLen     int
	ifindexOff  int // 4 bytes, host order
	sourceOff   int // what the kernel takes as source
	receivedOff int // what the kernel says the query was sent to; equal to sourceOff where one field does both
	addrLen     int
}

var errNoPktinfo = errors.New("replies cannot be pinned to the address the query came to on this system; list each address instead of a wildcard")

// turn makes control, a received control message, into one that sends from the address the datagram was sent to, and
// returns the part to send: empty if the kernel had better choose.
func (p *pktinfo) turn(control []byte) []byte {
	if len(control) < cmsgDataOff+p.dataLen ||
		int(int32(binary.NativeEndian.Uint32(control[cmsgLevelOff:]))) != p.level ||
		int(int32(binary.NativeEndian.Uint32(control[cmsgLevelOff+4:]))) != p.kind {
		return nil
	}
	binary.NativeEndian.PutUint32(control[cmsgLevelOff+4:], uint32(p.sendKind))
	data := control[cmsgDataOff : cmsgDataOff+p.dataLen]
	source := data[p.sourceOff : p.sourceOff+p.addrLen]
	copy(source, data[p.receivedOff:p.receivedOff+p.addrLen])
	linkLocal := p.addrLen == 16 && source[0] == 0xfe && source[1]&0xc0 == 0x80
	multicast := source[0] == 0xff && p.addrLen == 16 || source[0]&0xf0 == 0xe0 && p.addrLen == 4
	if multicast || isZero(source) {
		return nil
	}
	if p.ifindexOff >= 0 && !linkLocal {
		// The interface the query came in by is not always the way back; only a link-local address means nothing without.
		binary.NativeEndian.PutUint32(data[p.ifindexOff:], 0)
	}
	return control
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// pktinfoOf returns the description for addr, nil if addr is specific and nothing needs to be turned around.
func pktinfoOf(addr netip.AddrPort) (*pktinfo, error) {
	if !addr.Addr().IsUnspecified() {
		return nil, nil
	}
	info := &pktinfo6
	if addr.Addr().Is4() {
		info = &pktinfo4
	}
	if info.option == 0 {
		return nil, errNoPktinfo
	}
	return info, nil
}
