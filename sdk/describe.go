package sdk

import (
	"strconv"

	"signpost/sdk/abi"
)

// describe returns the manifest as JSON. It is written by hand here because encoding/json would triple a guest's size.
func (g *guest) describe() []byte {
	j := make(jsonText, 0, 1024*len(g.plugins))
	j.raw(`{"plugins":[`)
	for i, plugin := range g.plugins {
		j.comma(i)
		j.plugin(&plugin.about)
	}
	return append(j, "]}"...)
}

// jsonText is JSON that is being written.
type jsonText []byte

func (j *jsonText) plugin(p *abi.Plugin) {
	j.raw(`{"name":`)
	j.text(p.Name)
	j.raw(`,"version":`)
	j.text(p.Version)
	j.raw(`,"kind":`)
	j.text(p.Kind)
	j.raw(`,"doc":`)
	j.text(p.Doc)
	j.raw(`,"wants":`)
	j.texts(p.Wants)
	j.raw(`,"attributes":[`)
	for i := range p.Attributes {
		j.comma(i)
		j.attribute(&p.Attributes[i])
	}
	j.raw("]")
	if len(p.Reasons) > 0 {
		j.raw(`,"reasons":`)
		j.texts(p.Reasons)
	}
	j.raw("}")
}

func (j *jsonText) attribute(a *abi.Attribute) {
	j.raw(`{"name":`)
	j.text(a.Name)
	j.raw(`,"type":`)
	j.text(a.Type)
	j.raw(`,"doc":`)
	j.text(a.Doc)
	if a.Required {
		j.raw(`,"required":true`)
	}
	if a.Default != "" {
		j.raw(`,"default":`)
		j.text(a.Default)
	}
	j.bound(`,"min":`, a.Min)
	j.bound(`,"max":`, a.Max)
	if len(a.Words) > 0 {
		j.raw(`,"words":`)
		j.texts(a.Words)
	}
	if a.Shared {
		j.raw(`,"shared":true`)
	}
	j.raw("}")
}

func (j *jsonText) bound(key string, value *float64) {
	if value != nil {
		j.raw(key)
		*j = strconv.AppendFloat(*j, *value, 'f', -1, 64)
	}
}

func (j *jsonText) texts(list []string) {
	j.raw("[")
	for i, text := range list {
		j.comma(i)
		j.text(text)
	}
	j.raw("]")
}

// text writes a JSON string.
func (j *jsonText) text(text string) {
	j.raw(`"`)
	if plain(text) {
		j.raw(text)
	} else {
		j.escaped(text)
	}
	j.raw(`"`)
}

// plain tells whether a text stands in JSON as it is: RFC 8259 section 7 wants only quote, backslash and controls escaped.
//
// It is a function of its own, as are escaped and raw, because a host charges fuel for each pass of a loop by the size of that loop, and Go's
// WebAssembly makes every function one loop that its branches go through. With all of them inlined, the built-in plugins' manifest cost 13 million.
//
//go:noinline
func plain(text string) bool {
	for i := range len(text) {
		if b := text[i]; b < ' ' || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

//go:noinline
func (j *jsonText) escaped(text string) {
	const hex = "0123456789abcdef"
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"' || b == '\\':
			*j = append(*j, '\\', b)
		case b < ' ':
			*j = append(*j, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			*j = append(*j, b)
		}
	}
}

func (j *jsonText) comma(i int) {
	if i > 0 {
		j.raw(",")
	}
}

//go:noinline
func (j *jsonText) raw(text string) { *j = append(*j, text...) }
