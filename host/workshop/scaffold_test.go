package workshop

import (
	"context"
	"errors"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signpost/sdk/abi"
)

// Protects a new author's first five minutes: a new folder tests, builds and decides as its golden.txt says, with Go alone and no network.
func TestGoScaffold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "time-of-day")
	files, err := New(dir, Scaffold{Name: "time-of-day", Language: languageGo})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".gitignore", "README.md", "build.json", "go.mod", "golden.txt", "plugin.go", "plugin_test.go", "sdk/go.mod", "sdk/plugin.go", "sdk/abi/abi.go"} {
		if !slices.Contains(files, want) {
			t.Errorf("got %q, want %s among them", files, want)
		}
	}
	for _, file := range files {
		if strings.HasSuffix(file, templateSuffix) || strings.HasPrefix(file, sdkDir) && strings.HasSuffix(file, "_test.go") || file == "sdk/source.go" {
			t.Errorf("%s was written, want it left out", file)
		}
	}
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "off")
	for _, arguments := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
		command := exec.Command("go", arguments...)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", arguments[0], err, out)
		}
	}
	for _, file := range []string{"plugin.go", "plugin_test.go"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := format.Source(text); err != nil || string(formatted) != string(text) {
			t.Errorf("%s is not as gofmt writes it (%v)", file, err)
		}
	}
	var log strings.Builder
	output, err := Build(context.Background(), dir, &log)
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	if want := "GOARCH=wasm GOFLAGS= GOOS=wasip1 GOWORK=off go build -buildmode=c-shared -trimpath '-ldflags=-s -w' -o time-of-day.wasm .\n"; log.String() != want {
		t.Errorf("log:\n got %s\nwant %s", &log, want)
	}
	decides(t, output, dir)
	// The manual's example is of this policy, under another name.
	example := example(t, "../../sdk/README.md", "case ")
	if err := os.WriteFile(filepath.Join(dir, GoldenFile), []byte(strings.ReplaceAll(example, "canary", "time-of-day")), 0o644); err != nil {
		t.Fatal(err)
	}
	decides(t, output, dir)
}

// example finds the fenced block of a manual that begins with start.
func example(t *testing.T, manual, start string) string {
	t.Helper()
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(text), "```") {
		if _, inside, _ := strings.Cut(block, "\n"); i%2 == 1 && strings.HasPrefix(inside, start) {
			return inside
		}
	}
	t.Fatalf("%s has no block that begins with %q", manual, start)
	return ""
}

// Protects the manual of build.json.
func TestReadmeRecipe(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, recipeFile), []byte(example(t, "README.md", "{")), 0o644); err != nil {
		t.Fatal(err)
	}
	if recipe, err := ReadRecipe(dir); err != nil || recipe.Output() != "canary.wasm" || len(recipe.Tools[0].Commands) != 3 {
		t.Errorf("got %+v %v, want the recipe of canary", recipe, err)
	}
}

// decides compares a built scaffold with its own golden decisions, fuzzes it and measures it.
func decides(t *testing.T, output, dir string) {
	t.Helper()
	golden, diags, err := ReadGolden(filepath.Join(dir, GoldenFile))
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	b, err := Open(context.Background(), output, Options{CacheDir: cacheDir})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	checked, failures, warnings := b.Check(golden)
	if checked == 0 || len(failures) > 0 || len(warnings) > 0 {
		t.Errorf("got %d checked, %v %v; want all as wanted", checked, failures, warnings)
	}
	report, err := b.Fuzz(context.Background(), FuzzOptions{Policies: 10, Seed: 1, Golden: golden})
	if err != nil || len(report.Finds) > 0 {
		t.Errorf("fuzz: got %+v %v, want no finds", report, err)
	}
	list, err := b.Measure(context.Background(), golden, 1) // as short as can be: the figures mean nothing here
	if err != nil || len(list) == 0 {
		t.Fatalf("measure: got %v %v, want a policy or more", list, err)
	}
	for _, m := range list {
		if m.FuelP50 == 0 || m.FuelMost > m.FuelLimit || m.Memory == 0 || m.Memory != m.MemoryMost || m.MeanNanos <= 0 {
			t.Errorf("got %+v, want fuel within its limit and memory that does not grow", m)
		}
	}
}

