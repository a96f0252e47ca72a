package override

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"signpost/host/diag"
	"signpost/host/health"
	"signpost/host/rrdata"
)

// knownMax bounds what a message lists.
const knownMax = 10

// Missing tells what there is not of a pattern that matches none of all.
func Missing(all []health.Candidate, p health.Pattern) string {
	names := func(c health.Candidate) string { return c.Name }
	what, plainName := literal(p.Name)
	if !plainName {
		what = strings.TrimSuffix(health.Pattern{Name: p.Name}.String(), "/*")
	}
	list := matching(all, health.Pattern{Name: p.Name})
	switch {
	case len(list) == 0 && plainName:
		return fmt.Sprintf("%s is no routed name%s", what, diag.DidYouMean(what, words(all, names)))
	case len(list) == 0:
		return fmt.Sprintf("no routed name matches %q; there are %s", what, listed(words(all, names)))
	}
	list = matching(list, health.Pattern{Type: p.Type})
	views := words(list, func(c health.Candidate) string { return c.View })
	list = matching(list, health.Pattern{View: p.View})
	if p.Type != 0 {
		what += " " + rrdata.TypeName(p.Type)
	}
	if p.View != "" {
		what += " in the view " + p.View
	}
	if len(list) == 0 {
		return what + " is not routed" + diag.DidYouMean(p.View, views)
	}
	known := words(list, func(c health.Candidate) string { return c.ID })
	if id, ok := literal(p.ID); ok {
		return fmt.Sprintf("%s has no candidate %q%s; it has %s", what, id, diag.DidYouMean(id, known), listed(known))
	}
	return fmt.Sprintf("no candidate of %s matches %q; there are %s", what, p.ID, listed(known))
}

// Unheld tells what there is instead of an override with the pattern p.
func Unheld(list []health.Override, p health.Pattern, candidates []health.Candidate) string {
	text := fmt.Sprintf("no override has the pattern %s", p)
	var known, holding []string
	for _, o := range list {
		known = append(known, o.Pattern.String())
		if slices.ContainsFunc(candidates, func(c health.Candidate) bool { return o.Pattern.Matches(c.Key) }) {
			holding = append(holding, fmt.Sprintf("%s (%s, by %s)", o.Pattern, o.Force, o.By))
		}
	}
	switch {
	case len(list) == 0:
		return text + "; there are no overrides"
	case len(holding) > 0:
		return text + "; what it names is held by " + listed(holding)
	}
	if hint := diag.DidYouMean(p.String(), known); hint != "" {
		return text + hint
	}
	return text + "; there are " + listed(known)
}

// literal is the one text that a glob matches, if there is one only.
func literal(glob string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case c == '*' || c == '?':
			return "", false
		case c == '\\' && i+1 < len(glob):
			i++
			b.WriteByte(glob[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), glob != ""
}

func matching(list []health.Candidate, p health.Pattern) (matched []health.Candidate) {
	for _, c := range list {
		if p.Matches(c.Key) {
			matched = append(matched, c)
		}
	}
	return matched
}

// words are what of returns for each candidate, sorted, each once.
func words(list []health.Candidate, of func(health.Candidate) string) []string {
	set := map[string]bool{}
	for _, c := range list {
		set[of(c)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// listed joins the first of them.
func listed(known []string) string {
	switch {
	case len(known) == 0:
		return "none"
	case len(known) > knownMax:
		return fmt.Sprintf("%s and %d more", strings.Join(known[:knownMax], ", "), len(known)-knownMax)
	}
	return strings.Join(known, ", ")
}
