package conformance

import (
	"slices"

	"github.com/miekg/dns"
)

const (
	here   = "www.other.example."
	absent = "www.example.net." // in no zone of the corpus
	big    = "a60.big.example." // 60 addresses: 60*16 + 33 octets
)

var addressRecord = []byte{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1}

// oddities is the table. The names of sections of RFC 8906 are those of its checklist (section 8).
func oddities() []oddity {
	return slices.Concat(headerOddities(), questionOddities(), sectionOddities(), ednsOddities(), optionOddities(), sizeOddities(), typeOddities())
}

func headerOddities() []oddity {
	plain := ask1(here, dns.TypeA)
	none := packet{}
	return []oddity{
		{
			name: "plain", send: plain,
			want: "NOERROR aa 1/0/0",
			why:  "RFC 1034 section 4.3.2",
		},
		{
			name: "plain over TCP", tcp: true, send: plain,
			want: "NOERROR aa 1/0/0",
			why:  "RFC 1034 section 4.3.2",
		},
		{
			name: "opcode IQUERY", send: plain.opcoded(1),
			want: "NOTIMP 0/0/0 opcode1 | NOTIMP 0/0/0 noq opcode1",
			why:  "RFC 3425: obsolete, NOTIMP",
		},
		{
			name: "opcode STATUS", send: plain.opcoded(2),
			want: "NOTIMP 0/0/0 opcode2 | NOTIMP 0/0/0 noq opcode2",
			why:  "RFC 8906 section 8.1.4",
		},
		{
			name: "opcode STATUS without question", send: none.opcoded(2),
			want: "NOTIMP 0/0/0 noq opcode2",
			why:  "RFC 8906 section 8.1.4",
		},
		{
			name: "opcode 3", send: plain.opcoded(3),
			want: "NOTIMP 0/0/0 opcode3 | NOTIMP 0/0/0 noq opcode3",
			why:  "RFC 8906 section 8.1.4",
		},
		{
			name: "opcode NOTIFY, SOA", send: ask1("other.example.", dns.TypeSOA).opcoded(4),
			want: "NOTIMP 0/0/0 opcode4 | NOTIMP 0/0/0 noq opcode4 | REFUSED 0/0/0 opcode4 | REFUSED 0/0/0 noq opcode4 | NOTAUTH 0/0/0 opcode4 | NOTAUTH 0/0/0 noq opcode4",
			why:  "RFC 1996 section 3.10: this server is no secondary",
		},
		{
			name: "opcode UPDATE, SOA", send: ask1("other.example.", dns.TypeSOA).opcoded(5),
			want: "NOTIMP 0/0/0 opcode5 | NOTIMP 0/0/0 noq opcode5 | REFUSED 0/0/0 opcode5 | REFUSED 0/0/0 noq opcode5 | NOTAUTH 0/0/0 opcode5 | NOTAUTH 0/0/0 noq opcode5",
			why:  "RFC 2136 section 3.1",
		},
		{
			name: "opcode UPDATE, zone elsewhere", send: ask1("example.net.", dns.TypeSOA).opcoded(5),
			want: "NOTIMP 0/0/0 opcode5 | NOTIMP 0/0/0 noq opcode5 | REFUSED 0/0/0 opcode5 | REFUSED 0/0/0 noq opcode5 | NOTAUTH 0/0/0 opcode5 | NOTAUTH 0/0/0 noq opcode5",
			why:  "RFC 2136 section 3.1",
		},
		{
			name: "opcode DSO", send: none.opcoded(6),
			want: "NOTIMP 0/0/0 noq opcode6",
			why:  "RFC 8490 section 5.1.1: who does not know it says NOTIMP",
		},
		{
			name: "opcode DSO over TCP", tcp: true, send: none.opcoded(6),
			want: "NOTIMP 0/0/0 noq opcode6",
			why:  "RFC 8490 section 5.1.1: who does not know it says NOTIMP",
		},
		{
			name: "opcode 15", send: plain.opcoded(15),
			want: "NOTIMP 0/0/0 opcode15 | NOTIMP 0/0/0 noq opcode15",
			why:  "RFC 8906 section 8.1.4",
		},
		{
			name: "opcode 15 with OPT", send: plain.opcoded(15).opt(1232, 0, 0),
			want: "NOTIMP 0/0/0 opcode15 | NOTIMP 0/0/0 noq opcode15 | NOTIMP 0/0/0 opt opcode15 | NOTIMP 0/0/0 noq opt opcode15",
			why:  "RFC 8906 section 8.1.4",
		},
		{
			name: "opcode 15 over TCP", tcp: true, send: plain.opcoded(15),
			want: "NOTIMP 0/0/0 opcode15 | NOTIMP 0/0/0 noq opcode15",
			why:  "RFC 8906 section 8.1.4",
		},
		{
			name: "QR set", send: plain.flagged(flagQR),
			want: "drop",
			why:  "RFC 1035 section 4.1.1: an answer to an answer loops",
		},
		{
			name: "QR set, opcode 15", send: plain.flagged(flagQR).opcoded(15),
			want: "drop",
			why:  "RFC 1035 section 4.1.1: an answer to an answer loops",
		},
		{
			name: "RD set", send: plain.flagged(flagRD),
			want: "NOERROR aa rd 1/0/0",
			why:  "RFC 1035 section 4.1.1: RD is copied, RA is not offered",
		},
		{
			name: "reserved bit set", send: plain.flagged(0x40),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8906 section 8.1.3, RFC 1035 section 4.1.1",
		},
		{
			name: "AD set", send: plain.flagged(flagAD),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8906 section 8.1.3, RFC 1035 section 4.1.1",
		},
		{
			name: "CD set", send: plain.flagged(flagCD),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 4035 section 3.1.6: an authoritative server clears CD",
		},
		{
			name: "AA, RA set", send: plain.flagged(flagAA | flagRA),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8906 section 8.1.3, RFC 1035 section 4.1.1",
		},
		{
			name: "TC set", send: plain.flagged(flagTC),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8906 section 8.1.3, RFC 1035 section 4.1.1",
		},
		{
			name: "rcode set", send: plain.flagged(3),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8906 section 8.1.3, RFC 1035 section 4.1.1",
		},
		{
			name: "empty message", send: packet{cut: 12},
			want: "drop",
			why:  "no header to answer",
		},
		{
			name: "two octets", send: packet{cut: 10},
			want: "drop",
			why:  "no header to answer",
		},
		{
			name: "eleven octets", send: packet{cut: 1},
			want: "drop",
			why:  "no header to answer",
		},
		{
			name: "eleven octets over TCP", tcp: true, send: packet{cut: 1},
			want: "drop",
			why:  "no header to answer",
		},
	}
}

