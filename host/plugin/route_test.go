package plugin

import (
	"context"
	"slices"
	"strings"
	"testing"

	"signpost/host/diag"
	"signpost/host/policy"
)

// annotated reads lines of ";@ chain key=value …" as the zone parser would: columns count from the chain's first byte at 5.
func annotated(lines ...string) *policy.Spec {
	spec := &policy.Spec{Owner: "app.example.com.", Type: 1}
	byID := map[string]int{}
	for i, line := range lines {
		at := func(col int) diag.Pos { return diag.Pos{File: "example.com.zone", Line: i + 1, Col: col + 5} }
		words := strings.Split(line, " ")
		chain := strings.Split(words[0], "+")
		if i == 0 {
			spec.Chain = chain
		}
		id, col := line, len(words[0])+1
		var attrs []policy.Attr
		for _, pair := range words[1:] {
			key, value, _ := strings.Cut(pair, "=")
			if key == "id" {
				id = value
			}
			attrs = append(attrs, policy.Attr{Key: key, Value: value, KeyPos: at(col), ValuePos: at(col + len(key) + 1)})
			col += len(pair) + 1
		}
		c, ok := byID[id]
		if !ok {
			c = len(spec.Candidates)
			byID[id] = c
			spec.Candidates = append(spec.Candidates, policy.Candidate{Chain: chain, Pos: at(0), ChainPos: at(0)})
		}
		spec.Candidates[c].Attrs = append(spec.Candidates[c].Attrs, attrs...)
	}
	return spec
}

// What a person gets to read for each kind of mistake.
func TestRouteDiagnostics(t *testing.T) {
	h := realHost()
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"value outside", []string{"weighted id=a weight=300"}, "1:26: weighted: weight 300 is outside 0..255"},
		{"value of another type", []string{"weighted id=a weight=lots"}, `1:26: weighted: weight "lots" is not a whole number in 0..255`},
		{"unknown plugin", []string{"weigthed id=a weight=3"}, `1:5: unknown plugin "weigthed" (did you mean "weighted"?)`},
		{"unknown plugin in a chain", []string{"weighted+weigthed id=a weight=3"}, `1:14: unknown plugin "weigthed" (did you mean "weighted"?)`},
		{"plugin twice", []string{"weighted+weighted id=a weight=3"}, `1:14: plugin "weighted" stands in the chain twice`},
		{"unknown key", []string{"weighted id=a wieght=3"}, "1:19: weighted: unknown key \"wieght\" (did you mean \"weight\"?)"},
		{"unknown common key", []string{"weighted id=a weight=3 chekc=web"}, "1:28: weighted: unknown key \"chekc\" (did you mean \"check\"?)"},
		{"unknown key beside a wrong value", []string{"weighted id=a weight=300 chekc=web", "weighted id=b"},
			"1:30: weighted: unknown key \"chekc\" (did you mean \"check\"?)\n1:26: weighted: weight 300 is outside 0..255"},
		{"missing key", []string{"weighted id=a weight=3", "weighted id=b"}, "2:5: weighted: weight is missing, as in weight=1"},
		{"key twice", []string{"weighted id=a weight=3 weight=3"}, `1:28: weighted: key "weight" stands twice`},
		{"two values for one candidate", []string{"weighted id=a weight=3", "weighted id=a weight=4"}, `2:26: weighted: weight "4" differs from "3" on line 1, which is the same candidate`},
		{"two chains", []string{"weighted id=a weight=3", "failover id=b role=primary"}, "2:5: failover beside weighted on line 1: all lines of one name and type have the same plugins"},
		{"on-all-down", []string{"weighted weight=3 on-all-down=nodate"}, `1:35: on-all-down "nodate" is not one of open, nodata, servfail (did you mean "nodata"?)`},
		{"panic-threshold", []string{"weighted weight=3 panic-threshold=101"}, `1:39: panic-threshold "101" is not a number from 0 to 100`},
		{"two panic-thresholds", []string{"weighted id=a weight=3 panic-threshold=0", "weighted id=b weight=3 panic-threshold=7"}, `2:44: panic-threshold "7" differs from "0" on line 1: it is one for all candidates of a name and type`},
		{"min-ttl", []string{"weighted weight=3 min-ttl=5s"}, `1:31: min-ttl "5s" is not a number from 0 to 2147483647`},
		{"two on-all-down", []string{"weighted id=a weight=3 on-all-down=open", "weighted id=b weight=3 on-all-down=nodata"}, `2:40: on-all-down "nodata" differs from "open" on line 1: it is one for all candidates of a name and type`},
	} {
		p, diags := h.Route(annotated(c.lines...), Terms{})
		got := make([]string, len(diags))
		for i, d := range diags {
			got[i] = strings.TrimPrefix(d.String(), "example.com.zone:")
		}
		if p != nil || !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s: %q: got %v %q, want %q", c.name, c.lines, p, got, c.want)
		}
	}
}

// All mistakes come at once.
func TestRouteReportsAll(t *testing.T) {
	_, diags := realHost().Route(annotated("weighted id=a weight=300", "weighted id=b weigth=1", "weighted id=c"), Terms{})
	if len(diags) != 3 {
		t.Errorf("got %v, want the value, the key and what is missing", diags)
	}
	_, diags = realHost().Route(annotated("weighted id=a weight=300", "weighted id=b weight=-1", "weighted id=c"), Terms{})
	if len(diags) != 3 {
		t.Errorf("got %v, want 3 diagnostics", diags)
	}
}

