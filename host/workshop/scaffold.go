package workshop

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"signpost/host/diag"
	"signpost/sdk"
	"signpost/sdk/abi"
)

// scaffolds are the folders of new plugins, by language: of routing plugins, and what is other in those of health plugins. Names that end in
// .tmpl lose it, and their text is a template of a Scaffold.
//
//go:embed all:scaffold all:health
var scaffolds embed.FS

const (
	templateSuffix = ".tmpl"
	sdkDir         = "sdk"       // in a plugin's folder
	manualFile     = "MANUAL.md" // in sdkDir: how Signpost runs plugins, in whatever language they are
	languageGo     = "go"
)

// Scaffold is what the templates of a new plugin's folder may say.
type Scaffold struct {
	Name     string // as in zone files: time-of-day
	Language string // go
	Kind     string // abi.KindHealth, or abi.KindRouting, which "" means too
}

// Ident is the name as an identifier: time_of_day.
func (s Scaffold) Ident() string { return strings.ReplaceAll(s.Name, "-", "_") }

// Title is the name for people: Time of day.
func (s Scaffold) Title() string {
	return strings.ToUpper(s.Name[:1]) + strings.ReplaceAll(s.Name[1:], "-", " ")
}

// Languages returns the languages that New knows, in alphabetical order.
func Languages() []string {
	entries, _ := scaffolds.ReadDir("scaffold") // embedded: it is there
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// Kinds returns the kinds of plugins that New knows.
func Kinds() []string { return []string{abi.KindRouting, abi.KindHealth} }

// pluginName is what the host takes as a plugin's name.
var pluginName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Check says what is wrong with a Scaffold, nil for nothing.
func (s Scaffold) Check() error {
	if !pluginName.MatchString(s.Name) {
		return fmt.Errorf("name %q: a plugin's name is lower-case letters, digits and hyphens, at most 63, as in time-of-day", s.Name)
	}
	if languages := Languages(); !slices.Contains(languages, s.Language) {
		return fmt.Errorf("language %q is not one of %s%s", s.Language, strings.Join(languages, ", "), diag.DidYouMean(s.Language, languages))
	}
	if s.Kind != "" && !slices.Contains(Kinds(), s.Kind) {
		return fmt.Errorf("kind %q is not one of %s%s", s.Kind, strings.Join(Kinds(), ", "), diag.DidYouMean(s.Kind, Kinds()))
	}
	if s.Language == "rust" && s.Name[0] <= '9' {
		return fmt.Errorf("name %q: cargo takes no name that begins with a digit", s.Name)
	}
	return nil
}

// New writes the folder of a new plugin, which may not exist or must be empty, and returns its files, slash-separated.
func New(dir string, s Scaffold) ([]string, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	if err := s.addScaffold(files); err != nil {
		return nil, err
	}
	if err := s.addSDK(files); err != nil {
		return nil, err
	}
	switch entries, err := os.ReadDir(dir); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case len(entries) > 0:
		return nil, fmt.Errorf("%s is not empty: choose another folder with --dir", dir)
	}
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// addScaffold adds the language's own files. Those of a health plugin replace those of a routing plugin.
func (s Scaffold) addScaffold(files map[string][]byte) error {
	if err := s.addFolder(files, path.Join("scaffold", s.Language)); err != nil || s.Kind != abi.KindHealth {
		return err
	}
	return s.addFolder(files, path.Join("health", s.Language))
}

func (s Scaffold) addFolder(files map[string][]byte, root string) error {
	return eachFile(scaffolds, root, func(name string, text []byte) error {
		plain, isTemplate := strings.CutSuffix(name, templateSuffix)
		if !isTemplate {
			files[name] = text
			return nil
		}
		parsed, err := template.New(name).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return fmt.Errorf("scaffold: %w", err)
		}
		var filled strings.Builder
		if err := parsed.Execute(&filled, s); err != nil {
			return fmt.Errorf("scaffold: %w", err)
		}
		files[plain] = []byte(filled.String())
		return nil
	})
}

// addSDK adds the SDK, so that the folder needs neither a checkout nor a network.
func (s Scaffold) addSDK(files map[string][]byte) error {
	source, root := sdk.Source(), s.Language
	if s.Language == languageGo {
		root = "."
	}
	manual, err := fs.ReadFile(source, "README.md")
	if err != nil {
		return err
	}
	files[path.Join(sdkDir, manualFile)] = manual
	return eachFile(source, root, func(name string, text []byte) error {
		if s.Language == languageGo && (path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || name == "source.go" || isOtherLanguage(name)) {
			return nil
		}
		files[path.Join(sdkDir, name)] = text
		return nil
	})
}

// isOtherLanguage tells whether a file below sdk/ belongs to another language than Go.
func isOtherLanguage(name string) bool {
	first, _, below := strings.Cut(name, "/")
	return below && slices.Contains(Languages(), first)
}

// eachFile calls visit for each file below root, named relative to it.
func eachFile(tree fs.FS, root string, visit func(name string, text []byte) error) error {
	return fs.WalkDir(tree, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return visit(strings.TrimPrefix(name, root+"/"), text)
	})
}
