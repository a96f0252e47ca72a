package zone

import (
	"encoding/binary"

	"signpost/host/rrdata"
	"signpost/host/wire"
)

// packer writes RRsets in the arena's format. Names in the data are compressed against the owner's name and against
// earlier names of the same data.
type packer struct {
	owner       wire.Name
	ownerLabels int // the most labels of the owner's name that a pointer may stand for: not the "*" of a wildcard
	spans       []rrdata.NameSpan
	fixups      []byte
	seen        []seenName
	text        []byte // the names of seen
	starts      []nameStart
	name        wire.Name
}

// seenName is a name that stands in the data: its wire form and where each of its first labels lies.
type seenName struct {
	name    []byte
	off     int // of its first label in the data
	written int // bytes before its pointer, or all
}

// own sets the owner of the sets that follow.
func (p *packer) own(name []byte, wildcard bool) {
	p.owner.Set(name)
	p.ownerLabels = p.owner.Labels
	if wildcard {
		p.ownerLabels--
	}
}

// append writes one set behind arena.
func (p *packer) append(arena []byte, s *Set) []byte {
	start := len(arena)
	arena = appendSetHead(arena, s.Type, 0, len(s.Records), len(s.Signatures))
	arena, flags := p.appendRecords(arena, s)
	binary.LittleEndian.PutUint32(arena[start+rrDataLenOff:], uint32(len(arena)-start-rrDataOff))
	if len(s.Signatures) > 0 {
		flags |= flagSigned
		arena = appendSized(arena, func(to []byte) []byte { return appendSignatures(to, s.Signatures) })
	}
	if len(p.fixups) > 0 {
		flags |= flagNames
		arena = binary.LittleEndian.AppendUint16(arena, uint16(len(p.fixups)/fixupLen))
		arena = append(arena, p.fixups...)
	}
	if len(s.Additional) > 0 {
		flags |= flagAdditional
		arena = appendSized(arena, func(to []byte) []byte { return appendAdditional(to, s.Additional, p.starts) })
	}
	binary.LittleEndian.PutUint16(arena[start+rrFlagsOff:], flags)
	binary.LittleEndian.PutUint32(arena[start+rrSizeOff:], uint32(len(arena)-start))
	return arena
}

