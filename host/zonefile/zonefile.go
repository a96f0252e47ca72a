// Package zonefile turns the text of zone files into records with their exact places, and edits that text without touching anything else.
//
// Plane: control. Floor: 2. Journey of an edit: step 2.
//
// The format is RFC 1035 section 5 with $TTL (RFC 2308 section 4), unknown types (RFC 3597), $GENERATE as in BIND, and
// annotations: comments that start with ";@". Where the RFCs are silent, what NSD, Knot and BIND all load is loaded and
// what they all refuse is refused (TestSyntaxAgainstPeers); where they differ, the strictest reading that loads ordinary files wins:
//
//   - A "(" may not stand inside another pair; a quoted string ends on its line; a backslash is not the last of its line.
//   - Control bytes and NUL are errors outside comments (write \DDD), as is a lone carriage return; bytes above 127 are data.
//   - Owner, $INCLUDE's path and data may be quoted; TTL, class and type may not, nor may they hold escapes.
//   - A TTL that is left out is $TTL's value, else the last one stated, else, at an SOA, its minimum (as BIND), else an error.
//   - $INCLUDE restores origin and owner afterwards, but not $TTL nor the last stated TTL (as NSD and BIND).
//   - ";@ IN MX …" on a line of its own is a record of the apex that somebody took out, not an annotation.
package zonefile

import (
	"math"

	"signpost/host/diag"
)

// Pos is where an entry starts. File indexes the files of Read: 0 is the zone file itself, includes follow in order of first use.
// Line and Col count from 1, Col in bytes; a column beyond 65535 is given as 65535.
type Pos struct {
	Line uint32
	Col  uint16
	File uint16
}

// Attr is one key=value of an annotation. Key and Value are views, Value without quotes and escapes.
type Attr struct {
	Key, Value       []byte
	KeyPos, ValuePos Pos
}

// Annotation is the ";@" comment of a record: a chain of words joined by "+", as written, and attributes in their order.
type Annotation struct {
	Chain    []byte
	ChainPos Pos
	Attrs    []Attr
}

// Entry is one record. It and all its slices are valid only until emit returns.
type Entry struct {
	Owner []byte // absolute wire name, case as written
	RData []byte // wire, names uncompressed, case as written
	Type  uint16
	TTL   uint32 // seconds, at most 2³¹-1 (RFC 2181 section 8)
	Pos   Pos    // first field of the record; of the directive for a record of $GENERATE
	// DataPos is the first field of the data, for messages about the data. Pos where there is none.
	DataPos    Pos
	Annotation *Annotation // nil when none
}

// Source is what Read reads. Path is slash-separated and relative to the data directory, Origin an absolute wire name.
// Open reads a whole file; Path and $INCLUDE both go through it, with cleaned paths that never leave the data directory.
// Read does not change the bytes and keeps no view of them after it returned.
type Source struct {
	Path   string
	Origin []byte
	Open   func(path string) ([]byte, error)
	Policy func(word string) bool // tells whether an annotation may begin with the word; nil: nobody knows
}

// Read parses Source.Path and what it includes and calls emit for each record in file order. An error does not stop it: it
// goes on at the next record. It returns the files it asked for, whether they could be read or not, in the order of Pos.File,
// and all diagnostics, of which errors beyond diagMax are only counted. Where any is an error, records may be missing.
func Read(src Source, emit func(*Entry)) (files []string, diags diag.List) {
	r := newReader(src, emit)
	r.readRoot()
	return r.files, r.diags
}

// Limits of one Read. None is reached by a file that a person or a sane program wrote.
const (
	diagMax         = 1000
	ttlMax          = math.MaxInt32
	tokenLenMax     = 4 * math.MaxUint16 // 65,535 bytes of data, every one written \DDD
	tokenCountMax   = 2*math.MaxUint16 + 16
	includeDepthMax = 16
	includeCountMax = 4096
	generateMax     = 1 << 20 // records of one $GENERATE
	attrCountMax    = 64
)
