package health

import (
	"strings"

	"signpost/host/rrdata"
)

// Pattern names candidates, those that appear later included. View, Name and ID are globs: * stands for any text, ? for any character, and what
// stands behind a backslash for itself. An empty field, a Type of zero, means any. Name has the last dot, as in Key.
type Pattern Query

// Matches tells whether the pattern names k. Views, which have no type, are named by their own name alone: who takes */eu-* out of service does not
// mean a view that happens to be called so.
func (p Pattern) Matches(k Key) bool {
	if k.Type == 0 && p.Name != k.Name {
		return false
	}
	return (p.Type == 0 || p.Type == k.Type) && glob(p.Name, k.Name) && glob(p.ID, k.ID) && glob(p.View, k.View)
}

// String is the pattern as people write it: NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID, with * for what is left out.
func (p Pattern) String() string {
	part := func(glob string) string {
		if glob == "" {
			return "*"
		}
		return strings.ReplaceAll(glob, "/", `\/`)
	}
	name := strings.ReplaceAll(part(p.Name), `\\`, `\`) // zone files escape with one as well
	if len(name) > 1 {
		name = strings.TrimSuffix(name, ".")
	}
	text := name + "/" + part(p.ID)
	if p.Type != 0 || p.View != "" {
		typ := "*"
		if p.Type != 0 {
			typ = rrdata.TypeName(p.Type)
		}
		text = name + "/" + typ + "/" + part(p.ID)
	}
	if p.View != "" {
		text = part(p.View) + "/" + text
	}
	return text
}

// Exactly is the pattern that names what a Query names.
func (which Query) Exactly() Pattern {
	escape := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace
	return Pattern{View: escape(which.View), Name: escape(which.Name), Type: which.Type, ID: escape(which.ID)}
}

// glob matches bytes: who writes ? for a letter of an alphabet with longer ones writes *. It takes at most len(pattern)*len(text) steps.
func glob(pattern, text string) bool {
	if pattern == "" || pattern == text && !strings.ContainsRune(pattern, '\\') {
		return true
	}
	star, resume := -1, 0 // the latest *, and the text that is tried behind it
	p, i := 0, 0
	for i < len(text) {
		if p < len(pattern) {
			switch c := pattern[p]; {
			case c == '*':
				p++
				star, resume = p, i
				continue
			case c == '?':
				p, i = p+1, i+1
				continue
			case c == '\\' && p+1 < len(pattern):
				if pattern[p+1] == text[i] {
					p, i = p+2, i+1
					continue
				}
			case c == text[i]:
				p, i = p+1, i+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		p, i = star, resume
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
