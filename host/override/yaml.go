package override

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

// Bounds of the file: the YAML parser is quadratic in the depth, and worse in the length of what is no list of overrides: a file of 1 MiB of "-"
// took two minutes, in which nothing else could be said of a candidate. An override with all its keys has 22 tokens.
const (
	textLenMax = 1 << 20
	depthMax   = 8
	tokensMax  = 32 * ListMax
)

// read turns the text into the node of its one document; nil when there is none or a diagnostic.
func (p *parser) read(text []byte) (root ast.Node) {
	whole := diag.Pos{File: p.file}
	if len(text) > textLenMax {
		p.diags.Errorf(whole, "the file has %d bytes, more than %d", len(text), textLenMax)
		return nil
	}
	if !utf8.Valid(text) {
		p.diags.Errorf(whole, "the file is not UTF-8 text")
		return nil
	}
	defer func() { // the YAML module is not ours, and a file must not stop the server
		if cause := recover(); cause != nil {
			p.diags.Errorf(whole, "the YAML parser cannot read this file: %s", diag.OneLine(fmt.Sprint(cause)))
			root = nil
		}
	}()
	tokens := lexer.Tokenize(strings.TrimPrefix(string(text), "\ufeff"))
	if len(tokens) > tokensMax {
		p.diags.Errorf(p.at(tokens[tokensMax]), "more than %d words and signs, which %d overrides do not need", tokensMax, ListMax)
		return nil
	}
	if deep := tooDeep(tokens); deep != nil {
		p.diags.Errorf(p.at(deep), "nested more than %d deep", depthMax)
		return nil
	}
	file, err := yamlparser.Parse(tokens, 0, yamlparser.AllowDuplicateMapKey())
	if err != nil {
		pos, message := whole, err.Error()
		if located, ok := err.(yaml.Error); ok {
			pos, message = p.at(located.GetToken()), located.GetMessage()
		}
		p.diags.Errorf(pos, "YAML: %s", diag.OneLine(message))
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
	return root
}

// tooDeep returns the token that nests deeper than depthMax.
func tooDeep(tokens token.Tokens) *token.Token {
	depth, dashes, line := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Line != line {
				dashes, line = 0, t.Position.Line
			}
			dashes++
		}
		if depth > depthMax || dashes > depthMax {
			return t
		}
	}
	return nil
}

// at converts a token's place. The module counts columns in characters, diagnostics count bytes.
func (p *parser) at(t *token.Token) diag.Pos {
	if t == nil || t.Position == nil {
		return diag.Pos{File: p.file}
	}
	pos := diag.Pos{File: p.file, Line: t.Position.Line, Col: t.Position.Column}
	if pos.Line < 1 || pos.Line > len(p.lines) {
		return pos
	}
	chars := 1
	for off := range p.lines[pos.Line-1] {
		if chars == t.Position.Column {
			pos.Col = off + 1
			break
		}
		chars++
	}
	return pos
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
