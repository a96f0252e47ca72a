package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// dashboard is what Grafana asks Prometheus for one.
type dashboard struct {
	Templating struct {
		List []struct {
			Name, Type, AllValue string
			Query                json.RawMessage
		}
	}
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
}

// awaitPanelsCommand asks the script's Prometheus what Grafana would for a dashboard, until there is an answer for each variable and panel.
func awaitPanelsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await-panels FILE")
	}
	var d dashboard
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &d))
	values := []string{"$__rate_interval", "1m"}
	asked := 0
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		var query struct{ Query string }
		ts.Check(json.Unmarshal(v.Query, &query))
		series, label, found := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(query.Query, "label_values("), ")"), ", ")
		if !found {
			ts.Fatalf("variable %s: %q is not label_values(SERIES, LABEL)", v.Name, query.Query)
		}
		path := "/api/v1/label/" + label + "/values?match[]=" + url.QueryEscape(strings.NewReplacer(values...).Replace(series))
		until(ts, "values of "+v.Name, func() (bool, string) { return promised(ts, path) })
		values = append(values, "$"+v.Name, v.AllValue)
		asked++
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			path := "/api/v1/query?query=" + url.QueryEscape(strings.NewReplacer(values...).Replace(target.Expr))
			until(ts, fmt.Sprintf("what panel %q shows: %s", p.Title, target.Expr), func() (bool, string) { return promised(ts, path) })
			asked++
		}
	}
	fmt.Fprintf(ts.Stdout(), "%d queries\n", asked)
}

// promised asks the script's Prometheus, and tells whether it has an answer that is not empty.
func promised(ts *testscript.TestScript, path string) (bool, string) {
	response, err := http.Get("http://" + ts.Getenv("PROMETHEUS") + path)
	ts.Check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	ts.Check(err)
	var answer struct {
		Status string
		Data   json.RawMessage
	}
	ts.Check(json.Unmarshal(text, &answer))
	if answer.Status != "success" {
		ts.Fatalf("%s: %s", path, text)
	}
	var list []json.RawMessage // of a label
	if json.Unmarshal(answer.Data, &list) == nil {
		return len(list) > 0, string(text)
	}
	var result struct{ Result []json.RawMessage }
	ts.Check(json.Unmarshal(answer.Data, &result))
	return len(result.Result) > 0, string(text)
}
