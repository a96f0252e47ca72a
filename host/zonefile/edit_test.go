package zonefile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const editHead = "$TTL 300\n@ IN SOA ns h 1 2 3 4 5\n@ IN NS ns\n"

// editFile opens a text behind editHead; includes are in files. Records 0 and 1 are those of editHead.
func editFile(t *testing.T, text string, files map[string][]byte) *File {
	t.Helper()
	if files == nil {
		files = map[string][]byte{}
	}
	files["z.zone"] = []byte(text)
	f, diags := OpenFile(Source{Path: "z.zone", Origin: exampleOrigin, Open: open(files)})
	if f == nil {
		t.Fatalf("%q: %v", text, diags)
	}
	return f
}

// Protects the promise of Apply: the edit is made, and every other line stays as it is or gets exactly what it inherited.
func TestApply(t *testing.T) {
	for _, c := range []struct {
		name, text string
		edits      []Edit
		want       string
	}{
		{"ttl in place", "a\t60  IN A 192.0.2.1 ; c\n", []Edit{{Op: SetTTL, Record: 2, TTL: 5}}, "a\t5  IN A 192.0.2.1 ; c\n"},
		{"ttl behind class", "a IN 60 A 192.0.2.1\n", []Edit{{Op: SetTTL, Record: 2, TTL: 5}}, "a IN 5 A 192.0.2.1\n"},
		{"ttl new", "a   IN A 192.0.2.1\n", []Edit{{Op: SetTTL, Record: 2, TTL: 5}}, "a   5 IN A 192.0.2.1\n"},
		{"ttl new, blank owner", "a A 192.0.2.1\n  A 192.0.2.2\n", []Edit{{Op: SetTTL, Record: 3, TTL: 5}}, "a A 192.0.2.1\n  5 A 192.0.2.2\n"},
		{"data", "a  60 IN  A   192.0.2.1   ; c\nb A 192.0.2.9\n", []Edit{{Op: SetData, Record: 2, Text: "192.0.2.2"}}, "a  60 IN  A   192.0.2.2   ; c\nb A 192.0.2.9\n"},
		{"data with other field count", "a TXT x ;c\n", []Edit{{Op: SetData, Record: 2, Text: `"x y" z`}}, `a TXT "x y" z ;c` + "\n"},
		{"data of several lines", "a MX ( 10 ; ten\n  mail ) ; end\n", []Edit{{Op: SetData, Record: 2, Text: "20 mail"}}, "a MX ( 20 ; ten\n  mail ) ; end\n"},
		{"data and annotation", "a 60 A 192.0.2.1\n", []Edit{{Op: SetAnnotation, Record: 2, Text: "weighted weight=1"}, {Op: SetData, Record: 2, Text: "192.0.2.2"}}, "a 60 A 192.0.2.2 ;@ weighted weight=1\n"},
		{"annotation before comment", "a A 192.0.2.1 ; c\n", []Edit{{Op: SetAnnotation, Record: 2, Text: "weighted id=x"}}, "a A 192.0.2.1 ;@ weighted id=x ; c\n"},
		{"annotation replaced", "a A 192.0.2.1 ;@ weighted id=x ; c\r\n", []Edit{{Op: SetAnnotation, Record: 2, Text: "failover id=y"}}, "a A 192.0.2.1 ;@ failover id=y ; c\r\n"},
		{"annotation taken away", "a A 192.0.2.1  ;@ weighted id=x\r\n", []Edit{{Op: SetAnnotation, Record: 2}}, "a A 192.0.2.1\r\n"},
		{"annotation taken away before comment", "a A 192.0.2.1  ;@ weighted id=x ; c\n", []Edit{{Op: SetAnnotation, Record: 2}}, "a A 192.0.2.1  ; c\n"},
		{"annotation in parentheses", "a A (\n 192.0.2.1 ; one\n ) ; two\n", []Edit{{Op: SetAnnotation, Record: 2, Text: "weighted"}}, "a A (\n 192.0.2.1 ; one\n ) ;@ weighted ; two\n"},
		{"delete", "; c\na A 192.0.2.1 ; c\nb A 192.0.2.2\n", []Edit{{Op: Delete, Record: 2}}, "; c\nb A 192.0.2.2\n"},
		{"delete several lines", "a MX ( 10\nmail ) ; c\nb A 192.0.2.2\n", []Edit{{Op: Delete, Record: 2}}, "b A 192.0.2.2\n"},
		{"delete first of a group", "a     A 192.0.2.1\n      A 192.0.2.2\n      A 192.0.2.3\n", []Edit{{Op: Delete, Record: 2}}, "a     A 192.0.2.2\n      A 192.0.2.3\n"},
		{"delete first, little room", "longer A 192.0.2.1\n\tA 192.0.2.2\n", []Edit{{Op: Delete, Record: 2}}, "longer\tA 192.0.2.2\n"},
		{"delete first two of a group", "a A 192.0.2.1\n  A 192.0.2.2\n  A 192.0.2.3\n", []Edit{{Op: Delete, Record: 2}, {Op: Delete, Record: 3}}, "a A 192.0.2.3\n"},
		{"delete middle of a group", "a A 192.0.2.1\n  A 192.0.2.2\n  A 192.0.2.3\n", []Edit{{Op: Delete, Record: 3}}, "a A 192.0.2.1\n  A 192.0.2.3\n"},
		{"delete first, origin changed", "a A 192.0.2.1\n$ORIGIN sub.example.com.\n  A 192.0.2.2\n", []Edit{{Op: Delete, Record: 2}}, "$ORIGIN sub.example.com.\na.example.com.  A 192.0.2.2\n"},
		{"delete first, apex", "b TXT x\n@ TXT x\n\tTXT y\n", []Edit{{Op: Delete, Record: 3}}, "b TXT x\n@\tTXT y\n"},
		{"delete first, owner before is the same", "@ TXT x\n  TXT y\n", []Edit{{Op: Delete, Record: 2}}, "  TXT y\n"},
		{"insert behind", "a A 192.0.2.1\nb A 192.0.2.2\n", []Edit{{Op: Insert, Record: 2, Text: "a A 192.0.2.9"}}, "a A 192.0.2.1\na A 192.0.2.9\nb A 192.0.2.2\n"},
		{"insert into a group", "a A 192.0.2.1\n  A 192.0.2.2\n", []Edit{{Op: Insert, Record: 2, Text: "b A 192.0.2.9"}}, "a A 192.0.2.1\nb A 192.0.2.9\na A 192.0.2.2\n"},
		{"insert at the end", "a A 192.0.2.1\n; the end", []Edit{{Op: Insert, Record: -1, Text: "b A 192.0.2.9"}, {Op: Insert, Record: -1, Text: "c A 192.0.2.9\n"}}, "a A 192.0.2.1\n; the end\nb A 192.0.2.9\nc A 192.0.2.9"},
		{"insert and delete", "a A 192.0.2.1\nb A 192.0.2.2\n", []Edit{{Op: Delete, Record: 3}, {Op: Insert, Record: 2, Text: "c A 192.0.2.9"}}, "a A 192.0.2.1\nc A 192.0.2.9\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := editFile(t, editHead+c.text, nil)
			if err := f.Apply(c.edits...); err != nil {
				t.Fatalf("%q %+v: %v", c.text, c.edits, err)
			}
			if got := strings.TrimPrefix(string(f.Bytes()), editHead); got != c.want {
				t.Errorf("%q %+v:\n got %q\nwant %q", c.text, c.edits, got, c.want)
			}
		})
	}
}

