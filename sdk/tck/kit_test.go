package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signpost/host/workshop"
)

// language is one that there is an SDK for.
type language struct {
	name   string
	policy string            // the conformance policy, here
	place  string            // of a plugin's source in its folder
	own    []string          // the command of a plugin's own tests; none: golden decisions are its tests
	more   map[string]string // other sources, and their places
}

var languages = []language{
	{"go", "tck.go", "plugin.go", []string{"go", "test", "./..."}, map[string]string{"judge.go": "judge.go"}},
	{"rust", "rust/plugin.rs", "src/lib.rs", []string{"cargo", "test", "--offline"}, nil},
	{"assemblyscript", "assemblyscript/plugin.ts", "plugin.ts", nil, nil},
	{"c", "c/plugin.c", "plugin.c", []string{"make", "test"}, nil},
}

// needTools skips the test if the language's tools are not installed, and has the right ones found first.
func needTools(t *testing.T, name string) {
	t.Helper()
	if testing.Short() {
		t.Skip("compilers of four languages take too long for -short")
	}
	switch name {
	case "rust":
		needRust(t)
	case "assemblyscript":
		needCommands(t, "apt install nodejs npm, npm install assemblyscript, and its node_modules/.bin in PATH", "node", "npm", "asc")
	case "c":
		needCommands(t, "apt install clang lld make gcc", "clang", "wasm-ld", "make", "cc")
	}
}

func needCommands(t *testing.T, install string, commands ...string) {
	t.Helper()
	for _, command := range commands {
		if _, err := exec.LookPath(command); err != nil {
			t.Skipf("SKIPPED: %s is not installed: %s", command, install)
		}
	}
}

// needRust looks for a cargo whose rustc has the standard library of WebAssembly: of several in PATH the first may not.
func needRust(t *testing.T) {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		out, err := exec.Command(filepath.Join(dir, "rustc"), "--print", "sysroot").Output()
		if err != nil {
			continue
		}
		library := filepath.Join(strings.TrimSpace(string(out)), "lib", "rustlib", "wasm32-unknown-unknown")
		_, err = os.Stat(library)
		_, err2 := os.Stat(filepath.Join(dir, "cargo"))
		if err == nil && err2 == nil {
			t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
			t.Setenv("RUSTC", filepath.Join(dir, "rustc"))
			return
		}
	}
	t.Skip("SKIPPED: no cargo in PATH can build for wasm32-unknown-unknown: apt install cargo rustc libstd-rust-dev-wasm32 lld")
}

// scaffold makes a new plugin's folder, as signpost plugin new does.
func scaffold(t *testing.T, language, name, kind string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if _, err := workshop.New(dir, workshop.Scaffold{Name: name, Language: language, Kind: kind}); err != nil {
		t.Fatal(err)
	}
	if language == "assemblyscript" {
		linkCompiler(t, dir)
	}
	return dir
}

// linkCompiler gives a folder the AssemblyScript compiler that asc in PATH is part of, so that nothing is fetched.
func linkCompiler(t *testing.T, dir string) {
	t.Helper()
	command, err := exec.LookPath("asc")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.EvalSymlinks(command) // node_modules/assemblyscript/bin/asc.js
	if err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs(filepath.Join(filepath.Dir(script), "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

// build makes the module of a plugin's folder.
func build(t *testing.T, dir string) string {
	t.Helper()
	var log bytes.Buffer
	module, err := workshop.Build(t.Context(), dir, &log)
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	if strings.Contains(log.String(), "warning") {
		t.Errorf("the compiler warns:\n%s", &log)
	}
	return module
}

// runIn runs a language's own tool in a folder.
func runIn(t *testing.T, dir string, command ...string) {
	t.Helper()
	run := exec.Command(command[0], command[1:]...)
	run.Dir = dir
	run.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}

// copyTree copies a folder of the repository.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	skip := func(name string) bool { return name == "target" || name == "node_modules" }
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(name, from))
		if entry.IsDir() {
			if skip(entry.Name()) {
				return fs.SkipDir
			}
			return os.MkdirAll(target, 0o755)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
