package abi

// The message of configure: a header, then for each candidate its head and its attributes in the manifest's order, then bytes of text.
// Offsets of text count from the start of the message.
const (
	PolicyHeadLen    = 16 // u32 candidate count, u32 attribute count, u16 record type, 6 reserved
	ConfigCandLen    = 16 // u32 offset and u32 length of the id, 8 reserved
	ConfigAttrLen    = 16 // u64 bits (of text: u32 offset, u32 length), u8 1 if the annotation has the key, 7 reserved
	configTypeOff    = 8
	configAttrSetOff = 8
)

// ConfigCandidate is one candidate of a policy on its way to configure.
type ConfigCandidate struct {
	ID     string
	Values []Value // in the manifest's order
}

// AppendConfig appends the message of configure.
func AppendConfig(dst []byte, recordType uint16, attributes []Attribute, candidates []ConfigCandidate) []byte {
	start := len(dst)
	stride := ConfigCandLen + ConfigAttrLen*len(attributes)
	dst = append(dst, make([]byte, PolicyHeadLen+stride*len(candidates))...)
	put32(dst[start:], uint32(len(candidates)))
	put32(dst[start+4:], uint32(len(attributes)))
	put32(dst[start+configTypeOff:], uint32(recordType))
	addText := func(at int, text string) {
		put32(dst[at:], uint32(len(dst)-start))
		put32(dst[at+4:], uint32(len(text)))
		dst = append(dst, text...)
	}
	for i, candidate := range candidates {
		at := start + PolicyHeadLen + i*stride
		addText(at, candidate.ID)
		at += ConfigCandLen
		for j, value := range candidate.Values {
			if attributes[j].Type == TypeText || attributes[j].Type == TypeNetworks {
				addText(at, value.Text)
			} else {
				put32(dst[at:], uint32(value.Bits))
				put32(dst[at+4:], uint32(value.Bits>>32))
			}
			if value.Set {
				dst[at+configAttrSetOff] = 1
			}
			at += ConfigAttrLen
		}
	}
	return dst
}

// Config reads the message of configure. The host wrote it, so a guest may trust it. It is a string so that ids and texts are parts of it: an
// allocation costs a Go guest 25,000 of fuel.
type Config string

// Candidates returns how many there are.
func (c Config) Candidates() int { return int(c.get32(0)) }

// RecordType returns the type of the records that the policy chooses from.
func (c Config) RecordType() uint16 { return uint16(c.get32(configTypeOff)) }

// ID returns a candidate's id.
func (c Config) ID(candidate int) string { return c.text(c.candidateOff(candidate)) }

// Bits returns the number of an attribute.
func (c Config) Bits(candidate, attribute int) uint64 {
	at := c.attributeOff(candidate, attribute)
	return uint64(c.get32(at)) | uint64(c.get32(at+4))<<32
}

// Text returns an attribute's text.
func (c Config) Text(candidate, attribute int) string {
	return c.text(c.attributeOff(candidate, attribute))
}

// Set tells whether the annotation has the attribute's key.
func (c Config) Set(candidate, attribute int) bool {
	return c[c.attributeOff(candidate, attribute)+configAttrSetOff] != 0
}

func (c Config) candidateOff(candidate int) int {
	return PolicyHeadLen + candidate*(ConfigCandLen+ConfigAttrLen*int(c.get32(4)))
}

func (c Config) attributeOff(candidate, attribute int) int {
	return c.candidateOff(candidate) + ConfigCandLen + ConfigAttrLen*attribute
}

func (c Config) text(at int) string {
	offset, length := c.get32(at), c.get32(at+4)
	return string(c[offset : offset+length])
}

func (c Config) get32(at int) uint32 {
	_ = c[at+3]
	return uint32(c[at]) | uint32(c[at+1])<<8 | uint32(c[at+2])<<16 | uint32(c[at+3])<<24
}

// Problem is one reason why a plugin refuses a policy.
type Problem struct {
	Candidate int // index, or -1: the policy as a whole
	Attribute int // index in the manifest, or -1: the candidate as a whole
	Text      string
}

// problemHeadLen is u32 candidate, u32 attribute (each NoIndex for none) and u32 length of the text that follows.
const problemHeadLen = 12

// NoIndex stands for -1 in an encoded Problem.
const NoIndex = 1<<32 - 1

// AppendProblem appends a Problem to the problems that configure returns.
func AppendProblem(dst []byte, p Problem) []byte {
	var head [problemHeadLen]byte
	put32(head[:], uint32(p.Candidate))
	put32(head[4:], uint32(p.Attribute))
	put32(head[8:], uint32(len(p.Text)))
	return append(append(dst, head[:]...), p.Text...)
}

// ParseProblems reads what configure returned, trusting nothing; false means malformed. Bytes of Text that are not printable UTF-8 are replaced.
func ParseProblems(raw []byte, candidateCount, attributeCount int) ([]Problem, bool) {
	var problems []Problem
	for len(raw) > 0 {
		if len(raw) < problemHeadLen || len(problems) == ProblemMax {
			return nil, false
		}
		candidate, attribute, length := get32(raw), get32(raw[4:]), get32(raw[8:])
		raw = raw[problemHeadLen:]
		if uint64(length) > uint64(len(raw)) ||
			candidate != NoIndex && uint64(candidate) >= uint64(candidateCount) ||
			attribute != NoIndex && (candidate == NoIndex || uint64(attribute) >= uint64(attributeCount)) {
			return nil, false
		}
		problems = append(problems, Problem{int(int32(candidate)), int(int32(attribute)), Printable(raw[:length])})
		raw = raw[length:]
	}
	return problems, len(problems) > 0
}

// Printable returns text that is safe in a log line or terminal: control characters and broken UTF-8 become U+FFFD.
func Printable(raw []byte) string {
	clean := make([]rune, 0, len(raw))
	for _, r := range string(raw) {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			r = '\uFFFD'
		}
		clean = append(clean, r)
	}
	return string(clean)
}

func put32(at []byte, value uint32) {
	_ = at[3]
	at[0], at[1], at[2], at[3] = byte(value), byte(value>>8), byte(value>>16), byte(value>>24)
}

func get32(at []byte) uint32 {
	_ = at[3]
	return uint32(at[0]) | uint32(at[1])<<8 | uint32(at[2])<<16 | uint32(at[3])<<24
}