func questionOddities() []oddity {
	one := [4]uint16{1}
	q := func(raw ...byte) packet { return packet{counts: one, question: raw} }
	long := slices.Repeat(append([]byte{63}, slices.Repeat([]byte{'a'}, 63)...), 4)
	return []oddity{
		{
			name: "no question", send: packet{},
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 9619 section 4",
		},
		{
			name: "no question, OPT", send: packet{}.opt(1232, 0, 0),
			want: "FORMERR 0/0/0 noq | FORMERR 0/0/0 noq opt",
			why:  "RFC 9619 section 4",
		},
		{
			name: "two questions", send: packet{counts: [4]uint16{2}, question: slices.Concat(questionBytes(here, 1, 1), questionBytes(here, 28, 1))},
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 9619 section 4",
		},
		{
			name: "65535 questions", send: packet{counts: [4]uint16{65535}, question: questionBytes(here, 1, 1)},
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 9619 section 4",
		},
		{
			name: "QDCOUNT 1, nothing behind", send: packet{counts: one},
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "question without class", send: packet{counts: one, question: questionBytes(here, 1, 1), cut: 2},
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "question ends in a label", send: packet{counts: one, question: questionBytes(here, 1, 1), cut: 12},
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "pointer to itself", send: q(0xc0, 12, 0, 1, 0, 1),
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "pointer forward", send: q(0xc0, 20, 0, 1, 0, 1, 0, 0, 0, 0),
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "pointer into the header", send: q(0xc0, 4, 0, 1, 0, 1),
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "label and pointer to it", send: q(3, 'w', 'w', 'w', 0xc0, 12, 0, 1, 0, 1),
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "label type 01", send: q(0x41, 'a', 0, 0, 1, 0, 1),
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "label type 10", send: q(0x81, 'a', 0, 0, 1, 0, 1),
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "name of 257 octets", send: q(append(long, 0, 0, 1, 0, 1)...),
			want: "FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1: FORMERR; RFC 6891 section 5 retires the other label types",
		},
		{
			name: "octets after the message", send: packet{counts: one, question: questionBytes(here, 1, 1), rest: []byte{1, 2, 3}},
			want: "NOERROR aa 1/0/0 | FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "no RFC; NSD and BIND ignore them, Knot does not",
		},
		{
			name: "octets after the message over TCP", tcp: true, send: packet{counts: one, question: questionBytes(here, 1, 1), rest: []byte{1, 2, 3}},
			want: "NOERROR aa 1/0/0 | FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "no RFC; NSD and BIND ignore them, Knot does not",
		},
		{
			name: "class CH", send: ask1(here, dns.TypeA).class(3),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq",
			why:  "RFC 8906 section 3.2.1; as NSD and Knot",
		},
		{
			name: "class HS", send: ask1(here, dns.TypeA).class(4),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq",
			why:  "RFC 8906 section 3.2.1; as NSD and Knot",
		},
		{
			name: "class NONE", send: ask1(here, dns.TypeA).class(254),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq",
			why:  "RFC 8906 section 3.2.1; as NSD and Knot",
		},
		{
			name: "class ANY", send: ask1(here, dns.TypeA).class(255),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq | NOERROR 1/0/0",
			why:  "RFC 1034 section 6.2.2: such an answer can never be authoritative; BIND refuses with FORMERR",
		},
		{
			name: "class 0", send: ask1(here, dns.TypeA).class(0),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq | FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 6895 section 3.2: reserved",
		},
		{
			name: "class 65280", send: ask1(here, dns.TypeA).class(65280),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq",
			why:  "RFC 8906 section 3.2.1; as NSD and Knot",
		},
		{
			name: "CH id.server", send: ask1("id.server.", dns.TypeTXT).class(3),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq",
			why:  "RFC 4892 section 2: only when the operator configured it",
		},
		{
			name: "CH version.bind", send: ask1("version.bind.", dns.TypeTXT).class(3),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq",
			why:  "RFC 4892 section 2: only when the operator configured it",
		},
		{
			name: "CH hostname.bind", send: ask1("hostname.bind.", dns.TypeTXT).class(3),
			want: "REFUSED 0/0/0 | REFUSED 0/0/0 noq",
			why:  "RFC 4892 section 2: only when the operator configured it",
		},
		{
			name: "outside every zone", send: ask1(absent, dns.TypeA),
			want: "REFUSED 0/0/0",
			why:  "RFC 8906 section 3.1.1; as NSD, Knot and BIND",
		},
		{
			name: "outside every zone, OPT", send: ask1(absent, dns.TypeA).opt(1232, 0, 0),
			want: "REFUSED 0/0/0 opt ede20",
			why:  "RFC 8914 section 4.21",
		},
		{
			name: "root", send: ask1(".", dns.TypeNS),
			want: "REFUSED 0/0/0",
			why:  "RFC 8906 section 3.1.1; as NSD, Knot and BIND",
		},
	}
}