// Protects TTLs that are inherited, without a $TTL, from a record that an edit changes or deletes.
func TestApplyKeepsInheritedTTL(t *testing.T) {
	const soa = "@ 60 IN SOA ns h 1 2 3 4 5\n"
	for _, c := range []struct {
		text string
		edit Edit
		want string
	}{
		{soa + "a A 192.0.2.1\nb A 192.0.2.2\n", Edit{Op: SetTTL, Record: 0, TTL: 9}, "@ 9 IN SOA ns h 1 2 3 4 5\na 60 A 192.0.2.1\nb A 192.0.2.2\n"},
		{soa + "a 9 A 192.0.2.1\nb A 192.0.2.2\n", Edit{Op: Delete, Record: 1}, soa + "b 9 A 192.0.2.2\n"},
		{soa + "a A 192.0.2.1\nb A 192.0.2.2\n", Edit{Op: SetTTL, Record: 1, TTL: 9}, soa + "a 9 A 192.0.2.1\nb 60 A 192.0.2.2\n"},
		{"@ IN SOA ns h 1 2 3 4 5\na A 192.0.2.1\n", Edit{Op: SetData, Record: 0, Text: "ns h 2 2 3 4 7"}, "@ 5 IN SOA ns h 2 2 3 4 7\na A 192.0.2.1\n"},
	} {
		f := editFile(t, c.text, nil)
		if err := f.Apply(c.edit); err != nil {
			t.Errorf("%q %+v: %v", c.text, c.edit, err)
		} else if got := string(f.Bytes()); got != c.want {
			t.Errorf("%q %+v:\n got %q\nwant %q", c.text, c.edit, got, c.want)
		}
	}
}

