package admin

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"signpost/host/health"
	"signpost/host/metrics"
	"signpost/host/override/file"
	"signpost/host/policy"
	"signpost/host/reply"
	"signpost/host/wire"
)

// startHealth serves a table with app.example.com A main (checked) and standby, AAAA main, and db.example.com A in another view.
func startHealth(t *testing.T) (url string, log *bytes.Buffer) {
	t.Helper()
	table := health.NewTable(nil)
	table.Replace("public", nil, []*policy.Policy{
		{Owner: "app.example.com.", Type: wire.TypeA, IDs: []string{"main", "standby"}, Checks: []string{"web", ""}},
		{Owner: "app.example.com.", Type: wire.TypeAAAA, IDs: []string{"main"}, Checks: []string{""}},
	})
	table.Replace("internal", nil, []*policy.Policy{{Owner: "db.example.com.", Type: wire.TypeA, IDs: []string{"main"}, Checks: []string{""}}})
	log = new(bytes.Buffer)
	s, err := Listen(Options{Addr: "127.0.0.1:0", State: &fixture{}, Counters: &metrics.Set{}, Health: table,
		Overrides: file.New(file.Options{Table: table, Log: slog.New(slog.NewTextHandler(log, nil))})})
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(func(err error) { t.Error(err) })
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + s.Addr().String(), log
}

// heldBy keeps overrides of table in memory.
func heldBy(table *health.Table) Overrides {
	return file.New(file.Options{Table: table, Log: slog.New(slog.DiscardHandler)})
}

