package compile

import (
	"encoding/binary"

	"signpost/host/diag"
	"signpost/host/policy"
	"signpost/host/wire"
	"signpost/host/zone"
)

// pack builds the zone from checked records. The arena is allocated once: its size is known but for the rare parts.
func (s *stage) pack(policies []*policy.Policy) *zone.Zone {
	const nodeLen, setAndRecordLen = 5, 16 + 12
	hint := s.names.count + s.nodes.count*nodeLen + s.records.count*setAndRecordLen + s.data.count
	b := zone.NewBuilder(s.origin, hint+hint/64+4096)
	var negative *zone.Set
	names, routed := 0, 0
	for number := range uint32(s.nodes.count) {
		n := s.nodes.at(number)
		n.packed = b.Node(s.name(n), zoneFlags(n.flags))
		if n.first != 0 {
			names++
		}
		for i := range s.sets(n) {
			set := &s.found[i]
			if set.records[0].note != 0 {
				b.Routed(set.typ, routed, s.candidates(set))
				routed++
				continue
			}
			packed := s.packed(n, set)
			b.Set(packed)
			if number == 0 && set.typ == wire.TypeSOA {
				negative = negativeOf(packed)
			}
		}
	}
	z, err := b.Finish(s.index, func(value uint32) uint32 { return s.nodes.at(value - 1).packed }, negative, policies)
	if err != nil {
		s.diags.Errorf(diag.Pos{File: s.src.Path}, "%v", err)
		return nil
	}
	z.Path, z.Serial, z.Names, z.Records = s.src.Path, s.serial, names, s.kept
	return z
}

func zoneFlags(flags nodeFlags) zone.Flags {
	var out zone.Flags
	if flags&isCut != 0 {
		out |= zone.Cut
	}
	if flags&isOccluded != 0 {
		out |= zone.Occluded
	}
	if flags&hasStar != 0 {
		out |= zone.Wildcard
	}
	if flags&isHash != 0 {
		out |= zone.Hash
	}
	return out
}

// packed is a simple set as the builder takes it. The result is valid until the next call.
func (s *stage) packed(n *node, set *rrset) *zone.Set {
	out := &s.packing
	*out = zone.Set{Type: set.typ, TTL: set.ttl, Records: out.Records[:0], Signatures: out.Signatures[:0]}
	for _, r := range set.records {
		out.Records = append(out.Records, s.bytesOf(r))
	}
	for _, r := range set.signatures {
		out.Signatures = append(out.Signatures, zone.Signature{TTL: r.ttl, Data: s.bytesOf(r)})
	}
	if addressed(set.typ) {
		out.Additional = s.additional(n, set)
	}
	return out
}

// negativeOf is the SOA with the TTL that negative answers have (RFC 2308 §5).
func negativeOf(soa *zone.Set) *zone.Set {
	data := soa.Records[0]
	ttl := min(soa.TTL, binary.BigEndian.Uint32(data[len(data)-4:]))
	out := &zone.Set{Type: soa.Type, TTL: ttl, Records: [][]byte{data}}
	for _, sig := range soa.Signatures {
		out.Signatures = append(out.Signatures, zone.Signature{TTL: ttl, Data: sig.Data})
	}
	return out
}

// candidates are a routed set's alternatives: the records of one id each, in order of first appearance, as in the policy's Spec.
func (s *stage) candidates(set *rrset) []*zone.Set {
	var out []*zone.Set
	index := map[string]int{}
	for _, r := range set.records {
		id := s.id(r)
		at, known := index[id]
		if !known {
			at = len(out)
			index[id] = at
			out = append(out, &zone.Set{Type: set.typ, TTL: set.ttl})
		}
		out[at].Records = append(out[at].Records, s.bytesOf(r))
	}
	return out
}
