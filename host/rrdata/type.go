package rrdata

import "strconv"

// The RR types with a name. Those that stand in no zone are here too, so that messages can name them.
const (
	TypeNone       uint16 = 0
	TypeA          uint16 = 1
	TypeNS         uint16 = 2
	TypeMD         uint16 = 3
	TypeMF         uint16 = 4
	TypeCNAME      uint16 = 5
	TypeSOA        uint16 = 6
	TypeMB         uint16 = 7
	TypeMG         uint16 = 8
	TypeMR         uint16 = 9
	TypeNULL       uint16 = 10
	TypePTR        uint16 = 12
	TypeHINFO      uint16 = 13
	TypeMINFO      uint16 = 14
	TypeMX         uint16 = 15
	TypeTXT        uint16 = 16
	TypeRP         uint16 = 17
	TypeAFSDB      uint16 = 18
	TypeX25        uint16 = 19
	TypeISDN       uint16 = 20
	TypeRT         uint16 = 21
	TypeNSAPPTR    uint16 = 23
	TypeSIG        uint16 = 24
	TypeKEY        uint16 = 25
	TypePX         uint16 = 26
	TypeGPOS       uint16 = 27
	TypeAAAA       uint16 = 28
	TypeLOC        uint16 = 29
	TypeNXT        uint16 = 30
	TypeEID        uint16 = 31
	TypeNIMLOC     uint16 = 32
	TypeSRV        uint16 = 33
	TypeATMA       uint16 = 34
	TypeNAPTR      uint16 = 35
	TypeKX         uint16 = 36
	TypeCERT       uint16 = 37
	TypeDNAME      uint16 = 39
	TypeOPT        uint16 = 41
	TypeAPL        uint16 = 42
	TypeDS         uint16 = 43
	TypeSSHFP      uint16 = 44
	TypeIPSECKEY   uint16 = 45
	TypeRRSIG      uint16 = 46
	TypeNSEC       uint16 = 47
	TypeDNSKEY     uint16 = 48
	TypeDHCID      uint16 = 49
	TypeNSEC3      uint16 = 50
	TypeNSEC3PARAM uint16 = 51
	TypeTLSA       uint16 = 52
	TypeSMIMEA     uint16 = 53
	TypeHIP        uint16 = 55
	TypeNINFO      uint16 = 56
	TypeRKEY       uint16 = 57
	TypeTALINK     uint16 = 58
	TypeCDS        uint16 = 59
	TypeCDNSKEY    uint16 = 60
	TypeOPENPGPKEY uint16 = 61
	TypeCSYNC      uint16 = 62
	TypeZONEMD     uint16 = 63
	TypeSVCB       uint16 = 64
	TypeHTTPS      uint16 = 65
	TypeSPF        uint16 = 99
	TypeUINFO      uint16 = 100
	TypeUID        uint16 = 101
	TypeGID        uint16 = 102
	TypeUNSPEC     uint16 = 103
	TypeNID        uint16 = 104
	TypeL32        uint16 = 105
	TypeL64        uint16 = 106
	TypeLP         uint16 = 107
	TypeEUI48      uint16 = 108
	TypeEUI64      uint16 = 109
	TypeNXNAME     uint16 = 128
	TypeTKEY       uint16 = 249
	TypeTSIG       uint16 = 250
	TypeIXFR       uint16 = 251
	TypeAXFR       uint16 = 252
	TypeMAILB      uint16 = 253
	TypeMAILA      uint16 = 254
	TypeANY        uint16 = 255
	TypeURI        uint16 = 256
	TypeCAA        uint16 = 257
	TypeAVC        uint16 = 258
	TypeAMTRELAY   uint16 = 260
	TypeRESINFO    uint16 = 261
	TypeTA         uint16 = 32768
	TypeDLV        uint16 = 32769
	TypeALIAS      uint16 = 65401 // private use; the number other servers gave it
	TypeReserved   uint16 = 65535
)

