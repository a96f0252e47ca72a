package host

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"signpost/host/admin"
	"signpost/host/explain"
	"signpost/host/reply"
	"signpost/host/testbed"
	"signpost/host/timeline"
)

var update = flag.Bool("update", false, "write the schemas of the Go types into host/admin/openapi.json")

const openAPIFile = "admin/openapi.json"

// bodies are the Go types of what is sent and answered, by operation. Text has none.
var bodies = map[string]struct{ request, response any }{
	"get /status":        {nil, admin.Report{}},
	"get /explain":       {nil, explain.Report{}},
	"get /health":        {nil, admin.Health{}},
	"post /health":       {admin.Change{}, admin.Health{}},
	"get /overrides":     {nil, admin.OverrideList{}},
	"post /overrides":    {admin.Change{}, admin.Health{}},
	"delete /overrides":  {nil, admin.Health{}},
	"get /health/checks": {nil, admin.Targets{}},
	"post /push/{name}":  {admin.Push{}, admin.Pushed{}},
	"get /timeline":      {nil, timeline.Page{}},
	"get /plugins":       {nil, []Plugin{}},
}

// object is a JSON object.
type object = map[string]any

// at walks down keys; what is not there is nil.
func at(v any, keys ...string) any {
	for _, key := range keys {
		o, _ := v.(object)
		v = o[key]
	}
	return v
}

// schemas collects the schemas of Go types, with their comments.
type schemas struct {
	docs map[string]string // by "package.Type" and "package.Type.Field"
	out  object
}

// goComments reads what the module's sources say of types and their fields.
func goComments(t *testing.T) map[string]string {
	docs := map[string]string{}
	for _, s := range sources(t) {
		for _, declared := range s.file.Decls {
			general, ok := declared.(*ast.GenDecl)
			if !ok || s.test {
				continue
			}
			for _, spec := range general.Specs {
				typ, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				name := filepath.Base(s.dir) + "." + typ.Name.Name
				docs[name] = general.Doc.Text()
				if fields, ok := typ.Type.(*ast.StructType); ok {
					for _, field := range fields.Fields.List {
						for _, fieldName := range field.Names {
							docs[name+"."+fieldName.Name] = field.Doc.Text() + field.Comment.Text()
						}
					}
				}
			}
		}
	}
	return docs
}

// nameOf is the name of a type's schema: explain's have a prefix, since admin has a Health and a Candidate, too.
func nameOf(typ reflect.Type) string {
	switch pkg := filepath.Base(typ.PkgPath()); pkg {
	case "explain", "timeline":
		return strings.ToUpper(pkg[:1]) + pkg[1:] + typ.Name()
	}
	return typ.Name()
}

