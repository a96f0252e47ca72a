package host

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/explain"
	"signpost/host/geo"
	"signpost/host/load"
	"signpost/host/override"
	"signpost/host/plugin"
	"signpost/plugins"
)

// block is one fenced block of a manual.
type block struct {
	file     string
	line     int
	language string
	text     string
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)[^\n]*\n(.*?)^```$")

// manuals finds the fenced blocks of every README and RATIONALE.
func manuals(t *testing.T) []block {
	t.Helper()
	var blocks []block
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != ".." && (entry.Name()[0] == '.' || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		for _, m := range fence.FindAllSubmatchIndex(text, -1) {
			blocks = append(blocks, block{
				file: name, line: strings.Count(string(text[:m[0]]), "\n") + 1,
				language: string(text[m[2]:m[3]]), text: string(text[m[4]:m[5]]),
			})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// builtins starts the built-in plugins and waits for them.
func builtins(t *testing.T) *plugin.Host {
	t.Helper()
	p, err := plugin.New(context.Background(), plugin.Options{Builtin: plugins.Builtin(), CacheDir: CacheDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	<-p.Ready()
	return p
}

// Protects the manuals: every block of zone text and of configuration that they show loads without an error. A block without an SOA is a
// part of a zone and gets one; the checks, views, regions and collections that the manuals mention exist.
func TestManualsLoad(t *testing.T) {
	plugins := builtins(t)
	const head = "$TTL 300\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n@ IN NS ns1.example.net.\n"
	const settings = "views: { internal: { clients: [10.0.0.0/8] } }\nchecks:\n  web: { http: { port: 80 } }\n  postgres: { tcp: { port: 5432 } }\n" +
		"  primary: { http: { port: 80 } }\n  standby: { http: { port: 80 } }\n" +
		"latency: { regions: { our-dc: { lat: 52.1, lon: 5.2 } } }\ncollections: { offices: [192.0.2.64/26] }\n"
	zones, configs := 0, 0
	for _, b := range manuals(t) {
		switch b.language {
		case "zone":
			zones++
			dir, text := t.TempDir(), b.text
			if !regexp.MustCompile(`\bSOA\b`).MatchString(text) {
				text = head + text
			} else if !strings.HasPrefix(text, "$") {
				text = "$TTL 300\n" + text
			}
			writeFile(t, filepath.Join(dir, "example.com.zone"), text)
			writeFile(t, filepath.Join(dir, "example.net.zone"), head+"lb IN A 192.0.2.1\n")
			writeFile(t, filepath.Join(dir, config.FileName), settings)
			status, err := load.Check(context.Background(), dir, plugins)
			if err != nil {
				t.Fatal(err)
			}
			if status.Diagnostics.Errors() > 0 {
				t.Errorf("%s:%d: zone text that does not load:\n%s\n%v", b.file, b.line, text, errorsOf(status.Diagnostics))
			}
		case "csv":
			if _, mistakes := geo.ParseTable([]byte(b.text), geo.NewRegions(nil), diag.DidYouMean); len(mistakes) > 0 {
				t.Errorf("%s:%d: a table of latencies that does not load:\n%s\n%v", b.file, b.line, b.text, mistakes)
			}
		case "yaml":
			configs++
			if strings.HasPrefix(b.text, "- ") {
				if _, diags := override.Parse(override.FileName, []byte(b.text)); len(diags) > 0 {
					t.Errorf("%s:%d: overrides that do not load:\n%s\n%v", b.file, b.line, b.text, diags)
				}
				continue
			}
			if _, diags := config.Parse(config.FileName, []byte(b.text)); diags.Errors() > 0 {
				t.Errorf("%s:%d: configuration that does not load:\n%s\n%v", b.file, b.line, b.text, errorsOf(diags))
			}
		}
	}
	if zones == 0 || configs == 0 {
		t.Errorf("got %d blocks of zone text and %d of configuration, want some of both", zones, configs)
	}
}

// session finds the console block of README.md that begins with command, and returns what it prints up to the next command.
func session(t *testing.T, command string) string {
	t.Helper()
	for _, b := range manuals(t) {
		if rest, ok := strings.CutPrefix(b.text, "$ "+command+"\n"); ok && b.file == "../README.md" {
			out, _, _ := strings.Cut(rest, "\n$ ")
			return strings.TrimSuffix(out, "\n")
		}
	}
	t.Fatalf("README.md has no session that begins with %q", command)
	return ""
}

// unsettled is what differs between two runs: times, addresses, sums and fuel of what is built anew.
var unsettled = regexp.MustCompile(`in [0-9.]+m?s\)|127\.0\.0\.1:[0-9]+.*|@127\.0\.0\.1 -p [0-9]+|sha256 [0-9a-f]+|[0-9,]+ fuel`)

func settled(text string) string {
	return unsettled.ReplaceAllString(strings.TrimSuffix(text, "\n"), "…")
}

var pluginsShown = regexp.MustCompile(`\d+ built in`)

// Protects README.md's first screen, which is what serving the sample directory prints.
func TestReadmeServes(t *testing.T) {
	builtins(t) // so that their code is kept, as in a second start
	var out bytes.Buffer
	admin := "127.0.0.1:0"
	h, err := Start(context.Background(), Options{
		Dir: "../zonefiles", Listen: []string{"127.0.0.1:0"}, Admin: &admin, Log: slog.New(slog.DiscardHandler), Out: &out,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	got := strings.Replace(out.String(), "../zonefiles", "zonefiles", 1)
	want := session(t, "go run ./cmd/signpost serve zonefiles")
	got = strings.Replace(got, "compiling; routed names answer in a moment", pluginsShown.FindString(want), 1) // on a slow machine
	if settled(got) != settled(want) {
		t.Errorf("README.md does not show what is printed:\n%s\nwant\n%s", want, got)
	}
}

// Protects README.md's explanation.
func TestReadmeExplains(t *testing.T) {
	d, err := Open(context.Background(), "../zonefiles")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	q, err := explain.ParseQuestion(url.Values{"name": {"app.example.com"}, "client": {"203.0.113.0/24"}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := d.Explain(q)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := report.WriteText(&got); err != nil {
		t.Fatal(err)
	}
	want := session(t, "signpost explain app.example.com --client 203.0.113.0/24 --dir zonefiles")
	if settled(got.String()) != settled(want) {
		t.Errorf("README.md does not show what is printed:\n%s\nwant\n%s", want, &got)
	}
}

func errorsOf(diags diag.List) string {
	var lines []string
	for _, d := range diags {
		if d.Severity == diag.Error {
			lines = append(lines, d.String())
		}
	}
	return strings.Join(lines, "\n")
}

func writeFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Protects the sample directory: no error and no warning.
func TestSampleLoads(t *testing.T) {
	status, err := load.Check(context.Background(), "../zonefiles", builtins(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range status.Diagnostics {
		t.Errorf("zonefiles: %v", d)
	}
	if len(status.Zones) < 9 || status.Records() < 150 {
		t.Errorf("zonefiles: got %d zones with %d records", len(status.Zones), status.Records())
	}
}

// peerCheckers are the programs of other servers that read a zone; their arguments end with origin and file.
var peerCheckers = [][]string{{"named-checkzone", "-q"}, {"nsd-checkzone"}, {"kzonecheck", "-o"}}

// onlyHere is what the manual says that other servers do not read.
var onlyHere = map[string]string{
	"nsd-checkzone 2.0.192.in-addr.arpa.zone": "$GENERATE",
	"kzonecheck 2.0.192.in-addr.arpa.zone":    "$GENERATE",
}

var aliasLine = regexp.MustCompile(`\bALIAS +(\S+)\.`)

// Protects the promise that zone files are ordinary ones: those of the sample load in BIND, NSD and Knot as they are, ALIAS by its number.
func TestSampleLoadsElsewhere(t *testing.T) {
	files, err := filepath.Glob("../zonefiles/*.zone")
	if err != nil {
		t.Fatal(err)
	}
	inside, err := filepath.Glob("../zonefiles/internal/*.zone")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, checker := range peerCheckers {
		program, err := exec.LookPath(checker[0])
		if err != nil {
			if program, err = exec.LookPath("/usr/sbin/" + checker[0]); err != nil {
				continue
			}
		}
		checked++
		for _, file := range append(files, inside...) {
			base := filepath.Base(file)
			if onlyHere[checker[0]+" "+base] != "" {
				continue
			}
			arguments := append(append([]string{}, checker[1:]...), strings.NewReplacer("%2F", "/", ".zone", "").Replace(base), filepath.Base(file))
			command := exec.Command(program, arguments...)
			command.Dir = filepath.Dir(file)
			if text, err := os.ReadFile(file); err != nil {
				t.Fatal(err)
			} else if aliasLine.Match(text) {
				command.Dir = t.TempDir()
				writeFile(t, filepath.Join(command.Dir, base), aliasLine.ReplaceAllStringFunc(string(text), numbered))
			}
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s %s: %v\n%s", checker[0], base, err, out)
			}
		}
	}
	if checked == 0 {
		t.Skip("none of named-checkzone, nsd-checkzone and kzonecheck is installed")
	}
}

// numbered writes an ALIAS as other servers read it.
func numbered(line string) string {
	name := aliasLine.FindStringSubmatch(line)[1]
	var wire strings.Builder
	for _, label := range strings.Split(name, ".") {
		fmt.Fprintf(&wire, "%02x%x", len(label), label)
	}
	return fmt.Sprintf(`TYPE65401 \# %d %s00`, wire.Len()/2+1, wire.String())
}
