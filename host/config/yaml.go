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

// Bounds of the file. The YAML parser is quadratic in the depth: 60,000 brackets keep it busy for 11 s, 32 for nothing.
const (
	textLenMax = 1 << 20
	depthMax   = 32
)

// read turns text into the node of its one document; nil when there is none or a diagnostic.
func (p *parser) read(text []byte) (root ast.Node) {
	if len(text) > textLenMax {
		p.diags.Errorf(diag.Pos{File: p.file}, "the file has %d bytes, more than %d", len(text), textLenMax)
		return nil
	}
	if !utf8.Valid(text) {
		p.diags.Errorf(diag.Pos{File: p.file}, "the file is not UTF-8 text")
		return nil
	}
	// The YAML module is not ours and has panicked on odd input before; a file must not stop the server.
	defer func() {
		if cause := recover(); cause != nil {
			p.diags.Errorf(diag.Pos{File: p.file}, "the YAML parser cannot read this file: %s", printable(fmt.Sprint(cause)))
			root = nil
		}
	}()
	tokens := joinAddresses(lexer.Tokenize(strings.TrimPrefix(string(text), "\ufeff")))
	if deep := tooDeep(tokens); deep != nil {
		p.diags.Errorf(p.at(deep), "nested more than %d deep", depthMax)
		return nil
	}
	file, err := yamlparser.Parse(tokens, 0, yamlparser.AllowDuplicateMapKey())
	if err != nil {
		p.syntaxError(err)
		return nil
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.NullType:
		case root != nil:
			p.diags.Errorf(p.at(doc.Body.GetToken()), "a second document; keep everything in the first")
		default:
			root = doc.Body
		}
	}
	if root != nil {
		ast.Walk(anchorCollector(p.anchors), root)
	}
	return root
}

func (p *parser) syntaxError(err error) {
	pos, text := diag.Pos{File: p.file}, err.Error()
	if located, ok := err.(yaml.Error); ok {
		pos, text = p.at(located.GetToken()), located.GetMessage()
	}
	if pos.Line > 0 && pos.Line <= len(p.lines) && strings.Contains(p.lines[pos.Line-1], "]:") {
		text += ` (an address with brackets needs quotes: "[::1]:5300")`
	}
	p.diags.Errorf(pos, "YAML: %s", printable(text))
}

// tooDeep returns the token that goes deeper than depthMax by flow brackets or by "- - -"; block mappings nest by indentation, which
// the file's size bounds.
func tooDeep(tokens token.Tokens) *token.Token {
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
