package zonefile

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"signpost/host/diag"
)

// readText reads one text as example.com's zone file.
func readString(text string) (records []string, diags diag.List) {
	return readFiles("z.zone", map[string][]byte{"z.zone": []byte(text)})
}

// Protects limits: each is reached, reported at its place, and the rest of the file is still read.
func TestLimits(t *testing.T) {
	var deep []string
	for i := range includeDepthMax + 2 {
		deep = append(deep, fmt.Sprintf("%d.inc", i))
	}
	for _, c := range []struct{ text, want string }{
		{"a 60 TXT " + strings.Repeat("x", tokenLenMax+1), fmt.Sprintf("z.zone:1:10: field of %d bytes", tokenLenMax+1)},
		{"a 60 TXT \"" + strings.Repeat("x", tokenLenMax+1) + "\"", "z.zone:1:10: string of"},
		{"a 60 TXT " + strings.Repeat("x ", tokenCountMax+1), fmt.Sprintf("more than %d fields", tokenCountMax)},
		{"$GENERATE 0-1048576 h$ 60 A 192.0.2.1", "z.zone:1:11: $GENERATE: range \"0-1048576\" makes 1048577 records, at most 1048576 are allowed"},
		{"$GENERATE 0-1 h${0,256} 60 A 192.0.2.1", `width "256" is outside 0..255`},
		{"$GENERATE 0-1 h$ 60 TXT " + strings.Repeat("${0,255}", 20), "data: more than 4096 bytes"},
		{"$GENERATE 0-1 h${-1,0,x} 60 A 192.0.2.1", "-1 has no form in base x"},
		{"a 60 A 192.0.2.1 ;@ w" + strings.Repeat(" k=v", 2), "k stands twice"},
		{"$INCLUDE 0.inc", "deeper than 16 files: z.zone:1 → 0.inc:1 → 1.inc:1"},
	} {
		files := map[string][]byte{"z.zone": []byte(c.text + "\nz 60 A 192.0.2.7\n")}
		for i, name := range deep {
			files[name] = fmt.Appendf(nil, "$INCLUDE %d.inc\n", i+1)
		}
		records, diags := readFiles("z.zone", files)
		if len(diags) != 1 || !strings.Contains(diags[0].String(), c.want) {
			t.Errorf("%.60q: got %.300v, want %q", c.text, diags, c.want)
		}
		if len(records) == 0 || !strings.Contains(records[len(records)-1], " z.example.com. 60 A c0000207") {
			t.Errorf("%.60q: got records %.100q, want the last to be read", c.text, records)
		}
	}
}

