package zonefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signpost/host/rrdata"
)

var update = flag.Bool("update-peers", false, "ask NSD, Knot and BIND about every line of testdata/rdata and rewrite peers.golden")

const peersGolden = "testdata/rdata/peers.golden"

// peer is one server's zone checker. A capital letter in a golden verdict means that it loads the line.
type peer struct {
	letter  string
	command []string // the zone file's path is appended
	version []string
}

var peers = []peer{
	{"N", []string{"nsd-checkzone", "example."}, []string{"dpkg-query", "-W", "nsd"}},
	{"K", []string{"kzonecheck", "-d", "off", "-o", "example."}, []string{"dpkg-query", "-W", "knot-dnssecutils"}},
	{"B", append([]string{"named-checkzone"}, append(bindFlags, "example.")...), []string{"dpkg-query", "-W", "bind9-utils"}},
}

// bindFlags turn off what is about more than one record.
var bindFlags = []string{"-q", "-i", "none", "-k", "ignore", "-m", "ignore", "-M", "ignore", "-n", "ignore", "-r", "ignore", "-S", "ignore"}

// verdict is one line of the golden: the line, who loads it, and the wire form BIND makes of it.
type verdict struct {
	line, loads string
	wire        []byte
}

func (v verdict) String() string { return fmt.Sprintf("%s\t%x\t%s\n", v.loads, v.wire, v.line) }

// corpus returns the lines "TYPE DATA" of a file in testdata/rdata.
func corpus(t testing.TB, name string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/rdata", name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != ';' {
			lines = append(lines, line)
		}
	}
	return lines
}

// zoneOf returns a zone that holds line at an owner where the peers want such a type.
func zoneOf(line string) []byte {
	owner, soa := "rec", "@ IN SOA ns1.example.net. hostmaster 1 7200 900 1209600 300\n"
	typ, _, _ := strings.Cut(strings.ToUpper(line), " ")
	switch typ {
	case "SOA":
		owner, soa = "@", ""
	case "NSEC3":
		owner = "2t7b4g4vsa5smi47k61mv5bv1a22bojr"
	case "DNSKEY", "CDS", "CDNSKEY", "NSEC3PARAM", "ZONEMD", "CSYNC":
		owner = "@"
	case "DS":
		soa += "rec IN NS ns1.example.net.\n"
	}
	return []byte("$ORIGIN example.\n$TTL 300\n" + soa + "@ IN NS ns1.example.net.\n" + owner + " IN " + line + "\n")
}

// ask runs all peers over a zone that holds line.
func ask(ctx context.Context, dir, line string, verbose bool) (v verdict, output string) {
	v.line = line
	path := filepath.Join(dir, "zone")
	if err := os.WriteFile(path, zoneOf(line), 0o600); err != nil {
		return v, err.Error()
	}
	for _, p := range peers {
		out, err := exec.CommandContext(ctx, p.command[0], append(p.command[1:], path)...).CombinedOutput()
		if letter := p.letter; err == nil {
			v.loads += letter
		} else {
			v.loads += strings.ToLower(letter)
			if letter == "B" && verbose {
				out, _ = exec.CommandContext(ctx, "named-checkzone", "example.", path).CombinedOutput()
			}
			output += fmt.Sprintf("%s: %s", letter, out)
		}
	}
	if strings.HasSuffix(v.loads, "B") {
		raw := filepath.Join(dir, "raw")
		flags := append(append([]string{}, bindFlags...), "-F", "raw", "-o", raw, "example.", path)
		if err := exec.CommandContext(ctx, "named-compilezone", flags...).Run(); err == nil {
			v.wire, _ = rawRData(raw, line)
		}
	}
	return v, output
}

