// Package rrdata knows the wire layout of the data of every RR type: its fields, where names stand in it, whether bytes are valid for a type.
//
// Plane: both. Floor: 0. Journey of an edit: step 2 (text → wire goes field by field) and step 3 (packing needs the names).
// Nothing here allocates on success, locks or keeps the bytes it is given.
package rrdata

// Kind is the form of one field: its wire form, and which text stands for it in a zone file.
type Kind uint8

// The kinds. "Rest" takes everything up to the end of the data; such a field is the last one of its layout.
const (
	Uint8          Kind = iota + 1 // 1 byte; decimal
	Uint16                         // 2 bytes; decimal
	Uint32                         // 4 bytes; decimal
	Period                         // 4 bytes; seconds, or a TTL with units such as 1h30m
	Time                           // 4 bytes; YYYYMMDDHHmmSS or seconds since 1970 modulo 2^32 (RFC 4034 §3.2)
	TypeCode                       // 2 bytes; an RR type by name or TYPEnnn
	Algorithm                      // 1 byte; DNSSEC algorithm number or mnemonic (RFC 4034 §A.1)
	CertType                       // 2 bytes; number or mnemonic (RFC 4398 §2.1)
	IPv4                           // 4 bytes; dotted quad
	IPv6                           // 16 bytes; RFC 4291 §2.2
	EUI48                          // 6 bytes; xx-xx-xx-xx-xx-xx
	EUI64                          // 8 bytes; xx-xx-xx-xx-xx-xx-xx-xx
	Node64                         // 8 bytes; xxxx:xxxx:xxxx:xxxx without :: (RFC 6742)
	NameCompressed                 // domain name of RFC 1035: may be compressed (RFC 3597 §4), lower case in canonical form
	NameLower                      // domain name, never compressed, lower case in canonical form (RFC 4034 §6.2, RFC 6840 §5.1)
	Name                           // domain name, never compressed, its case is kept in canonical form
	String                         // length byte and up to 255 bytes; a character-string
	OptionalString                 // the same, or nothing at all (the ISDN subaddress)
	Digits                         // the same; decimal digits only (X25)
	Decimal                        // the same; a decimal number such as -32.6882 (GPOS)
	Tag                            // the same; 1 to 255 letters and digits (RFC 8659 §4.1)
	Strings                        // rest: one or more character-strings
	Text                           // rest: the bytes themselves; one string in text
	Hex                            // rest: hexadecimal, possibly in several words; at least one byte
	Base64                         // rest: base64, possibly in several words; at least one byte
	OptionalBase64                 // rest: the same, or nothing at all
	Salt                           // length byte and up to 255 bytes; hexadecimal in one word, "-" for none (RFC 5155 §3.3)
	Hash32                         // length byte and 1 to 255 bytes; base32hex without padding in one word
	Bitmap                         // rest: RR types (RFC 4034 §4.1.2), possibly none
	OldBitmap                      // rest: RR types up to 127 (RFC 2535 §5.2)
	Location                       // 16 bytes; RFC 1876 §3
	SvcParams                      // rest: RFC 9460 §2.1, possibly none
	Prefixes                       // rest: RFC 3123 §4, possibly none
	Gateway                        // IPSECKEY's precedence, gateway type, algorithm, gateway (RFC 4025 §2.1)
	Relay                          // AMTRELAY's discovery bit, relay type, relay (RFC 8777 §4.2)
	HostIdentity                   // all of HIP's data (RFC 8005 §5)
)

// Field is one field of a layout. Label is what messages call it.
type Field struct {
	Kind  Kind
	Label string
}

// The layouts that several types share.
var (
	compressedTarget = []Field{{NameCompressed, "target"}}
	loweredTarget    = []Field{{NameLower, "target"}}
	keptTarget       = []Field{{Name, "target"}}
	preferredTarget  = []Field{{Uint16, "preference"}, {NameLower, "target"}}
	texts            = []Field{{Strings, "text"}}
	signer           = []Field{{Uint16, "key tag"}, {Algorithm, "algorithm"}, {Uint8, "digest type"}, {Hex, "digest"}}
	key              = []Field{{Uint16, "flags"}, {Uint8, "protocol"}, {Algorithm, "algorithm"}, {Base64, "public key"}}
	optionalKey      = []Field{{Uint16, "flags"}, {Uint8, "protocol"}, {Algorithm, "algorithm"}, {OptionalBase64, "public key"}}
	signature        = []Field{
		{TypeCode, "type covered"}, {Algorithm, "algorithm"}, {Uint8, "labels"}, {Uint32, "original TTL"},
		{Time, "signature expiration"}, {Time, "signature inception"}, {Uint16, "key tag"}, {NameLower, "signer's name"}, {Base64, "signature"},
	}
	association = []Field{{Uint8, "certificate usage"}, {Uint8, "selector"}, {Uint8, "matching type"}, {Hex, "certificate data"}}
	service     = []Field{{Uint16, "priority"}, {Name, "target"}, {SvcParams, "parameters"}}
)