func sectionOddities() []oddity {
	plain := ask1(here, dns.TypeA)
	opt := []byte{0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0}
	return []oddity{
		{
			name: "ANCOUNT 1, nothing behind", send: packet{counts: [4]uint16{1, 1}, question: plain.question},
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1",
		},
		{
			name: "NSCOUNT 1, nothing behind", send: packet{counts: [4]uint16{1, 0, 1}, question: plain.question},
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1",
		},
		{
			name: "ARCOUNT 1, nothing behind", send: packet{counts: [4]uint16{1, 0, 0, 1}, question: plain.question},
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1",
		},
		{
			name: "a record in answer", send: plain.with(1, addressRecord...),
			want: "NOERROR aa 1/0/0 | FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "no RFC; Knot and BIND ignore it, NSD does not",
		},
		{
			name: "a record in authority", send: plain.with(2, addressRecord...),
			want: "NOERROR aa 1/0/0 | FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "no RFC; Knot and BIND ignore it, NSD does not",
		},
		{
			name: "a record in additional", send: plain.with(3, addressRecord...),
			want: "NOERROR aa 1/0/0 | FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "no RFC; Knot and BIND ignore it, NSD does not",
		},
		{
			name: "a record before OPT", send: plain.with(3, addressRecord...).opt(1232, 0, 0),
			want: "NOERROR aa 1/0/0 opt | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.1: OPT may stand anywhere; NSD takes no other record",
		},
		{
			name: "a record after OPT", send: plain.opt(1232, 0, 0).with(3, addressRecord...),
			want: "NOERROR aa 1/0/0 opt | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.1: OPT may stand anywhere; NSD takes no other record",
		},
		{
			name: "two OPTs", send: plain.opt(1232, 0, 0).opt(1232, 0, 0),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.1",
		},
		{
			name: "OPT in answer", send: plain.with(1, opt...),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.1",
		},
		{
			name: "OPT in authority", send: plain.with(2, opt...),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.1",
		},
		{
			name: "OPT at another owner", send: plain.with(3, append([]byte{1, 'a'}, opt...)...),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.2",
		},
		{
			name: "OPT at a pointer", send: plain.with(3, append([]byte{0xc0, 12}, opt[1:]...)...),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.2",
		},
		{
			name: "OPT cut short", send: packet{counts: [4]uint16{1, 0, 0, 1}, question: plain.question, rest: opt, cut: 3},
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1",
		},
		{
			name: "OPT with more RDLEN than octets", send: plain.with(3, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 9),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq",
			why:  "RFC 1035 section 4.1.1",
		},
		{
			name: "octets after OPT", send: packet{counts: [4]uint16{1, 0, 0, 1}, question: plain.question, rest: append(slices.Clone(opt), 1, 2, 3)},
			want: "NOERROR aa 1/0/0 opt | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "no RFC; NSD and BIND ignore them, Knot does not",
		},
		{
			name: "TSIG of an unknown key", send: plain.with(3, 3, 'k', 'e', 'y', 0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 61, 11, 'h', 'm', 'a', 'c', '-', 's', 'h', 'a', '2', '5', '6', 0,
				0, 0, 0, 0, 0, 0, 1, 44, 0, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 0, 0, 0, 0, 0, 0),
			want: "NOTAUTH 0/0/1 | NOTAUTH 0/0/0 | NOERROR aa 1/0/0",
			why:  "RFC 8945 section 5.2.1; who has no TSIG sees an unknown additional record",
		},
	}
}