// Protects what Apply refuses, and that a refused edit changes nothing.
func TestApplyRefuses(t *testing.T) {
	for _, c := range []struct {
		text  string
		edits []Edit
		want  string
	}{
		{"a A 192.0.2.1\n", []Edit{{Op: SetData, Record: 2, Text: "192.0.2"}}, "z.zone:4:5: address"},
		{"a A 192.0.2.1\n", []Edit{{Op: SetData, Record: 2, Text: "192.0.2.1 ; c"}}, "without parentheses and comments"},
		{"a A 192.0.2.1\n", []Edit{{Op: SetData, Record: 2, Text: "192.0.2.1\nb A 192.0.2.2"}}, "want fields on one line"},
		{"a TXT ( x\n )\n", []Edit{{Op: SetData, Record: 2, Text: "x y"}}, "has parentheses around its 1 data fields, and the new data has 2"},
		{"a A 192.0.2.1\n", []Edit{{Op: SetTTL, Record: 2, TTL: 1 << 31}}, "TTL 2147483648 is outside 0..2147483647"},
		{"a A 192.0.2.1\n", []Edit{{Op: SetAnnotation, Record: 2, Text: "weighted id=x id=y"}}, "id stands twice"},
		{"a A 192.0.2.1\n", []Edit{{Op: SetAnnotation, Record: 2, Text: "weighted ; c"}}, "want no comment"},
		{"a A 192.0.2.1\n", []Edit{{Op: Insert, Record: 2, Text: "  A 192.0.2.2"}}, "want one record that starts with its owner"},
		{"a A 192.0.2.1\n", []Edit{{Op: Insert, Record: 2, Text: "b A 192.0.2.2\nc A 192.0.2.2"}}, "want one record"},
		{"a A 192.0.2.1\n", []Edit{{Op: Insert, Record: 2, Text: "$TTL 5"}}, "a directive is no record"},
		{"a A 192.0.2.1\n", []Edit{{Op: Insert, Record: 2, Text: "b A ( 192.0.2.2"}}, `"(" is never closed`},
		{"a A 192.0.2.1\n", []Edit{{Op: Delete, Record: 3}}, "record 3 is outside 0..2"},
		{"a A 192.0.2.1\n", []Edit{{Op: Delete, Record: 2}, {Op: SetTTL, Record: 2, TTL: 1}}, "is edited twice"},
		{"$GENERATE 1-2 h$ A 192.0.2.$\n", []Edit{{Op: Delete, Record: 2}}, "is made by $GENERATE"},
		{"$INCLUDE a.inc\n", []Edit{{Op: Delete, Record: 2}}, "record of a.inc:1 is in an included file"},
		{"b A 192.0.2.1\n$INCLUDE blank.inc\n", []Edit{{Op: Delete, Record: 2}}, "record of blank.inc:1 takes its owner from an edited one"},
	} {
		text := editHead + c.text
		f := editFile(t, text, map[string][]byte{"a.inc": []byte("a A 192.0.2.1\n"), "blank.inc": []byte("  A 192.0.2.2\n")})
		err := f.Apply(c.edits...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %+v: got error %v, want %q", c.text, c.edits, err, c.want)
		}
		if string(f.Bytes()) != text {
			t.Errorf("%q %+v: the text changed to %q", c.text, c.edits, f.Bytes())
		}
	}
}

