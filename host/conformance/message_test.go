package conformance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/miekg/dns"
)

// record is one RR with its names uncompressed and folded to lower case (RFC 4343), so that equal bytes mean equal records.
type record struct {
	owner string
	typ   uint16
	class uint16
	ttl   uint32
	rdata string
}

func (r record) less(o record) bool {
	if r.owner != o.owner {
		return r.owner < o.owner
	}
	if r.typ != o.typ {
		return r.typ < o.typ
	}
	if r.rdata != o.rdata {
		return r.rdata < o.rdata
	}
	if r.ttl != o.ttl {
		return r.ttl < o.ttl
	}
	return r.class < o.class
}

// covers is the type that belongs to the RRset: an RRSIG travels with what it signs.
func (r record) covers() uint16 {
	if r.typ == dns.TypeRRSIG && len(r.rdata) > 2 {
		return uint16(r.rdata[0])<<8 | uint16(r.rdata[1])
	}
	return r.typ
}

// String is the record in zone-file form.
func (r record) String() string {
	wire := append([]byte(r.owner), byte(r.typ>>8), byte(r.typ), byte(r.class>>8), byte(r.class),
		byte(r.ttl>>24), byte(r.ttl>>16), byte(r.ttl>>8), byte(r.ttl), byte(len(r.rdata)>>8), byte(len(r.rdata)))
	wire = append(wire, r.rdata...)
	rr, _, err := dns.UnpackRR(wire, 0)
	if err != nil {
		return fmt.Sprintf("%s %d CLASS%d TYPE%d \\# %d %x", nameText([]byte(r.owner)), r.ttl, r.class, r.typ, len(r.rdata), r.rdata)
	}
	return strings.ReplaceAll(rr.String(), "\t", " ")
}

// sections index reply.section.
const (
	answer = iota
	authority
	additional
)

var sectionNames = [...]string{"answer", "authority", "additional"}

// reply is one response, taken apart. none means that nothing came back.
type reply struct {
	none     bool
	flaw     string // what is wrong with the message itself, "" when it is well formed
	len      int
	id       uint16
	flags    uint16 // the header's second word without the rcode
	rcode    int    // extended by OPT
	question []byte // as sent, uncompressed by nature
	section  [3][]record
	opt      bool
	version  uint8
	do       bool
	udpSize  uint16
	options  []byte
}

const (
	flagQR = 1 << 15
	flagAA = 1 << 10
	flagTC = 1 << 9
	flagRD = 1 << 8
	flagRA = 1 << 7
	flagAD = 1 << 5
	flagCD = 1 << 4
)

var errShort = errors.New("message ends early")

// parseReply takes a response apart. A message that breaks a rule is returned as far as it was understood, with flaw set.
func parseReply(msg []byte) *reply {
	r := &reply{len: len(msg)}
	if len(msg) < 12 {
		r.flaw = fmt.Sprintf("message of %d octets", len(msg))
		return r
	}
	r.id = binary.BigEndian.Uint16(msg)
	word := binary.BigEndian.Uint16(msg[2:])
	r.flags, r.rcode = word&^15, int(word&15)
	off := 12
	for range binary.BigEndian.Uint16(msg[4:]) {
		end := off
		for end < len(msg) && msg[end] != 0 && msg[end] < 64 {
			end += 1 + int(msg[end])
		}
		if end+5 > len(msg) {
			r.flaw = "question ends early"
			return r
		}
		r.question = append(r.question, msg[off:end+5]...)
		off = end + 5
	}
	var err error
	for s := range r.section {
		for range binary.BigEndian.Uint16(msg[6+2*s:]) {
			if off, err = r.parseRecord(msg, off, s); err != nil {
				r.flaw = err.Error()
				return r
			}
		}
		sort.Slice(r.section[s], func(i, j int) bool { return r.section[s][i].less(r.section[s][j]) })
		for i := 1; i < len(r.section[s]); i++ {
			if r.section[s][i] == r.section[s][i-1] {
				r.flaw = "record twice in " + sectionNames[s] + ": " + r.section[s][i].String()
			}
		}
	}
	if off != len(msg) {
		r.flaw = fmt.Sprintf("%d octets after the message", len(msg)-off)
	}
	return r
}