// Protects the cap on diagnostics: the first diagMax are given, the others counted.
func TestDiagnosticsAreCapped(t *testing.T) {
	_, diags := readString(strings.Repeat("a 60 AX x\n", diagMax+500))
	if len(diags) != diagMax+1 {
		t.Fatalf("got %d diagnostics, want %d", len(diags), diagMax+1)
	}
	if got, want := diags[diagMax].String(), "z.zone:1001:1: this and 499 more errors are not shown"; got != want && !strings.Contains(got, "499 more") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Protects columns beyond what Pos can hold.
func TestColumnSaturates(t *testing.T) {
	records, _ := readString("a 60 TXT x" + strings.Repeat(" ", 70000) + ";@ weighted\n")
	if len(records) != 1 || !strings.HasSuffix(records[0], ";@ weighted@1:65535") {
		t.Errorf("got %.20q…, want an annotation at column 65535", records)
	}
}

// Protects Read's list of files: each once, in order of first use, those that cannot be read too.
func TestFiles(t *testing.T) {
	files, diags := Read(Source{Path: "sub/z.zone", Origin: exampleOrigin, Open: open(map[string][]byte{
		"sub/z.zone": []byte("$INCLUDE b.inc\n$INCLUDE gone.inc\n$INCLUDE b.inc x\n$INCLUDE ../c.inc\n"),
		"sub/b.inc":  []byte("a 60 A 192.0.2.1\n"),
		"c.inc":      []byte("c 60 A 192.0.2.1\n"),
	})}, func(*Entry) {})
	if got, want := strings.Join(files, " "), "sub/z.zone sub/b.inc sub/gone.inc c.inc"; got != want {
		t.Errorf("got files %q, want %q", got, want)
	}
	if len(diags) != 1 || diags[0].String() != "sub/z.zone:2:10: $INCLUDE: sub/gone.inc cannot be read: file does not exist" {
		t.Errorf("got %v", diags)
	}
	if _, diags := readFiles("none.zone", nil); len(diags) != 1 || diags[0].String() != "none.zone: zone file cannot be read: file does not exist" {
		t.Errorf("got %v", diags)
	}
}

// manyRecords is a zone of n A records, as in the benchmark of the issue.
func manyRecords(n int) []byte {
	var b bytes.Buffer
	b.WriteString("$ORIGIN example.com.\n$TTL 300\n@ IN SOA ns1 hostmaster 1 2 3 4 5\n")
	for i := range n {
		fmt.Fprintf(&b, "h%d.example.com. 300 IN A 10.%d.%d.%d\n", i, i>>16&255, i>>8&255, i&255)
	}
	return b.Bytes()
}

// Protects the budget of no allocation per record, annotated ones and those of $GENERATE included.
func TestReadAllocs(t *testing.T) {
	annotated := []byte(strings.Repeat("a 60 IN A 192.0.2.1 ;@ weighted id=\"x\\\"y\" weight=3\n", 10000))
	generated := []byte("$GENERATE 0-9999 h$ 60 IN A 192.0.2.1\n")
	for name, text := range map[string][]byte{"plain": manyRecords(10000), "annotated": annotated, "generated": generated} {
		src := Source{Path: "z.zone", Origin: exampleOrigin, Open: func(string) ([]byte, error) { return text, nil }}
		if got := testing.AllocsPerRun(5, func() { Read(src, func(*Entry) {}) }); got > 100 {
			t.Errorf("%s: got %v allocations for 10,000 records, want at most 100", name, got)
		}
	}
}

// BenchmarkRead reads 1,000,000 A records.
func BenchmarkRead(b *testing.B) {
	text := manyRecords(1_000_000)
	src := Source{Path: "z.zone", Origin: exampleOrigin, Open: func(string) ([]byte, error) { return text, nil }}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		records := 0
		if _, diags := Read(src, func(*Entry) { records++ }); records != 1_000_001 || len(diags) != 0 {
			b.Fatal(records, diags)
		}
	}
}

// FuzzRead: no text makes Read panic or run long, every diagnostic stands inside its file, and every record is sound.
func FuzzRead(f *testing.F) {
	for _, c := range syntaxCases(f) {
		f.Add(c.files[c.name+".zone"], c.files["sub.inc"])
	}
	f.Fuzz(func(t *testing.T, text, included []byte) {
		if len(text)+len(included) > 8192 {
			return
		}
		files := map[string][]byte{"z.zone": text, "sub.inc": included, "sub2.inc": included}
		src := Source{Path: "z.zone", Origin: exampleOrigin, Open: open(files)}
		r := newReader(src, nil)
		r.generate.left, r.includes = 1000, includeCountMax-20
		r.emit = func(e *Entry) {
			if len(e.Owner) == 0 || len(e.Owner) > nameLenMax || len(e.RData) > rdataLenMax || e.TTL > ttlMax {
				t.Fatalf("%q: entry %+v", text, e)
			}
			inside(t, files[r.files[e.Pos.File]], int(e.Pos.Line), int(e.Pos.Col))
			inside(t, files[r.files[e.DataPos.File]], int(e.DataPos.Line), int(e.DataPos.Col))
		}
		r.readRoot()
		for _, d := range r.diags {
			inside(t, files[d.Pos.File], d.Pos.Line, d.Pos.Col)
			if d.Text == "" || strings.ContainsAny(d.Text, "\n\x00") {
				t.Fatalf("%q: text of %+v", text, d)
			}
		}
		if r.diags.Errors() > 0 && len(bytes.Trim(text, " \t\n")) == 0 && len(included) == 0 {
			t.Fatalf("%q: %v", text, r.diags)
		}
	})
}

