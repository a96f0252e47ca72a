package attempt

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"signpost/host/config"
)

// Protects metric checks: which values pass, and what counts as no data.
func TestMetric(t *testing.T) {
	leakless(t)
	above, below := 1.0, 5.5
	vector := func(values ...string) string {
		var samples []string
		for _, value := range values {
			samples = append(samples, `{"metric":{"__name__":"up"},"value":[1763856000.5,"`+value+`"]}`)
		}
		return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(samples, ",") + `]},"infos":["x"]}`
	}
	cases := []struct {
		name         string
		status       int
		body         string
		above, below *float64
		ok, noData   bool
		text         string
	}{
		{"above", 200, vector("2"), &above, nil, true, false, "2"},
		{"not above", 200, vector("1"), &above, nil, false, false, "1, wanted above 1"},
		{"below", 200, vector("-Inf"), nil, &below, true, false, "-Inf"},
		{"not below", 200, vector("+Inf"), nil, &below, false, false, "+Inf, wanted below 5.5"},
		{"between", 200, vector("2", "3"), &above, &below, true, false, "2 values"},
		{"one of many", 200, vector("2", "6.25"), &above, &below, false, false, "6.25, wanted above 1 and below 5.5"},
		{"NaN", 200, vector("NaN"), nil, &below, false, false, "NaN, wanted below 5.5"},
		{"scalar", 200, `{"status":"success","data":{"resultType":"scalar","result":[1763856000.5,"2"]}}`, &above, nil, true, false, "2"},
		{"empty", 200, vector(), &above, nil, false, true, "no data"},
		{"matrix", 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`, &above, nil, false, true, `result is a "matrix"; a vector or a scalar can be compared`},
		{"histogram", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"1"}]}]}}`, &above, nil, false, true, "result has a histogram; only numbers can be compared"},
		{"bad query", 400, `{"status":"error","errorType":"bad_data","error":"1:3: parse error: unexpected end of input"}`, &above, nil, false, true, "bad_data: 1:3: parse error: unexpected end of input"},
		{"unavailable", 503, "down", &above, nil, false, true, "status 503, expected 200"},
		{"redirect", 302, "", &above, nil, false, true, "status 302, expected 200"},
		{"a page", 200, "<html>", &above, nil, false, true, "response is not one of Prometheus"},
		{"other JSON", 200, `[1]`, &above, nil, false, true, "response is not one of Prometheus"},
		{"no JSON of it", 200, `{}`, &above, nil, false, true, "response is not one of Prometheus"},
		{"a value that is none", 200, vector("high"), &above, nil, false, true, "response is not one of Prometheus"},
		{"half", 200, vector("2")[:40], &above, nil, false, true, "body: connection closed"},
		{"too much", 200, vector(strings.Split(strings.Repeat("2,", 10000)+"2", ",")...), &above, nil, false, true, "body: more than 256 KiB"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.FormValue("query"); r.URL.Path != "/prom/api/v1/query" || got != `up{instance="192.0.2.1:80"} > 1` {
					t.Errorf("asked %s for %q", r.URL.Path, got)
				}
				if got := r.Header.Get("Authorization"); got != "Bearer secret" {
					t.Errorf("got authorization %q", got)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			defer s.Close()
			server, err := url.Parse(s.URL + "/prom/")
			if err != nil {
				t.Fatal(err)
			}
			check := defaults(config.CheckMetric)
			check.Metric = config.MetricCheck{URL: server, Query: `up{instance="%ENDPOINT%:80"} > 1`, Above: c.above, Below: c.below, Token: "secret"}
			if r := attempt(t, check, Options{}, "192.0.2.1"); r.OK != c.ok || r.NoData != c.noData || r.Text != c.text {
				t.Errorf("got %+v, want %v %v %q", r, c.ok, c.noData, c.text)
			}
		})
	}
	gone, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	check := defaults(config.CheckMetric)
	check.Metric = config.MetricCheck{URL: gone, Query: "up", Above: &above}
	if r := attempt(t, check, Options{}, ""); r.OK || !r.NoData || r.Text != "connect refused" {
		t.Errorf("nobody: got %+v", r)
	}
}