// layouts holds the types below 256 that have a layout; Layout knows the others.
var layouts = [...][]Field{
	TypeA: {{IPv4, "address"}}, TypeAAAA: {{IPv6, "address"}},
	TypeNS: compressedTarget, TypeMD: compressedTarget, TypeMF: compressedTarget, TypeCNAME: compressedTarget,
	TypeMB: compressedTarget, TypeMG: compressedTarget, TypeMR: compressedTarget, TypePTR: compressedTarget,
	TypeSOA: {
		{NameCompressed, "primary server"}, {NameCompressed, "mailbox"}, {Uint32, "serial"},
		{Period, "refresh"}, {Period, "retry"}, {Period, "expire"}, {Period, "minimum"},
	},
	TypeHINFO: {{String, "CPU"}, {String, "OS"}},
	TypeMINFO: {{NameCompressed, "mailbox"}, {NameCompressed, "error mailbox"}},
	TypeMX:    {{Uint16, "preference"}, {NameCompressed, "exchange"}},
	TypeTXT:   texts, TypeSPF: texts, TypeNINFO: texts,
	TypeRP:    {{NameLower, "mailbox"}, {NameLower, "TXT name"}},
	TypeAFSDB: {{Uint16, "subtype"}, {NameLower, "host"}},
	TypeX25:   {{Digits, "PSDN address"}},
	TypeISDN:  {{String, "ISDN address"}, {OptionalString, "subaddress"}},
	TypeRT:    preferredTarget, TypeKX: preferredTarget,
	TypeNSAPPTR: keptTarget,
	TypeSIG:     signature, TypeRRSIG: signature,
	TypeKEY: optionalKey, TypeDNSKEY: key, TypeCDNSKEY: key, TypeRKEY: key,
	TypePX:     {{Uint16, "preference"}, {NameLower, "RFC 822 name"}, {NameLower, "X.400 name"}},
	TypeGPOS:   {{Decimal, "longitude"}, {Decimal, "latitude"}, {Decimal, "altitude"}},
	TypeLOC:    {{Location, "location"}},
	TypeNXT:    {{NameLower, "next name"}, {OldBitmap, "types"}},
	TypeEID:    {{Hex, "endpoint"}},
	TypeNIMLOC: {{Hex, "locator"}},
	TypeSRV:    {{Uint16, "priority"}, {Uint16, "weight"}, {Uint16, "port"}, {NameLower, "target"}},
	TypeNAPTR: {
		{Uint16, "order"}, {Uint16, "preference"}, {String, "flags"}, {String, "services"}, {String, "regexp"}, {NameLower, "replacement"},
	},
	TypeCERT:  {{CertType, "certificate type"}, {Uint16, "key tag"}, {Algorithm, "algorithm"}, {Base64, "certificate"}},
	TypeDNAME: loweredTarget,
	TypeAPL:   {{Prefixes, "prefixes"}},
	TypeDS:    signer, TypeCDS: signer,
	TypeSSHFP:    {{Uint8, "algorithm"}, {Uint8, "fingerprint type"}, {Hex, "fingerprint"}},
	TypeIPSECKEY: {{Gateway, "gateway"}, {OptionalBase64, "public key"}},
	TypeNSEC:     {{Name, "next name"}, {Bitmap, "types"}},
	TypeDHCID:    {{Base64, "identifier"}},
	TypeNSEC3: {
		{Uint8, "hash algorithm"}, {Uint8, "flags"}, {Uint16, "iterations"}, {Salt, "salt"}, {Hash32, "next hashed owner"}, {Bitmap, "types"},
	},
	TypeNSEC3PARAM: {{Uint8, "hash algorithm"}, {Uint8, "flags"}, {Uint16, "iterations"}, {Salt, "salt"}},
	TypeTLSA:       association, TypeSMIMEA: association,
	TypeHIP:        {{HostIdentity, "host identity"}},
	TypeTALINK:     {{Name, "previous name"}, {Name, "next name"}},
	TypeOPENPGPKEY: {{Base64, "public key"}},
	TypeCSYNC:      {{Uint32, "serial"}, {Uint16, "flags"}, {Bitmap, "types"}},
	TypeZONEMD:     {{Uint32, "serial"}, {Uint8, "scheme"}, {Uint8, "hash algorithm"}, {Hex, "digest"}},
	TypeSVCB:       service, TypeHTTPS: service,
	TypeUINFO: {{String, "user information"}}, TypeUID: {{Uint32, "user number"}}, TypeGID: {{Uint32, "group number"}},
	TypeNID: {{Uint16, "preference"}, {Node64, "node identifier"}}, TypeL64: {{Uint16, "preference"}, {Node64, "locator"}},
	TypeL32: {{Uint16, "preference"}, {IPv4, "locator"}}, TypeLP: {{Uint16, "preference"}, {Name, "target"}},
	TypeEUI48: {{EUI48, "address"}}, TypeEUI64: {{EUI64, "address"}},
}

// The layouts of the types from 256 on.
var (
	uriLayout   = []Field{{Uint16, "priority"}, {Uint16, "weight"}, {Text, "target"}}
	caaLayout   = []Field{{Uint8, "flags"}, {Tag, "tag"}, {Text, "value"}}
	relayLayout = []Field{{Uint8, "precedence"}, {Relay, "relay"}}
)

// Layout returns the fields of typ's data in wire order, nil where the data is opaque bytes (RFC 3597). Callers do not change it.
func Layout(typ uint16) []Field {
	if int(typ) < len(layouts) {
		return layouts[typ]
	}
	switch typ {
	case TypeURI:
		return uriLayout
	case TypeCAA:
		return caaLayout
	case TypeAVC, TypeRESINFO:
		return texts
	case TypeAMTRELAY:
		return relayLayout
	case TypeTA, TypeDLV:
		return signer
	case TypeALIAS:
		return keptTarget
	}
	return nil
}