// typeNames holds the names of the types below 256; highTypeNames holds the others.
var typeNames = [256]string{
	TypeA: "A", TypeNS: "NS", TypeMD: "MD", TypeMF: "MF", TypeCNAME: "CNAME", TypeSOA: "SOA", TypeMB: "MB", TypeMG: "MG", TypeMR: "MR",
	TypeNULL: "NULL", TypePTR: "PTR", TypeHINFO: "HINFO", TypeMINFO: "MINFO", TypeMX: "MX", TypeTXT: "TXT", TypeRP: "RP", TypeAFSDB: "AFSDB",
	TypeX25: "X25", TypeISDN: "ISDN", TypeRT: "RT", TypeNSAPPTR: "NSAP-PTR", TypeSIG: "SIG", TypeKEY: "KEY", TypePX: "PX", TypeGPOS: "GPOS",
	TypeAAAA: "AAAA", TypeLOC: "LOC", TypeNXT: "NXT", TypeEID: "EID", TypeNIMLOC: "NIMLOC", TypeSRV: "SRV", TypeATMA: "ATMA", TypeNAPTR: "NAPTR",
	TypeKX: "KX", TypeCERT: "CERT", TypeDNAME: "DNAME", TypeOPT: "OPT", TypeAPL: "APL", TypeDS: "DS", TypeSSHFP: "SSHFP", TypeIPSECKEY: "IPSECKEY",
	TypeRRSIG: "RRSIG", TypeNSEC: "NSEC", TypeDNSKEY: "DNSKEY", TypeDHCID: "DHCID", TypeNSEC3: "NSEC3", TypeNSEC3PARAM: "NSEC3PARAM",
	TypeTLSA: "TLSA", TypeSMIMEA: "SMIMEA", TypeHIP: "HIP", TypeNINFO: "NINFO", TypeRKEY: "RKEY", TypeTALINK: "TALINK", TypeCDS: "CDS",
	TypeCDNSKEY: "CDNSKEY", TypeOPENPGPKEY: "OPENPGPKEY", TypeCSYNC: "CSYNC", TypeZONEMD: "ZONEMD", TypeSVCB: "SVCB", TypeHTTPS: "HTTPS",
	TypeSPF: "SPF", TypeUINFO: "UINFO", TypeUID: "UID", TypeGID: "GID", TypeUNSPEC: "UNSPEC", TypeNID: "NID", TypeL32: "L32", TypeL64: "L64",
	TypeLP: "LP", TypeEUI48: "EUI48", TypeEUI64: "EUI64", TypeNXNAME: "NXNAME", TypeTKEY: "TKEY", TypeTSIG: "TSIG", TypeIXFR: "IXFR",
	TypeAXFR: "AXFR", TypeMAILB: "MAILB", TypeMAILA: "MAILA", TypeANY: "ANY",
}

var highTypeNames = []struct {
	typ  uint16
	name string
}{
	{TypeURI, "URI"}, {TypeCAA, "CAA"}, {TypeAVC, "AVC"}, {TypeAMTRELAY, "AMTRELAY"}, {TypeRESINFO, "RESINFO"},
	{TypeTA, "TA"}, {TypeDLV, "DLV"}, {TypeALIAS, "ALIAS"},
}

// typeCodes is the reverse of the two tables above.
var typeCodes = reverseTypeNames()

func reverseTypeNames() map[string]uint16 {
	codes := make(map[string]uint16, len(typeNames))
	for typ, name := range typeNames {
		if name != "" {
			codes[name] = uint16(typ)
		}
	}
	for _, t := range highTypeNames {
		codes[t.name] = t.typ
	}
	return codes
}

// typeNameLenMax is the longest name in the tables ("NSEC3PARAM", "OPENPGPKEY").
const typeNameLenMax = 10

// TypeByName returns the RR type called text, in any case: a name, or TYPE and a decimal number (RFC 3597 §5).
// Types that stand in no zone are found too; see Zoneable.
func TypeByName(text []byte) (typ uint16, ok bool) {
	if len(text) == 1 {
		return TypeA, text[0]|0x20 == 'a'
	}
	if len(text) > typeNameLenMax || len(text) == 0 {
		return 0, false
	}
	var buf [typeNameLenMax]byte
	for i, c := range text {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		buf[i] = c
	}
	upper := buf[:len(text)]
	if typ, ok = typeCodes[string(upper)]; ok {
		return typ, true
	}
	if len(upper) < 5 || string(upper[:4]) != "TYPE" {
		return 0, false
	}
	number := 0
	for _, c := range upper[4:] {
		if c < '0' || c > '9' {
			return 0, false
		}
		if number = number*10 + int(c-'0'); number > 0xffff {
			return 0, false
		}
	}
	return uint16(number), true
}

// AppendTypeName appends the name of typ, or TYPEnnn where it has none.
func AppendTypeName(dst []byte, typ uint16) []byte {
	if typ < uint16(len(typeNames)) && typeNames[typ] != "" {
		return append(dst, typeNames[typ]...)
	}
	for i := range highTypeNames {
		if highTypeNames[i].typ == typ {
			return append(dst, highTypeNames[i].name...)
		}
	}
	return strconv.AppendUint(append(dst, "TYPE"...), uint64(typ), 10)
}

// TypeName returns the name of typ, or TYPEnnn where it has none; it allocates only for those.
func TypeName(typ uint16) string {
	if typ < uint16(len(typeNames)) && typeNames[typ] != "" {
		return typeNames[typ]
	}
	for i := range highTypeNames {
		if highTypeNames[i].typ == typ {
			return highTypeNames[i].name
		}
	}
	return string(AppendTypeName(nil, typ))
}

// Zoneable tells whether records of typ may stand in a zone: not 0, OPT, NXNAME, 65535, nor the meta and question
// types 128 to 255 (RFC 6895 §3.1).
func Zoneable(typ uint16) bool {
	return typ != TypeNone && typ != TypeOPT && typ != TypeReserved && (typ < 128 || typ > 255)
}
