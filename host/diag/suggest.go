package diag

import "strings"

// DidYouMean returns ` (did you mean "x"?)` for the known word nearest to word, or "" when none is near:
// at most one edit for words of up to four bytes, two for longer ones, case ignored.
func DidYouMean(word string, known []string) string {
	best, bestEdits := "", 3
	for _, candidate := range known {
		edits := editDistance(strings.ToLower(word), strings.ToLower(candidate))
		if edits < bestEdits && (edits < 2 || min(len(word), len(candidate)) > 4) {
			best, bestEdits = candidate, edits
		}
	}
	if best == "" {
		return ""
	}
	return ` (did you mean "` + best + `"?)`
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
func editDistance(a, b string) int {
	const lenMax = 64 // words of a zone file or a config key; longer ones are no slip of the finger
	if len(a) > lenMax || len(b) > lenMax {
		return lenMax
	}
	var rows [3][lenMax + 1]int
	for j := 0; j <= len(b); j++ {
		rows[0][j] = j
	}
	previous, current, beforePrevious := &rows[0], &rows[1], &rows[2]
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], beforePrevious[j-2]+1)
			}
		}
		beforePrevious, previous, current = previous, current, beforePrevious
	}
	return previous[len(b)]
}
