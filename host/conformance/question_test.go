package conformance

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/miekg/dns"
)

// question is one thing to ask every server.
type question struct {
	name []byte // wire, case as sent
	typ  uint16
	do   bool // with OPT, size 1232 and DO; without, plain DNS and 512 octets
	rd   bool
}

const ednsSize = 1232

// limit is the most octets a UDP response may have.
func (q question) limit() int {
	if q.do {
		return ednsSize
	}
	return 512
}

// appendTo appends the query message to dst.
func (q question) appendTo(dst []byte, id uint16) []byte {
	dst = binary.BigEndian.AppendUint16(dst, id)
	var flags uint16
	if q.rd {
		flags = flagRD
	}
	dst = binary.BigEndian.AppendUint16(dst, flags)
	extra := byte(0)
	if q.do {
		extra = 1
	}
	dst = append(dst, 0, 1, 0, 0, 0, 0, 0, extra)
	dst = append(dst, q.name...)
	dst = append(dst, byte(q.typ>>8), byte(q.typ), 0, 1)
	if q.do {
		dst = append(dst, 0, 0, 41, ednsSize>>8, ednsSize&255, 0, 0, 0x80, 0, 0, 0)
	}
	return dst
}

// String reads like dig's arguments.
func (q question) String() string {
	text := nameText(q.name) + " " + typeText(q.typ)
	if q.do {
		text += " +dnssec"
	}
	if !q.rd {
		text += " +norec"
	}
	return text
}

func typeText(typ uint16) string {
	if text, ok := dns.TypeToString[typ]; ok {
		return text
	}
	return fmt.Sprintf("TYPE%d", typ)
}

// everyNodeTypes are asked at every name, derived ones included; the types present at a node are asked there as well.
var everyNodeTypes = []uint16{
	dns.TypeA, dns.TypeAAAA, dns.TypeNS, dns.TypeSOA, dns.TypeMX, dns.TypeTXT, dns.TypeCNAME, dns.TypeDNAME, dns.TypeDS, dns.TypeSRV,
	dns.TypeHTTPS, dns.TypeNSEC, dns.TypeNSEC3PARAM, dns.TypeDNSKEY, dns.TypeRRSIG, dns.TypeANY, 65400,
}

// questionsOf derives the questions of one instance: for every owner name the name itself, its parents to above the origin,
// children, siblings just before and after it in canonical order, and another case.
func questionsOf(zones []zoneFile) []question {
	types := map[string]map[uint16]bool{} // by folded name
	full := []string{}
	seen := map[string]bool{}
	add := func(name []byte) {
		if key := folded(name); !seen[key] {
			seen[key] = true
			full = append(full, key)
		}
	}
	for _, z := range zones {
		for _, rec := range z.records {
			owner := folded([]byte(rec.owner))
			if types[owner] == nil {
				types[owner] = map[uint16]bool{}
			}
			types[owner][rec.typ] = true
			for name := []byte(owner); ; name = parentOf(name) {
				add(name)
				if len(name) < len(z.origin) || len(name) == 1 {
					break
				}
			}
		}
	}
	var all []question
	emit := func(name []byte, types []uint16) {
		for _, typ := range types {
			rd := (len(name)+int(typ))%3 == 0
			all = append(all, question{name, typ, false, rd}, question{name, typ, true, !rd})
		}
	}
	for _, owner := range full {
		list := everyNodeTypes
		for typ := range types[owner] {
			if !slices.Contains(list, typ) {
				list = append(list[:len(list):len(list)], typ)
			}
		}
		emit([]byte(owner), list)
		emit(otherCase([]byte(owner)), []uint16{dns.TypeA, dns.TypeTXT, list[len(list)-1]})
	}
	for _, owner := range full {
		near := nearNames([]byte(owner))
		if types[owner][dns.TypeNSEC3] {
			near = near[:min(2, len(near))] // a hash has no neighbours of interest
		}
		for _, name := range near {
			if key := folded(name); !seen[key] {
				seen[key] = true
				emit(name, everyNodeTypes)
			}
		}
	}
	return all
}

// nearNames returns the children and siblings worth asking for; names that would be too long are left out.
func nearNames(name []byte) [][]byte {
	var near [][]byte
	add := func(labels ...string) {
		made := []byte{}
		for _, label := range labels[:len(labels)-1] {
			if len(label) == 0 || len(label) > 63 {
				return
			}
			made = append(append(made, byte(len(label))), label...)
		}
		if made = append(made, labels[len(labels)-1]...); len(made) <= 255 {
			near = append(near, made)
		}
	}
	self := string(name)
	add("child", self)
	add("x", "y", self)
	add("*", self)
	add("\x00", self)
	if len(name) == 1 {
		return near
	}
	first, parent := string(name[1:1+name[0]]), string(parentOf(name))
	add(first+"\x00", parent) // the next possible sibling
	add(first+"-", parent)
	if last := first[len(first)-1]; last > 0 {
		add(first[:len(first)-1]+string([]byte{last - 1, 255}), parent) // one of the last siblings before it
	}
	if len(first) > 1 {
		add(first[:len(first)-1], parent)
	}
	return near
}

func folded(name []byte) string {
	out := make([]byte, len(name))
	for i, b := range name {
		out[i] = lower(b)
	}
	return string(out)
}

// otherCase spells every second letter in upper case.
func otherCase(name []byte) []byte {
	out := append([]byte(nil), name...)
	for off := 0; out[off] != 0; off += 1 + int(out[off]) {
		for i := off + 1; i <= off+int(out[off]); i++ {
			if 'a' <= out[i] && out[i] <= 'z' && i%2 == 0 {
				out[i] -= 'a' - 'A'
			}
		}
	}
	return out
}
