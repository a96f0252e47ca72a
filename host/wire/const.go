package wire

// HeaderLen is the length of a DNS message header (RFC 1035 §4.1.1).
const HeaderLen = 12

// NameLenMax is the most bytes a name has on the wire, root label included (RFC 1035 §2.3.4).
const NameLenMax = 255

// LabelCountMax is the most labels a name has, root excluded: 127 of one byte each.
const LabelCountMax = 127

// PointerMax is the largest offset a compression pointer can name (RFC 1035 §4.1.4).
const PointerMax = 0x3FFF

// OwnerPointer is a compression pointer to the question's name, the owner of most answers.
const OwnerPointer = 0xC000 | HeaderLen

// Header flags: bits of the 16-bit word at offset 2 (RFC 1035 §4.1.1, RFC 4035 §3).
const (
	FlagQR = 1 << 15
	FlagAA = 1 << 10
	FlagTC = 1 << 9
	FlagRD = 1 << 8

	OpcodeMask  = 15 << opcodeShift
	opcodeShift = 11
)

// Opcodes (RFC 6895 §2.2).
const (
	OpcodeQuery  = 0
	OpcodeNotify = 4
	OpcodeUpdate = 5
)

// Response codes (RFC 6895 §2.3). Those above 15 need EDNS.
const (
	NoError  = 0
	FormErr  = 1
	ServFail = 2
	NXDomain = 3
	NotImp   = 4
	Refused  = 5
	YXDomain = 6
	NotAuth  = 9
	BadVers  = 16
)

// Record types that the server treats in a special way; all others are only numbers.
const (
	TypeA          = 1
	TypeNS         = 2
	TypeCNAME      = 5
	TypeMB         = 7
	TypeSOA        = 6
	TypePTR        = 12
	TypeKEY        = 25
	TypeMX         = 15
	TypeTXT        = 16
	TypeRT         = 21
	TypeAAAA       = 28
	TypeSRV        = 33
	TypeKX         = 36
	TypeDNAME      = 39
	TypeOPT        = 41
	TypeDS         = 43
	TypeRRSIG      = 46
	TypeNSEC       = 47
	TypeDNSKEY     = 48
	TypeNSEC3      = 50
	TypeNSEC3PARAM = 51
	TypeSVCB       = 64
	TypeHTTPS      = 65
	TypeTSIG       = 250
	TypeIXFR       = 251
	TypeAXFR       = 252
	TypeANY        = 255
	TypeALIAS      = 65401
)

// Classes (RFC 6895 §3.2).
const (
	ClassIN = 1
	ClassCH = 3
)

// EDNS option codes.
const (
	OptionNSID   = 3  // RFC 5001
	OptionECS    = 8  // RFC 7871
	OptionCookie = 10 // RFC 7873
	OptionEDE    = 15 // RFC 8914
)

// Extended DNS error codes (RFC 8914 §4).
const (
	EDEOther            = 0
	EDENotReady         = 14
	EDEProhibited       = 18
	EDENotAuthoritative = 20
	EDENotSupported     = 21
	EDEInvalidData      = 24
)

// Signing tells whether records of typ are the work of a signer: they stand beside any other type.
func Signing(typ uint16) bool {
	switch typ {
	case TypeRRSIG, TypeNSEC, TypeNSEC3, TypeNSEC3PARAM, TypeDNSKEY:
		return true
	}
	return false
}
