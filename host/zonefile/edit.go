package zonefile

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"signpost/host/diag"
)

// Op is what an Edit does.
type Op uint8

const (
	// SetTTL gives the record the TTL in Edit.TTL: in place of the one stated, or before class and type.
	SetTTL Op = iota
	// SetData gives the record the data in Edit.Text, in presentation form on one line. With as many fields as before, only the fields
	// that differ change, so that comments and line breaks between them stay; else the record may not use parentheses.
	SetData
	// SetAnnotation gives the record the annotation in Edit.Text, without its ";@"; an empty text takes it away. Comments stay.
	SetAnnotation
	// Delete takes the record's line or lines away, with the comments on them.
	Delete
	// Insert puts Edit.Text, one record with its owner, on a line of its own behind the record; with Record -1 at the file's end.
	// Its relative names and a TTL left out mean what they mean at that place.
	Insert
)

// Edit is one change to the record with index Record.
type Edit struct {
	Op     Op
	Record int
	TTL    uint32
	Text   string
}

// splice replaces text[start:end].
type splice struct {
	start, end int
	text       []byte
}

// wanted is what a record must be after the edits: that of the File before, apart from what the edits change.
type wanted struct {
	record                int // of the File before; -1 for an inserted one
	ttl                   uint32
	dataFree, noteFree    bool
	insertedBehind, order int
}

// Apply makes all edits or, where it returns an error, none. Indices are those before the call; a record takes several edits if they
// are of different Ops and none is Delete, and several Inserts, which end up in the order given. Every other record keeps its line byte for
// byte, unless it took its owner or TTL from a record that changed: then they are written on it. Records that $INCLUDE or $GENERATE
// made are refused.
func (f *File) Apply(edits ...Edit) error {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Compare(a.Op, b.Op) }) // where two insert at one place: data, then annotation
	splices, err := f.splices(edits)
	if err != nil {
		return err
	}
	want := f.want(edits)
	text := applySplices(f.text, splices)
	for range 2*len(edits) + 2 {
		next, diags := parseFile(f.src, text)
		if next == nil {
			return fmt.Errorf("edit %s: %s", f.src.Path, firstError(diags))
		}
		pins, err := f.pins(next, want)
		if err != nil {
			return err
		}
		if len(pins) == 0 {
			*f = *next
			return nil
		}
		text = applySplices(text, pins)
	}
	return fmt.Errorf("edit %s: records that follow depend on the edited ones in a way that stating owner and TTL does not settle", f.src.Path)
}

func firstError(diags diag.List) diag.Diagnostic {
	return diags[slices.IndexFunc(diags, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })]
}

// applySplices returns a new text. Insertions at one place keep their order and come before what is replaced there.
func applySplices(text []byte, splices []splice) []byte {
	slices.SortStableFunc(splices, func(a, b splice) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	out, off := make([]byte, 0, len(text)+256), 0
	for _, s := range splices {
		out = append(append(out, text[off:s.start]...), s.text...)
		off = s.end
	}
	return append(out, text[off:]...)
}

// want lists what Apply must end in, in file order.
func (f *File) want(edits []Edit) []wanted {
	want := make([]wanted, len(f.records), len(f.records)+len(edits))
	deleted := make(map[int]bool)
	for i := range want {
		want[i] = wanted{record: i, ttl: f.records[i].ttl, insertedBehind: i}
	}
	for order, e := range edits {
		switch e.Op {
		case SetTTL:
			want[e.Record].ttl = e.TTL
		case SetData:
			want[e.Record].dataFree = true
		case SetAnnotation:
			want[e.Record].noteFree = true
		case Delete:
			deleted[e.Record] = true
		case Insert:
			behind := e.Record
			if behind < 0 {
				behind = len(f.records)
			}
			want = append(want, wanted{record: -1, insertedBehind: behind, order: order + 1})
		}
	}
	slices.SortStableFunc(want, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.insertedBehind, b.insertedBehind), cmp.Compare(a.order, b.order))
	})
	return slices.DeleteFunc(want, func(w wanted) bool { return w.record >= 0 && deleted[w.record] })
}

