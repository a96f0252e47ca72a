package sdk

import (
	"math"
	"strings"

	"signpost/sdk/abi"
)

// attribute is what the typed attributes have in common.
type attribute struct {
	plugin *Plugin
	index  int
}

func (p *Plugin) add(about abi.Attribute) attribute {
	p.about.Attributes = append(p.about.Attributes, about)
	return attribute{p, len(p.about.Attributes) - 1}
}

func (a attribute) about() *abi.Attribute { return &a.plugin.about.Attributes[a.index] }

func (a attribute) bound(low, high float64) { a.about().Min, a.about().Max = &low, &high }

// Set tells whether the candidate's annotation has the key; otherwise its value is the default.
func (a attribute) Set(p *Policy, candidate int) bool { return p.config.Set(candidate, a.index) }

// Refuse reports that the candidate's value is wrong. The host puts file, line, column and the plugin's name before text.
func (a attribute) Refuse(p *Policy, candidate int, text string) {
	p.problem(candidate, a.index, text)
}

// Int is an attribute whose value is a whole number.
type Int struct{ attribute }

// Int adds an attribute of whole numbers, low to high. doc is one line.
func (p *Plugin) Int(name string, low, high int64, doc string) Int {
	a := Int{p.add(abi.Attribute{Name: name, Type: abi.TypeInt, Doc: doc})}
	a.bound(float64(low), float64(high))
	return a
}

// Required makes an annotation without the key a mistake.
func (a Int) Required() Int { a.about().Required = true; return a }

// Shared makes it one value for all candidates of a policy.
func (a Int) Shared() Int { a.about().Shared = true; return a }

// Default is the value when the key is missing, as it would stand in a zone file.
func (a Int) Default(text string) Int { a.about().Default = text; return a }

// Of returns the candidate's value.
func (a Int) Of(p *Policy, candidate int) int64 { return int64(p.config.Bits(candidate, a.index)) }

// Float is an attribute whose value is a finite number.
type Float struct{ attribute }

// Float adds an attribute of numbers, low to high. doc is one line.
func (p *Plugin) Float(name string, low, high float64, doc string) Float {
	a := Float{p.add(abi.Attribute{Name: name, Type: abi.TypeFloat, Doc: doc})}
	a.bound(low, high)
	return a
}

// Required makes an annotation without the key a mistake.
func (a Float) Required() Float { a.about().Required = true; return a }

// Shared makes it one value for all candidates of a policy.
func (a Float) Shared() Float { a.about().Shared = true; return a }

// Default is the value when the key is missing, as it would stand in a zone file.
func (a Float) Default(text string) Float { a.about().Default = text; return a }

// Of returns the candidate's value.
func (a Float) Of(p *Policy, candidate int) float64 {
	return math.Float64frombits(p.config.Bits(candidate, a.index))
}

// Micros is a time in microseconds, as those of attempts and latencies are.
type Micros int64

// Units of time.
const (
	Millisecond Micros = 1000
	Second             = 1000 * Millisecond
	Minute             = 60 * Second
	Hour               = 60 * Minute
)

// Duration is an attribute whose value is a time.
type Duration struct{ attribute }

// Duration adds an attribute that is a time with its unit, as 300ms, low to high. doc is one line.
func (p *Plugin) Duration(name string, low, high Micros, doc string) Duration {
	a := Duration{p.add(abi.Attribute{Name: name, Type: abi.TypeDuration, Doc: doc})}
	a.bound(float64(low), float64(high))
	return a
}

// Required makes an annotation without the key a mistake.
func (a Duration) Required() Duration { a.about().Required = true; return a }

// Shared makes it one value for all candidates of a policy.
func (a Duration) Shared() Duration { a.about().Shared = true; return a }

// Default is the value when the key is missing, as it would stand in a zone file.
func (a Duration) Default(text string) Duration { a.about().Default = text; return a }

// Of returns the candidate's value.
func (a Duration) Of(p *Policy, candidate int) Micros {
	return Micros(p.config.Bits(candidate, a.index))
}

