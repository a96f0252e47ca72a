package override

import (
	"cmp"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"signpost/host/config"
	"signpost/host/diag"
	"signpost/host/health"
)

// Bounds of the file: the YAML parser is quadratic in the depth, and worse in the length of what is no list of overrides: a file of 1 MiB of "-"
// took two minutes, in which nothing else could be said of a candidate. An override with all its keys has 22 tokens.
const (
	depthMax  = 8
	tokensMax = 32 * ListMax
)

// Entry is an override and where it stands.
type Entry struct {
	health.Override
	Pos   diag.Pos // of its pattern
	AtPos diag.Pos // of the value of at; zero: there is none
}

// parser is one Parse in progress.
type parser struct {
	file  string
	yaml  *config.YAML
	diags diag.List
}

// keys are what an entry has.
var keys = []struct {
	name string
	set  func(p *parser, e *entry, text string, pos diag.Pos)
}{
	{"pattern", setPattern},
	{"force", setForce},
	{"reason", func(p *parser, e *entry, text string, pos diag.Pos) { e.Reason = p.words("reason", text, pos) }},
	{"by", func(p *parser, e *entry, text string, pos diag.Pos) { e.By = p.words("by", text, pos) }},
	{"at", func(p *parser, e *entry, text string, pos diag.Pos) { e.At = p.time("at", text, pos) }},
	{"until", func(p *parser, e *entry, text string, pos diag.Pos) { e.Until = p.time("until", text, pos) }},
	{"over", setOver},
}

// entry is an Entry in the making.
type entry struct {
	Entry
	seen [8]diag.Pos // of the values, by index of keys
	bad  bool        // a value was wrong: no more is said of what is missing
}

// The indexes of keys that are needed, and those that depend on another.
const (
	keyPattern = 0
	keyForce   = 1
	keyAt      = 4
	keyUntil   = 5
	keyOver    = 6
)

// Parse reads the file that holds overrides, a list of them; path is its name in the diagnostics. It returns all mistakes at once, in the order
// of the file; with an error among them the entries must not be used. At is zero where the file does not say it, By the file's name.
func Parse(path string, text []byte) ([]Entry, diag.List) {
	p := &parser{file: path, yaml: config.ReadYAML(path, text, depthMax, tokensMax)}
	p.diags = p.yaml.Diags
	var list []Entry
	switch node := p.yaml.Root.(type) {
	case nil:
	case *ast.SequenceNode:
		for _, value := range node.Values {
			if e, ok := p.entry(value); ok {
				list = append(list, e)
			}
		}
	default:
		p.diags.Errorf(p.yaml.At(node.GetToken()), "the file wants a list: lines that begin with %q", `- pattern: "NAME/ID"`)
	}
	if len(list) > ListMax {
		p.diags.Errorf(list[ListMax].Pos, "more than %d overrides", ListMax)
	}
	p.twice(list)
	p.diags.Sort()
	return list, p.diags
}

// twice warns of entries that never count.
func (p *parser) twice(list []Entry) {
	last := map[health.Pattern]int{}
	for i, e := range list {
		if before, ok := last[e.Pattern]; ok {
			p.diags.Warnf(list[before].Pos, "%s stands in line %d again, which counts", e.Pattern, e.Pos.Line)
		}
		last[e.Pattern] = i
	}
}

// entry reads one member of the list.
func (p *parser) entry(node ast.Node) (Entry, bool) {
	var pairs []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		pairs = node.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{node}
	default:
		p.diags.Errorf(p.yaml.At(node.GetToken()), "an override wants keys and values, such as pattern: and force:")
		return Entry{}, false
	}
	e := &entry{}
	start := p.yaml.At(node.GetToken())
	if len(pairs) > 0 {
		start = p.yaml.At(pairs[0].Key.GetToken())
	}
	for _, pair := range pairs {
		p.pair(e, pair)
	}
	p.finish(e, start)
	e.By = cmp.Or(e.By, filepath.Base(p.file))
	e.Pos, e.AtPos = cmp.Or(e.seen[keyPattern], start), e.seen[keyAt]
	return e.Entry, !e.bad
}