// pins compares what the edits made with what is wanted and returns the splices that write inherited owners and TTLs down, on the first
// record of each run that differs: those behind it inherit from it again.
func (f *File) pins(next *File, want []wanted) ([]splice, error) {
	if len(next.records) != len(want) {
		return nil, fmt.Errorf("edit %s: makes %d records, want %d", f.src.Path, len(next.records), len(want))
	}
	var pins []splice
	ownerDiffered, ttlDiffered := false, false
	for i := range want {
		w, got := &want[i], &next.records[i]
		if w.record < 0 {
			ownerDiffered, ttlDiffered = false, false
			continue
		}
		old := &f.records[w.record]
		if got.typ != old.typ || !w.dataFree && !bytes.Equal(next.data(got), f.data(old)) || !w.noteFree && !bytes.Equal(next.note(got), f.note(old)) {
			return nil, fmt.Errorf("edit %s: changes the record of %s too", f.src.Path, f.where(old))
		}
		ownerDiffers, ttlDiffers := !bytes.Equal(next.owner(got), f.owner(old)), got.ttl != w.ttl
		var pin []splice
		var err error
		if ownerDiffers && !ownerDiffered {
			pin, err = next.pinOwner(got, f.owner(old))
		}
		if err == nil && ttlDiffers && !ttlDiffered {
			var ttl []splice
			ttl, err = next.pinTTL(got, w.ttl)
			pin = append(pin, ttl...)
		}
		if err != nil {
			return nil, err
		}
		pins = append(pins, pin...)
		ownerDiffered, ttlDiffered = ownerDiffers, ttlDiffers
	}
	return pins, nil
}

// pinOwner writes the owner in front of a record that inherits it; spaces make room for it where they can.
func (f *File) pinOwner(rec *record, owner []byte) ([]splice, error) {
	if rec.ownerField >= 0 || rec.generated || rec.file != 0 {
		return nil, fmt.Errorf("edit %s: the record of %s takes its owner from an edited one: state it there first", f.src.Path, f.where(rec))
	}
	text := f.ownerText(rec, owner)
	blanks := 0
	for line := f.text[rec.start:]; line[blanks] == ' '; {
		blanks++
	}
	if blanks > len(text) {
		return []splice{{rec.start, rec.start + len(text), text}}, nil
	}
	return []splice{{rec.start, rec.start, text}}, nil
}

// pinTTL writes the TTL on a record that left it out.
func (f *File) pinTTL(rec *record, ttl uint32) ([]splice, error) {
	if rec.ttlField >= 0 || rec.generated || rec.file != 0 {
		return nil, fmt.Errorf("edit %s: the record of %s takes its TTL from an edited one: state it there first", f.src.Path, f.where(rec))
	}
	return f.spliceTTL(rec, f.scan(rec), ttl), nil
}

// scan cuts a record of the own text into fields again; offsets of fieldStart are in the whole text.
func (f *File) scan(rec *record) *scanner {
	s := &scanner{text: f.text[:rec.end:rec.end], off: rec.start, lineOff: rec.start, line: rec.line}
	s.next()
	return s
}

// start returns the offset of a field in the scanner's text, quote included. Fields are views of the text, so capacities tell.
func (s *scanner) start(t *token) int {
	off := cap(s.text) - cap(t.text)
	if t.quoted {
		off--
	}
	return off
}

// end returns the offset behind a field, quote included.
func (s *scanner) end(t *token) int {
	off := cap(s.text) - cap(t.text) + len(t.text)
	if t.quoted {
		off++
	}
	return off
}

func (f *File) spliceTTL(rec *record, s *scanner, ttl uint32) []splice {
	text := strconv.AppendUint(nil, uint64(ttl), 10)
	if rec.ttlField >= 0 {
		t := &s.toks[rec.ttlField]
		return []splice{{s.start(t), s.end(t), text}}
	}
	at := s.start(&s.toks[rec.headerField])
	return []splice{{at, at, append(text, ' ')}}
}
