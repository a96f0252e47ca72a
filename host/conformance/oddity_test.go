package conformance

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// packet builds a query octet by octet; every field may be wrong.
type packet struct {
	flags    uint16
	opcode   int
	counts   [4]uint16
	question []byte
	rest     []byte // after the question: records, options, garbage
	cut      int    // octets to drop at the end
}

// ask1 is the ordinary question that most oddities start from.
func ask1(name string, typ uint16) packet {
	return packet{counts: [4]uint16{1}, question: questionBytes(name, typ, dns.ClassINET)}
}

func questionBytes(name string, typ, class uint16) []byte {
	wire := make([]byte, 256)
	n, err := dns.PackDomainName(name, wire, 0, nil, false)
	if err != nil {
		panic(err) // a mistake in the table
	}
	return append(wire[:n:n], byte(typ>>8), byte(typ), byte(class>>8), byte(class))
}

func (p packet) opcoded(opcode int) packet   { p.opcode = opcode; return p }
func (p packet) flagged(flags uint16) packet { p.flags |= flags; return p }
func (p packet) class(class uint16) packet {
	p.question = slices.Clone(p.question)
	binary.BigEndian.PutUint16(p.question[len(p.question)-2:], class)
	return p
}

// with appends one record (or octets that pretend to be) to a section: 1 answer, 2 authority, 3 additional.
func (p packet) with(section int, raw ...byte) packet {
	p.counts[section]++
	p.rest = append(slices.Clone(p.rest), raw...)
	return p
}

// opt appends an OPT record with the given options, each with its own code and length in front.
func (p packet) opt(size uint16, version byte, flags uint16, options ...[]byte) packet {
	data := slices.Concat(options...)
	raw := []byte{0, 0, 41, byte(size >> 8), byte(size), 0, version, byte(flags >> 8), byte(flags), byte(len(data) >> 8), byte(len(data))}
	return p.with(3, append(raw, data...)...)
}

func option(code uint16, data ...byte) []byte {
	return append([]byte{byte(code >> 8), byte(code), byte(len(data) >> 8), byte(len(data))}, data...)
}

func zeros(n int) []byte { return make([]byte, n) }

// bytes is the message. id identifies the reply.
func (p packet) bytes(id uint16) []byte {
	msg := binary.BigEndian.AppendUint16(nil, id)
	msg = binary.BigEndian.AppendUint16(msg, p.flags|uint16(p.opcode)<<11)
	for _, n := range p.counts {
		msg = binary.BigEndian.AppendUint16(msg, n)
	}
	msg = append(append(msg, p.question...), p.rest...)
	return msg[:len(msg)-p.cut]
}

// digest says in one line what a reply is: rcode, flags, section counts and options. It is what the tables expect.
func digest(raw []byte) string {
	if raw == nil {
		return "drop"
	}
	r := parseReply(raw)
	if r.flaw != "" {
		return "flaw: " + r.flaw
	}
	text := dns.RcodeToString[r.rcode]
	if text == "" || r.rcode == dns.RcodeBadVers {
		text = map[int]string{dns.RcodeBadVers: "BADVERS", dns.RcodeBadCookie: "BADCOOKIE"}[r.rcode]
	}
	text += flagText(r.flags&^flagQR&^(15<<11)) + fmt.Sprintf(" %d/%d/%d", len(r.section[0]), len(r.section[1]), len(r.section[2]))
	if len(r.question) == 0 {
		text += " noq"
	}
	if r.opt {
		text += " opt"
		if r.version != 0 {
			text += fmt.Sprintf("(version %d)", r.version)
		}
		if r.do {
			text += " do"
		}
		var options []string
		for o := r.options; len(o) >= 4; o = o[min(len(o), 4+int(binary.BigEndian.Uint16(o[2:]))):] {
			options = append(options, " "+optionText(binary.BigEndian.Uint16(o), o[4:4+binary.BigEndian.Uint16(o[2:])]))
		}
		slices.Sort(options)
		text += strings.Join(options, "")
	}
	if opcode := int(r.flags >> 11 & 15); opcode != 0 {
		text += fmt.Sprintf(" opcode%d", opcode)
	}
	return text
}

