package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	yamlparser "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"signpost/host/diag"
)

// Bounds of the file. The YAML parser is quadratic in the depth: 60,000 brackets keep it busy for 11 s, 32 for nothing. So it is in the keys of a
// mapping without braces: 200,000 take minutes, mapLenMax 1 s, and several mappings may take together what one of mapLenMax does.
const (
	textLenMax = 1 << 20
	depthMax   = 32
	tokensMax  = textLenMax // the file is the operator's own: any number
	mapLenMax  = 20_000
)

// YAML is a text of YAML that people edit, read.
type YAML struct {
	Root    ast.Node            // of its one document; nil when there is none or a diagnostic
	Anchors map[string]ast.Node // by name
	Diags   diag.List           // what is wrong with the text as YAML
	file    string
	lines   []string
	far     place // the farthest of its line that At went to
}

// place is one of a line, in characters and in bytes from its start.
type place struct{ line, chars, off int }

// ReadYAML reads text; file is its name in the diagnostics. What is nested deeper than depthMax or has more than tokensMax words and signs is not
// parsed, since the parser is quadratic or worse in both. It never panics.
func ReadYAML(file string, text []byte, depthMax, tokensMax int) (y *YAML) {
	y = &YAML{Anchors: map[string]ast.Node{}, file: file, lines: strings.Split(string(text), "\n")}
	whole := diag.Pos{File: file}
	if len(text) > textLenMax {
		y.Diags.Errorf(whole, "the file has %d bytes, more than %d", len(text), textLenMax)
		return y
	}
	if !utf8.Valid(text) {
		y.Diags.Errorf(whole, "the file is not UTF-8 text")
		return y
	}
	// The YAML module is not ours and has panicked on odd input before; a file must not stop the server.
	defer func() {
		if cause := recover(); cause != nil {
			y.Diags.Errorf(whole, "the YAML parser cannot read this file: %s", diag.OneLine(fmt.Sprint(cause)))
			y.Root = nil
		}
	}()
	tokens := lexer.Tokenize(strings.TrimPrefix(string(text), "\ufeff"))
	if len(tokens) > tokensMax {
		y.Diags.Errorf(y.At(tokens[tokensMax]), "more than %d words and signs", tokensMax)
		return y
	}
	tokens = joinAddresses(tokens)
	if deep := tooDeep(tokens, depthMax); deep != nil {
		y.Diags.Errorf(y.At(deep), "nested more than %d deep", depthMax)
		return y
	}
	if long := tooLong(tokens); long != nil {
		y.Diags.Errorf(y.At(long), "too many keys: one mapping of %d takes as long to read as the file may", mapLenMax)
		return y
	}
	parsed, err := yamlparser.Parse(tokens, 0, yamlparser.AllowDuplicateMapKey())
	if err != nil {
		y.syntaxError(err)
		return y
	}
	for _, doc := range parsed.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.NullType:
		case y.Root != nil:
			y.Diags.Errorf(y.At(doc.Body.GetToken()), "a second document; keep everything in the first")
		default:
			y.Root = doc.Body
		}
	}
	if y.Root != nil {
		ast.Walk(anchorCollector(y.Anchors), y.Root)
	}
	return y
}

// At converts a token's place. The module counts columns in characters, diagnostics count bytes.
func (y *YAML) At(t *token.Token) diag.Pos {
	if t == nil || t.Position == nil {
		return diag.Pos{File: y.file}
	}
	pos := diag.Pos{File: y.file, Line: t.Position.Line, Col: t.Position.Column}
	if pos.Line < 1 || pos.Line > len(y.lines) {
		return pos
	}
	line, from := y.lines[pos.Line-1], place{line: pos.Line, chars: 1}
	if y.far.line == pos.Line && y.far.chars <= t.Position.Column {
		from = y.far // all of a file may stand in one line
	}
	chars := from.chars
	for off := range line[from.off:] {
		if chars == t.Position.Column {
			pos.Col = from.off + off + 1
			if y.far.line != pos.Line || y.far.chars < chars {
				y.far = place{pos.Line, chars, from.off + off}
			}
			return pos
		}
		chars++
	}
	pos.Col = len(strings.TrimRight(line, "\r")) + 1
	return pos
}

