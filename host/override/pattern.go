package override

import (
	"errors"
	"fmt"
	"strings"

	"signpost/host/health"
	"signpost/host/rrdata"
	"signpost/host/wire"
	"signpost/host/zonefile"
)

// ParsePattern reads NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID. A slash in an id is written \/.
func ParsePattern(text string) (health.Pattern, error) {
	switch parts := split(text); len(parts) {
	case 1:
		return health.Pattern{}, fmt.Errorf("%q is not NAME/ID, NAME/TYPE/ID or VIEW/NAME/TYPE/ID; all candidates of a name: NAME/*", text)
	case 2:
		return NewPattern("", parts[0], "", parts[1])
	case 3:
		p, err := NewPattern("", parts[0], parts[1], parts[2])
		if err != nil && strings.Contains(parts[1], ".") {
			err = fmt.Errorf("%w (a view as well: VIEW/NAME/TYPE/ID, with * for any type)", err)
		}
		return p, err
	case 4:
		return NewPattern(parts[0], parts[1], parts[2], parts[3])
	default:
		return health.Pattern{}, fmt.Errorf(`%q has %d parts; a slash in an id is written \/`, text, len(parts))
	}
}

// split cuts at slashes that have no backslash before them.
func split(text string) (parts []string) {
	from := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '/':
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// NewPattern makes a pattern of its parts; view and typ may be empty for any, name and id are * for that.
func NewPattern(view, name, typ, id string) (p health.Pattern, err error) {
	if name == "" || id == "" {
		return p, errors.New("name and id are needed; * is any")
	}
	if typ != "" && typ != "*" && typ != health.TypeName(0) { // which only views have, and they have a name of their own
		number, ok := rrdata.TypeByName([]byte(strings.ToUpper(typ)))
		if !ok || number == 0 {
			return p, fmt.Errorf("type %q is no record type", typ)
		}
		p.Type = number
	}
	p.View, p.ID = glob(view), glob(id)
	p.Name, err = nameGlob(name)
	return p, err
}

// glob makes a glob of what a person wrote: no backslash that need not be, no star behind a star, and none at all for any text.
func glob(text string) string {
	var b strings.Builder
	star := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '*' && star {
			continue
		}
		star = c == '*'
		if c == '\\' {
			if i+1 < len(text) {
				i++
				c = text[i]
			}
			if c == '\\' || c == '*' || c == '?' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(c)
	}
	if b.String() == "*" {
		return ""
	}
	return b.String()
}

// The stand-ins of * and ? while the name around them is read as one.
const (
	anyText = `\001`
	anyByte = `\002`
)

// nameGlob makes a glob of a name, in the form that keys have: a wildcard's own star is written \*.
func nameGlob(text string) (string, error) {
	var b strings.Builder
	star := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c < ' ' || strings.HasPrefix(text[i:], anyText) || strings.HasPrefix(text[i:], anyByte):
			return "", fmt.Errorf("name %q has control characters", text)
		case c == '\\' && i+1 < len(text):
			b.WriteString(text[i : i+2])
			i++
		case c == '*' && !star:
			b.WriteString(anyText)
		case c == '*':
		case c == '?':
			b.WriteString(anyByte)
		default:
			b.WriteByte(c)
		}
		star = c == '*'
	}
	raw, err := zonefile.ParseName(b.String())
	if err != nil {
		return "", errors.New(strings.NewReplacer(anyText, "*", anyByte, "?").Replace(err.Error()))
	}
	wire.LowerName(raw)
	if name := globbed(string(zonefile.AppendName(nil, raw))); name != "*." {
		return name, nil
	}
	return "", nil
}

// globbed puts the globs back and takes everything else of a name as it stands.
func globbed(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case strings.HasPrefix(name[i:], anyText):
			b.WriteByte('*')
			i += len(anyText) - 1
		case strings.HasPrefix(name[i:], anyByte):
			b.WriteByte('?')
			i += len(anyByte) - 1
		case c == '\\': // what follows it never begins another escape
			b.WriteString(`\\`)
			if i++; name[i] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(name[i])
		case c == '*' || c == '?':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
