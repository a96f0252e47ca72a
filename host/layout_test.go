package host

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floor is the architecture: a package imports only packages of a lower floor. A new package needs a line here.
var floor = map[string]int{
	"host/circle": 0, "host/diag": 0, "host/geo": 0, "host/geo/sample": 0, "host/listen/socket": 0, "host/loan": 0, "host/reply": 0, "host/rrdata": 0, "host/testbed": 0,
	"host/wire": 0, "sdk/abi": 0,
	"plugins": 0, "plugins/generate": 0, "host/metrics/grafana": 0, // the embedded module and what builds it import nothing
	"host/config": 1, "host/metrics": 1, "host/policy": 1, "host/querylog": 1, "sdk": 1,
	"host/guard": 2, "host/tsig": 2, "host/health": 2, "host/plugin": 2, "host/zone": 2, "host/zonefile": 2, "plugins/weighted": 2,
	"plugins/failover": 2, "plugins/geolocation": 2, "plugins/geoproximity": 2, "plugins/ipbased": 2, "plugins/latency": 2,
	"plugins/multivalue": 2, "plugins/simple": 2, "plugins/splithorizon": 2, "plugins/sticky": 2, "plugins/threshold": 2,
	"plugins/calculated": 2, "plugins/degraded": 2, "plugins/quorum": 2, "plugins/responsetime": 2,
	"plugins/examples/canary": 2, "plugins/examples/error-budget": 2, "sdk/tck": 2,
	"host/compile": 3, "host/event": 3, "host/message": 3, "host/override": 3, "host/workshop": 3, "plugins/builtin": 3,
	"host/answer": 4, "host/probe/attempt": 4, "host/querylog/line": 4,
	"host/admin": 5, "host/explain": 5, "host/listen/tcp": 5, "host/listen/udp": 5, "host/load": 5, "host/override/file": 5, "host/querylog/file": 5,
	"host/notice": 5, "host/probe": 5, "host/timeline": 5,
	"host": 6, "host/conformance": 6,
	"cmd/exercise": 7, "cmd/peerbench": 7, "cmd/signpost": 7,
}

// homes says which packages may import a module of others. Tests may use miekg/dns, the oracle, and those in testHomes.
var homes = map[string][]string{
	"github.com/fsnotify/fsnotify":         {"host/load"},
	"github.com/goccy/go-yaml":             {"host/config", "host/override"},
	"github.com/maxmind/mmdbwriter":        {"cmd/peerbench", "host/geo/sample"},
	"github.com/miekg/dns":                 {"cmd/exercise", "cmd/peerbench", "host/probe/attempt"},
	"github.com/oschwald/maxminddb-golang": {"host/geo"},
	"github.com/prometheus/client_golang":  {"host/admin"},
	"github.com/spf13/cobra":               {"cmd/signpost"},
	"github.com/tetratelabs/wazero":        {"host/plugin"},
	"golang.org/x/net":                     {"host/probe/attempt"},
	"golang.org/x/sys":                     {"cmd/peerbench", "host/listen/socket", "host/listen/udp", "host/load", "host/loan", "host/probe/attempt"},
}

// topLevel is all that may stand beside the dot-files.
var topLevel = []string{"LICENSE", "README.md", "cmd", "go.mod", "go.sum", "host", "plugins", "sdk", "zonefiles"}

// The limits of size, and the highest floor whose functions must fit on a screen.
const (
	fileLinesMax     = 500
	functionLinesMax = 70
	functionFloorMax = 3
)

const modulePath = "signpost"

// platforms are those whose files are looked at: a package's imports differ between them.
var platforms = []string{"linux", "darwin", "windows", "freebsd"}

// listed is a package as go list describes it on one platform.
type listed struct {
	ImportPath string
	Name       string
	Imports    []string
	Standard   bool
}

// name is the package's folder.
func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, modulePath+"/") }

// packages lists the module's packages, for each platform.
func packages(t *testing.T) []listed {
	t.Helper()
	var list []listed
	for _, platform := range platforms {
		command := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Imports,Standard", "./...")
		command.Dir = ".."
		command.Env = append(os.Environ(), "GOOS="+platform, "GOARCH=amd64", "CGO_ENABLED=0")
		var complaints bytes.Buffer
		command.Stderr = &complaints
		out, err := command.Output()
		if err != nil {
			t.Fatalf("go list ./... for %s: %v\n%s", platform, err, &complaints)
		}
		decoder := json.NewDecoder(bytes.NewReader(out))
		for {
			var p listed
			if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("go list ./... for %s: %v", platform, err)
			}
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		t.Fatal("go list ./... found no package")
	}
	return list
}

// Protects the floors: imports go down, and every package has a floor.
func TestImportsGoDown(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range packages(t) {
		from, known := floor[p.name()]
		if !known {
			t.Errorf("%s has no floor: add it to the table above", p.name())
			continue
		}
		seen[p.name()] = true
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, modulePath+"/")
			if ours && floor[to] >= from {
				t.Errorf("%s (floor %d) imports %s (floor %d)", p.name(), from, to, floor[to])
			}
		}
	}
	for name := range floor {
		if !seen[name] {
			t.Errorf("%s is in the table and not in the module", name)
		}
	}
}