// inside fails unless line and col are a place of text, or just behind one of its lines.
func inside(t *testing.T, text []byte, line, col int) {
	t.Helper()
	lines := bytes.Split(text, []byte("\n"))
	if line < 1 || line > len(lines) || col < 1 || col > len(lines[line-1])+1 {
		t.Fatalf("%q: %d:%d is outside", text, line, col)
	}
}

// FuzzAnnotation: no comment makes the parser panic, and what it takes comes out the same when it is written with quotes and read again.
func FuzzAnnotation(f *testing.F) {
	for _, text := range []string{"weighted id=x", ` geo+weighted a="b \"c\" \052" d=e ; f`, "+", "a b==c", `a b="`, "a b=\\0", "a b=c;", ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.ContainsAny(text, "\r\n") {
			return
		}
		var first, second annotation
		_, at, msg := first.parse(&comment{text: text, line: 1, col: 1}, 0)
		if at < 0 || at > len(text) {
			t.Fatalf("%q: %q at %d", text, msg, at)
		}
		if msg != "" {
			return
		}
		again := append([]byte(" "), first.Chain...)
		for _, attr := range first.Attrs {
			again = append(append(append(again, ' '), attr.Key...), `="`...)
			for _, c := range attr.Value {
				again = fmt.Appendf(again, `\%03d`, c)
			}
			again = append(again, '"')
		}
		if _, _, msg := second.parse(&comment{text: again, line: 1, col: 1}, 0); msg != "" {
			t.Fatalf("%q, written %q: %s", text, again, msg)
		}
		if !bytes.Equal(first.Chain, second.Chain) || len(first.Attrs) != len(second.Attrs) {
			t.Fatalf("%q: got %+v, again %+v", text, first, second)
		}
		for i := range first.Attrs {
			if a, b := first.Attrs[i], second.Attrs[i]; !bytes.Equal(a.Key, b.Key) || !bytes.Equal(a.Value, b.Value) {
				t.Fatalf("%q: got %+v, again %+v", text, a, b)
			}
		}
	})
}

// miekgDiffers matches what miekg/dns reads in a way of its own: inside parentheses a line break does not end a field there.
var miekgDiffers = regexp.MustCompile(`\([^)]*\n[^ \t]`)

// FuzzAgainstMiekg: a text that miekg/dns takes too has the same records there. Left out are miekgDiffers, and $INCLUDE and $GENERATE,
// which it knows in a form of its own; a text about which we warn is left out too.
func FuzzAgainstMiekg(f *testing.F) {
	for _, c := range syntaxCases(f) {
		f.Add(c.files[c.name+".zone"])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		upper := bytes.ToUpper(text)
		if len(text) > 4096 || bytes.Contains(upper, []byte("$INCLUDE")) || bytes.Contains(upper, []byte("$GENERATE")) || miekgDiffers.Match(text) {
			return
		}
		records, diags := readFiles("z.zone", map[string][]byte{"z.zone": text})
		if len(diags) > 0 {
			return
		}
		var theirs []string
		parser := dns.NewZoneParser(bytes.NewReader(text), "example.com.", "z.zone")
		for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
			buf := make([]byte, dns.MaxMsgSize)
			end, err := dns.PackRR(rr, buf, 0, nil, false)
			if err != nil {
				return
			}
			h := rr.Header()
			owner := make([]byte, 256)
			ownerLen, err := dns.PackDomainName(h.Name, owner, 0, nil, false)
			if err != nil {
				return
			}
			theirs = append(theirs, fmt.Sprintf("%s %d %s %x", AppendName(nil, owner[:ownerLen]), h.Ttl, typeName(h.Rrtype), buf[end-int(h.Rdlength):end]))
		}
		if parser.Err() != nil {
			return
		}
		for i, record := range records {
			_, record, _ = strings.Cut(record, " ")
			record, _, _ = strings.Cut(record, " ;@")
			if i >= len(theirs) || record != theirs[i] {
				t.Fatalf("%q:\n got %q\nmiekg %q", text, records, theirs)
			}
		}
		if len(theirs) != len(records) {
			t.Fatalf("%q:\n got %q\nmiekg %q", text, records, theirs)
		}
	})
}