// post sends a change, with headers as "Name: value".
func post(t *testing.T, url, body string, headers ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url+"/health", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if request.Header.Set(name, value); name == "Host" {
			request.Host = value
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, text.String()
}

// Protects what a request may name: nothing left out means all that the name has, and what is not there is told with the nearest word.
func TestHealthChanges(t *testing.T) {
	url, log := startHealth(t)
	const down = `"state":"down","reason":"disk"}`
	ports := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	for _, c := range []struct {
		body    string
		code    int
		changed string // "view type id state", or the error
	}{
		{`{"name":"app.example.com","id":"standby",` + down, 200, "public A standby down"},
		{`{"name":"APP.example.com.","id":"main",` + down, 200, "public A main down; public AAAA main down"},
		{`{"name":"app.example.com","id":"main","state":"auto"}`, 200, "public A main unknown; public AAAA main up"},
		{`{"name":"db.example.com","view":"internal","id":"main","state":"up","reason":"sure","by":"ann"}`, 200, "internal A main up"},
		{`{"name":"db.example.com","view":"public","id":"main",` + down, 404, "db.example.com. in the view public is not routed"},
		{`{"name":"app.example.com","view":"pubilc","id":"main",` + down, 404, `app.example.com. in the view pubilc is not routed (did you mean "public"?)`},
		{`{"name":"ap.example.com","id":"main",` + down, 404, `ap.example.com. is no routed name (did you mean "app.example.com."?)`},
		{`{"name":"app.example.com","type":"TXT","id":"main",` + down, 404, "app.example.com. TXT is not routed"},
		{`{"name":"app.example.com","type":"A","id":"stanby",` + down, 404, `app.example.com. A has no candidate "stanby" (did you mean "standby"?); it has main, standby`},
		{`{"name":"app.example.com","type":"AA","id":"main",` + down, 400, `type "AA" is no record type`},
		{`{"name":"app.example.com",` + down, 400, "name and id are needed; * is any"},
		{`{"name":"\\097pp.example.com","id":"standby",` + down, 200, "public A standby down"},
		{`{"name":"app..example.com","id":"main",` + down, 400, "name \"app..example.com\" has an empty label"},
		{`{"name":"app.example.com","id":"main","state":"donw","reason":"x"}`, 400, `state "donw" is not one of auto, up, down, drain (did you mean "down"?)`},
		{`{"name":"app.example.com","id":"main","state":"down"}`, 400, "a reason is needed, for whoever sees it next"},
		{`{"name":"app.example.com","id":"main","state":"down","reason":"a\nb"}`, 400, "reason is not one line of text"},
		{`{"name":"app.example.com","id":"main","state":"down","reason":"` + strings.Repeat("x", 201) + `"}`, 400, "reason has 201 bytes, more than 200"},
		{`{"name":"app.example.com","id":"main","form":"2h",` + down, 400, `the body is no change: json: unknown field "form"`},
		{`{"name":"app.example.com","id":"stand*","for":"2h",` + down, 200, "public A standby down"},
		{`{"pattern":"*.example.com/A/*","until":"2030-01-01T00:00:00Z","over":"0s","state":"drain","reason":"x"}`, 200, "public A main down; public A standby down; internal A main down"},
		{`{"pattern":"*.example.com/A/*","state":"auto"}`, 200, "public A main unknown; public A standby down; internal A main up"},
		{`{"pattern":"*.example.com/A/*","state":"auto"}`, 404, "no override has the pattern *.example.com/A/*; what it names is held by internal/db.example.com/*/main (up, by ann), app.example.com/standby (down, by 127.0.0.1), app.example.com/stand* (down, by 127.0.0.1)"},
		{`{"pattern":"*/main","name":"x",` + down, 400, "pattern stands in place of name, type, id and view"},
		{`{"pattern":"*/mian",` + down, 404, `* has no candidate "mian" (did you mean "main"?); it has main, standby`},
		{`{"pattern":"*/main","for":"2",` + down, 400, `for: "2" is not a duration such as 30m or 2h`},
		{`{"pattern":"*/main","for":"-2h",` + down, 400, `for: "-2h" is not a duration such as 30m or 2h`},
		{`{"pattern":"*/main","for":"2h","until":"x",` + down, 400, `for and until are one too many`},
		{`{"pattern":"*/main","until":"15:00",` + down, 400, `until: "15:00" is not a time such as 2026-11-22T15:00:00Z or, here, "2026-11-22 15:00"`},
		{`{"pattern":"*/main","until":"2020-01-01T00:00:00Z",` + down, 400, "until: 2020-01-01T00:00:00Z is over already"},
		{`{"pattern":"*/main","over":"2m",` + down, 400, "over is for drain"},
		{`{"pattern":"*/main","over":"25h","state":"drain","reason":"x"}`, 400, "over: 25h0m0s is outside 0s..24h"},
		{`{"name":"app.example.com","id":"main",` + down + `{"name":"db.example.com","id":"main",` + down, 400, "the body is no change: more than one value"},
		{`nonsense`, 400, "the body is no change: invalid character 'o' in literal null (expecting 'u')"},
		{`{"name":"` + strings.Repeat("x", bodyLenMax), 413, "the body is longer than 16384 bytes"},
	} {
		code, text := post(t, url, c.body)
		var answer struct {
			Health
			reply.Refusal
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatalf("%s: %v in %s", c.body, err, text)
		}
		var changed []string
		for _, one := range answer.Candidates {
			changed = append(changed, one.View+" "+one.Type+" "+one.ID+" "+one.State)
		}
		if got := ports.ReplaceAllString(strings.Join(changed, "; ")+answer.Error, "127.0.0.1"); code != c.code || got != c.changed {
			t.Errorf("%.120s: got %d %s, want %d %s", c.body, code, got, c.code, c.changed)
		}
	}
	if !strings.Contains(log.String(), "override app.example.com/standby: down") || !strings.Contains(log.String(), "by=ann") {
		t.Errorf("got log %s, want each change with its author", log)
	}
	code, text, _ := get(t, url+"/health?name=app.example.com&type=A")
	var list Health
	if err := json.Unmarshal([]byte(text), &list); err != nil || code != 200 {
		t.Fatalf("got %d %s, %v", code, text, err)
	}
	main, standby := list.Candidates[0], list.Candidates[1]
	if len(list.Candidates) != 2 || main.Check != "web" || main.Verdict != "unknown" || standby.Override != "down" || standby.Why != "disk" ||
		standby.Verdict != "up" || !strings.HasPrefix(standby.By, "127.0.0.1:") || standby.Since.IsZero() {
		t.Errorf("got %+v, want main unknown, standby held down because of its disk", list.Candidates)
	}
	if code, text, _ := get(t, url+"/health?type=nonsense"); code != 400 || !strings.Contains(text, "no record type") {
		t.Errorf("got %d %s for a type that is none", code, text)
	}
}

// Protects against pages of other sites: what a browser sends for them changes nothing.
func TestHealthIsOurs(t *testing.T) {
	url, _ := startHealth(t)
	host := strings.TrimPrefix(url, "http://")
	const body = `{"name":"app.example.com","type":"AAAA","id":"main","state":"down","reason":"x"}`
	for _, c := range []struct {
		code    int
		headers []string
	}{
		{415, []string{"Content-Type: text/plain"}},
		{415, []string{"Content-Type: "}},
		{415, []string{"Content-Type: application/x-www-form-urlencoded"}},
		{403, []string{"Origin: http://evil.example"}},
		{403, []string{"Origin: null"}},
		{403, []string{"Origin: http://127.0.0.1:1"}},
		{403, []string{"Sec-Fetch-Site: cross-site"}},
		{403, []string{"Sec-Fetch-Site: same-site"}},
		{403, []string{"Origin: http://evil.example:5380", "Host: evil.example:5380"}}, // a name that was turned to this address
		{200, []string{"Content-Type: application/json; charset=utf-8"}},
		{200, []string{"Origin: " + url, "Sec-Fetch-Site: same-origin"}},
		{200, []string{"Origin: http://localhost:5380", "Host: localhost:5380"}},
		{200, []string{"Host: " + host}},
	} {
		if code, text := post(t, url, `{"name":"app.example.com","type":"AAAA","id":"main","state":"auto"}`); code != 200 && code != 404 {
			t.Fatalf("got %d %s", code, text)
		}
		code, text := post(t, url, body, c.headers...)
		_, state, _ := get(t, url+"/health?type=AAAA")
		if code != c.code || strings.Contains(state, `"state": "down"`) != (c.code == 200) {
			t.Errorf("%q: got %d %s, want %d; afterwards %s", c.headers, code, text, c.code, state)
		}
	}
	request, _ := http.NewRequest(http.MethodPut, url+"/health", nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: got %d, want 405", response.StatusCode)
	}
}