func (y *YAML) syntaxError(err error) {
	pos, text := diag.Pos{File: y.file}, ""
	if located, ok := err.(yaml.Error); ok { // whose Error prints the line, in time that is quadratic in its length
		pos, text = y.At(located.GetToken()), located.GetMessage()
	} else {
		text = err.Error()
	}
	if pos.Line > 0 && pos.Line <= len(y.lines) && strings.Contains(y.lines[pos.Line-1], "]:") {
		text += ` (an address with brackets needs quotes: "[::1]:5300")`
	}
	y.Diags.Errorf(pos, "YAML: %s", diag.OneLine(text))
}

// tooDeep returns the token that goes deeper than depthMax by flow brackets or by "- - -"; block mappings nest by indentation, which
// the file's size bounds.
func tooDeep(tokens token.Tokens, depthMax int) *token.Token {
	depth, dashes, dashLine := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Line != dashLine {
				dashes, dashLine = 0, t.Position.Line
			}
			dashes++
		}
		if depth > depthMax || dashes > depthMax {
			return t
		}
	}
	return nil
}

// tooLong returns the key at which the mappings without braces have become too long to be parsed.
func tooLong(tokens token.Tokens) *token.Token {
	type mapping struct{ column, keys int }
	var open []mapping
	braces, steps := 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			braces++
		case token.SequenceEndType, token.MappingEndType:
			braces--
		}
		key := t
		if t.Type == token.MappingValueType && i > 0 {
			key = tokens[i-1]
		}
		ends := t.Type == token.SequenceEntryType // the mappings of the entry before
		if braces > 0 || !ends && t.Type != token.MappingValueType && t.Type != token.MappingKeyType {
			continue
		}
		column := key.Position.Column
		for len(open) > 0 && open[len(open)-1].column > column {
			open = open[:len(open)-1]
		}
		if ends {
			continue
		}
		if len(open) == 0 || open[len(open)-1].column < column {
			open = append(open, mapping{column: column})
		}
		last := &open[len(open)-1]
		last.keys++
		if steps += last.keys; steps > mapLenMax*(mapLenMax+1)/2 {
			return key
		}
	}
	return nil
}

// anchorCollector is a visitor that remembers "&name value".
type anchorCollector map[string]ast.Node

func (c anchorCollector) Visit(node ast.Node) ast.Visitor {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		c[anchor.Name.GetToken().Value] = anchor.Value
	}
	return c
}

// joinAddresses undoes a slip of the module's lexer: in a list inside {…} it takes each colon for the end of a key, so fd00::/8 and
// 2001:db8::1 fall apart. By YAML 1.2 (section 7.3.3) a colon that no space follows belongs to the plain text around it.
func joinAddresses(tokens token.Tokens) token.Tokens {
	var out token.Tokens
	var open []token.Type
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open = append(open, t.Type)
		case token.SequenceEndType, token.MappingEndType:
			open = open[:max(0, len(open)-1)]
		case token.MappingValueType:
			inList := len(open) > 0 && open[len(open)-1] == token.SequenceStartType
			if !inList || i+1 == len(tokens) || !isPlain(tokens[i+1]) || !adjacent(t, tokens[i+1]) {
				break
			}
			joined := token.String(":"+tokens[i+1].Value, ":"+tokens[i+1].Origin, t.Position)
			if n := len(out); n > 0 && isPlain(out[n-1]) && adjacent(out[n-1], t) {
				joined = token.String(out[n-1].Value+joined.Value, out[n-1].Origin+joined.Origin, out[n-1].Position)
				out = out[:n-1]
			}
			t = joined
			i++
		}
		out.Add(t)
	}
	return out
}

// isPlain tells whether t is text or a number without quotes.
func isPlain(t *token.Token) bool {
	return t.CharacterType == token.CharacterTypeMiscellaneous && t.Indicator == token.NotIndicator
}

// adjacent tells whether b begins where a, which is plain or a colon, ends.
func adjacent(a, b *token.Token) bool {
	return a.Position.Line == b.Position.Line && a.Position.Column+utf8.RuneCountInString(a.Value) == b.Position.Column
}
