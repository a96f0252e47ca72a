// Package message reads DNS messages for people: what was asked, and records as a zone file has them.
//
// Plane: control. Floor: 3. Journey of a query: none of its steps; explaining, logs and their replay read what came out.
package message

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"signpost/host/rrdata"
	"signpost/host/wire"
)

// Response is what a message says.
type Response struct {
	Name      []byte // of the question, wire form, lower case; nil: there is none
	Type      uint16
	Class     uint16
	Rcode     int
	Referral  bool
	Truncated bool
	Whole     bool // all of the answer section could be read
	Answers   []Record
	Subnet    netip.Prefix // of the client subnet option; the zero Prefix: none
	Scope     int          // of the client subnet option; -1: there is none
	Fault     string       // text of the extended error; "": none
	Signer    string       // name of the key of its TSIG record, in lower case; "": there is none. Nothing is proven
}

// Read reads a message that this server, or another one, wrote. What is broken in it, or cut off, is left out.
func Read(msg []byte) Response {
	r := Response{Scope: -1}
	if len(msg) < wire.HeaderLen {
		r.Rcode = wire.ServFail
		return r
	}
	flags := binary.BigEndian.Uint16(msg[2:])
	r.Rcode, r.Truncated = int(flags&15), flags&wire.FlagTC != 0
	off := wire.HeaderLen
	for range binary.BigEndian.Uint16(msg[4:]) {
		var name wire.Name
		if off = name.ParseName(msg, off); off == 0 || off+4 > len(msg) {
			return r
		}
		r.Name, r.Type, r.Class = slices.Clone(name.Bytes()), binary.BigEndian.Uint16(msg[off:]), binary.BigEndian.Uint16(msg[off+2:])
		off += 4
	}
	answers, authority := int(binary.BigEndian.Uint16(msg[6:])), int(binary.BigEndian.Uint16(msg[8:]))
	count := answers + authority + int(binary.BigEndian.Uint16(msg[10:]))
	r.Whole = answers == 0
	for i := range count {
		rr, past := ReadRecord(msg, off)
		switch {
		case past == 0:
			return r
		case i < answers:
			if rr.Type != wire.TypeRRSIG {
				r.Answers = append(r.Answers, rr)
			}
			r.Whole = i == answers-1
		case i < answers+authority:
			r.Referral = r.Referral || rr.Type == wire.TypeNS && flags&wire.FlagAA == 0
		case rr.Type == wire.TypeOPT:
			r.Rcode |= int(rr.TTL>>24) << 4
			r.readOptions(msg[off+1+recordHeadLen : past])
		case rr.Type == wire.TypeTSIG:
			var name wire.Name
			name.ParseName(msg, off) // as ReadRecord could
			r.Signer = NameText(name.Bytes())
		}
		off = past
	}
	return r
}

// readOptions reads an OPT record's data.
func (r *Response) readOptions(data []byte) {
	for len(data) >= 4 {
		code, length := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
		if 4+length > len(data) {
			return
		}
		option := data[4 : 4+length]
		data = data[4+length:]
		switch {
		case code == wire.OptionECS && length >= 4:
			r.Scope = int(option[3])
			r.Subnet = subnetOf(option)
		case code == wire.OptionEDE && length >= 2:
			r.Fault = string(option[2:])
		}
	}
}

// subnetOf reads a client subnet option (RFC 7871 §6); the zero Prefix for one that makes no sense.
func subnetOf(option []byte) netip.Prefix {
	var raw [16]byte
	copy(raw[:], option[4:])
	addr := netip.AddrFrom16(raw)
	if binary.BigEndian.Uint16(option) == 1 {
		addr = netip.AddrFrom4([4]byte(raw[:4]))
	}
	prefix, err := addr.Prefix(int(option[2]))
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// Outcome is what the client gets, in a word: the response code, or what NOERROR without an answer means.
func (r *Response) Outcome() string {
	switch {
	case r.Rcode != wire.NoError || len(r.Answers) > 0:
		return RcodeText(r.Rcode)
	case r.Referral:
		return "REFERRAL"
	}
	return "NODATA"
}

// Data lists what answers a question of the type: the records at the end of a chain, or those of the chain when it ends elsewhere. It is
// sorted, because servers rotate.
func (r *Response) Data(typ uint16) []string {
	var list []string
	for _, rr := range r.Answers {
		if rr.Type == typ {
			list = append(list, rr.Data)
		}
	}
	if len(list) == 0 {
		for _, rr := range r.Answers {
			list = append(list, rrdata.TypeName(rr.Type)+" "+rr.Data)
		}
	}
	slices.Sort(list)
	return list
}

// Key is the same for two responses that give a client the same, whatever the order and the TTL.
func (r *Response) Key(typ uint16) string {
	if len(r.Answers) == 0 || r.Rcode != wire.NoError && r.Rcode != wire.NXDomain {
		return r.Outcome()
	}
	return strings.Join(r.Data(typ), KeySeparator)
}

// MinTTL is the shortest of the answer.
func (r *Response) MinTTL() uint32 {
	var ttl uint32
	for i, rr := range r.Answers {
		if i == 0 || rr.TTL < ttl {
			ttl = rr.TTL
		}
	}
	return ttl
}

// rcodes names the response codes that this server gives.
var rcodes = map[int]string{
	wire.NoError: "NOERROR", wire.FormErr: "FORMERR", wire.ServFail: "SERVFAIL", wire.NXDomain: "NXDOMAIN", wire.NotImp: "NOTIMP",
	wire.Refused: "REFUSED", wire.NotAuth: "NOTAUTH", wire.YXDomain: "YXDOMAIN", wire.BadVers: "BADVERS",
}

// RcodeText names a response code.
func RcodeText(rcode int) string {
	if text, ok := rcodes[rcode]; ok {
		return text
	}
	return "RCODE" + strconv.Itoa(rcode)
}

// Digest is a short sum of Key: equal for two responses that give a client the same.
func (r *Response) Digest() uint64 {
	return DigestKey(r.Key(r.Type))
}

// KeySeparator stands between the sorted records of a Key.
const KeySeparator = ", "

// DigestKey is the Digest of a response with the Key.
func DigestKey(key string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, key) // a hash takes everything
	return h.Sum64()
}
