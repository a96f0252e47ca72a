package compile

import (
	"maps"
	"slices"

	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/rrdata"
	"signpost/host/wire"
)

// specs collects what the zone says of its routed RRsets, in the order in which pack meets them.
func (s *stage) specs() []*policy.Spec {
	if len(s.notes) == 0 {
		return nil
	}
	var out []*policy.Spec
	for number := range uint32(s.nodes.count) {
		n := s.nodes.at(number)
		for _, set := range s.sets(n) {
			if spec := s.spec(n, &set); spec != nil {
				out = append(out, spec)
			}
		}
	}
	return out
}

// spec is what the zone says of one RRset; nil when it is simple or cannot be routed.
func (s *stage) spec(n *node, set *rrset) *policy.Spec {
	var annotated, plain *record
	for _, r := range set.records {
		if r.note == 0 && plain == nil {
			plain = r
		}
		if r.note != 0 && annotated == nil {
			annotated = r
		}
	}
	typ := rrdata.TypeName(set.typ)
	switch {
	case annotated == nil:
		return nil
	case plain != nil:
		s.diags.Errorf(s.place(plain), "%s %s has no annotation, but line %d of the same name and type has one: annotate all of them or none",
			s.ownerText(n), typ, annotated.line)
		return nil
	case shapesZone(set.typ):
		s.diags.Errorf(s.pos(s.notes[annotated.note-1].chainPos), "%s records cannot be routed: they shape the zone itself", typ)
		return nil
	case len(set.signatures) > 0:
		s.diags.Errorf(s.place(set.signatures[0]), "%s %s is routed, so a signature over all its records is never valid: remove the RRSIG", s.ownerText(n), typ)
		return nil
	}
	spec := &policy.Spec{Owner: s.ownerText(n), Type: set.typ, TTL: set.ttl, Chain: s.notes[annotated.note-1].chain}
	index := map[string]int{}
	for _, r := range set.records {
		s.addCandidate(spec, index, r)
	}
	for i := range spec.Candidates {
		s.checkEndpoints(spec, &spec.Candidates[i])
	}
	return spec
}

// shapesZone tells whether the zone itself hangs on records of the type, so that no policy may choose among them.
func shapesZone(typ uint16) bool {
	switch typ {
	case wire.TypeSOA, wire.TypeNS, wire.TypeDS, wire.TypeDNAME:
		return true
	}
	return wire.Signing(typ)
}

// addCandidate adds a line to the candidate of its id.
func (s *stage) addCandidate(spec *policy.Spec, index map[string]int, r *record) {
	n := &s.notes[r.note-1]
	id := s.id(r)
	at, known := index[id]
	if !known {
		at = len(spec.Candidates)
		index[id] = at
		spec.Candidates = append(spec.Candidates, policy.Candidate{
			ID: id, Check: n.value("check"), Chain: n.chain, Pos: s.place(r), ChainPos: s.pos(n.chainPos),
		})
	}
	if known && singular(r.typ) {
		s.diags.Errorf(s.place(r), "a second %s of candidate %s; a candidate has one", rrdata.TypeName(r.typ), id)
	}
	c := &spec.Candidates[at]
	c.Attrs = append(c.Attrs, s.policyAttrs(n)...)
	if endpoint := s.endpoint(r, spec.Owner); endpoint != "" && !slices.Contains(c.Endpoints, endpoint) {
		c.Endpoints = append(c.Endpoints, endpoint)
	}
	for i := range n.attrs {
		if a := &n.attrs[i]; a.key == "check" && !s.declared(a.value) {
			s.diags.Errorf(s.pos(a.valuePos), "check %q is not declared in signpost.yaml%s", a.value, diag.DidYouMean(a.value, slices.Sorted(maps.Keys(s.src.Checks))))
		}
	}
}

// id names the candidate that a record belongs to: the annotation's id, or else the record's own data.
func (s *stage) id(r *record) string {
	if id := s.notes[r.note-1].value("id"); id != "" {
		return id
	}
	return dataText(r.typ, s.bytesOf(r))
}

// route makes the policies of the zone's routed RRsets.
func (s *stage) route(specs []*policy.Spec, plugins *plugin.Host) (policies []*policy.Policy, pending bool) {
	if len(specs) == 0 {
		return nil, false
	}
	if !ready(plugins) {
		return make([]*policy.Policy, len(specs)), true
	}
	for _, spec := range specs {
		route := plugins.Route
		if s.src.Change != nil {
			route = s.src.Change.Route
		}
		p, diags := route(spec, s.src.Terms)
		s.diags = append(s.diags, diags...)
		policies = append(policies, p)
	}
	return policies, false
}

// ready tells whether plugins can route.
func ready(plugins *plugin.Host) bool {
	if plugins == nil {
		return false
	}
	select {
	case <-plugins.Ready():
		return true
	default:
		return false
	}
}