// Protects the borders to other people's modules: each has one home, so that it can be replaced.
func TestModuleHomes(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			if first, _, _ := strings.Cut(imported, "/"); first == modulePath || !strings.Contains(first, ".") {
				continue
			}
			module := moduleOf(imported)
			if !slices.Contains(homes[module], p.name()) {
				t.Errorf("%s imports %s, whose homes are %q", p.name(), imported, homes[module])
			}
		}
	}
}

// moduleOf finds the entry of homes that an import belongs to.
func moduleOf(imported string) string {
	for module := range homes {
		if imported == module || strings.HasPrefix(imported, module+"/") {
			return module
		}
	}
	return imported
}

// source is one Go file of the module, parsed.
type source struct {
	path  string // relative to the module
	dir   string // its folder: a key of floor
	test  bool
	file  *ast.File
	files *token.FileSet
	lines int
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// sources parses every Go file that people write.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && name != ".." && (base[0] == '.' || base == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(base) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil || generated.Match(text) {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative := strings.TrimPrefix(filepath.ToSlash(name), "../")
		list = append(list, source{
			path: relative, dir: path.Dir(relative), test: strings.HasSuffix(base, "_test.go"),
			file: file, files: files, lines: bytes.Count(text, []byte("\n")),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var (
	planeLine   = regexp.MustCompile(`Plane: (data|control|both|guest|none)\b`)
	floorLine   = regexp.MustCompile(`Floor: (\d+)`)
	journeyLine = regexp.MustCompile(`Journeys?\b[^:]*: `)
)

// Protects each package's promise: what it is in a sentence, its plane, its floor as in the table, its step in the journeys.
func TestPackagePromises(t *testing.T) {
	promises := make(map[string]string)
	for _, s := range sources(t) {
		if s.file.Doc != nil && (!s.test || promises[s.dir] == "") {
			promises[s.dir] += s.file.Doc.Text()
		}
	}
	for name, number := range floor {
		text := promises[name]
		want := fmt.Sprint(number)
		found := floorLine.FindStringSubmatch(text)
		switch {
		case text == "":
			t.Errorf("%s has no package comment", name)
		case new(doc.Package).Synopsis(text) == "" || !planeLine.MatchString(text),
			!journeyLine.MatchString(text) && !strings.Contains(text, "Plane: none"):
			t.Errorf("%s: the package comment lacks a first sentence, %q or %q:\n%s", name, "Plane: …", "Journey…: …", text)
		case found == nil || found[1] != want:
			t.Errorf("%s: the package comment has floor %q, the table %s", name, found, want)
		}
	}
}

// Protects readability: files and functions that fit a head, no hidden start-up code, no leftovers.
func TestShape(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > fileLinesMax {
			t.Errorf("%s has %d lines; beyond %d it holds two ideas", s.path, s.lines, fileLinesMax)
		}
		for _, declared := range s.file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s: init functions hide what happens at the start", s.files.Position(f.Pos()))
			}
			lines := s.files.Position(f.End()).Line - s.files.Position(f.Pos()).Line + 1
			if !s.test && floor[s.dir] <= functionFloorMax && lines > functionLinesMax {
				t.Errorf("%s: %s has %d lines, %d fit on a screen", s.files.Position(f.Pos()), f.Name.Name, lines, functionLinesMax)
			}
		}
		if s.test {
			forbidSleep(t, s)
		}
		for _, group := range s.file.Comments {
			if leftover.MatchString(group.Text()) {
				t.Errorf("%s: a leftover in a comment", s.files.Position(group.Pos()))
			}
		}
	}
}

var leftover = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

// forbidSleep finds tests that wait for a time instead of for a condition.
func forbidSleep(t *testing.T, s source) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || selector.Sel.Name != "Sleep" {
			return true
		}
		if x, ok := selector.X.(*ast.Ident); ok && x.Name == "time" {
			t.Errorf("%s: time.Sleep in a test; wait for the condition, or use testing/synctest", s.files.Position(call.Pos()))
		}
		return true
	})
}

// Protects names: a package is a noun of the domain.
func TestPackageNames(t *testing.T) {
	for name := range floor {
		for _, part := range strings.Split(name, "/") {
			if slices.Contains([]string{"util", "utils", "common", "core", "manager", "helper", "helpers", "types", "base", "misc", "pkg", "internal"}, part) {
				t.Errorf("%s: %q says nothing about what is in it", name, part)
			}
		}
	}
}

// Protects the top level, and that no file has a path of the machine it was written on.
func TestTree(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredAtTop(t)
	for _, entry := range entries {
		if name := entry.Name(); name[0] != '.' && !slices.Contains(topLevel, name) && !slices.Contains(ignored, name) {
			t.Errorf("%s: nothing but %q may stand at the top", name, topLevel)
		}
	}
}

// ignoredAtTop reads .gitignore's names of built programs.
func ignoredAtTop(t *testing.T) (names []string) {
	text, err := os.Open("../.gitignore")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	for scanner := bufio.NewScanner(text); scanner.Scan(); {
		if name, ok := strings.CutPrefix(scanner.Text(), "/"); ok {
			names = append(names, name)
		}
	}
	return names
}
