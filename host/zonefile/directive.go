package zonefile

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"signpost/host/diag"
)

// include is a file being read and the line of the $INCLUDE in it that is being followed.
type include struct {
	path string
	line uint32
}

var directives = []string{"$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE"}

// directive reads the entry as a directive. Names of directives have no case (as in all peers).
func (r *reader) directive() {
	t := &r.toks[0]
	name := strings.ToUpper(string(clip(t.text)))
	if name == "$GENERATE" {
		r.generateDirective()
		return
	}
	for i := range r.notes {
		r.errorAt(r.notes[i].line, r.notes[i].col-2, "annotation belongs to no record: %s has none", name)
	}
	switch name {
	case "$ORIGIN":
		r.originDirective()
	case "$TTL":
		r.ttlDirective()
	case "$INCLUDE":
		r.includeDirective()
	default:
		hint := diag.DidYouMean(name, directives)
		if hint == "" {
			hint = `: $ORIGIN, $TTL, $INCLUDE and $GENERATE are known; an owner that starts with "$" is written \$`
		}
		r.errorAt(t.line, t.col, "unknown directive %s%s", quote(t.text), hint)
	}
}

// arguments checks that the directive has least to most arguments, the last of which is called last.
func (r *reader) arguments(least, most int, missing string) bool {
	if len(r.toks) <= least {
		line, col := r.dataPlace(r.toks, len(r.toks))
		r.errorAt(line, col, "%s: %s is missing", strings.ToUpper(string(r.toks[0].text)), missing)
		return false
	}
	if len(r.toks)-1 > most {
		t := &r.toks[most+1]
		r.errorAt(t.line, t.col, "%s: %s is one too many", strings.ToUpper(string(r.toks[0].text)), quote(t.text))
		return false
	}
	return true
}

// originName reads a field as an origin: absolute, or relative to the one before. nil after an error.
func (r *reader) originName(t *token) []byte {
	if t.quoted {
		r.errorAt(t.line, t.col, "origin %s is quoted: write it without quotes", quote(t.text))
		return nil
	}
	if len(t.text) == 1 && t.text[0] == '@' {
		return r.origin
	}
	origin, msg := appendName(nil, t.text, r.origin)
	if msg != "" {
		r.errorAt(t.line, t.col, "origin: %s", msg)
		return nil
	}
	return origin
}

func (r *reader) originDirective() {
	if !r.arguments(1, 1, "the name") {
		return
	}
	if origin := r.originName(&r.toks[1]); origin != nil {
		r.originChanged = r.originChanged || !bytes.Equal(origin, r.origin)
		r.origin = origin
	}
}

func (r *reader) ttlDirective() {
	if !r.arguments(1, 1, "the TTL") {
		return
	}
	t := &r.toks[1]
	if t.quoted {
		r.errorAt(t.line, t.col, "$TTL: %s is quoted: write it without quotes", quote(t.text))
		return
	}
	ttl, msg := parseTTL(t.text)
	if msg != "" {
		r.errorAt(t.line, t.col, "$TTL: %s", msg)
		return
	}
	r.ttl.standard, r.ttl.standardKnown = ttl, true
}

// includeDirective reads another file in place of the line.
func (r *reader) includeDirective() {
	if !r.arguments(1, 2, "the file") {
		return
	}
	origin := r.origin
	if len(r.toks) == 3 {
		if origin = r.originName(&r.toks[2]); origin == nil {
			return
		}
	}
	t := r.toks[1]
	name, ok := r.includePath(&t)
	if !ok {
		return
	}
	file := slices.Index(r.files, name)
	if file < 0 {
		file = len(r.files)
		r.files = append(r.files, name)
	}
	text, err := r.src.Open(name)
	if err != nil {
		r.errorAt(t.line, t.col, "$INCLUDE: %s cannot be read: %v", name, diag.Cause(err))
		return
	}
	r.follow(text, uint16(file), origin)
}

// follow reads an included file and goes on behind the directive: scanner, origin and owner are as before it, the TTLs are not.
func (r *reader) follow(text []byte, file uint16, origin []byte) {
	scan, outer, originBefore, ownerState := r.scanner, r.file, r.origin, r.ownerState
	owner := bytes.Clone(r.owner)
	r.chain[len(r.chain)-1].line = r.toks[0].line
	r.chain = append(r.chain, include{path: r.files[file]})
	r.file, r.origin = file, origin
	r.originChanged = r.originChanged || !bytes.Equal(origin, originBefore)

	r.readText(text)

	scan.toks, scan.notes = r.toks, r.notes
	r.scanner, r.file, r.origin, r.ownerState = scan, outer, originBefore, ownerState
	r.chain = r.chain[:len(r.chain)-1]
	r.owner = append(r.owner[:0], owner...)
	r.originChanged = false
}

// includePath checks $INCLUDE's path and the chain that leads to it.
func (r *reader) includePath(t *token) (name string, ok bool) {
	raw := unescapeAll(t.text)
	name = path.Join(r.here(), raw)
	switch {
	case raw == "" || strings.HasSuffix(raw, "/") || strings.ContainsFunc(raw, unicode.IsControl) || !utf8.ValidString(raw):
		r.errorAt(t.line, t.col, "$INCLUDE: %s is no file", quote([]byte(raw)))
	case path.IsAbs(raw) || !fs.ValidPath(name) || strings.Contains(raw, `\`):
		r.errorAt(t.line, t.col, "$INCLUDE: %s leaves the data directory: give a path relative to this file's directory, with \"/\"", quote([]byte(raw)))
	case slices.ContainsFunc(r.chain, func(in include) bool { return in.path == name }):
		r.errorAt(t.line, t.col, "$INCLUDE: cycle: %s", r.chainTo(name, t.line))
	case len(r.chain) > includeDepthMax:
		r.errorAt(t.line, t.col, "$INCLUDE: deeper than %d files: %s", includeDepthMax, r.chainTo(name, t.line))
	case r.includes >= includeCountMax:
		r.errorAt(t.line, t.col, "$INCLUDE: more than %d in one zone", includeCountMax)
	default:
		r.includes++
		return name, true
	}
	return "", false
}

// chainTo prints the files from the zone file to name: "a.zone:3 → b.inc:1 → a.zone".
func (r *reader) chainTo(name string, line uint32) string {
	var b strings.Builder
	for i, in := range r.chain {
		if i == len(r.chain)-1 {
			in.line = line
		}
		b.WriteString(diag.Pos{File: in.path, Line: int(in.line)}.String())
		b.WriteString(" → ")
	}
	b.WriteString(name)
	return b.String()
}

// unescapeAll resolves the escapes of a field; a broken one stays as it is.
func unescapeAll(text []byte) string {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		c, used := text[0], 1
		if c == '\\' {
			if escaped, n := unescape(text); n > 0 {
				c, used = escaped, n
			}
		}
		out, text = append(out, c), text[used:]
	}
	return string(out)
}