func optionText(code uint16, data []byte) string {
	switch code {
	case dns.EDNS0SUBNET:
		return fmt.Sprintf("ecs:%x", data)
	case dns.EDNS0COOKIE:
		return fmt.Sprintf("cookie%d", len(data))
	case dns.EDNS0EDE:
		return fmt.Sprintf("ede%d", binary.BigEndian.Uint16(data))
	}
	return fmt.Sprintf("option%d", code)
}

// oddity is one strange message. want lists the digests that Signpost may give, separated by " | ", with [words] that may be missing.
type oddity struct {
	name string
	tcp  bool
	send packet
	want string
	why  string // RFC section
}

// TestOddities sends messages that resolvers do not send and compares Signpost's reply with what the RFCs ask for. Where the peers
// are installed, a difference is shown beside their replies.
func TestOddities(t *testing.T) {
	binary := *binaryAt
	if binary == "" && !*peersOnly {
		binary = buildSignpost(t)
	}
	scratch, ports := t.TempDir(), map[int]bool{}
	zones := copyZones(t, "main", scratch)
	var servers []*server
	if missing := missingPeers(); missing == "" {
		expand(t, zones, scratch)
		servers = startPeers(t, zones, scratch, ports)
	} else {
		t.Log("without peers; " + missing)
	}
	if !*peersOnly {
		servers = append(servers, startSignpost(t, binary, scratch, ports))
	}
	for _, s := range servers {
		awaitZones(t, s, zones)
	}
	list := oddities()
	digests := exchangeAll(servers, list)
	for i, o := range list {
		var b strings.Builder
		got := ""
		for n, s := range servers {
			if got = digests[i][n]; s.name != serverNames[signpost] {
				fmt.Fprintf(&b, "    %-8s %s\n", s.name, got)
			}
		}
		if *peersOnly {
			t.Logf("%s\n%s", o.name, b.String())
		} else if !allows(o.want, got) {
			t.Errorf("%s (%s)\n    got      %s\n    want     %s\n%s", o.name, o.why, got, o.want, b.String())
		}
	}
}

// allows tells whether got is one of the digests that want lists.
func allows(want, got string) bool {
	for alternative := range strings.SplitSeq(want, " | ") {
		words := strings.Fields(got)
		matched := true
		for _, word := range strings.Fields(alternative) {
			bare := strings.Trim(word, "[]")
			if len(words) > 0 && words[0] == bare {
				words = words[1:]
			} else if bare == word {
				matched = false
				break
			}
		}
		if matched && len(words) == 0 {
			return true
		}
	}
	return false
}

// TestAllows keeps the comparison of the table from accepting too much.
func TestAllows(t *testing.T) {
	for _, c := range []struct {
		want, got string
		allowed   bool
	}{
		{"FORMERR 0/0/0 [noq] [opt]", "FORMERR 0/0/0", true},
		{"FORMERR 0/0/0 [noq] [opt]", "FORMERR 0/0/0 opt", true},
		{"FORMERR 0/0/0 [noq] [opt]", "FORMERR 0/0/0 noq opt", true},
		{"FORMERR 0/0/0 [noq] [opt]", "FORMERR 0/0/0 opt ede1", false},
		{"FORMERR 0/0/0 [noq] [opt]", "FORMERR aa 0/0/0", false},
		{"drop", "", false},
		{"drop | REFUSED 0/0/0", "REFUSED 0/0/0", true},
		{"drop | REFUSED 0/0/0", "REFUSED 0/0/0 drop", false},
	} {
		if got := allows(c.want, c.got); got != c.allowed {
			t.Errorf("allows(%q, %q) = %v, want %v", c.want, c.got, got, c.allowed)
		}
	}
}

// exchangeAll returns the digests by message and server.
func exchangeAll(servers []*server, list []oddity) [][]string {
	digests := make([][]string, len(list))
	var group sync.WaitGroup
	for n := range askers {
		group.Go(func() {
			for i := n; i < len(list); i += askers {
				for _, s := range servers {
					waits := oddWaits
					if s.name != serverNames[signpost] {
						waits = waits[:1] // the peers' replies are only shown
					}
					digests[i] = append(digests[i], exchangeOdd(s.addr, list[i], waits))
				}
			}
		})
	}
	group.Wait()
	return digests
}
