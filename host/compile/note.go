package compile

import (
	"strings"

	"signpost/host/diag"
	"signpost/host/policy"
	"signpost/host/zonefile"
)

// note is an annotation, kept after its line is gone.
type note struct {
	chain    []string
	chainPos zonefile.Pos
	attrs    []noteAttr
}

type noteAttr struct {
	key, value       string
	keyPos, valuePos zonefile.Pos
}

func newNote(a *zonefile.Annotation) note {
	n := note{chain: strings.Split(string(a.Chain), "+"), chainPos: a.ChainPos, attrs: make([]noteAttr, len(a.Attrs))}
	for i, attr := range a.Attrs {
		n.attrs[i] = noteAttr{string(attr.Key), string(attr.Value), attr.KeyPos, attr.ValuePos}
	}
	return n
}

// value is what the annotation says of key, "" when nothing.
func (n *note) value(key string) string {
	for i := range n.attrs {
		if n.attrs[i].key == key {
			return n.attrs[i].value
		}
	}
	return ""
}

// pos is a position as diagnostics have it.
func (s *stage) pos(p zonefile.Pos) diag.Pos {
	return diag.Pos{File: s.files[p.File], Line: int(p.Line), Col: int(p.Col)}
}

// policyAttrs are the annotation's attributes as a Spec has them.
func (s *stage) policyAttrs(n *note) []policy.Attr {
	out := make([]policy.Attr, len(n.attrs))
	for i, a := range n.attrs {
		out[i] = policy.Attr{Key: a.key, Value: a.value, KeyPos: s.pos(a.keyPos), ValuePos: s.pos(a.valuePos)}
	}
	return out
}
