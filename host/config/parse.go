package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"signpost/host/diag"
	"signpost/host/geo"
)

// value is one YAML value with the words for messages about it.
type value struct {
	node ast.Node
	key  string // the path as the user wrote it: "views.internal.clients"
	pos  diag.Pos
}

// parser is one Parse in progress.
type parser struct {
	config   *Config
	yaml     *YAML
	diags    diag.List
	checks   map[string]*Check
	plugins  map[string]*PluginLimits
	sockets  []viewSocket
	viewKeys []viewKey
	regions  map[string]*geo.Region
	seen     map[string]diag.Pos // what must not be named twice, by key and value
}

// Parse reads the text of signpost.yaml; path is the name in the diagnostics. It returns all mistakes at once, in file order. The
// configuration is never nil: what was wrong has its default, which is good enough to check zones with, but must not be served when
// there are errors. An empty text is Default.
func Parse(path string, text []byte) (*Config, diag.List) {
	p := &parser{
		config: Default(), yaml: ReadYAML(path, text, depthMax, tokensMax),
		checks: map[string]*Check{}, plugins: map[string]*PluginLimits{}, regions: map[string]*geo.Region{},
		seen: map[string]diag.Pos{},
	}
	p.diags = p.yaml.Diags
	if root := p.yaml.Root; root != nil {
		p.mapping("", "", p.resolve(value{node: root, pos: p.yaml.At(root.GetToken())}))
	}
	p.finish()
	p.diags.Sort()
	return p.config, p.diags
}

// mapping reads the keys of where, which stands at path; name is what the path's * stands for.
func (p *parser) mapping(path, name string, where value) {
	pairs, ok := p.pairs(where)
	if !ok {
		return
	}
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		keyPos := p.yaml.At(pair.Key.GetToken())
		child := value{node: pair.Value, key: join(where.key, printable(key)), pos: p.yaml.At(pair.Value.GetToken())}
		if !p.once(where.key+" key "+key, keyPos, child.key) {
			continue
		}
		if names := find(join(path, "*")); names != nil {
			p.named(names, key, keyPos, child)
			continue
		}
		row := find(join(path, key))
		switch {
		case strings.ContainsAny(key, ".*"): // "server.id" is a path, not a key
			p.unknown(path, key, keyPos, child.key)
		case row != nil && row.set != nil:
			row.set(p, name, p.resolve(child))
		case find(join(path, key)+".-") != nil:
			p.listed(join(path, key), p.resolve(child))
		case isMapping(join(path, key)):
			child = p.resolve(child)
			if row != nil && row.open != nil {
				row.open(p, name, child)
			}
			p.mapping(join(path, key), name, child)
		default:
			p.unknown(path, key, keyPos, child.key)
		}
	}
}

// named reads the mapping of a name the user chose.
func (p *parser) named(row *option, name string, keyPos diag.Pos, child value) {
	if row.path == "keys.*" && !isKeyName(name) {
		p.diags.Errorf(keyPos, "%s: the name of a key is a domain name of at most 63 bytes, letters, digits, - and _ between dots", child.key)
		return
	}
	if row.path != "keys.*" && !isName(name) {
		p.diags.Errorf(keyPos, "%s: a name has 1..63 letters, digits, - and _, and begins with a letter or digit", child.key)
		return
	}
	child = p.resolve(child)
	if row.set != nil {
		row.set(p, name, child)
		return
	}
	row.open(p, name, value{node: child.node, key: child.key, pos: keyPos})
	p.mapping(row.path, name, child)
}

// unknown explains a key that no row has.
func (p *parser) unknown(path, key string, pos diag.Pos, full string) {
	if path == "" && slices.Contains(later, key) {
		p.diags.Errorf(pos, "%s is not available in this version; remove it", key)
		return
	}
	if row := find(join(path, key)); row != nil && row.set != nil && strings.Contains(key, ".") {
		p.diags.Errorf(pos, "unknown key %q (did you mean %q?)", full, strings.ReplaceAll(key, ".", ": { ")+": … }")
		return
	}
	known := children(path)
	hint := diag.DidYouMean(key, known)
	if hint == "" && len(known) <= 8 {
		hint = " (known: " + strings.Join(known, ", ") + ")"
	}
	p.diags.Errorf(pos, "unknown key %q%s", full, hint)
}

// pairs returns the members of a mapping; null is an empty one.
func (p *parser) pairs(v value) ([]*ast.MappingValueNode, bool) {
	switch node := v.node.(type) {
	case *ast.MappingNode:
		return node.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}, true
	case *ast.NullNode:
		return nil, true
	default:
		key := v.key
		if key == "" {
			key = "the file"
		}
		p.diags.Errorf(v.pos, "%s wants keys and values, got %s", key, describe(node))
		return nil, false
	}
}

// resolve follows anchors and aliases. Depth is bounded by the rows, so a cycle only ends in a value of the wrong kind.
func (p *parser) resolve(v value) value {
	for range depthMax {
		switch node := v.node.(type) {
		case *ast.AnchorNode:
			v.node = node.Value
		case *ast.AliasNode:
			target, ok := p.yaml.Anchors[node.Value.GetToken().Value]
			if !ok {
				p.diags.Errorf(v.pos, "%s: no anchor %q", v.key, "&"+node.Value.GetToken().Value)
				return value{node: &ast.NullNode{Token: node.Start}, key: v.key, pos: v.pos}
			}
			v.node = target
		default:
			return v
		}
	}
	return v
}

// once tells whether id is new, with a diagnostic when it is not.
func (p *parser) once(id string, pos diag.Pos, what string) bool {
	if first, ok := p.seen[id]; ok {
		p.diags.Errorf(pos, "duplicate %s; the first is in line %d", what, first.Line)
		return false
	}
	p.seen[id] = pos
	return true
}

// describe names a node's kind in a message.
func describe(node ast.Node) string {
	switch node := node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.TagNode:
		return "the tag " + printable(node.Start.Value)
	case *ast.LiteralNode:
		return "a block of text"
	default:
		return fmt.Sprintf("%q", node.GetToken().Value)
	}
}

// printable keeps keys from breaking the lines that diagnostics are printed in.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// below returns the first word of full after path.
func below(full, path string) (string, bool) {
	if path != "" {
		rest, ok := strings.CutPrefix(full, path+".")
		if !ok {
			return "", false
		}
		full = rest
	}
	word, _, _ := strings.Cut(full, ".")
	return word, true
}

func isName(name string) bool {
	for i, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 63
}
