// Package compile turns a zone file's entries into a zone that workers can answer from: collect → check → route → pack.
//
// Plane: control. Floor: 3. Journey of an edit: step 3. One stage a file; each stage reports all it finds, and an error in one
// keeps only packing from running, so that a person sees all mistakes at once.
package compile

import (
	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/host/rrdata"
	"signpost/host/zone"
	"signpost/host/zonefile"
)

// Source is one zone to compile.
type Source struct {
	Path   string                            // of the zone file, slash separated, relative to the data directory
	Origin []byte                            // wire form, lower case
	Open   func(path string) ([]byte, error) // reads a file of the data directory

	// Serial maps the file's SOA serial to the one to serve; nil serves the file's.
	Serial func(file uint32) uint32
	// Leaves is told of each ALIAS and CNAME that leads to a name which the zone does not answer for, with its owner in wire form; nil: nobody is.
	Leaves func(owner []byte, at diag.Pos)
	// Checks are those that annotations may name: true if one probes the address or host name of each record that it is about.
	Checks map[string]bool
	// AnyCheck says that nobody knows them, because signpost.yaml has mistakes: what it may declare is no mistake here.
	AnyCheck bool
	// Terms are the regions and collections that annotations may name.
	Terms plugin.Terms
	// Change is the plugins to route with; nil: those that are loaded.
	Change *plugin.Change
}

// Compile reads and compiles one zone. The zone is nil when a diagnostic is an error. files are the paths that were read or looked for,
// the zone file first, whatever the outcome. Without ready plugins routed RRsets stay undecided and the zone is Pending.
func Compile(src Source, plugins *plugin.Host) (z *zone.Zone, files []string, diags diag.List) {
	c := newCollector(src.Origin)
	files, diags = zonefile.Read(zonefile.Source{Path: src.Path, Origin: src.Origin, Open: c.sizing(src.Open), Policy: plugins.Routes}, c.add)
	stage := &stage{collector: c, src: &src, files: files, diags: diags}
	var policies []*policy.Policy
	pending := false
	if len(files) > 0 {
		stage.link()
		stage.check()
		policies, pending = stage.route(stage.specs(), plugins)
	}
	if stage.diags.Errors() == 0 {
		z = stage.pack(policies)
		z.Pending = pending
	}
	stage.diags.Sort()
	if stage.diags.Errors() > 0 {
		return nil, files, stage.diags
	}
	return z, files, stage.diags
}

// stage is what the stages hand on.
type stage struct {
	*collector
	src   *Source
	files []string
	diags diag.List

	aliases []*node // that own an ALIAS
	serial  uint32  // as served
	kept    int     // records, duplicates excluded

	// Buffers that the methods of each name reuse.
	found      []rrset
	signatures []*record
	stray      []*record
	spans      []rrdata.NameSpan
	packing    zone.Set

	// Those of additional.
	targets     [][]byte
	extra       []zone.Additional
	addressSets []*zone.Set
}

// place is a record's position, for a diagnostic.
func (s *stage) place(r *record) diag.Pos {
	return diag.Pos{File: s.files[r.file], Line: int(r.line), Col: int(r.col)}
}
