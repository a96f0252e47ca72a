package abi

import (
	"math"
	"strconv"
	"strings"
)

// Manifest is what describe returns, as JSON. A host refuses fields and words that it does not know, because it could not keep their promise.
type Manifest struct {
	Plugins []Plugin `json:"plugins"`
}

// Plugin describes one plugin of a module; its index is its place in the manifest.
type Plugin struct {
	Name       string      `json:"name"` // lower-case letters, digits and hyphens: the word in a chain
	Version    string      `json:"version"`
	Kind       string      `json:"kind"` // KindRouting
	Doc        string      `json:"doc"`  // one line
	Wants      []string    `json:"wants"`
	Attributes []Attribute `json:"attributes"`
}

// KindRouting is the kind of a plugin with decide.
const KindRouting = "routing"

// Words of Plugin.Wants: a fact that is not wanted is zero, so no decision can depend on it.
const WantClient = "client" // Family, PrefixLen and Address

// Attribute describes one key of a plugin's annotations. The host checks and converts values; a guest sees numbers.
type Attribute struct {
	Name     string   `json:"name"` // lower-case letters, digits and hyphens
	Type     string   `json:"type"` // TypeInt …
	Doc      string   `json:"doc"`  // one line
	Required bool     `json:"required,omitempty"`
	Default  string   `json:"default,omitempty"` // as it would stand in a zone file; "": zero
	Min      *float64 `json:"min,omitempty"`     // of int and float
	Max      *float64 `json:"max,omitempty"`
	Words    []string `json:"words,omitempty"` // of word
}

// Types of an attribute and what configure gets as its Value.Bits.
const (
	TypeInt   = "int"   // a whole number; int64
	TypeFloat = "float" // a finite number; IEEE 754 double
	TypeBool  = "bool"  // yes or no (also true, false); 1 or 0
	TypeWord  = "word"  // one of Words; its index
	TypeText  = "text"  // anything; Bits is not used, Text is
)

// Value is one converted attribute.
type Value struct {
	Bits uint64
	Text string
	Set  bool // the annotation has the key; otherwise this is the default
}

// Parse converts a value as it stands in an annotation. A message instead says what is wrong with it, to be read after the plugin's name.
func (a *Attribute) Parse(text string) (value Value, message string) {
	value.Set = true
	switch a.Type {
	case TypeInt:
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil && !isRange(err) || strings.HasPrefix(text, "+") {
			return value, a.Name + " " + quote(text) + " is not a whole number" + a.rangeText(" in ")
		}
		if err != nil || !a.inRange(float64(number)) {
			return value, a.Name + " " + text + " is outside " + a.rangeText("")
		}
		value.Bits = uint64(number)
	case TypeFloat:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil && !isRange(err) || math.IsNaN(number) || text == "" || strings.ContainsAny(text, "iIxX_+") {
			return value, a.Name + " " + quote(text) + " is not a number" + a.rangeText(" in ")
		}
		if err != nil || !a.inRange(number) {
			return value, a.Name + " " + text + " is outside " + a.rangeText("")
		}
		value.Bits = math.Float64bits(number)
	case TypeBool:
		switch text {
		case "yes", "true":
			value.Bits = 1
		case "no", "false":
		default:
			return value, a.Name + " " + quote(text) + " is neither yes nor no"
		}
	case TypeWord:
		for i, word := range a.Words {
			if word == text {
				value.Bits = uint64(i)
				return value, ""
			}
		}
		return value, a.Name + " " + quote(text) + " is not one of " + strings.Join(a.Words, ", ")
	default:
		value.Text = text
	}
	return value, ""
}

// Missing converts what an annotation without the key means.
func (a *Attribute) Missing() (value Value, message string) {
	if a.Required {
		return value, a.Name + " is missing, as in " + a.Name + "=" + a.Sample()
	}
	if a.Default == "" {
		return value, ""
	}
	value, message = a.Parse(a.Default)
	value.Set = false
	return value, message
}

// Sample returns a value that Parse accepts, for messages.
func (a *Attribute) Sample() string {
	switch a.Type {
	case TypeInt, TypeFloat:
		if a.inRange(1) {
			return "1"
		}
		return number(*a.nearest())
	case TypeBool:
		return "yes"
	case TypeWord:
		return a.Words[0]
	}
	return "…"
}

func (a *Attribute) nearest() *float64 {
	if a.Min != nil {
		return a.Min
	}
	return a.Max
}

func (a *Attribute) inRange(number float64) bool {
	return (a.Min == nil || number >= *a.Min) && (a.Max == nil || number <= *a.Max)
}

// rangeText returns prefix and "0..255", "0 and more" or "255 and less"; the range of int64 when there is no other.
func (a *Attribute) rangeText(prefix string) string {
	switch {
	case a.Min != nil && a.Max != nil:
		return prefix + number(*a.Min) + ".." + number(*a.Max)
	case a.Min != nil:
		return prefix + number(*a.Min) + " and more"
	case a.Max != nil:
		return prefix + number(*a.Max) + " and less"
	case prefix != "":
		return ""
	}
	return "what a 64-bit number holds"
}

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

func quote(text string) string { return strconv.Quote(text) }

func isRange(err error) bool {
	numError, ok := err.(*strconv.NumError)
	return ok && numError.Err == strconv.ErrRange
}
