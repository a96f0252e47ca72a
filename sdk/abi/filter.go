package abi

// What a guest exports besides if its manifest has a plugin of KindFilter.
const (
	ExportFilterFrame = "signpost_filter_frame" // () → i32: address of the FilterFrame, FilterFrameLen bytes, a multiple of 8, the same for ever
	ExportFilter      = "signpost_filter"       // (policy i32) → i32: 0, or any other number for "I cannot"
)

// Limits of a filter's result.
const (
	NameLenMax   = 255  // bytes of a name in wire form
	RecordLenMax = 1024 // bytes of an answer's records
)

// A FilterFrame is where a filter finds one question, and says what becomes of it. The host writes Question, sets the ruling to "pass"
// (TTL TTLUnsaid, both scopes ScopeUnsaid, lengths 0), calls filter, then reads the ruling.
type FilterFrame struct {
	Question Question
	Ruling   Ruling
}

// Question is the input half of a FilterFrame. What is not wanted is zero; the places of the client's facts are those of a Frame.
type Question struct {
	Type      uint16
	Class     uint16
	Family    uint8 // of the client: 4, 6, or 0 for unknown
	PrefixLen uint8
	Transport uint8 // TransportUDP …, to a plugin that wants client
	Flags     uint8 // FlagRecursion …
	Address   [16]byte

	Continent   [2]byte
	Country     [2]byte
	Subdivision [4]byte
	ASN         uint32
	Located     uint8
	NameLen     uint8 // of Name, the root's zero included
	LabelCount  uint8 // of Name, the root excluded
	_           [1]byte
	Latitude    float64
	Longitude   float64
	_           [8]byte

	Name [256]byte // wire form, lower case; zero after NameLen
}

// Ruling is the output half of a FilterFrame.
type Ruling struct {
	Action    uint8 // ActionPass …
	Scope4    uint8 // 0..32: length of the client prefix that the ruling holds for; ScopeUnsaid: of the facts
	Scope6    uint8 // 0..128: likewise for family 6
	NameLen   uint8 // of ActionRewrite: bytes of Name
	TTL       uint32
	RecordLen uint32 // of ActionAnswer: bytes of Records
	_         [4]byte
	Name      [256]byte          // of ActionRewrite: the name to ask for instead, wire form with the root's zero; names in the answer are put back
	Records   [RecordLenMax]byte // of ActionAnswer: for each record of the question's type u16 length and that many bytes of data in wire form
}

// Values of Ruling.Action.
const (
	ActionPass     = 0 // as if there were no filter
	ActionRefuse   = 1 // REFUSED
	ActionDrop     = 2 // no answer at all
	ActionNXDomain = 3 // the name does not exist; TTL is how long
	ActionRewrite  = 4 // ask for Name instead
	ActionAnswer   = 5 // Records, for TTL; none: the name has no such records
)

// TTLUnsaid in Ruling.TTL leaves it to the rule: the host's default.
const TTLUnsaid = 1<<32 - 1

// Values of Question.Transport.
const (
	TransportUnknown = 0
	TransportUDP     = 1
	TransportTCP     = 2
	TransportTLS     = 3
	TransportHTTPS   = 4
	TransportQUIC    = 5
)

// Bits of Question.Flags.
const (
	FlagRecursion = 1 // recursion is desired
	FlagDNSSEC    = 2 // signatures are desired (DO)
	FlagUnchecked = 4 // checking is disabled (CD)
)

// Byte offsets in a FilterFrame; those of the client's facts are FamilyOff to LongitudeOff.
const (
	QuestionTypeOff    = 0
	QuestionClassOff   = 2
	TransportOff       = 6
	FlagsOff           = 7
	QuestionNameLenOff = 37
	LabelCountOff      = 38
	QuestionNameOff    = 64

	ActionOff        = QuestionNameOff + 256
	FilterScope4Off  = ActionOff + 1
	FilterScope6Off  = ActionOff + 2
	RulingNameLenOff = ActionOff + 3
	RulingTTLOff     = ActionOff + 4
	RecordLenOff     = ActionOff + 8
	RulingNameOff    = ActionOff + 16
	RecordsOff       = RulingNameOff + 256
	FilterFrameLen   = RecordsOff + RecordLenMax
)
