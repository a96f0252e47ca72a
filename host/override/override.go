// Package override reads and writes the text of overrides: the patterns that name candidates, the times at which they end, and the file that
// holds them, which people edit by hand.
//
// Plane: control. Floor: 3. Journey of an edit: step 2, for the one file that says what operators say of candidates.
package override

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"signpost/host/diag"
	"signpost/host/health"
)

// FileName is the file's name in the state directory.
const FileName = "overrides.yaml"

// Bounds of overrides.
const (
	ListMax     = 1000           // in one file
	OverMax     = 24 * time.Hour // of a drain
	WordsLenMax = 200            // of a reason, and of a name of who gives it
)

// ParseForce reads a word of health.ForceWords.
func ParseForce(word string) (health.Force, error) {
	i := slices.Index(health.ForceWords[:], word)
	if i < 0 {
		return 0, fmt.Errorf("%q is not one of %s%s", word, strings.Join(health.ForceWords[:], ", "), diag.DidYouMean(word, health.ForceWords[:]))
	}
	return health.Force(i), nil
}

// CheckWords tells what is wrong with a reason, or with the name of who gives it: each stands in a line of a log and on a terminal.
func CheckWords(text string) error {
	switch {
	case len(text) > WordsLenMax:
		return fmt.Errorf("has %d bytes, more than %d", len(text), WordsLenMax)
	case strings.ContainsFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }):
		return errors.New("is not one line of text")
	}
	return nil
}

// CheckOver tells what is wrong with the time that a drain takes.
func CheckOver(over time.Duration) error {
	if over < 0 || over > OverMax {
		return fmt.Errorf("%v is outside 0s..24h", over)
	}
	return nil
}

// times are the forms of a time of day with its date; those without a zone are local.
var times = []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"}

// ParseTime reads a time with its date.
func ParseTime(text string) (time.Time, error) {
	for _, form := range times {
		if at, err := time.ParseInLocation(form, text, time.Local); err == nil && at.Year() > 1970 {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf(`%q is not a time such as 2026-11-22T15:00:00Z or, here, "2026-11-22 15:00"`, text)
}