// rawRData returns the data of the line's record out of BIND's raw zone format: a header, then for each RRset its length,
// class, type, covered type, TTL, record count, owner and the records, each with its length.
func rawRData(path, line string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(line, " ")
	want, _ := typeByName([]byte(name))
	const rawHeaderLen = 24 // format, version, time, flags, source serial, last transfer
	for b = b[rawHeaderLen:]; len(b) > 20; b = b[binary.BigEndian.Uint32(b):] {
		typ := binary.BigEndian.Uint16(b[6:])
		ownerLen := int(binary.BigEndian.Uint16(b[18:]))
		owner := b[20 : 20+ownerLen]
		data := b[20+ownerLen:]
		if typ == want && (typ != rrdata.TypeNS || bytes.Contains(owner, []byte("\x03rec"))) {
			return data[2 : 2+binary.BigEndian.Uint16(data)], nil
		}
	}
	return nil, fmt.Errorf("%s: no %s", path, name)
}

// askAll asks about all lines with two workers until ctx is done; the verdicts of lines not reached are empty.
func askAll(ctx context.Context, t *testing.T, lines []string, log *os.File) []verdict {
	t.Helper()
	verdicts := make([]verdict, len(lines))
	var wait sync.WaitGroup
	var mu sync.Mutex // guards log
	for worker := range 2 {
		dir := t.TempDir()
		wait.Go(func() {
			for i := worker; i < len(lines) && ctx.Err() == nil; i += 2 {
				v, output := ask(ctx, dir, lines[i], log != nil)
				if ctx.Err() != nil {
					return // what was stopped halfway says nothing
				}
				verdicts[i] = v
				if log != nil {
					mu.Lock()
					fmt.Fprintf(log, "== %s %s\n%s", v.loads, v.line, output)
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return verdicts
}

// readPeersGolden returns the golden's first line, the versions, and its verdicts.
func readPeersGolden(t *testing.T) (versions string, verdicts []verdict) {
	t.Helper()
	text, err := os.ReadFile(peersGolden)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, ";") {
			versions += line
			continue
		}
		parts := strings.SplitN(line, "\t", 3)
		wire, err := hex.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		verdicts = append(verdicts, verdict{parts[2], parts[0], wire})
	}
	return versions, verdicts
}

// peerVersions returns what is installed, "" where something is missing.
func peerVersions() string {
	versions := ";"
	for _, p := range peers {
		out, err := exec.Command(p.version[0], p.version[1:]...).Output()
		if _, missing := exec.LookPath(p.command[0]); err != nil || missing != nil {
			return ""
		}
		versions += " " + strings.Join(strings.Fields(string(out)), " ")
	}
	return versions
}

// Protects the rule of this package: what NSD, Knot and BIND all refuse is refused, what they all load is loaded, and to BIND's wire form.
func TestRDataAgreesWithPeers(t *testing.T) {
	if *update {
		updatePeersGolden(t)
	}
	_, verdicts := readPeersGolden(t)
	refused, loaded, ours := 0, 0, 0
	for _, v := range verdicts {
		wire, msg := parseLine(v.line)
		switch {
		case v.loads == "nkb" && msg == "":
			t.Errorf("%s: got loaded as %x, want refused: all peers refuse it", v.line, wire)
		case v.loads == "NKB" && msg != "":
			t.Errorf("%s: got %q, want loaded: all peers load it", v.line, msg)
		case msg == "" && strings.HasSuffix(v.loads, "B") && !bytes.Equal(wire, v.wire):
			t.Errorf("%s: got wire %x, want %x as BIND", v.line, wire, v.wire)
		}
		if v.loads == "nkb" {
			if refused++; msg != "" {
				ours++
			}
		}
		if v.loads == "NKB" {
			loaded++
		}
	}
	t.Logf("%d lines: all three refuse %d, of these refused here %d; all three load %d", len(verdicts), refused, ours, loaded)
	if refused < 400 || loaded < 200 {
		t.Errorf("the corpus has shrunk: %d lines that all refuse, want at least 400; %d that all load, want at least 200", refused, loaded)
	}
}

// Protects the way through the reader: each line of the corpus in a zone of its own gives the same verdict and the same data.
func TestReadAgreesWithPeers(t *testing.T) {
	_, verdicts := readPeersGolden(t)
	for _, v := range verdicts {
		name, _, _ := strings.Cut(v.line, " ")
		typ, _ := typeByName([]byte(name))
		open := func(string) ([]byte, error) { return zoneOf(v.line), nil }
		var rdata []byte
		_, diags := Read(Source{Path: "zone", Origin: []byte("\x07example\x00"), Open: open}, func(e *Entry) {
			if e.Type == typ && (typ != rrdata.TypeNS || bytes.HasPrefix(e.Owner, []byte("\x03rec"))) {
				rdata = bytes.Clone(e.RData)
			}
		})
		switch errors := diags.Errors(); {
		case v.loads == "nkb" && errors == 0:
			t.Errorf("%s: got loaded as %x, want refused: all peers refuse it", v.line, rdata)
		case v.loads == "NKB" && errors > 0:
			t.Errorf("%s: got %v, want loaded: all peers load it", v.line, diags)
		case errors == 0 && strings.HasSuffix(v.loads, "B") && !bytes.Equal(rdata, v.wire):
			t.Errorf("%s: got %x, want %x as BIND", v.line, rdata, v.wire)
		}
	}
}

func updatePeersGolden(t *testing.T) {
	versions := peerVersions()
	if versions == "" {
		t.Fatal("nsd, knot-dnssecutils and bind9-utils must be installed")
	}
	log, err := os.Create(filepath.Join(os.TempDir(), "peers.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var golden bytes.Buffer
	golden.WriteString(versions + "\n")
	for _, v := range askAll(context.Background(), t, append(corpus(t, "wellformed.txt"), corpus(t, "malformed.txt")...), log) {
		golden.WriteString(v.String())
	}
	if err := os.WriteFile(peersGolden, golden.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Protects the golden from growing old: as many of its lines as 6 seconds allow, beginning at another one each day, are asked again.
func TestPeersStillSayTheSame(t *testing.T) {
	golden, verdicts := readPeersGolden(t)
	versions := peerVersions()
	if versions == "" {
		t.Skip("peers.golden is not checked again: nsd-checkzone, kzonecheck or named-checkzone is not installed")
	}
	if versions != golden {
		t.Skipf("peers.golden is not checked again: it is of %q, installed is %q", golden, versions)
	}
	if testing.Short() {
		t.Skip("peers.golden is not checked again: -short")
	}
	first := time.Now().YearDay() * 97 % len(verdicts)
	verdicts = append(verdicts[first:], verdicts[:first]...)
	lines := make([]string, len(verdicts))
	for i, v := range verdicts {
		lines[i] = v.line
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	asked := 0
	for i, got := range askAll(ctx, t, lines, nil) {
		if got.line == "" {
			continue
		}
		if asked++; got.String() != verdicts[i].String() {
			t.Errorf("%s: got %s %x, want %s %x", lines[i], got.loads, got.wire, verdicts[i].loads, verdicts[i].wire)
		}
	}
	t.Logf("%d of %d lines asked again", asked, len(lines))
}

// parseLine parses "TYPE DATA" as the reader would, with origin example.
func parseLine(line string) (wire []byte, msg string) {
	name, data, _ := strings.Cut(line, " ")
	typ, ok := typeByName([]byte(name))
	if !ok {
		return nil, "unknown type"
	}
	toks, msg := lineTokens(data)
	if msg != "" {
		return nil, msg
	}
	wire, bad, msg := appendRData(nil, typ, toks, []byte("\x07example\x00"))
	if msg != "" && (bad < 0 || bad > len(toks)) {
		msg = fmt.Sprintf("%s: bad token index %d of %d", msg, bad, len(toks))
	}
	return wire, msg
}

// lineTokens splits one line into fields as RFC 1035 §5.1 has it, without parentheses and comments.
func lineTokens(text string) (toks []token, msg string) {
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '\t' {
			i++
			continue
		}
		quoted := text[i] == '"'
		if quoted {
			i++
		}
		start, col := i, i+1
		if quoted {
			col--
		}
		for i < len(text) && (quoted && text[i] != '"' || !quoted && text[i] != ' ' && text[i] != '\t' && text[i] != '"') {
			if text[i] == '\\' {
				i++
			}
			i++
		}
		if i > len(text) || quoted && i == len(text) {
			return nil, "string is not terminated"
		}
		toks = append(toks, token{text: []byte(text[start:i]), line: 1, col: uint16(col), quoted: quoted})
		if quoted {
			i++
		}
	}
	return toks, ""
}
