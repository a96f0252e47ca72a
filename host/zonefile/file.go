package zonefile

import (
	"bytes"
	"fmt"

	"signpost/host/diag"
)

// File is a zone file that can be edited without touching what is not meant: its bytes, and where each record stands in them.
// It is not safe for concurrent use. It costs about 100 bytes and the data for each record: make one for an edit, then let it go.
type File struct {
	src     Source
	text    []byte
	files   []string
	records []record
	arena   []byte   // owners, data and annotations of records
	origins [][]byte // distinct neighbours only
}

// Record is one record of a File. Its slices are views, valid until the next Apply.
type Record struct {
	Owner []byte // absolute wire name, case as written
	RData []byte // wire
	Type  uint16
	TTL   uint32
	Line  int    // 1-based, in File
	File  string // differs from the File's own path for records that $INCLUDE brought
}

// record is a Record and the places of its fields. start and end are offsets of its whole lines, meaningful in the File's own text only.
type record struct {
	start, end                int
	arenaOff                  int
	ownerLen, noteLen         int32
	dataLen                   int32
	line                      uint32
	ttl                       uint32
	typ                       uint16
	file                      uint16
	origin                    int32
	ownerField, ttlField      int32 // -1 where left out
	headerField, dataFieldOff int32 // first of TTL, class and type; first of the data
	generated, parens, blank  bool
}

// OpenFile reads src.Path and what it includes. Where any diagnostic is an error there is no File: mend the text first.
func OpenFile(src Source) (*File, diag.List) {
	text, err := src.Open(src.Path)
	if err != nil {
		var diags diag.List
		diags.Errorf(diag.Pos{File: src.Path}, "zone file cannot be read: %v", diag.Cause(err))
		return nil, diags
	}
	return parseFile(src, bytes.Clone(text))
}

// parseFile makes a File of text, which it keeps; only includes are read through src.Open.
func parseFile(src Source, text []byte) (*File, diag.List) {
	f := &File{src: src, text: text}
	inner := src
	inner.Open = func(path string) ([]byte, error) {
		if path == src.Path {
			return text, nil
		}
		return src.Open(path)
	}
	r := newReader(inner, nil)
	r.emit = func(e *Entry) { f.add(r, e) }
	r.readRoot()
	f.files = r.files
	if r.diags.Errors() > 0 {
		return nil, r.diags
	}
	return f, r.diags
}

// add keeps the record that the reader is about to emit.
func (f *File) add(r *reader, e *Entry) {
	rec := record{
		start: r.startOff, end: r.off, arenaOff: len(f.arena), line: e.Pos.Line, ttl: e.TTL, typ: e.Type, file: e.Pos.File,
		ownerLen: int32(len(e.Owner)), dataLen: int32(len(e.RData)),
		ownerField: int32(r.fields.owner), ttlField: int32(r.fields.ttl), headerField: int32(r.fields.owner) + 1,
		dataFieldOff: int32(r.fields.data), generated: r.generate.active, parens: r.parens, blank: r.blank,
	}
	f.arena = append(append(f.arena, e.Owner...), e.RData...)
	if a := e.Annotation; a != nil {
		noteOff := len(f.arena)
		f.arena = append(f.arena, a.Chain...)
		for _, attr := range a.Attrs {
			f.arena = fmt.Appendf(f.arena, " %s=%q", attr.Key, attr.Value)
		}
		rec.noteLen = int32(len(f.arena) - noteOff)
	}
	if last := len(f.origins) - 1; last < 0 || !bytes.Equal(f.origins[last], r.origin) {
		f.origins = append(f.origins, r.origin)
	}
	rec.origin = int32(len(f.origins) - 1)
	f.records = append(f.records, rec)
}

// Bytes returns the text: byte for byte what was read until the first Apply. The caller must not change it.
func (f *File) Bytes() []byte { return f.text }

// Count returns the number of records, those of $INCLUDE and $GENERATE too.
func (f *File) Count() int { return len(f.records) }

// Record returns record i, 0 ≤ i < Count, in file order.
func (f *File) Record(i int) Record {
	rec := &f.records[i]
	return Record{Owner: f.owner(rec), RData: f.data(rec), Type: rec.typ, TTL: rec.ttl, Line: int(rec.line), File: f.files[rec.file]}
}

func (f *File) owner(rec *record) []byte {
	end := rec.arenaOff + int(rec.ownerLen)
	return f.arena[rec.arenaOff:end:end]
}

func (f *File) data(rec *record) []byte {
	off := rec.arenaOff + int(rec.ownerLen)
	return f.arena[off : off+int(rec.dataLen) : off+int(rec.dataLen)]
}

// note is a canonical form of the annotation, to compare.
func (f *File) note(rec *record) []byte {
	off := rec.arenaOff + int(rec.ownerLen+rec.dataLen)
	return f.arena[off : off+int(rec.noteLen)]
}

// where names a record's place for errors.
func (f *File) where(rec *record) string {
	return fmt.Sprintf("%s:%d", f.files[rec.file], rec.line)
}

// ownerText writes a record's owner as short as the origin at its place allows.
func (f *File) ownerText(rec *record, owner []byte) []byte {
	origin := f.origins[rec.origin]
	if bytes.Equal(owner, origin) {
		return []byte("@")
	}
	for off := 0; off < len(owner) && len(owner)-off >= len(origin); off += int(owner[off]) + 1 {
		if len(origin) > 1 && bytes.Equal(owner[off:], origin) {
			return bytes.TrimSuffix(AppendName(nil, append(bytes.Clone(owner[:off]), 0)), []byte("."))
		}
		if owner[off] == 0 {
			break
		}
	}
	return AppendName(nil, owner)
}