// pair reads one key and its value.
func (p *parser) pair(e *entry, pair *ast.MappingValueNode) {
	key, pos := pair.Key.GetToken().Value, p.yaml.At(pair.Key.GetToken())
	names := make([]string, 0, len(keys))
	for i, k := range keys {
		names = append(names, k.name)
		if k.name != key {
			continue
		}
		if e.seen[i] != (diag.Pos{}) {
			p.bad(e, pos, "%s is said twice", key)
			return
		}
		value := p.yaml.At(pair.Value.GetToken())
		e.seen[i] = value
		if text, ok := scalar(pair.Value); ok {
			before := p.diags.Errors()
			k.set(p, e, text, value)
			e.bad = e.bad || p.diags.Errors() > before
		} else {
			p.bad(e, value, "%s wants one value", key)
		}
		return
	}
	hint := diag.DidYouMean(key, names)
	for i, name := range names {
		if hint != "" && strings.Contains(hint, strconv.Quote(name)) && e.seen[i] == (diag.Pos{}) {
			e.seen[i] = pos // it is not missing
		}
	}
	switch {
	case key == "for":
		hint = "; the file wants the time of the end, until:"
	case key == "view" || key == "name" || key == "type" || key == "id":
		hint = "; the file wants pattern: NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID"
	case hint == "":
		hint = " (known: " + strings.Join(names, ", ") + ")"
	}
	p.bad(e, pos, "unknown key %q%s", diag.OneLine(key), hint)
}

// bad reports a mistake of e.
func (p *parser) bad(e *entry, pos diag.Pos, format string, args ...any) {
	e.bad = true
	p.diags.Errorf(pos, format, args...)
}

// finish looks at what depends on several keys.
func (p *parser) finish(e *entry, start diag.Pos) {
	for _, i := range []int{keyPattern, keyForce} {
		if e.seen[i] == (diag.Pos{}) {
			p.bad(e, start, "an override needs %s", keys[i].name)
		}
	}
	if e.bad {
		return
	}
	if !e.Until.IsZero() && !e.At.IsZero() && !e.Until.After(e.At) {
		p.bad(e, e.seen[keyUntil], "until is not after at")
	}
	switch over := e.seen[keyOver]; {
	case e.Force != health.ForceDrain && over != (diag.Pos{}):
		p.bad(e, over, "over is for force: drain")
	case e.Force == health.ForceDrain && over == (diag.Pos{}):
		e.Over = health.DefaultOver
	}
}

func setPattern(p *parser, e *entry, text string, pos diag.Pos) {
	var err error
	if e.Pattern, err = ParsePattern(text); err != nil {
		p.diags.Errorf(pos, "pattern: %v", err)
	}
}

func setForce(p *parser, e *entry, text string, pos diag.Pos) {
	var err error
	if e.Force, err = ParseForce(text); err != nil {
		p.diags.Errorf(pos, "force: %v", err)
	}
}

func setOver(p *parser, e *entry, text string, pos diag.Pos) {
	over, err := time.ParseDuration(text)
	switch {
	case strings.Trim(text, "0123456789") == "" && text != "0" && text != "":
		p.diags.Errorf(pos, "over: %s has no unit (did you mean %ss?)", text, text)
	case err != nil:
		p.diags.Errorf(pos, "over: %q is not a duration such as 30s or 5m", text)
	default:
		if err := CheckOver(over); err != nil {
			p.diags.Errorf(pos, "over: %v", err)
		}
	}
	e.Over = over
}

// words reads a text for people.
func (p *parser) words(key, text string, pos diag.Pos) string {
	if err := CheckWords(text); err != nil {
		p.diags.Errorf(pos, "%s %v", key, err)
	}
	return text
}

func (p *parser) time(key, text string, pos diag.Pos) time.Time {
	at, err := ParseTime(text)
	if err != nil {
		p.diags.Errorf(pos, "%s: %v", key, err)
	}
	return at
}

// scalar is the text of a single value as it was written, without quotes. A pattern that begins with a star and has no quotes is an alias for
// YAML; there is nothing here that it could stand for.
func scalar(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(node.Value.Value, "\n"), true
	case *ast.AliasNode:
		return "*" + node.Value.GetToken().Value, true
	}
	return "", false
}