func ednsOddities() []oddity {
	plain, away := ask1(here, dns.TypeA), ask1(absent, dns.TypeA)
	return []oddity{
		{
			name: "EDNS", send: plain.opt(1232, 0, 0),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.1",
		},
		{
			name: "EDNS over TCP", tcp: true, send: plain.opt(1232, 0, 0),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.1",
		},
		{
			name: "EDNS, DO", send: plain.opt(1232, 0, 0x8000),
			want: "NOERROR aa 1/0/0 opt do",
			why:  "RFC 3225 section 3: DO is copied",
		},
		{
			name: "EDNS version 1", send: plain.opt(1232, 1, 0),
			want: "BADVERS 0/0/0 opt",
			why:  "RFC 6891 section 6.1.3, RFC 8906 section 8.2",
		},
		{
			name: "EDNS version 255", send: plain.opt(1232, 255, 0),
			want: "BADVERS 0/0/0 opt",
			why:  "RFC 6891 section 6.1.3, RFC 8906 section 8.2",
		},
		{
			name: "EDNS version 1, name elsewhere", send: away.opt(1232, 1, 0),
			want: "BADVERS 0/0/0 opt",
			why:  "RFC 6891 section 6.1.3, RFC 8906 section 8.2",
		},
		{
			name: "EDNS version 1, DO", send: plain.opt(1232, 1, 0x8000),
			want: "BADVERS 0/0/0 opt | BADVERS 0/0/0 opt do",
			why:  "RFC 8906 section 8.2.9",
		},
		{
			name: "EDNS version 1, unknown flags", send: plain.opt(1232, 1, 0x4000),
			want: "BADVERS 0/0/0 opt",
			why:  "RFC 6891 section 6.1.3, RFC 8906 section 8.2",
		},
		{
			name: "EDNS version 1, unknown option", send: plain.opt(1232, 1, 0, option(100)),
			want: "BADVERS 0/0/0 opt",
			why:  "RFC 6891 section 6.1.3, RFC 8906 section 8.2",
		},
		{
			name: "EDNS version 1 over TCP", tcp: true, send: plain.opt(1232, 1, 0),
			want: "BADVERS 0/0/0 opt",
			why:  "RFC 6891 section 6.1.3, RFC 8906 section 8.2",
		},
		{
			name: "EDNS version 1, bad cookie", send: plain.opt(1232, 1, 0, option(10, zeros(7)...)),
			want: "BADVERS 0/0/0 opt | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.3: another version may read options otherwise",
		},
		{
			name: "unknown EDNS flags", send: plain.opt(1232, 0, 0x7fff),
			want: "NOERROR aa 1/0/0 opt do",
			why:  "RFC 8906 section 8.2.4: unknown flags are not repeated",
		},
		{
			name: "extended rcode in a query", send: plain.with(3, 0, 0, 41, 4, 208, 5, 0, 0, 0, 0, 0),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.2, RFC 8906 section 8.2.3",
		},
		{
			name: "unknown option", send: plain.opt(1232, 0, 0, option(100)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.2, RFC 8906 section 8.2.3",
		},
		{
			name: "unknown options with data", send: plain.opt(1232, 0, 0, option(100, 1, 2, 3), option(65001, zeros(40)...)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.2, RFC 8906 section 8.2.3",
		},
		{
			name: "option with more length than RDLEN", send: plain.opt(1232, 0, 0, []byte{0, 100, 0, 9, 1}),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.2",
		},
		{
			name: "option header cut", send: plain.opt(1232, 0, 0, []byte{0, 100, 0}),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 6891 section 6.1.2",
		},
	}
}

func optionOddities() []oddity {
	plain := ask1(here, dns.TypeA)
	with := func(options ...[]byte) packet { return plain.opt(1232, 0, 0, options...) }
	ecs := func(data ...byte) packet { return with(option(8, data...)) }
	cookie := func(n int) packet { return with(option(10, zeros(n)...)) }
	return []oddity{
		{
			name: "ECS 192.0.2.0/24", send: ecs(0, 1, 24, 0, 192, 0, 2),
			want: "NOERROR aa 1/0/0 opt ecs:00011800c00002",
			why:  "RFC 7871 section 7.2.1: echoed, scope 0 where the answer does not depend on it",
		},
		{
			name: "ECS 2001:db8::/32", send: ecs(0, 2, 32, 0, 0x20, 1, 0xd, 0xb8),
			want: "NOERROR aa 1/0/0 opt ecs:0002200020010db8",
			why:  "RFC 7871 section 7.2.1: echoed, scope 0 where the answer does not depend on it",
		},
		{
			name: "ECS 0.0.0.0/0", send: ecs(0, 1, 0, 0),
			want: "NOERROR aa 1/0/0 opt ecs:00010000",
			why:  "RFC 7871 section 7.2.1: echoed, scope 0 where the answer does not depend on it",
		},
		{
			name: "ECS ::/0", send: ecs(0, 2, 0, 0),
			want: "NOERROR aa 1/0/0 opt ecs:00020000",
			why:  "RFC 7871 section 7.2.1: echoed, scope 0 where the answer does not depend on it",
		},
		{
			name: "ECS family 0, /0", send: ecs(0, 0, 0, 0),
			want: "NOERROR aa 1/0/0 opt ecs:00000000 | NOERROR aa 1/0/0 opt | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 6 does not name it; dig +subnet=0 sends it",
		},
		{
			name: "ECS 192.0.2.128/25", send: ecs(0, 1, 25, 0, 192, 0, 2, 128),
			want: "NOERROR aa 1/0/0 opt ecs:00011900c0000280",
			why:  "RFC 7871 section 7.2.1: echoed, scope 0 where the answer does not depend on it",
		},
		{
			name: "ECS on a name elsewhere", send: ask1(absent, dns.TypeA).opt(1232, 0, 0, option(8, 0, 1, 24, 0, 192, 0, 2)),
			want: "REFUSED 0/0/0 opt ede20 | REFUSED 0/0/0 opt ecs:00011800c00002 ede20",
			why:  "RFC 7871 section 7.2.1: may be left out of REFUSED",
		},
		{
			name: "ECS on NXDOMAIN", send: ask1("missing.other.example.", dns.TypeA).opt(1232, 0, 0, option(8, 0, 1, 24, 0, 192, 0, 2)),
			want: "NXDOMAIN aa 0/1/0 opt ecs:00011800c00002",
			why:  "RFC 7871 section 7.4",
		},
		{
			name: "ECS empty", send: ecs(),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS of three octets", send: ecs(0, 1, 24),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS scope set", send: ecs(0, 1, 24, 24, 192, 0, 2),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS prefix 33", send: ecs(0, 1, 33, 0, 192, 0, 2, 0, 0),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS prefix 129", send: ecs(append([]byte{0, 2, 129, 0}, zeros(17)...)...),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS too few octets", send: ecs(0, 1, 24, 0, 192, 0),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS too many octets", send: ecs(0, 1, 24, 0, 192, 0, 2, 0),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS bits beyond the prefix", send: ecs(0, 1, 23, 0, 192, 0, 3),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS family 3", send: ecs(0, 3, 24, 0, 192, 0, 2),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7871 section 7.2.1: a wrongly formatted option is FORMERR",
		},
		{
			name: "ECS twice", send: with(option(8, 0, 1, 24, 0, 192, 0, 2), option(8, 0, 1, 24, 0, 198, 51, 100)),
			want: "NOERROR aa 1/0/0 opt ecs:00011800c00002 | NOERROR aa 1/0/0 opt ecs:00011800c63364 | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "no RFC",
		},
		{
			name: "cookie of 8 octets", send: cookie(8),
			want: "NOERROR aa 1/0/0 opt cookie24",
			why:  "RFC 7873 section 5.2.3",
		},
		{
			name: "cookie of 8 octets over TCP", tcp: true, send: cookie(8),
			want: "NOERROR aa 1/0/0 opt cookie24",
			why:  "RFC 7873 section 5.2.3",
		},
		{
			name: "cookie of 16 octets, wrong", send: cookie(16),
			want: "NOERROR aa 1/0/0 opt cookie24 | BADCOOKIE 0/0/0 opt cookie24",
			why:  "RFC 7873 section 5.2.4",
		},
		{
			name: "cookie of 24 octets, wrong", send: cookie(24),
			want: "NOERROR aa 1/0/0 opt cookie24 | BADCOOKIE 0/0/0 opt cookie24",
			why:  "RFC 7873 section 5.2.4",
		},
		{
			name: "cookie of 40 octets, wrong", send: cookie(40),
			want: "NOERROR aa 1/0/0 opt cookie24 | BADCOOKIE 0/0/0 opt cookie24",
			why:  "RFC 7873 section 5.2.4",
		},
		{
			name: "cookie of 0 octets", send: cookie(0),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7873 section 5.2.2",
		},
		{
			name: "cookie of 7 octets", send: cookie(7),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7873 section 5.2.2",
		},
		{
			name: "cookie of 9 octets", send: cookie(9),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7873 section 5.2.2",
		},
		{
			name: "cookie of 15 octets", send: cookie(15),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7873 section 5.2.2",
		},
		{
			name: "cookie of 41 octets", send: cookie(41),
			want: "FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7873 section 5.2.2",
		},
		{
			name: "cookie twice", send: with(option(10, zeros(8)...), option(10, zeros(8)...)),
			want: "NOERROR aa 1/0/0 opt cookie24 | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7873 section 5.2: all but the first are ignored",
		},
		{
			name: "cookie without question", send: packet{}.opt(1232, 0, 0, option(10, zeros(8)...)),
			want: "NOERROR 0/0/0 noq opt cookie24",
			why:  "RFC 7873 section 5.4",
		},
		{
			name: "NSID", send: with(option(3)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 5001 section 2.2: none configured, none sent",
		},
		{
			name: "NSID with data", send: with(option(3, 1, 2)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 5001 section 2.2: none configured, none sent",
		},
		{
			name: "padding", send: with(option(12, zeros(20)...)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 7830 section 4: not over a transport in the clear",
		},
		{
			name: "padding over TCP", tcp: true, send: with(option(12, zeros(20)...)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 7830 section 4: not over a transport in the clear",
		},
		{
			name: "keepalive over UDP", send: with(option(11)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 7828 section 3.2.1: never sent over UDP",
		},
		{
			name: "keepalive over TCP", tcp: true, send: with(option(11)),
			want: "NOERROR aa 1/0/0 opt | NOERROR aa 1/0/0 opt option11",
			why:  "RFC 7828 section 3.3.2: the server may",
		},
		{
			name: "keepalive with timeout over TCP", tcp: true, send: with(option(11, 0, 1)),
			want: "NOERROR aa 1/0/0 opt | NOERROR aa 1/0/0 opt option11 | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7828 section 3.1 gives a query's option no data, and no verdict",
		},
		{
			name: "keepalive of one octet over TCP", tcp: true, send: with(option(11, 1)),
			want: "NOERROR aa 1/0/0 opt | NOERROR aa 1/0/0 opt option11 | FORMERR 0/0/0 | FORMERR 0/0/0 noq | FORMERR 0/0/0 opt | FORMERR 0/0/0 noq opt",
			why:  "RFC 7828 section 3.1 gives a query's option no data, and no verdict",
		},
		{
			name: "EXPIRE", send: with(option(9)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.2: what is not implemented is ignored",
		},
		{
			name: "DAU, DHU, N3U", send: with(option(5, 8, 13), option(6, 1, 2), option(7, 1)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.2: what is not implemented is ignored",
		},
		{
			name: "CHAIN", send: with(option(13, 0)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.2: what is not implemented is ignored",
		},
		{
			name: "EDE in a query", send: with(option(15, 0, 0)),
			want: "NOERROR aa 1/0/0 opt",
			why:  "RFC 6891 section 6.1.2: what is not implemented is ignored",
		},
		{
			name: "NSID, ECS, EXPIRE, cookie, unknown", send: with(option(3), option(8, 0, 1, 24, 0, 192, 0, 2), option(9), option(10, zeros(8)...), option(100)),
			want: "NOERROR aa 1/0/0 opt cookie24 ecs:00011800c00002",
			why:  "RFC 8906 section 8.2.10",
		},
	}
}

func sizeOddities() []oddity {
	q, huge := ask1(big, dns.TypeA), ask1("a1280.big.example.", dns.TypeA)
	return []oddity{
		{
			name: "60 A, plain", send: q,
			want: "NOERROR aa tc 0/0/0",
			why:  "RFC 6891 section 6.2.3: below 512 counts as 512; RFC 2181 section 9",
		},
		{
			name: "60 A, size 0", send: q.opt(0, 0, 0),
			want: "NOERROR aa tc 0/0/0 opt",
			why:  "RFC 6891 section 6.2.3: below 512 counts as 512; RFC 2181 section 9",
		},
		{
			name: "60 A, size 511", send: q.opt(511, 0, 0),
			want: "NOERROR aa tc 0/0/0 opt",
			why:  "RFC 6891 section 6.2.3: below 512 counts as 512; RFC 2181 section 9",
		},
		{
			name: "60 A, size 512", send: q.opt(512, 0, 0),
			want: "NOERROR aa tc 0/0/0 opt",
			why:  "RFC 6891 section 6.2.3: below 512 counts as 512; RFC 2181 section 9",
		},
		{
			name: "60 A, size 1232", send: q.opt(1232, 0, 0),
			want: "NOERROR aa 60/0/0 opt",
			why:  "RFC 6891 section 6.2.5",
		},
		{
			name: "60 A, size 65535", send: q.opt(65535, 0, 0),
			want: "NOERROR aa 60/0/0 opt",
			why:  "RFC 6891 section 6.2.5",
		},
		{
			name: "60 A over TCP, size 512", tcp: true, send: q.opt(512, 0, 0),
			want: "NOERROR aa 60/0/0 opt",
			why:  "RFC 6891 section 6.2.5",
		},
		{
			name: "1280 A, size 4096", send: huge.opt(4096, 0, 0),
			want: "NOERROR aa tc 0/0/0 opt",
			why:  "RFC 6891 section 6.2.3: below 512 counts as 512; RFC 2181 section 9",
		},
		{
			name: "1280 A, size 65535", send: huge.opt(65535, 0, 0),
			want: "NOERROR aa tc 0/0/0 opt",
			why:  "RFC 6891 section 6.2.3: below 512 counts as 512; RFC 2181 section 9",
		},
		{
			name: "1280 A over TCP", tcp: true, send: huge,
			want: "NOERROR aa 1280/0/0",
			why:  "RFC 7766 section 8",
		},
	}
}

func typeOddities() []oddity {
	at := func(typ uint16) packet { return ask1(here, typ) }
	apex := func(typ uint16) packet { return ask1("other.example.", typ) }
	soa := append(questionBytes("other.example.", dns.TypeSOA, dns.ClassINET), 0, 0, 0, 0, 0, 22) // TTL, RDLENGTH
	soa = append(soa, zeros(22)...)
	return []oddity{
		{
			name: "type 0", send: at(0),
			want: "NOERROR aa 0/1/0 | NOTIMP 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 6895 section 3.1: reserved",
		},
		{
			name: "type OPT", send: at(41),
			want: "NOERROR aa 0/1/0 | NOTIMP 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 6895 section 3.1: no data of that type can exist",
		},
		{
			name: "type NULL", send: at(10),
			want: "NOERROR aa 0/1/0",
			why:  "RFC 3597 section 3, RFC 8906 section 8.1.2",
		},
		{
			name: "type TKEY", send: at(249),
			want: "NOERROR aa 0/1/0 | NOTIMP 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 6895 section 3.1: no data of that type can exist",
		},
		{
			name: "type TSIG", send: at(250),
			want: "NOERROR aa 0/1/0 | NOTIMP 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 6895 section 3.1: no data of that type can exist",
		},
		{
			name: "type MAILB", send: at(253),
			want: "NOERROR aa 0/1/0 | NOTIMP 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 6895 section 3.1: no data of that type can exist",
		},
		{
			name: "type MAILA", send: at(254),
			want: "NOERROR aa 0/1/0 | NOTIMP 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 6895 section 3.1: no data of that type can exist",
		},
		{
			name: "type 128 (meta, unassigned)", send: at(128),
			want: "NOERROR aa 0/1/0 | NOTIMP 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 6895 section 3.1: no data of that type can exist",
		},
		{
			name: "type 65535", send: at(65535),
			want: "NOERROR aa 0/1/0",
			why:  "RFC 3597 section 3, RFC 8906 section 8.1.2",
		},
		{
			name: "AXFR over UDP", send: apex(dns.TypeAXFR),
			want: "NOTIMP 0/0/0 | REFUSED 0/0/0 | FORMERR 0/0/0",
			why:  "RFC 5936 section 4.2: not defined over UDP",
		},
		{
			name: "AXFR over TCP", tcp: true, send: apex(dns.TypeAXFR),
			want: "REFUSED 0/0/0 | NOTAUTH 0/0/0 | NOTIMP 0/0/0",
			why:  "RFC 5936 section 2.2.1",
		},
		{
			name: "AXFR over TCP, below the apex", tcp: true, send: at(dns.TypeAXFR),
			want: "REFUSED 0/0/0 | NOTAUTH 0/0/0 | NOTIMP 0/0/0",
			why:  "RFC 5936 section 2.2.1",
		},
		{
			name: "AXFR over TCP, elsewhere", tcp: true, send: ask1("example.net.", dns.TypeAXFR),
			want: "REFUSED 0/0/0 | NOTAUTH 0/0/0 | NOTIMP 0/0/0",
			why:  "RFC 5936 section 2.2.1",
		},
		{
			name: "IXFR over UDP", send: apex(dns.TypeIXFR).with(2, soa...),
			want: "REFUSED 0/0/0 | NOTAUTH 0/0/0 | NOTIMP 0/0/0",
			why:  "RFC 1995 section 3",
		},
		{
			name: "IXFR over UDP without SOA", send: apex(dns.TypeIXFR),
			want: "REFUSED 0/0/0 | NOTAUTH 0/0/0 | NOTIMP 0/0/0",
			why:  "RFC 1995 section 3",
		},
		{
			name: "IXFR over TCP", tcp: true, send: apex(dns.TypeIXFR).with(2, soa...),
			want: "REFUSED 0/0/0 | NOTAUTH 0/0/0 | NOTIMP 0/0/0",
			why:  "RFC 1995 section 3",
		},
		{
			name: "ANY over UDP", send: at(dns.TypeANY),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8482 section 4.1",
		},
		{
			name: "ANY over TCP", tcp: true, send: at(dns.TypeANY),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8482 section 4.1",
		},
		{
			name: "ANY of four types over UDP", send: ask1("www.nsec.example.", dns.TypeANY),
			want: "NOERROR aa 1/0/0 | NOERROR aa 2/0/0 | NOERROR aa 3/0/0",
			why:  "RFC 8482 section 4.1: one RRset, or HINFO",
		},
		{
			name: "ANY of four types over TCP", tcp: true, send: ask1("www.nsec.example.", dns.TypeANY),
			want: "NOERROR aa 1/0/0 | NOERROR aa 2/0/0 | NOERROR aa 4/0/0 | NOERROR aa 7/0/0",
			why:  "RFC 8482 section 4.4: TCP may give all",
		},
		{
			name: "ANY of four types over UDP, DO", send: ask1("www.nsec.example.", dns.TypeANY).opt(1232, 0, 0x8000),
			want: "NOERROR aa 2/0/0 opt do | NOERROR aa 3/0/0 opt do",
			why:  "RFC 8482 section 4.1: one RRset and its RRSIG",
		},
		{
			name: "ANY of a CNAME", send: ask1("back.other.example.", dns.TypeANY),
			want: "NOERROR aa 1/0/0",
			why:  "RFC 8482 section 4.1",
		},
		{
			name: "ANY of nothing", send: ask1("missing.other.example.", dns.TypeANY),
			want: "NXDOMAIN aa 0/1/0",
			why:  "RFC 8482 section 4.1",
		},
	}
}
