package health

import "strings"

// Pattern names candidates, those that appear later included. View, Name and ID are globs: * stands for any text, ? for any character, and what
// stands behind a backslash for itself. An empty field, a Type of zero, means any. Name has the last dot, as in Key.
type Pattern Query

// Matches tells whether the pattern names k.
func (p Pattern) Matches(k Key) bool {
	return (p.Type == 0 || p.Type == k.Type) && glob(p.Name, k.Name) && glob(p.ID, k.ID) && glob(p.View, k.View)
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
