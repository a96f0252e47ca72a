package zonefile

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"signpost/host/diag"
)

var updateSyntax = flag.Bool("update", false, "rewrite the golden files in testdata")

// exampleOrigin is "example.com." on the wire.
var exampleOrigin = []byte("\x07example\x03com\x00")

// syntaxHead makes a snippet a zone that every peer takes.
const syntaxHead = "@ 3600 IN SOA ns h 1 2 3 4 5\n@ 3600 IN NS ns\nns 3600 IN A 192.0.2.1\n"

// syntaxCase is one case of testdata/syntax.txtar. files holds all its files, the zone as NAME.zone.
type syntaxCase struct {
	name  string
	files map[string][]byte
}

var syntaxByte = regexp.MustCompile(`<0x([0-9a-f]{2})>`)

// syntaxCases reads testdata/syntax.txtar.
func syntaxCases(t testing.TB) []syntaxCase {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/syntax.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var cases []syntaxCase
	for _, file := range archive.Files {
		text := bytes.ReplaceAll(file.Data, []byte("<EOF>\n"), nil)
		text = syntaxByte.ReplaceAllFunc(text, func(m []byte) []byte {
			b, _ := hex.DecodeString(string(m[3:5]))
			return b
		})
		name, included, ok := strings.Cut(file.Name, "/")
		if ok {
			cases[len(cases)-1].files[included] = text
			continue
		}
		if !bytes.Contains(text, []byte("SOA")) {
			text = append([]byte(syntaxHead), text...)
		}
		cases = append(cases, syntaxCase{name, map[string][]byte{name + ".zone": text}})
	}
	return cases
}

// open is a Source.Open over the files of a test.
func open(files map[string][]byte) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return text, nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
}

// readText reads one text as example.com's zone file and returns its records as lines.
func readFiles(name string, files map[string][]byte) (records []string, diags diag.List) {
	_, diags = Read(Source{Path: name, Origin: exampleOrigin, Open: open(files)}, func(e *Entry) {
		records = append(records, entryText(e))
	})
	return records, diags
}

// entryText prints an entry: place, owner, TTL, type, data as it is on the wire, annotation.
func entryText(e *Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:%d:%d %s %d %s %x", e.Pos.File, e.Pos.Line, e.Pos.Col, AppendName(nil, e.Owner), e.TTL, typeName(e.Type), e.RData)
	if a := e.Annotation; a != nil {
		fmt.Fprintf(&b, " ;@ %s@%d:%d", a.Chain, a.ChainPos.Line, a.ChainPos.Col)
		for _, attr := range a.Attrs {
			fmt.Fprintf(&b, " %s@%d:%d=%q@%d:%d", attr.Key, attr.KeyPos.Line, attr.KeyPos.Col, attr.Value, attr.ValuePos.Line, attr.ValuePos.Col)
		}
	}
	return b.String()
}

// Protects what every case of the syntax corpus reads as, and the text and place of every diagnostic. Change with -update, and review.
func TestSyntaxGolden(t *testing.T) {
	var got bytes.Buffer
	for _, c := range syntaxCases(t) {
		records, diags := readFiles(c.name+".zone", c.files)
		fmt.Fprintf(&got, "-- %s --\n", c.name)
		for _, record := range records {
			if c.files[c.name+".zone"][0] != '@' || !strings.HasPrefix(record, "0:1:1 ") && !strings.HasPrefix(record, "0:2:1 ") && !strings.HasPrefix(record, "0:3:1 ") {
				fmt.Fprintln(&got, record)
			}
		}
		for _, d := range diags {
			fmt.Fprintln(&got, strings.TrimPrefix(d.String(), c.name+".zone:"))
		}
	}
	golden(t, "testdata/syntax.golden", got.Bytes())
}

// golden compares with a file, or rewrites it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *updateSyntax {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			want := "nothing"
			if i < len(wantLines) {
				want = wantLines[i]
			}
			t.Fatalf("%s:%d:\n got %s\nwant %s", path.Base(file), i+1, gotLines[i], want)
		}
	}
	t.Fatalf("%s: got %d lines, want %d", path.Base(file), len(gotLines), len(wantLines))
}
