package explain

import (
	"encoding/binary"
	"net/netip"

	"signpost/host/answer"
	"signpost/host/message"
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
	key     string       // that the query counts as signed with, as config.KeyName has it; "": none
}

// port is where questions come from; nothing depends on it.
const port = 53

// ask answers one question, over TCP so that neither size nor rate limits it.
func (a *asker) ask(name []byte, typ uint16, c client, t *answer.Trace) message.Response {
	a.query = appendQuery(a.query[:0], name, typ, c.network)
	n := copy(a.buf, a.query)
	t.Key = c.key
	a.worker.Trace(t)
	length := a.worker.Respond(a.buf, n, netip.AddrPortFrom(c.source, port), true)
	return message.Read(a.buf[:length])
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

// setRecords reads the records of a set that is not routed, as name would own them.
func setRecords(set zone.RRset, name []byte) []message.Record {
	buf := make([]byte, messageLenMax)
	length := copy(buf[wire.HeaderLen:], name)
	var owner wire.Name
	owner.ParseName(buf, wire.HeaderLen)
	off := wire.HeaderLen + length
	end := set.Emit(buf, off, len(buf), zone.Owner{Name: &owner, Labels: owner.Labels}, false, 0)
	var list []message.Record
	for off < end {
		rr, past := message.ReadRecord(buf[:end], off)
		if past == 0 {
			break
		}
		list, off = append(list, rr), past
	}
	return list
}
