package zonefile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// syntaxDiffers are the cases where we refuse what all three peers load, and why.
var syntaxDiffers = map[string]string{
	"ttl_too_big":           "RFC 2181 section 8: the peers serve 0 or 3600 instead of what the file says",
	"ttl_max_32":            "RFC 2181 section 8: the peers serve 0 or 3600 instead of what the file says",
	"ttl_directive_too_big": "RFC 2181 section 8: the peers serve 0 or 3600 instead of what the file says",
}

// annotationCase names the cases about what is a plain comment to the peers.
func annotationCase(name string) bool { return strings.HasPrefix(name, "annotation_") }

const syntaxPeersGolden = "testdata/syntax.peers"

// syntaxVerdict is what the peers make of a case. A capital letter of loads means that NSD, Knot or BIND loads it; nsd and bind are the
// records they print (Knot prints none).
type syntaxVerdict struct {
	name, hash, loads string
	nsd, bind         []string
}

func (v *syntaxVerdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "== %s %s %s\n", v.name, v.hash, v.loads)
	for _, record := range v.nsd {
		letter := "N"
		if slices.Contains(v.bind, record) {
			letter = "NB"
		}
		fmt.Fprintln(&b, letter, record)
	}
	for _, record := range v.bind {
		if !slices.Contains(v.nsd, record) {
			fmt.Fprintln(&b, "B", record)
		}
	}
	return b.String()
}

// readSyntaxPeers returns the golden's first line, the versions, and its verdicts.
func readSyntaxPeers(t *testing.T) (versions string, verdicts []syntaxVerdict) {
	t.Helper()
	text, err := os.ReadFile(syntaxPeersGolden)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch {
		case word == ";":
			versions = "; " + rest
			continue
		case word == "==":
			fields := strings.Fields(rest)
			verdicts = append(verdicts, syntaxVerdict{name: fields[0], hash: fields[1], loads: fields[2]})
			continue
		}
		v := &verdicts[len(verdicts)-1]
		if strings.Contains(word, "N") {
			v.nsd = append(v.nsd, rest)
		}
		if strings.Contains(word, "B") {
			v.bind = append(v.bind, rest)
		}
	}
	for i := range verdicts {
		slices.Sort(verdicts[i].nsd)
		slices.Sort(verdicts[i].bind)
	}
	return versions, verdicts
}

// syntaxHash changes when a case does, so that the golden cannot answer for another text.
func syntaxHash(c syntaxCase) string {
	sum := sha256.New()
	names := make([]string, 0, len(c.files))
	for name := range c.files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(c.files[name]), c.files[name])
	}
	return fmt.Sprintf("%.4x", sum.Sum(nil))
}

// Protects the promise of the package comment: what NSD, Knot and BIND all refuse is refused, what all load is loaded with the
// records that they print (where NSD and BIND differ, ours are one of the two). Their verdicts are a golden: -update-peers asks them.
func TestSyntaxAgainstPeers(t *testing.T) {
	cases := syntaxCases(t)
	if *update {
		updateSyntaxPeers(t, cases)
	}
	_, verdicts := readSyntaxPeers(t)
	if len(verdicts) != len(cases) {
		t.Fatalf("%s has %d cases, the corpus %d: run with -update-peers", syntaxPeersGolden, len(verdicts), len(cases))
	}
	refused, loaded := 0, 0
	for i, c := range cases {
		v := &verdicts[i]
		if v.name != c.name || v.hash != syntaxHash(c) {
			t.Errorf("%s is of another %s: run with -update-peers", syntaxPeersGolden, c.name)
			continue
		}
		if v.loads == "nkb" {
			refused++
		}
		if v.loads == "NKB" {
			loaded++
		}
		compareSyntax(t, c, v)
	}
	t.Logf("%d cases: all three refuse %d, all three load %d", len(cases), refused, loaded)
	if refused < 50 || loaded < 80 {
		t.Errorf("the corpus has shrunk: %d cases that all refuse, want at least 50; %d that all load, want at least 80", refused, loaded)
	}
}

// compareSyntax reads a case and holds it against the verdict.
func compareSyntax(t *testing.T, c syntaxCase, v *syntaxVerdict) {
	t.Helper()
	zone := c.name + ".zone"
	var records []string
	_, diags := Read(Source{Path: zone, Origin: exampleOrigin, Open: open(c.files)}, func(e *Entry) {
		if line, ok := foldedRecord(string(AppendName(nil, e.Owner)), e.TTL, e.Type, e.RData); ok {
			records = append(records, line)
		}
	})
	slices.Sort(records)
	records = slices.Compact(records)
	loads := diags.Errors() == 0
	_, differs := syntaxDiffers[c.name]
	switch {
	case v.loads == "nkb" && loads:
		t.Errorf("%s: got loaded, want refused: all peers refuse it\n%q", c.name, c.files[zone])
	case v.loads == "NKB" && !loads && !differs && !annotationCase(c.name):
		t.Errorf("%s: got %v, want loaded: all peers load it\n%q", c.name, diags, c.files[zone])
	case differs && loads:
		t.Errorf("%s: got loaded, want refused: syntaxDiffers names it", c.name)
	}
	if loads && (v.nsd != nil || v.bind != nil) && !slices.Equal(records, v.nsd) && !slices.Equal(records, v.bind) {
		t.Errorf("%s: got records\n%s\nwant those of NSD\n%s\nor of BIND\n%s", c.name, strings.Join(records, "\n"), strings.Join(v.nsd, "\n"), strings.Join(v.bind, "\n"))
	}
}

