package answer

import (
	"encoding/binary"

	"signpost/host/wire"
	"signpost/host/zone"
)

// recordHeadLen is the fixed part of a record whose owner is a compression pointer.
const recordHeadLen = 12

// dname is a DNAME record in the message.
type dname struct {
	node *byte  // of its owner
	hash uint64 // of its owner's name
	off  int
}

// forget drops what refers to a snapshot.
func (c *chain) forget() {
	clear(c.dnames[:]) // also those of earlier queries of the batch
	c.written = 0
}

// writeDNAME writes the DNAME of w.hit, once a message, and returns where it stands, or zero when it does not fit. It is zero, too, for one that
// another view has at the same name as one in the message: a name has one, so the client asks for the rest of such a chain.
func (w *Worker) writeDNAME(name *wire.Name) int {
	out, hit := &w.out, &w.hit
	for _, d := range w.chain.dnames[:w.chain.written] {
		switch {
		case d.node == &hit.Node[0]:
			return d.off
		case d.hash == w.sums[hit.Labels]:
			return 0
		}
	}
	off := out.off
	if !out.add(answerSection, hit.Set, zone.Owner{Name: name, Labels: hit.Labels}, w.dnssec(), 0) {
		return 0
	}
	w.chain.dnames[w.chain.written%chainMax] = dname{&hit.Node[0], w.sums[hit.Labels], off}
	w.chain.written = min(w.chain.written+1, chainMax)
	return off
}

// rewrite writes a DNAME and the CNAME that it means for name (RFC 6672 §3.1), and returns where the new name stands, or zero when
// the chain ends: the message is full or the new name is too long (YXDOMAIN).
func (w *Worker) rewrite(name *wire.Name) int {
	out, hit := &w.out, &w.hit
	dnameOff := w.writeDNAME(name)
	if dnameOff == 0 {
		return 0
	}
	target := &w.chain.renamed
	target.ParseName(out.msg[:out.off], dnameOff+recordHeadLen)
	prefix := name.Bytes()[:name.Off[name.Labels-hit.Labels]]
	if len(prefix)+target.Len > wire.NameLenMax {
		out.rcode = wire.YXDomain
		return 0
	}
	length := recordHeadLen + len(prefix) + 2
	if out.off+length > out.limit {
		out.truncate(out.off)
		return 0
	}
	msg, off := out.msg, out.off
	owner := zone.Owner{Name: name}
	binary.BigEndian.PutUint16(msg[off:], owner.Pointer(name.Labels))
	binary.BigEndian.PutUint16(msg[off+2:], wire.TypeCNAME)
	binary.BigEndian.PutUint16(msg[off+4:], wire.ClassIN)
	binary.BigEndian.PutUint32(msg[off+6:], hit.Set.TTL())
	binary.BigEndian.PutUint16(msg[off+10:], uint16(len(prefix)+2))
	copy(msg[off+recordHeadLen:], prefix)
	binary.BigEndian.PutUint16(msg[off+length-2:], 0xC000|uint16(dnameOff+recordHeadLen))
	out.off += length
	out.counts[answerSection]++
	return off + recordHeadLen
}
