package compile

import (
	"encoding/hex"
	"net/netip"

	"signpost/host/wire"
	"signpost/host/zonefile"
)

// nameText is a wire name as people write it.
func nameText(name []byte) string { return string(zonefile.AppendName(nil, name)) }

// ownerText is a node's whole name as people write it.
func (s *stage) ownerText(n *node) string {
	return nameText(append(append([]byte(nil), s.name(n)...), s.origin...))
}

// dataText is the data of a routed record as people know it: an address, a name, or else hexadecimal.
func dataText(typ uint16, data []byte) string {
	switch typ {
	case wire.TypeA, wire.TypeAAAA:
		if addr, ok := netip.AddrFromSlice(data); ok {
			return addr.String()
		}
	case wire.TypeCNAME, wire.TypePTR, wire.TypeALIAS:
		return nameText(data)
	}
	return hex.EncodeToString(data)
}