// of is the schema of a type; that of a struct stands among the others.
func (s *schemas) of(typ reflect.Type) object {
	switch typ.Kind() {
	case reflect.Pointer:
		return s.of(typ.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Slice:
		items := s.of(typ.Elem())
		if typ.Elem().Kind() == reflect.Pointer {
			items["type"] = []any{items["type"], "null"}
		}
		return object{"type": "array", "items": items}
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			return object{"type": "string", "format": "date-time"}
		}
		name := nameOf(typ)
		if s.out[name] == nil {
			s.out[name] = object{} // a type may have itself below it
			s.out[name] = s.structure(typ)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	panic(fmt.Sprintf("no schema for %v", typ))
}

func (s *schemas) structure(typ reflect.Type) object {
	name := filepath.Base(typ.PkgPath()) + "." + typ.Name()
	properties, required := object{}, []any{}
	for i := range typ.NumField() {
		field := typ.Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || key == "-" {
			continue
		}
		property := s.of(field.Type)
		if doc := oneLine(s.docs[name+"."+field.Name]); doc != "" {
			property["description"] = doc
		}
		properties[key] = property
		if options != "omitempty" {
			required = append(required, key)
		}
	}
	out := object{"type": "object", "properties": properties}
	if doc := oneLine(s.docs[name]); doc != "" {
		out["description"] = doc
	}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// plain is v as it is after a trip through JSON.
func plain(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Protects the document from the Go types: each field of what is sent and answered stands in it, and nothing else does.
func TestOpenAPISchemas(t *testing.T) {
	text, err := os.ReadFile(openAPIFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc object
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	s := &schemas{docs: goComments(t), out: object{}}
	s.of(reflect.TypeFor[reply.Refusal]())
	for operation, body := range bodies {
		method, path, _ := strings.Cut(operation, " ")
		if body.request != nil {
			want := plain(t, s.of(reflect.TypeOf(body.request)))
			if got := at(doc, "paths", path, method, "requestBody", "content", "application/json", "schema"); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: the request is %v, want %v", operation, got, want)
			}
		}
		want := plain(t, s.of(reflect.TypeOf(body.response)))
		if got := at(doc, "paths", path, method, "responses", "200", "content", "application/json", "schema"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the response is %v, want %v", operation, got, want)
		}
	}
	want := plain(t, s.out).(object)
	got, _ := at(doc, "components", "schemas").(object)
	if reflect.DeepEqual(got, want) {
		return
	}
	if *update {
		at(doc, "components").(object)["schemas"] = want
		writeOpenAPI(t, text, want)
		return
	}
	for name := range maps.Keys(want) {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("schema %s: got %v, want %v", name, got[name], want[name])
		}
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("schema %s: nothing sends it", name)
		}
	}
	t.Errorf("%s differs from the Go types; run: go test ./host -run OpenAPI -update", openAPIFile)
}

// writeOpenAPI replaces the schemas, which stand last, and leaves the rest as it was written.
func writeOpenAPI(t *testing.T, text []byte, schemas object) {
	const mark = `"schemas": `
	begin := bytes.Index(text, []byte(mark))
	var b bytes.Buffer
	b.Write(text[:begin+len(mark)])
	var block bytes.Buffer
	encoder := json.NewEncoder(&block)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("    ", "  ")
	if err := encoder.Encode(schemas); err != nil {
		t.Fatal(err)
	}
	b.Write(bytes.TrimSpace(block.Bytes()))
	b.WriteString("\n  }\n}\n")
	if err := os.WriteFile(openAPIFile, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Protects the document from the server: it is valid, has every route and parameter of the index, and no other, and the answers are as it says.
func TestOpenAPI(t *testing.T) {
	h, dir := start(t, "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nchecks: { web: { push: { within: 1h } } }\n")
	t.Cleanup(h.Close)
	writeFile(t, filepath.Join(dir, "example.org.zone"), zoneText+"app IN A 192.0.2.1 ;@ weighted id=a weight=1 check=web\napp IN A 192.0.2.2 ;@ weighted id=b weight=1\nbad 300 IN A x\n")
	writeFile(t, filepath.Join(dir, "example.net.zone"), zoneText+"app IN A 192.0.2.1 ;@ weighted id=a weight=1 check=web\napp IN A 192.0.2.2 ;@ weighted id=b weight=1\n")
	url := strings.TrimSuffix(h.desk.places()[0], "/")
	ask := func(method, path, body string) (int, []byte) {
		t.Helper()
		request, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, text
	}
	testbed.Await(t, "example.net is served", func() bool {
		_, text := ask("GET", "/health?name=app.example.net", "")
		return bytes.Contains(text, []byte(`"id": "b"`))
	})
	c := &checker{}
	if _, text := ask("GET", "/openapi.json", ""); json.Unmarshal(text, &c.doc) != nil {
		t.Fatalf("got %s", text)
	}
	c.document()
	checkIndex(t, c, ask)
	for _, q := range []struct {
		method, path, body, route string
		code                      int
	}{
		{"POST", "/health", `{"name":"app.example.net","id":"a","state":"down","reason":"test"}`, "/health", 200},
		{"POST", "/health", `{"name":"app.example.net","id":"b","state":"down","reason":"test"}`, "/health", 200},
		{"POST", "/health", `{"name":"nowhere.example.net","id":"b","state":"down","reason":"test"}`, "/health", 404},
		{"POST", "/push/web", `{"ok":false,"text":"disk full"}`, "/push/{name}", 200},
		{"POST", "/push/web", ``, "/push/{name}", 200},
		{"POST", "/push/wbe", ``, "/push/{name}", 404},
		{"POST", "/push/web", `x`, "/push/{name}", 400},
		{"GET", "/health", "", "/health", 200},
		{"GET", "/health/checks", "", "/health/checks", 200},
		{"GET", "/status", "", "/status", 200},
		{"GET", "/plugins", "", "/plugins", 200},
		{"GET", "/timeline", "", "/timeline", 200},
		{"GET", "/timeline?limit=x", "", "/timeline", 400},
		{"GET", "/explain?name=app.example.net&client=192.0.2.9", "", "/explain", 200},
		{"GET", "/explain?name=ns1.example.net&client=192.0.2.9", "", "/explain", 200},
		{"GET", "/explain?name=nowhere.example.net&client=2001:db8::1", "", "/explain", 200},
		{"GET", "/explain?name=ns1.example.net&client=x", "", "/explain", 400},
		{"GET", "/openapi.json", "", "/openapi.json", 200},
	} {
		code, text := ask(q.method, q.path, q.body)
		var v any
		if err := json.Unmarshal(text, &v); err != nil || code != q.code {
			t.Errorf("%s %s: got %d %v %s, want %d", q.method, q.path, code, err, text, q.code)
			continue
		}
		where := q.method + " " + q.path
		response := c.resolve(where, at(c.doc, "paths", q.route, strings.ToLower(q.method), "responses", fmt.Sprint(code)))
		c.value(where, at(response, "content", "application/json", "schema"), v)
	}
	for _, err := range c.errs {
		t.Error(err)
	}
}

var parameterOfIndex = regexp.MustCompile(`[?&]([a-z]+)`)

// checkIndex compares the document with the index page, which lists what the server answers.
func checkIndex(t *testing.T, c *checker, ask func(method, path, body string) (int, []byte)) {
	_, index := ask("GET", "/", "")
	routes := map[string]bool{"get /": true}
	for _, line := range strings.Split(string(index), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || !strings.HasPrefix(words[1], "/") {
			continue
		}
		method, path := strings.ToLower(words[0]), words[1]
		routes[method+" "+path] = true
		var want, got []string
		for _, match := range parameterOfIndex.FindAllStringSubmatch(line, -1) {
			want = append(want, match[1])
		}
		for _, p := range list(at(c.doc, "paths", path, method, "parameters")) {
			got = append(got, at(p, "name").(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s %s: the document has the parameters %q, the index %q", method, path, got, want)
		}
	}
	for path, item := range at(c.doc, "paths").(object) {
		for method := range item.(object) {
			if method != "parameters" && !routes[method+" "+path] {
				t.Errorf("%s %s: in the document, and not on the index", method, path)
			}
			delete(routes, method+" "+path)
		}
	}
	for route := range routes {
		t.Errorf("%s: on the index, and not in the document", route)
	}
}
