package host

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// checker finds what is not as a document of OpenAPI 3.1 has to be, and values that are not as a schema says.
type checker struct {
	doc  object
	errs []string
}

func (c *checker) errorf(format string, args ...any) {
	c.errs = append(c.errs, fmt.Sprintf(format, args...))
}

// resolve follows a reference.
func (c *checker) resolve(where string, v any) object {
	o, _ := v.(object)
	ref, is := o["$ref"].(string)
	if !is {
		return o
	}
	path, local := strings.CutPrefix(ref, "#/")
	target, found := at(c.doc, strings.Split(path, "/")...).(object)
	if !local || !found {
		c.errorf("%s: %s leads nowhere", where, ref)
	}
	return target
}

var pathParameter = regexp.MustCompile(`\{([^}]+)\}`)

// document checks all of it but the schemas.
func (c *checker) document() {
	if version, _ := c.doc["openapi"].(string); !strings.HasPrefix(version, "3.1.") || at(c.doc, "info", "title") == nil || at(c.doc, "info", "version") == nil {
		c.errorf("openapi, info.title or info.version: got %q %v", version, c.doc["info"])
	}
	ids := map[string]bool{}
	paths, _ := c.doc["paths"].(object)
	for path, item := range paths {
		for method, operation := range item.(object) {
			if method == "parameters" {
				continue
			}
			where := method + " " + path
			id, _ := at(operation, "operationId").(string)
			if id == "" || ids[id] || at(operation, "summary") == nil {
				c.errorf("%s: the operationId %q is missing or used twice, or there is no summary", where, id)
			}
			ids[id] = true
			c.parameters(where, path, slices.Concat(list(at(item, "parameters")), list(at(operation, "parameters"))))
			responses, _ := at(operation, "responses").(object)
			if at(responses, "200") == nil {
				c.errorf("%s: no response 200", where)
			}
			for code, raw := range responses {
				response := c.resolve(where, raw)
				if response["description"] == nil || !regexp.MustCompile(`^[1-5]\d\d$`).MatchString(code) {
					c.errorf("%s: the response %s has no description, or is no status", where, code)
				}
			}
			if method != "get" && at(operation, "security") == nil {
				c.errorf("%s: changes something and has no security", where)
			}
		}
	}
	for name, schema := range at(c.doc, "components", "schemas").(object) {
		c.schema("schema "+name, schema)
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// parameters checks that each is described once, and those of the path are all there.
func (c *checker) parameters(where, path string, parameters []any) {
	seen := map[string]bool{}
	for _, raw := range parameters {
		p := c.resolve(where, raw)
		key := fmt.Sprint(p["in"], " ", p["name"])
		if seen[key] || p["schema"] == nil || p["description"] == nil || p["in"] == "path" && p["required"] != true {
			c.errorf("%s: the parameter %s is there twice, or lacks something", where, key)
		}
		seen[key] = true
	}
	for _, match := range pathParameter.FindAllStringSubmatch(path, -1) {
		if !seen["path "+match[1]] {
			c.errorf("%s: no parameter %s", where, match[1])
		}
	}
}

// schema checks a schema and those below it.
func (c *checker) schema(where string, raw any) {
	s, _ := raw.(object)
	if s["$ref"] != nil {
		c.resolve(where, s)
		return
	}
	types := list(s["type"])
	if one, is := s["type"].(string); is {
		types = []any{one}
	}
	if len(types) == 0 {
		c.errorf("%s: no type", where)
	}
	for _, typ := range types {
		if !slices.Contains([]any{"object", "array", "string", "number", "integer", "boolean", "null"}, typ) {
			c.errorf("%s: %v is no type", where, typ)
		}
	}
	properties, _ := s["properties"].(object)
	for name, property := range properties {
		c.schema(where+"."+name, property)
	}
	for _, name := range list(s["required"]) {
		if properties[name.(string)] == nil {
			c.errorf("%s: %v is required and not described", where, name)
		}
	}
	if s["items"] != nil {
		c.schema(where+"[]", s["items"])
	}
}

// value checks that v is as the schema says, and has nothing that the schema lacks.
func (c *checker) value(where string, raw, v any) {
	s := c.resolve(where, raw)
	allowed := append(list(s["type"]), s["type"])
	is := map[bool]string{}
	switch v := v.(type) {
	case nil:
		is[true] = "null"
	case string:
		is[true] = "string"
		if _, err := time.Parse(time.RFC3339, v); s["format"] == "date-time" && err != nil {
			c.errorf("%s: %v", where, err)
		}
	case bool:
		is[true] = "boolean"
	case float64:
		is[true] = "number"
		if v == float64(int64(v)) && slices.Contains(allowed, "integer") {
			is[true] = "integer"
		}
	case []any:
		is[true] = "array"
		for i, item := range v {
			c.value(fmt.Sprintf("%s[%d]", where, i), s["items"], item)
		}
	case object:
		is[true] = "object"
		c.members(where, s, v)
	}
	if !slices.Contains(allowed, any(is[true])) {
		c.errorf("%s: got %s %v, want %v", where, is[true], v, s["type"])
	}
}

func (c *checker) members(where string, s object, v object) {
	properties, described := s["properties"].(object)
	for name, member := range v {
		if properties[name] != nil {
			c.value(where+"."+name, properties[name], member)
		} else if described {
			c.errorf("%s: %s is not described", where, name)
		}
	}
	for _, name := range list(s["required"]) {
		if _, there := v[name.(string)]; !there {
			c.errorf("%s: %v is missing", where, name)
		}
	}
}
