package explain

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"signpost/host/answer"
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zone"
)

// asker sends questions through one worker, in one generation: from begin to end all of them see the same snapshot.
type asker struct {
	worker *answer.Worker
	buf    []byte
	query  []byte
}

// messageLenMax is the longest message over TCP.
const messageLenMax = 0xFFFF

func newAsker(server *answer.Server, listener string) *asker {
	a := &asker{worker: server.NewWorkerAt(listener), buf: make([]byte, messageLenMax)}
	a.worker.Begin()
	return a
}

func (a *asker) close() {
	a.worker.Trace(nil)
	a.worker.End()
	a.worker.Close()
}

// client is who asks.
type client struct {
	network netip.Prefix // that the answer is for: the client subnet option of the query
	source  netip.Addr   // of the packet: it has the view
}

// port is where questions come from; nothing depends on it.
const port = 53

// response is what a message says.
type response struct {
	rcode     int
	referral  bool
	truncated bool
	answers   []record
	scope     int    // -1: the response has no client subnet option
	fault     string // text of the extended error; "": none
}

// ask answers one question, over TCP so that neither size nor rate limits it. t may be nil.
func (a *asker) ask(name []byte, typ uint16, c client, t *answer.Trace) response {
	a.query = appendQuery(a.query[:0], name, typ, c.network)
	n := copy(a.buf, a.query)
	a.worker.Trace(t)
	length := a.worker.Respond(a.buf, n, netip.AddrPortFrom(c.source, port), true)
	return readResponse(a.buf[:length])
}

// appendQuery appends a query with the client's network.
func appendQuery(msg, name []byte, typ uint16, network netip.Prefix) []byte {
	msg = append(msg, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1)
	msg = append(msg, name...)
	msg = binary.BigEndian.AppendUint16(msg, typ)
	msg = binary.BigEndian.AppendUint16(msg, wire.ClassIN)
	network = network.Masked()
	addr := network.Addr().AsSlice()[:(network.Bits()+7)/8]
	family := uint16(1)
	if network.Addr().Is6() {
		family = 2
	}
	msg = append(msg, 0)
	msg = binary.BigEndian.AppendUint16(msg, wire.TypeOPT)
	msg = append(msg, 0xFF, 0xFF, 0, 0, 0, 0)
	msg = binary.BigEndian.AppendUint16(msg, uint16(8+len(addr)))
	msg = binary.BigEndian.AppendUint16(msg, wire.OptionECS)
	msg = binary.BigEndian.AppendUint16(msg, uint16(4+len(addr)))
	msg = binary.BigEndian.AppendUint16(msg, family)
	msg = append(msg, byte(network.Bits()), 0)
	return append(msg, addr...)
}

// readResponse reads a message that this server, or another one, wrote. What is broken in it is left out.
func readResponse(msg []byte) response {
	r := response{scope: -1}
	if len(msg) < wire.HeaderLen {
		r.rcode = wire.ServFail
		return r
	}
	flags := binary.BigEndian.Uint16(msg[2:])
	r.rcode, r.truncated = int(flags&15), flags&wire.FlagTC != 0
	off := wire.HeaderLen
	for range binary.BigEndian.Uint16(msg[4:]) {
		var name wire.Name
		if off = name.ParseName(msg, off); off == 0 {
			return r
		}
		off += 4
	}
	answers, authority := int(binary.BigEndian.Uint16(msg[6:])), int(binary.BigEndian.Uint16(msg[8:]))
	count := answers + authority + int(binary.BigEndian.Uint16(msg[10:]))
	for i := range count {
		rr, _, past := readRecord(msg, off)
		switch {
		case past == 0:
			return r
		case i < answers:
			if rr.typ != wire.TypeRRSIG {
				r.answers = append(r.answers, rr)
			}
		case i < answers+authority:
			r.referral = r.referral || rr.typ == wire.TypeNS && flags&wire.FlagAA == 0
		case rr.typ == wire.TypeOPT:
			r.rcode |= int(rr.ttl>>24) << 4
			r.readOptions(msg[off+1+recordHeadLen : past])
		}
		off = past
	}
	return r
}

// readOptions reads an OPT record's data.
func (r *response) readOptions(data []byte) {
	for len(data) >= 4 {
		code, length := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
		if 4+length > len(data) {
			return
		}
		option := data[4 : 4+length]
		data = data[4+length:]
		switch {
		case code == wire.OptionECS && length >= 4:
			r.scope = int(option[3])
		case code == wire.OptionEDE && length >= 2:
			r.fault = string(option[2:])
		}
	}
}

// outcome is what the client gets, in a word: the response code, or what NOERROR without an answer means.
func (r *response) outcome() string {
	switch {
	case r.rcode != wire.NoError || len(r.answers) > 0:
		return rcodeText(r.rcode)
	case r.referral:
		return "REFERRAL"
	}
	return "NODATA"
}

// data lists what answers a question of the type: the records at the end of a chain, or those of the chain when it ends elsewhere. It is
// sorted, because servers rotate.
func (r *response) data(typ uint16) []string {
	var list []string
	for _, rr := range r.answers {
		if rr.typ == typ {
			list = append(list, rr.data)
		}
	}
	if len(list) == 0 {
		for _, rr := range r.answers {
			list = append(list, rrdata.TypeName(rr.typ)+" "+rr.data)
		}
	}
	slices.Sort(list)
	return list
}

// key is the same for two responses that give a client the same, whatever the order and the TTL.
func (r *response) key(typ uint16) string {
	if len(r.answers) == 0 || r.rcode != wire.NoError && r.rcode != wire.NXDomain {
		return r.outcome()
	}
	return strings.Join(r.data(typ), ", ")
}

// ttl is the shortest of the answer.
func (r *response) ttl() uint32 {
	var ttl uint32
	for i, rr := range r.answers {
		if i == 0 || rr.ttl < ttl {
			ttl = rr.ttl
		}
	}
	return ttl
}

// rcodes names the response codes that this server gives.
var rcodes = map[int]string{
	wire.NoError: "NOERROR", wire.FormErr: "FORMERR", wire.ServFail: "SERVFAIL", wire.NXDomain: "NXDOMAIN", wire.NotImp: "NOTIMP",
	wire.Refused: "REFUSED", wire.YXDomain: "YXDOMAIN", wire.BadVers: "BADVERS",
}

func rcodeText(rcode int) string {
	if text, ok := rcodes[rcode]; ok {
		return text
	}
	return "RCODE" + strconv.Itoa(rcode)
}

// setRecords reads the records of a set that is not routed, as name would own them.
func setRecords(set zone.RRset, name []byte) []record {
	buf := make([]byte, messageLenMax)
	length := copy(buf[wire.HeaderLen:], name)
	var owner wire.Name
	owner.ParseName(buf, wire.HeaderLen)
	off := wire.HeaderLen + length
	end := set.Emit(buf, off, len(buf), zone.Owner{Name: &owner, Labels: owner.Labels}, false, 0)
	var list []record
	for off < end {
		rr, _, past := readRecord(buf[:end], off)
		if past == 0 {
			break
		}
		list, off = append(list, rr), past
	}
	return list
}