// Protects edits in a file with includes: places, owners and TTLs behind the $INCLUDE stay right.
func TestApplyAroundInclude(t *testing.T) {
	files := map[string][]byte{"a.inc": []byte("$TTL 7\na A 192.0.2.1\n  A 192.0.2.2\n")}
	f := editFile(t, editHead+"z A 192.0.2.8\n$INCLUDE a.inc sub\n  A 192.0.2.9\n", files)
	if got := f.Record(3); got.File != "a.inc" || got.Line != 2 || string(AppendName(nil, got.Owner)) != "a.sub.example.com." || got.TTL != 7 {
		t.Fatalf("record 3: got %+v", got)
	}
	if err := f.Apply(Edit{Op: Delete, Record: 2}); err != nil {
		t.Fatal(err)
	}
	if got, want := string(f.Bytes()), editHead+"$INCLUDE a.inc sub\nz A 192.0.2.9\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := f.Record(4); got.TTL != 7 || string(AppendName(nil, got.Owner)) != "z.example.com." {
		t.Errorf("record 4: got %+v", got)
	}
}

// manyGenerated matches a $GENERATE that could make the fuzzer slow.
var manyGenerated = regexp.MustCompile(`(?i)\$GENERATE\s+\S*[0-9]{4}`)

// FuzzLossless: reading and writing back is the identity, and after one edit only that record differs when the text is read again.
func FuzzLossless(f *testing.F) {
	for _, c := range syntaxCases(f) {
		f.Add(c.files[c.name+".zone"], uint16(3), uint8(Delete))
		f.Add(c.files[c.name+".zone"], uint16(3), uint8(SetTTL))
		f.Add(c.files[c.name+".zone"], uint16(2), uint8(Insert))
		f.Add(c.files[c.name+".zone"], uint16(3), uint8(SetAnnotation))
	}
	include := []byte("x 60 A 192.0.2.1\n  A 192.0.2.2\n")
	f.Fuzz(func(t *testing.T, text []byte, record uint16, op uint8) {
		if len(text) > 4096 || manyGenerated.Match(text) {
			return
		}
		src := Source{Path: "z.zone", Origin: exampleOrigin, Open: func(path string) ([]byte, error) {
			if path == "z.zone" {
				return text, nil
			}
			return include, nil
		}}
		file, diags := OpenFile(src)
		if file == nil {
			if diags.Errors() == 0 {
				t.Fatalf("%q: no File and no error", text)
			}
			return
		}
		if string(file.Bytes()) != string(text) {
			t.Fatalf("%q: got %q back", text, file.Bytes())
		}
		before := fileRecords(file)
		if len(before) == 0 || len(before) > 1000 {
			return
		}
		edit := Edit{Op: Op(op % 5), Record: int(record) % len(before), TTL: 77, Text: "new 5 TXT x ;@ weighted"}
		switch edit.Op {
		case SetData:
			edit.Text = `\# 0`
		case SetAnnotation:
			edit.Text = "weighted"
		}
		if err := file.Apply(edit); err != nil {
			return
		}
		text = file.Bytes()
		again, diags := OpenFile(src)
		if again == nil {
			t.Fatalf("%q: %v after %+v", text, diags, edit)
		}
		after := fileRecords(again)
		i := edit.Record
		switch edit.Op {
		case Delete:
			before = slices.Delete(before, i, i+1)
		case Insert:
			after = slices.Delete(after, i+1, i+2)
		default:
			before, after = slices.Delete(before, i, i+1), slices.Delete(after, i, i+1)
		}
		if !slices.Equal(before, after) {
			t.Fatalf("%q: %+v: got\n%q\nwant\n%q", text, edit, after, before)
		}
	})
}

// fileRecords prints the records of a File without their places.
func fileRecords(f *File) []string {
	records := make([]string, f.Count())
	for i := range records {
		rec := f.Record(i)
		records[i] = fmt.Sprintf("%s %d %s %x %s", AppendName(nil, rec.Owner), rec.TTL, typeName(rec.Type), rec.RData, f.note(&f.records[i]))
	}
	return records
}
