package compile

import (
	"net/netip"
	"slices"

	"signpost/host/policy"
	"signpost/host/rrdata"
	"signpost/host/wire"
)

// declared tells whether annotations may name the check.
func (s *stage) declared(check string) bool {
	_, ok := s.src.Checks[check]
	return ok || s.src.AnyCheck
}

// endpoint is what a check of a record that owner owns probes: its address, or the host name that it leads to; "" if it has neither.
func (s *stage) endpoint(r *record, owner string) string {
	data := s.bytesOf(r)
	switch r.typ {
	case wire.TypeA, wire.TypeAAAA:
		addr, _ := netip.AddrFromSlice(data)
		return addr.String()
	case wire.TypeSVCB, wire.TypeHTTPS:
		if alias := data[0]|data[1] == 0; !alias && data[2] == 0 {
			return owner // RFC 9460 section 2.5.2
		}
	case wire.TypeCNAME, wire.TypeALIAS, wire.TypePTR, wire.TypeMX, wire.TypeSRV, rrdata.TypeAFSDB, rrdata.TypeKX:
	default:
		return ""
	}
	s.spans = rrdata.AppendNames(s.spans[:0], r.typ, data)
	if len(s.spans) == 0 || s.spans[0].Len == 1 { // the root says that there is no host
		return ""
	}
	name := slices.Clone(data[s.spans[0].Off:][:s.spans[0].Len])
	wire.LowerName(name)
	return nameText(name)
}

// checkEndpoints leaves a candidate that has a check with what that probes, which must be something.
func (s *stage) checkEndpoints(spec *policy.Spec, c *policy.Candidate) {
	check := slices.IndexFunc(c.Attrs, func(a policy.Attr) bool { return a.Key == "check" })
	if check < 0 {
		c.Endpoints = nil
		return
	}
	if at := c.Attrs[check]; len(c.Endpoints) == 0 && s.src.Checks[at.Value] {
		s.diags.Errorf(at.ValuePos, "check %q probes each record's own address or host name, and this %s has none: give checks.%s a target in signpost.yaml",
			at.Value, rrdata.TypeName(spec.Type), at.Value)
	}
}
