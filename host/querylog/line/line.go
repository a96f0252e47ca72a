// Package line is the text form of the query log, and reads it back; it reads dnstap as well.
//
// Plane: control. Floor: 4. Journey of a query: behind its end, when the log is written and when it is replayed.
// A line has twelve fields with a space between them, "-" for nothing:
//
//	2026-11-22T21:07:03.123456Z 192.0.2.7 udp:192.0.2.53:53 app.example.com. A IN 203.0.113.0/24 NOERROR public canary 5b8b2e2d0a1f3c44 office.
//
// They are time, client address, transport and listener, name, type, class, client subnet (RFC 7871), response code, view, the candidates
// that were picked ("a,b" of one decision; decisions of a chain joined by "/"), a digest of what the client got, which tells two answers
// apart whatever candidates are called, and the TSIG key that the query is proven to be signed with. The response code of a query that the rate limit dropped is DROPPED. A line that starts with # is a comment.
// Logs of before there was the twelfth field are read, too.
package line

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"signpost/host/message"
	"signpost/host/querylog"
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zonefile"
)

// Head is the first line of a log, which begins with HeadMark in every version.
const (
	HeadMark = "# signpost query log"
	Head     = HeadMark + " 2: time client listener name type class subnet rcode view candidates digest key\n"
)

// Dropped is the response code of a query that was not answered.
const Dropped = "DROPPED"

// Query is one line.
type Query struct {
	Time     time.Time
	Client   netip.Addr
	Listener string // "udp" or "tcp", with ":" and the address if that is known
	Name     []byte // wire form, lower case; nil: there was no question
	Type     uint16
	Class    uint16
	Subnet   netip.Prefix // the zero Prefix: none
	Rcode    string
	View     string // "": none
	Picked   string // "": no policy
	Digest   uint64 // 0: unknown
	Key      string // name of the TSIG key, as config.KeyName has it; "": none
}

// Of turns what a worker logged at a listener into a line.
func Of(e *querylog.Entry, listener string) Query {
	r := message.Read(e.Message)
	q := Query{
		Time: time.UnixMicro(e.Micros).UTC(), Client: e.Client, Listener: "udp", Subnet: e.Subnet, View: e.View, Picked: string(e.Picked), Key: e.Key,
		Name: r.Name, Type: r.Type, Class: r.Class, Rcode: message.RcodeText(r.Rcode),
	}
	if e.TCP {
		q.Listener = "tcp"
	}
	if listener != "" {
		q.Listener += ":" + listener
	}
	switch {
	case e.Dropped:
		q.Rcode = Dropped
	case r.Whole && !r.Truncated:
		q.Digest = r.Digest()
	}
	return q
}

// classes are the names of the classes that are asked for.
var classes = map[uint16]string{wire.ClassIN: "IN", wire.ClassCH: "CH"}

// Append appends the line, with its end.
func (q *Query) Append(dst []byte) []byte {
	dst = q.Time.AppendFormat(dst, "2006-01-02T15:04:05.000000Z07:00")
	dst = q.Client.AppendTo(append(dst, ' '))
	dst = append(append(dst, ' '), orDash(q.Listener)...)
	if q.Name == nil {
		dst = append(dst, " - - -"...)
	} else {
		dst = escape(append(dst, ' '), zonefile.AppendName(nil, q.Name))
		dst = append(append(dst, ' '), rrdata.TypeName(q.Type)...)
		class, known := classes[q.Class]
		if !known {
			class = "CLASS" + strconv.Itoa(int(q.Class))
		}
		dst = append(append(dst, ' '), class...)
	}
	if q.Subnet.IsValid() {
		dst = q.Subnet.AppendTo(append(dst, ' '))
	} else {
		dst = append(dst, " -"...)
	}
	for _, word := range []string{q.Rcode, q.View, q.Picked} {
		dst = escape(append(dst, ' '), []byte(orDash(word)))
	}
	if q.Digest == 0 {
		dst = append(dst, " -"...)
	} else {
		dst = fmt.Appendf(dst, " %016x", q.Digest)
	}
	return append(escape(append(dst, ' '), []byte(orDash(q.Key))), '\n')
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// escape writes what would end a field, or break the line, as \DDD.
func escape(dst, text []byte) []byte {
	for _, c := range text {
		if c <= ' ' || c == 0x7F {
			dst = fmt.Appendf(dst, `\%03d`, c)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// unescape is escape's inverse, for text that is no name.
func unescape(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		if text[0] == '\\' && len(text) >= 4 {
			if c, err := strconv.ParseUint(text[1:4], 10, 8); err == nil && (c <= ' ' || c == 0x7F) {
				out.WriteByte(byte(c))
				text = text[4:]
				continue
			}
		}
		out.WriteByte(text[0])
		text = text[1:]
	}
	return out.String()
}

// How many fields a line has, and had before the last one was known.
const (
	fieldCount    = 12
	fieldCountOld = 11
)

// Parse reads a line without its end.
func Parse(text string) (q Query, err error) {
	fields := strings.Split(text, " ")
	if len(fields) == fieldCountOld {
		fields = append(fields, "")
	}
	if len(fields) != fieldCount {
		return q, fmt.Errorf("%d fields instead of %d", len(fields), fieldCount)
	}
	for i := range fields {
		if fields[i] == "-" {
			fields[i] = ""
		}
	}
	if q.Time, err = time.Parse(time.RFC3339Nano, fields[0]); err != nil {
		return q, fmt.Errorf("%q is no time", fields[0])
	}
	if q.Client, err = netip.ParseAddr(fields[1]); err != nil {
		return q, fmt.Errorf("%q is no address", fields[1])
	}
	q.Listener, q.Rcode, q.View, q.Picked, q.Key = fields[2], fields[7], unescape(fields[8]), unescape(fields[9]), unescape(fields[11])
	if err := q.parseQuestion(fields[3], fields[4], fields[5]); err != nil {
		return q, err
	}
	if fields[6] != "" {
		if q.Subnet, err = netip.ParsePrefix(fields[6]); err != nil {
			return q, fmt.Errorf("%q is no prefix", fields[6])
		}
	}
	if fields[10] != "" {
		if q.Digest, err = strconv.ParseUint(fields[10], 16, 64); err != nil {
			return q, fmt.Errorf("%q is no digest", fields[10])
		}
	}
	return q, nil
}

func (q *Query) parseQuestion(name, typ, class string) (err error) {
	if name == "" {
		return nil
	}
	if q.Name, err = zonefile.ParseName(name); err != nil {
		return err
	}
	wire.LowerName(q.Name)
	var known bool
	if q.Type, known = rrdata.TypeByName([]byte(typ)); !known {
		return fmt.Errorf("%q is no type", typ)
	}
	for number, word := range classes {
		if word == class {
			q.Class = number
			return nil
		}
	}
	number, err := strconv.ParseUint(strings.TrimPrefix(class, "CLASS"), 10, 16)
	if err != nil {
		return fmt.Errorf("%q is no class", class)
	}
	q.Class = uint16(number)
	return nil
}
