package workshop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// recipeFile says how a plugin's folder is built.
const recipeFile = "build.json"

// Recipe is a build.json: how the language's ordinary tools make NAME.wasm in the folder.
type Recipe struct {
	Name     string `json:"name"` // of the plugin and its file
	Language string `json:"language"`
	Tools    []Tool `json:"tools"`
	Steps    []Step `json:"steps"`          // in this order, in the folder
	Test     string `json:"test,omitempty"` // the command of the language's own tests, for people
}

// Tool is a program that must be there. Its name in braces, as {clang}, stands for the command that was found.
type Tool struct {
	Name     string   `json:"name"`
	Commands []string `json:"commands,omitempty"` // the first that is found; none: the name
	Install  string   `json:"install"`            // what to do when none is
}

// Step is one command of a Recipe.
type Step struct {
	Run    []string          `json:"run"` // arguments, not a shell's line
	Env    map[string]string `json:"env,omitempty"`
	Unless string            `json:"unless,omitempty"` // a path whose presence makes the step needless
	Hint   string            `json:"hint,omitempty"`   // what to look at when it fails
}

// MissingToolError is a tool that is not installed.
type MissingToolError struct{ Tool Tool }

// Error says what to install.
func (e *MissingToolError) Error() string {
	return fmt.Sprintf("%s is not installed (looked for %s): %s", e.Tool.Name, strings.Join(e.Tool.commands(), ", "), e.Tool.Install)
}

func (t Tool) commands() []string {
	if len(t.Commands) == 0 {
		return []string{t.Name}
	}
	return t.Commands
}

// find returns the command's name, as a person would type it.
func (t Tool) find() (string, error) {
	for _, command := range t.commands() {
		if _, err := exec.LookPath(command); err == nil {
			return command, nil
		}
	}
	return "", &MissingToolError{t}
}

// ReadRecipe reads dir's build.json.
func ReadRecipe(dir string) (*Recipe, error) {
	file := filepath.Join(dir, recipeFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%w (signpost plugin new makes a folder that has one)", err)
	}
	recipe := new(Recipe)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(recipe); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if !pluginName.MatchString(recipe.Name) {
		return nil, fmt.Errorf("%s: name %q is no plugin's name", file, recipe.Name)
	}
	for i, step := range recipe.Steps {
		if len(step.Run) == 0 {
			return nil, fmt.Errorf("%s: step %d runs nothing", file, i+1)
		}
	}
	return recipe, nil
}

// Output is the file that a build makes.
func (r *Recipe) Output() string { return r.Name + ".wasm" }

// Build runs the recipe of dir and returns the path of what it made. Each command is written to log before it runs, ready to be pasted
// into a shell, and so is what it says.
func Build(ctx context.Context, dir string, log io.Writer) (string, error) {
	recipe, err := ReadRecipe(dir)
	if err != nil {
		return "", err
	}
	found := map[string]string{}
	for _, tool := range recipe.Tools {
		if found[tool.Name], err = tool.find(); err != nil {
			return "", err
		}
	}
	for _, step := range recipe.Steps {
		if err := step.run(ctx, dir, found, log); err != nil {
			return "", err
		}
	}
	output := filepath.Join(dir, recipe.Output())
	if _, err := os.Stat(output); err != nil {
		return "", fmt.Errorf("the steps of %s ended well and made no %s", filepath.Join(dir, recipeFile), recipe.Output())
	}
	return output, nil
}

func (s Step) run(ctx context.Context, dir string, found map[string]string, log io.Writer) error {
	if s.Unless != "" {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(s.Unless))); err == nil {
			return nil
		}
	}
	arguments := make([]string, len(s.Run))
	for i, argument := range s.Run {
		for name, command := range found {
			argument = strings.ReplaceAll(argument, "{"+name+"}", command)
		}
		arguments[i] = argument
	}
	line := shellLine(s.Env, arguments)
	fmt.Fprintln(log, line)
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	command.Dir, command.Stdout, command.Stderr = dir, log, log
	command.Env = os.Environ()
	for name, value := range s.Env {
		command.Env = append(command.Env, name+"="+value)
	}
	if err := command.Run(); err != nil {
		if s.Hint != "" {
			return fmt.Errorf("%s: %w: %s", arguments[0], err, s.Hint)
		}
		return fmt.Errorf("%s: %w", arguments[0], err)
	}
	return nil
}

// plain is what a shell takes as it is.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// shellLine writes a command as a shell would take it.
func shellLine(env map[string]string, arguments []string) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		words = append(words, name+"="+shellWord(env[name]))
	}
	for _, argument := range arguments {
		words = append(words, shellWord(argument))
	}
	return strings.Join(words, " ")
}

func shellWord(text string) string {
	if text == "" || plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