func TestRouteAccepts(t *testing.T) {
	p, diags := realHost().Route(annotated(
		"weighted id=a weight=3 check=web", "weighted id=a weight=3", "weighted id=b weight=0 on-all-down=servfail", "weighted id=a"), Terms{})
	if p == nil || len(diags) > 0 {
		t.Fatalf("got %v, want a policy", diags)
	}
	if got := strings.Join(p.IDs, " ") + "/" + strings.Join(p.Checks, " "); got != "a b/web " {
		t.Errorf("ids and checks: got %q, want %q", got, "a b/web ")
	}
	spec := annotated("weighted id=a weight=3 panic-threshold=40", "weighted id=b weight=3 panic-threshold=40 min-ttl=7")
	spec.TTL = 61
	if said := mustRoute(t, realHost(), spec); said.PanicThreshold != 40 || said.MinTTL != 7 {
		t.Errorf("got panic-threshold %d, min-ttl %d; want 40, 7", said.PanicThreshold, said.MinTTL)
	}
	spec = annotated("weighted weight=3")
	spec.TTL = 61
	if unsaid := mustRoute(t, realHost(), spec); unsaid.PanicThreshold != 0 || unsaid.MinTTL != 31 {
		t.Errorf("got panic-threshold %d, min-ttl %d; want 0 and half of the TTL", unsaid.PanicThreshold, unsaid.MinTTL)
	}
	if p.OnAllDown != policy.ServFailWhenDown || p.Wants != 0 || p.Owner != "app.example.com." || p.Type != 1 {
		t.Errorf("got %+v, want servfail, no client, and the Spec's owner and type", p)
	}
}

func TestRouteLimits(t *testing.T) {
	h := realHost()
	if p, diags := h.Route(&policy.Spec{Chain: []string{"weighted"}}, Terms{}); p != nil || len(diags) != 1 {
		t.Errorf("no candidates: got %v %v, want one diagnostic", p, diags)
	}
	weights := make([]string, policy.CandidateMax+1)
	for i := range weights {
		weights[i] = "1"
	}
	if p, diags := h.Route(weightedSpec([]string{"weighted"}, weights...), Terms{}); p != nil || len(diags) != 1 || !strings.Contains(diags[0].Text, "1025 candidates are more than 1024") {
		t.Errorf("too many candidates: got %v %v, want one diagnostic", p, diags)
	}
	p := mustRoute(t, h, weightedSpec([]string{"weighted"}, weights[1:]...))
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	if w.Decide(p, &policy.Facts{}, &d); d.Fallback || d.Total != policy.CandidateMax {
		t.Errorf("1024 candidates: got total %d, fallback %v, %+v; want all of weight 1", d.Total, d.Fallback, infoOf(t, h, "weighted"))
	}
}

// Before the built-ins are compiled there is no policy and no complaint, and afterwards there is the reason if they cannot be had.
func TestReady(t *testing.T) {
	h := &Host{ready: make(chan struct{})}
	if p, diags := h.Route(annotated("weighted weight=1"), Terms{}); p != nil || diags != nil {
		t.Errorf("not ready: got %v %v, want neither", p, diags)
	}
	broken, err := New(context.Background(), Options{Builtin: []byte("not wasm")})
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	<-broken.Ready()
	if broken.Err() == nil {
		t.Error("broken built-ins: got no error")
	}
	_, diags := broken.Route(annotated("weighted weight=1"), Terms{})
	if want := `plugin "weighted" is not available: built-in plugins: not a WebAssembly module`; len(diags) != 1 || !strings.HasPrefix(diags[0].Text, want) {
		t.Errorf("broken built-ins: got %v, want %q", diags, want)
	}
}

// Protects what checks probe: a policy has the endpoints of its Spec, aligned with its candidates, also when another version of its plugin takes it over.
func TestEndpoints(t *testing.T) {
	h := testHost(t)
	mustLoad(t, h, "guest", emitted{decide: weigh(1, 1)}.bytes())
	spec := plainSpec(2, "guest")
	if p := mustRoute(t, h, plainSpec(2, "guest")); p.Endpoints != nil {
		t.Errorf("no checks: got endpoints %q", p.Endpoints)
	}
	spec.Candidates[1].Check, spec.Candidates[1].Endpoints = "web", []string{"192.0.2.1", "192.0.2.2"}
	p := mustRoute(t, h, spec)
	c := h.Begin()
	if err := c.Load(context.Background(), "guest", emitted{decide: weigh(2, 2)}.bytes(), Limits{Memory: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	next, diags := c.Reroute(p)
	if next == nil || next == p {
		t.Fatalf("got %v %v, want another policy", next, diags)
	}
	for _, p := range []*policy.Policy{p, next} {
		if len(p.Endpoints) != 2 || p.Endpoints[0] != nil || !slices.Equal(p.Endpoints[1], spec.Candidates[1].Endpoints) {
			t.Errorf("got endpoints %q, want those of the second candidate", p.Endpoints)
		}
	}
	c.Drop()
}