// askSyntaxPeers runs the three tools on a case. Knot's gets 1 GB at most: it follows a file that includes itself until memory ends.
func askSyntaxPeers(ctx context.Context, t *testing.T, dir string, c syntaxCase) syntaxVerdict {
	for name, text := range c.files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Error(err)
		}
	}
	v := syntaxVerdict{name: c.name, hash: syntaxHash(c), loads: "nkb"}
	zone := c.name + ".zone"
	run := func(letter, tool string, args ...string) []string {
		cmd := exec.CommandContext(ctx, tool, args...)
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		if err != nil {
			return nil
		}
		v.loads = strings.Replace(v.loads, strings.ToLower(letter), letter, 1)
		return printedRecords(output)
	}
	v.nsd = run("N", "nsd-checkzone", "-p", "example.com", zone)
	run("K", "sh", "-c", `ulimit -v 1000000 && exec kzonecheck -o example.com "$1"`, "sh", zone)
	v.bind = run("B", "named-checkzone", append(slices.Clone(bindFlags[1:]), "-D", "example.com", zone)...)
	return v
}

// askSyntax asks about the cases with two workers until ctx is done; verdicts of cases not reached are empty.
func askSyntax(ctx context.Context, t *testing.T, cases []syntaxCase) []syntaxVerdict {
	verdicts := make([]syntaxVerdict, len(cases))
	var wait sync.WaitGroup
	for worker := range 2 {
		dir := t.TempDir()
		wait.Go(func() {
			for i := worker; i < len(cases) && ctx.Err() == nil; i += 2 {
				if v := askSyntaxPeers(ctx, t, dir, cases[i]); ctx.Err() == nil {
					verdicts[i] = v
				}
			}
		})
	}
	wait.Wait()
	return verdicts
}

func updateSyntaxPeers(t *testing.T, cases []syntaxCase) {
	versions := peerVersions()
	if versions == "" {
		t.Fatal("nsd, knot-dnssecutils and bind9-utils must be installed")
	}
	golden := []byte(versions + "\n")
	for _, v := range askSyntax(context.Background(), t, cases) {
		golden = append(golden, v.String()...)
	}
	if err := os.WriteFile(syntaxPeersGolden, golden, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Protects the golden from growing old: as many of its cases as 5 seconds allow, beginning at another one each day, are asked again.
func TestSyntaxPeersStillSayTheSame(t *testing.T) {
	golden, verdicts := readSyntaxPeers(t)
	switch versions := peerVersions(); {
	case versions == "":
		t.Skip("syntax.peers is not checked again: nsd-checkzone, kzonecheck or named-checkzone is not installed")
	case versions != golden:
		t.Skipf("syntax.peers is not checked again: it is of %q, installed is %q", golden, versions)
	case testing.Short():
		t.Skip("syntax.peers is not checked again: -short")
	}
	cases := syntaxCases(t)
	first := time.Now().YearDay() * 31 % len(cases)
	cases = append(cases[first:], cases[:first]...)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	asked := 0
	for i, got := range askSyntax(ctx, t, cases) {
		if got.name == "" {
			continue
		}
		want := &verdicts[(first+i)%len(verdicts)]
		if asked++; got.String() != want.String() {
			t.Errorf("got\n%swant\n%s", got.String(), want.String())
		}
	}
	t.Logf("%d of %d cases asked again", asked, len(cases))
}

// printedRecords parses a zone as NSD and BIND print it, between lines of log.
func printedRecords(output []byte) []string {
	var zone bytes.Buffer
	for line := range strings.Lines(string(output)) {
		if !strings.HasPrefix(line, "zone ") && !strings.HasPrefix(line, "[") && !strings.HasPrefix(line, "OK") &&
			!strings.Contains(line, ".zone:") && !strings.Contains(line, ".inc:") {
			zone.WriteString(line)
		}
	}
	var records []string
	parser := dns.NewZoneParser(&zone, ".", "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		buf := make([]byte, dns.MaxMsgSize)
		end, err := dns.PackRR(rr, buf, 0, nil, false)
		if err != nil {
			return []string{err.Error()}
		}
		if line, ok := foldedRecord(rr.Header().Name, rr.Header().Ttl, rr.Header().Rrtype, buf[end-int(rr.Header().Rdlength):end]); ok {
			records = append(records, line)
		}
	}
	if err := parser.Err(); err != nil {
		return []string{err.Error()}
	}
	slices.Sort(records)
	return slices.Compact(records)
}

// foldedRecord prints a record without case (NSD prints names in lower case); ok is false outside of the zone, which peers leave out.
func foldedRecord(owner string, ttl uint32, typ uint16, rdata []byte) (line string, ok bool) {
	wire := make([]byte, 256)
	end, err := dns.PackDomainName(owner, wire, 0, nil, false)
	if err != nil {
		return err.Error(), true
	}
	wire = lowerASCII(wire[:end])
	return fmt.Sprintf("%q %d TYPE%d %x", wire, ttl, typ, lowerASCII(rdata)), bytes.HasSuffix(wire, exampleOrigin)
}

// lowerASCII lowers letters, and length bytes that look like letters: alike on both sides of a comparison.
func lowerASCII(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if c-'A' < 26 {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}