// appendSized appends what write appends, behind its length.
func appendSized(arena []byte, write func([]byte) []byte) []byte {
	at := len(arena)
	arena = write(append(arena, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(arena[at:], uint32(len(arena)-at-4))
	return arena
}

// appendRecordHead appends a record's owner pointer, type, class, TTL and data length.
func appendRecordHead(arena []byte, typ uint16, ttl uint32, dataLen int) []byte {
	arena = binary.BigEndian.AppendUint16(arena, wire.OwnerPointer)
	arena = binary.BigEndian.AppendUint16(arena, typ)
	arena = binary.BigEndian.AppendUint16(arena, wire.ClassIN)
	arena = binary.BigEndian.AppendUint32(arena, ttl)
	return binary.BigEndian.AppendUint16(arena, uint16(dataLen))
}

// appendRecords writes the set's records and collects the fixups of their names, and where each name begins if the set needs to know.
func (p *packer) appendRecords(arena []byte, s *Set) (out []byte, flags uint16) {
	p.fixups, p.seen, p.text, p.starts = p.fixups[:0], p.seen[:0], p.text[:0], p.starts[:0]
	base := len(arena)
	named := rrdata.HasNames(s.Type)
	for i, data := range s.Records {
		arena = appendRecordHead(arena, s.Type, s.TTL, len(data))
		if !named {
			arena = append(arena, data...)
			continue
		}
		head := len(arena)
		p.spans = rrdata.AppendNames(p.spans[:0], s.Type, data)
		done := 0
		for _, span := range p.spans {
			arena = append(arena, data[done:span.Off]...)
			done = int(span.Off + span.Len)
			if len(s.Additional) > 0 {
				p.starts = append(p.starts, nameStart{i, int(span.Off), len(arena) - base})
			}
			var self bool
			arena, self = p.appendName(arena, base, data[span.Off:done], span.Compressible)
			if self {
				flags |= flagSelf
			}
		}
		arena = append(arena, data[done:]...)
		binary.BigEndian.PutUint16(arena[head-2:], uint16(len(arena)-head))
	}
	return arena, flags
}

// nameStart is where a name, by its offset in a record's uncompressed data, begins in the packed data.
type nameStart struct{ record, off, packed int }

// appendName writes one name, compressed if it may be and something matches its end. self tells that it points into the data.
func (p *packer) appendName(arena []byte, base int, name []byte, compressible bool) (out []byte, self bool) {
	at := len(arena) - base
	if !compressible || at+len(name) > 0xFFFF {
		return append(arena, name...), false
	}
	p.name.Set(name)
	ownerLabels := min(commonLabels(&p.name, &p.owner), p.ownerLabels)
	selfLabels, target := p.matchSeen()
	matched := max(ownerLabels, selfLabels)
	written := len(name)
	if matched > 0 {
		written = int(p.name.Off[p.name.Labels-matched])
	}
	if at <= selfOffMax {
		start := len(p.text)
		p.text = append(p.text, p.name.Bytes()...)
		p.seen = append(p.seen, seenName{p.text[start:len(p.text):len(p.text)], at, written})
	}
	arena = append(arena, name[:written]...)
	if matched == 0 {
		return arena, false
	}
	fix := uint16(fixupOwner | ownerLabels)
	if selfLabels > ownerLabels {
		fix, self = uint16(target), true
	}
	p.fixups = binary.LittleEndian.AppendUint16(p.fixups, uint16(len(arena)-base))
	p.fixups = binary.LittleEndian.AppendUint16(p.fixups, fix)
	return append(arena, 0, 0), self
}

// matchSeen finds the longest end of p.name that stands in the data already, and where.
func (p *packer) matchSeen() (labels, target int) {
	const seenMax = 64 // later names of a very large set find their match among the first
	for _, seen := range p.seen[:min(len(p.seen), seenMax)] {
		for labelsHere := p.name.Labels; labelsHere > labels; labelsHere-- {
			suffix := p.name.Suffix(labelsHere)
			if len(suffix) > len(seen.name) {
				continue
			}
			off := len(seen.name) - len(suffix)
			if off < seen.written && wire.StartsLabel(seen.name, off) && string(seen.name[off:]) == string(suffix) && seen.off+off <= selfOffMax {
				labels, target = labelsHere, seen.off+off
			}
		}
	}
	return labels, target
}

// commonLabels counts the labels that two names share at their ends.
func commonLabels(a, b *wire.Name) int {
	count := 0
	for count < a.Labels && count < b.Labels {
		x, y := a.Suffix(count+1), b.Suffix(count+1)
		if x[0] != y[0] || string(x[1:1+x[0]]) != string(y[1:1+y[0]]) {
			break
		}
		count++
	}
	return count
}

func appendSignatures(arena []byte, signatures []Signature) []byte {
	for _, sig := range signatures {
		arena = appendRecordHead(arena, wire.TypeRRSIG, sig.TTL, len(sig.Data))
		arena = append(arena, sig.Data...)
	}
	return arena
}

// appendAdditional writes the address sets whose name lies where a pointer can reach.
func appendAdditional(arena []byte, additional []Additional, starts []nameStart) []byte {
	for _, a := range additional {
		for starts[0].record != a.Record || starts[0].off != a.NameOff {
			starts = starts[1:]
		}
		nameOff := starts[0].packed
		set := a.Addresses
		dataLen := 0
		for _, data := range set.Records {
			dataLen += recordHeadLen + len(data)
		}
		sigLen := 0
		for _, sig := range set.Signatures {
			sigLen += recordHeadLen + len(sig.Data)
		}
		if nameOff > selfOffMax || dataLen > 0xFFFF || sigLen > 0xFFFF {
			continue
		}
		flags := uint16(0)
		if a.Required {
			flags = setRequired
		}
		for _, number := range [...]uint16{uint16(dataLen), uint16(len(set.Records)), uint16(sigLen), uint16(len(set.Signatures)), uint16(nameOff), flags} {
			arena = binary.LittleEndian.AppendUint16(arena, number)
		}
		for _, data := range set.Records {
			arena = append(appendRecordHead(arena, set.Type, set.TTL, len(data)), data...)
		}
		arena = appendSignatures(arena, set.Signatures)
	}
	return arena
}