// Bool is an attribute whose value is yes or no.
type Bool struct{ attribute }

// Bool adds an attribute that is yes or no, and no when it is missing. doc is one line.
func (p *Plugin) Bool(name, doc string) Bool {
	return Bool{p.add(abi.Attribute{Name: name, Type: abi.TypeBool, Doc: doc})}
}

// Shared makes it one value for all candidates of a policy.
func (a Bool) Shared() Bool { a.about().Shared = true; return a }

// Default is the value when the key is missing, as it would stand in a zone file.
func (a Bool) Default(text string) Bool { a.about().Default = text; return a }

// Of returns the candidate's value.
func (a Bool) Of(p *Policy, candidate int) bool { return p.config.Bits(candidate, a.index) != 0 }

// Word is an attribute whose value is one of a few words.
type Word struct{ attribute }

// Word adds an attribute that is one of words, and the first of them when it is missing. doc is one line.
func (p *Plugin) Word(name string, words []string, doc string) Word {
	return Word{p.add(abi.Attribute{Name: name, Type: abi.TypeWord, Words: words, Doc: doc})}
}

// Required makes an annotation without the key a mistake.
func (a Word) Required() Word { a.about().Required = true; return a }

// Shared makes it one value for all candidates of a policy.
func (a Word) Shared() Word { a.about().Shared = true; return a }

// Default is the value when the key is missing.
func (a Word) Default(word string) Word { a.about().Default = word; return a }

// Of returns the candidate's value as an index of words.
func (a Word) Of(p *Policy, candidate int) int { return int(p.config.Bits(candidate, a.index)) }

// Text is an attribute whose value is anything.
type Text struct{ attribute }

// Text adds an attribute of free text, empty when it is missing. doc is one line.
func (p *Plugin) Text(name, doc string) Text {
	return Text{p.add(abi.Attribute{Name: name, Type: abi.TypeText, Doc: doc})}
}

// Required makes an annotation without the key a mistake.
func (a Text) Required() Text { a.about().Required = true; return a }

// Shared makes it one value for all candidates of a policy.
func (a Text) Shared() Text { a.about().Shared = true; return a }

// Of returns the candidate's value.
func (a Text) Of(p *Policy, candidate int) string { return p.config.Text(candidate, a.index) }

// List returns the parts of the candidate's value that commas separate, none if it is empty. It is made for a loop:
//
//	for part := a.List(p, i); part.Next(); { … part.Text … }
func (a Text) List(p *Policy, candidate int) Part {
	text := a.Of(p, candidate)
	return Part{rest: text, more: text != ""}
}

// Part is one part of a list. Next goes to the first and from one to the next; it returns false behind the last one.
type Part struct {
	Text, rest string
	more       bool
}

// Next goes to the next part.
//
//go:noinline
func (p *Part) Next() bool {
	if !p.more {
		return false
	}
	end := strings.IndexByte(p.rest, ',')
	if p.more = end >= 0; p.more {
		p.Text, p.rest = p.rest[:end], p.rest[end+1:]
	} else {
		p.Text = p.rest
	}
	return true
}

// PlaceAttribute is an attribute whose value is a place on earth.
type PlaceAttribute struct{ attribute }

// Place adds an attribute whose value is a region that the server knows, as eu-west-1, or LATITUDE,LONGITUDE. doc is one line.
func (p *Plugin) Place(name, doc string) PlaceAttribute {
	return PlaceAttribute{p.add(abi.Attribute{Name: name, Type: abi.TypePlace, Doc: doc})}
}

// Required makes an annotation without the key a mistake.
func (a PlaceAttribute) Required() PlaceAttribute { a.about().Required = true; return a }

// Of returns the candidate's place, 0,0 if the key is missing: Set tells.
func (a PlaceAttribute) Of(p *Policy, candidate int) Coordinates {
	bits := p.config.Bits(candidate, a.index)
	return Coordinates{float64(math.Float32frombits(uint32(bits))), float64(math.Float32frombits(uint32(bits >> 32)))}
}
