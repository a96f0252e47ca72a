package zone

import "signpost/host/wire"

// Target makes name, which owns s, an ALIAS or CNAME without a policy, the one that it leads to. A CNAME's may be compressed against its owner, so
// the set is written, read, and forgotten. It is false if that cannot be done.
func (s RRset) Target(name *wire.Name) bool {
	if s.Type() == wire.TypeALIAS {
		name.Set(s.Data()[recordHeadLen:])
		return true
	}
	var scratch [2*wire.NameLenMax + 64]byte
	length := copy(scratch[wire.HeaderLen:], name.Bytes())
	name.ParseName(scratch[:], wire.HeaderLen)
	start := wire.HeaderLen + length
	end := s.Emit(scratch[:], start, len(scratch), Owner{Name: name, Labels: name.Labels}, false, 0)
	return end != 0 && name.ParseName(scratch[:end], start+recordHeadLen) != 0
}