// Protects every scaffold from mistakes that only its own language's tools would show.
func TestScaffoldsAreWhole(t *testing.T) {
	for _, language := range Languages() {
		for _, kind := range Kinds() {
			t.Run(language+"/"+kind, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), language)
				files, err := New(dir, Scaffold{Name: "time-of-day", Language: language, Kind: kind})
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{"README.md", "sdk/MANUAL.md", recipeFile, GoldenFile, ".gitignore"} {
					if !slices.Contains(files, want) {
						t.Errorf("got %q, want %s among them", files, want)
					}
				}
				recipe, err := ReadRecipe(dir)
				if err != nil || recipe.Name != "time-of-day" || recipe.Language != language || len(recipe.Tools) == 0 || len(recipe.Steps) == 0 {
					t.Errorf("got %+v %v, want its own name and language, tools and steps", recipe, err)
				}
				golden, diags, err := ReadGolden(filepath.Join(dir, GoldenFile))
				if err != nil || len(diags) > 0 || golden.Cases[0].judged != (kind == abi.KindHealth) {
					t.Errorf("golden.txt: %v %v, want cases about a plugin of kind %s", err, diags, kind)
				}
			})
		}
	}
}

func TestNewRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir      string
		scaffold Scaffold
		want     string
	}{
		{t.TempDir(), Scaffold{Name: "Time", Language: "go"}, `name "Time": a plugin's name is lower-case letters, digits and hyphens, at most 63, as in time-of-day`},
		{t.TempDir(), Scaffold{Name: "", Language: "go"}, `name ""`},
		{t.TempDir(), Scaffold{Name: "a", Language: "goo"}, `language "goo" is not one of `},
		{t.TempDir(), Scaffold{Name: "a", Language: "go", Kind: "filter"}, `kind "filter" is not one of routing, health`},
		{full, Scaffold{Name: "a", Language: "go"}, " is not empty: choose another folder with --dir"},
	} {
		if _, err := New(c.dir, c.scaffold); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %s", c.scaffold, err, c.want)
		}
	}
}

// Protects authors without the tools: a build says what is missing, what it ran, and what to look at.
func TestBuildSays(t *testing.T) {
	for _, c := range []struct{ recipe, want, log string }{
		{`{"name":"x","language":"c","tools":[{"name":"cc","commands":["no-such-cc","nor-this"],"install":"apt install cc"}],"steps":[]}`,
			"cc is not installed (looked for no-such-cc, nor-this): apt install cc", ""},
		{`{"name":"x","language":"c","tools":[{"name":"go","install":""}],"steps":[{"run":["{go}","no such"],"env":{"B":"2","A":"1 1"},"hint":"look there"}]}`,
			"go: exit status 2: look there", "A='1 1' B=2 go 'no such'\n"},
		{`{"name":"x","language":"c","tools":[{"name":"go","install":""}],"steps":[{"run":["{go}","version"]},{"run":["{go}","no such"],"unless":"build.json"}]}`,
			"made no x.wasm", "go version\n"},
		{`{"name":"X","language":"c"}`, `name "X" is no plugin's name`, ""},
		{`{"name":"x","langage":"c"}`, `unknown field "langage"`, ""},
		{`{"name":"x","steps":[{"run":[]}]}`, `step 1 runs nothing`, ""},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, recipeFile), []byte(c.recipe), 0o644); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		_, err := Build(context.Background(), dir, &log)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(log.String(), c.log) {
			t.Errorf("%s:\n got %v, log %q\nwant %s, log %q", c.recipe, err, &log, c.want, c.log)
		}
	}
	if _, err := Build(context.Background(), t.TempDir(), new(strings.Builder)); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "signpost plugin new") {
		t.Errorf("no build.json: got %v, want that plugin new makes one", err)
	}
}

// Protects the first error that everybody meets: a file whose name is not its plugin's.
func TestOpenRefuses(t *testing.T) {
	wasm, err := naughty()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		wasm []byte
		want string
	}{
		{"other", wasm, "other.wasm: the module holds the plugin remembers: the file must be remembers.wasm"},
		{"text", []byte("text"), "text.wasm: not a WebAssembly module"},
	} {
		file := filepath.Join(t.TempDir(), c.name+moduleSuffix)
		if err := os.WriteFile(file, c.wasm, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(context.Background(), file, Options{CacheDir: cacheDir}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}