func (r *reply) parseRecord(msg []byte, off, section int) (int, error) {
	owner, off, _, err := readName(nil, msg, off)
	if err != nil || off+10 > len(msg) {
		return 0, errShort
	}
	rec := record{
		owner: string(owner), typ: binary.BigEndian.Uint16(msg[off:]), class: binary.BigEndian.Uint16(msg[off+2:]),
		ttl: binary.BigEndian.Uint32(msg[off+4:]),
	}
	end := off + 10 + int(binary.BigEndian.Uint16(msg[off+8:]))
	off += 10
	if end > len(msg) {
		return 0, errShort
	}
	if rec.typ == dns.TypeOPT {
		if r.opt || section != additional || len(owner) != 1 {
			return 0, errors.New("OPT that is not alone, not in additional or not at the root")
		}
		r.opt, r.udpSize, r.version, r.do = true, rec.class, uint8(rec.ttl>>16), rec.ttl&0x8000 != 0
		r.rcode |= int(rec.ttl>>24) << 4
		r.options = msg[off:end]
		return end, nil
	}
	rdata, compressed, err := readRData(msg[:end], off, rec.typ)
	if err != nil {
		return 0, fmt.Errorf("data of %s TYPE%d: %w", nameText(owner), rec.typ, err)
	}
	if compressed && !compressible[rec.typ] {
		r.flaw = fmt.Sprintf("compressed name in the data of TYPE%d (RFC 3597 section 4)", rec.typ)
	}
	rec.rdata = string(rdata)
	r.section[section] = append(r.section[section], rec)
	return end, nil
}

// readName appends the name at off to dst, uncompressed and in lower case.
func readName(dst, msg []byte, off int) (name []byte, next int, compressed bool, err error) {
	start := len(dst)
	for hops := 0; ; {
		if off >= len(msg) {
			return nil, 0, false, errShort
		}
		c := int(msg[off])
		switch {
		case c == 0:
			dst = append(dst, 0)
			if !compressed {
				next = off + 1
			}
			if len(dst)-start > 255 {
				return nil, 0, false, errors.New("name longer than 255 octets")
			}
			return dst, next, compressed, nil
		case c < 64:
			if off+1+c > len(msg) {
				return nil, 0, false, errShort
			}
			dst = append(dst, msg[off])
			for _, b := range msg[off+1 : off+1+c] {
				dst = append(dst, lower(b))
			}
			off += 1 + c
		case c >= 192 && off+1 < len(msg):
			target := c&63<<8 | int(msg[off+1])
			if target >= off || hops > 127 {
				return nil, 0, false, errors.New("compression pointer does not point backwards")
			}
			if !compressed {
				next = off + 2
			}
			compressed, off, hops = true, target, hops+1
		default:
			return nil, 0, false, errors.New("bad label type")
		}
	}
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// nameAt tells where names stand in record data: skip octets before, then count names. -1: three strings stand before (NAPTR).
var nameAt = map[uint16]struct{ skip, count int }{
	dns.TypeNS: {0, 1}, dns.TypeCNAME: {0, 1}, dns.TypeSOA: {0, 2}, dns.TypeMB: {0, 1}, dns.TypeMG: {0, 1}, dns.TypeMR: {0, 1},
	dns.TypePTR: {0, 1}, dns.TypeMINFO: {0, 2}, dns.TypeMX: {2, 1}, dns.TypeRP: {0, 2}, dns.TypeAFSDB: {2, 1}, dns.TypeRT: {2, 1},
	dns.TypePX: {2, 2}, dns.TypeSRV: {6, 1}, dns.TypeNAPTR: {-1, 1}, dns.TypeKX: {2, 1}, dns.TypeDNAME: {0, 1}, dns.TypeRRSIG: {18, 1},
	dns.TypeNSEC: {0, 1}, dns.TypeLP: {2, 1}, dns.TypeSVCB: {2, 1}, dns.TypeHTTPS: {2, 1},
}

// compressible are the types whose names may be compressed (RFC 3597 section 4: those of RFC 1035).
var compressible = map[uint16]bool{
	dns.TypeNS: true, dns.TypeCNAME: true, dns.TypeSOA: true, dns.TypeMB: true, dns.TypeMG: true, dns.TypeMR: true, dns.TypePTR: true,
	dns.TypeMINFO: true, dns.TypeMX: true,
}

func readRData(msg []byte, off int, typ uint16) (rdata []byte, compressed bool, err error) {
	layout, has := nameAt[typ]
	if !has || off == len(msg) {
		return msg[off:], false, nil
	}
	if layout.skip < 0 {
		layout.skip = 4
		for range 3 {
			if off+layout.skip >= len(msg) {
				return nil, false, errShort
			}
			layout.skip += 1 + int(msg[off+layout.skip])
		}
	}
	if off+layout.skip > len(msg) {
		return nil, false, errShort
	}
	rdata = append(rdata, msg[off:off+layout.skip]...)
	off += layout.skip
	for range layout.count {
		var c bool
		if rdata, off, c, err = readName(rdata, msg, off); err != nil {
			return nil, false, err
		}
		compressed = compressed || c
	}
	return append(rdata, msg[off:]...), compressed, nil
}

// nameText is the presentation form of a wire name.
func nameText(name []byte) string {
	text, _, err := dns.UnpackDomainName(name, 0)
	if err != nil {
		return fmt.Sprintf("%q", name)
	}
	return text
}

// parentOf drops the first label; the root has none.
func parentOf(name []byte) []byte { return name[1+int(name[0]):] }

// isBelow tells whether name lies in the tree of top (both folded).
func isBelow(name, top []byte) bool {
	for len(name) > len(top) {
		name = parentOf(name)
	}
	return bytes.Equal(name, top)
}
