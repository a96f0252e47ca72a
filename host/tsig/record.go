package tsig

import (
	"encoding/binary"

	"signpost/host/wire"
)

// classANY is the class of every TSIG record (RFC 8945 section 4.2).
const classANY = 255

// record is a TSIG record of a query. Its slices are views of the message.
type record struct {
	owner     wire.Name // name of the key
	algorithm wire.Name
	time      uint64 // seconds since 1970, 48 bits
	fudge     uint16
	mac       []byte
	id        uint16 // of the message before anybody forwarded it
	error     uint16
	other     []byte
}

// headLen is what stands between an owner and its data: type, class, TTL and length.
const headLen = 10

// parse reads the record at msg[off:], which ends with it. It is false for one that makes no sense.
func (r *record) parse(msg []byte, off int) bool {
	past := r.owner.ParseName(msg, off)
	if past == 0 || past+headLen > len(msg) {
		return false
	}
	head := msg[past:]
	if binary.BigEndian.Uint16(head) != wire.TypeTSIG || binary.BigEndian.Uint16(head[2:]) != classANY || binary.BigEndian.Uint32(head[4:]) != 0 {
		return false
	}
	dataOff := past + headLen
	if dataOff+int(binary.BigEndian.Uint16(head[8:])) != len(msg) {
		return false
	}
	past = r.algorithm.ParseName(msg, dataOff)
	if past == 0 || past-dataOff != r.algorithm.Len { // it is not compressed
		return false
	}
	data := msg[past:]
	if len(data) < 10 {
		return false
	}
	r.time = uint64(binary.BigEndian.Uint16(data))<<32 | uint64(binary.BigEndian.Uint32(data[2:]))
	r.fudge = binary.BigEndian.Uint16(data[6:])
	if r.mac, data = counted(data[8:]); len(data) < 6 {
		return false
	}
	r.id, r.error = binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	data = data[4:]
	length := int(binary.BigEndian.Uint16(data))
	r.other = data[2:]
	return len(r.other) == length
}

// counted splits what a length stands in front of from what follows it, which is nil if there is less than that.
func counted(data []byte) (field, rest []byte) {
	end := 2 + int(binary.BigEndian.Uint16(data))
	if end > len(data) {
		return nil, nil
	}
	return data[2:end], data[end:]
}
