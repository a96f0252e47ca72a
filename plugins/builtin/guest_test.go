package main

import (
	"context"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"signpost/host/geo"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/plugins"
	"signpost/sdk"
	"signpost/sdk/abi"
)

// TestMain keeps compiled code for all tests of the package: compiling takes a second, or ten with the race detector.
func TestMain(m *testing.M) {
	if os.Getenv("CACHE_DIRECTORY") == "" {
		dir, err := os.MkdirTemp("", "builtin")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		os.Setenv("CACHE_DIRECTORY", dir)
	}
	m.Run()
}

// guests starts the embedded module.
func guests(t testing.TB) *plugin.Host {
	t.Helper()
	h, err := plugin.New(context.Background(), plugin.Options{Builtin: plugins.Builtin(), CacheDir: os.Getenv("CACHE_DIRECTORY")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	<-h.Ready()
	if h.Err() != nil {
		t.Fatal(h.Err())
	}
	return h
}

// spec is a golden policy as a zone file's, behind a step of weighted when the case has weights of the plugins before.
func (g *golden) spec(name string, before []uint32) *policy.Spec {
	spec := &policy.Spec{Owner: "app.example.com.", Type: 1, Chain: []string{name}}
	if before != nil {
		spec.Chain = []string{"weighted", name}
	}
	for i, line := range g.candidates {
		var candidate policy.Candidate
		for _, field := range strings.Fields(line) {
			key, value, _ := strings.Cut(field, "=")
			candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: key, Value: value})
		}
		if before != nil {
			candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: "weight", Value: strconv.Itoa(int(before[i]))})
		}
		spec.Candidates = append(spec.Candidates, candidate)
	}
	return spec
}

// guestFacts are a case's facts as the host has them.
func (c *decision) guestFacts(count int) *policy.Facts {
	given := &c.given
	f := &policy.Facts{Client: given.Client, Health: make([]policy.Health, count), PlaceBits: placeBits, LatencyBits: latencyBits}
	for _, i := range given.Down {
		f.Health[i] = policy.Down
	}
	f.Place = geo.Place{ASN: given.Place.ASN, Located: given.Place.Located, Latitude: given.Place.At.Latitude, Longitude: given.Place.At.Longitude}
	copy(f.Place.Continent[:], given.Place.Continent[:])
	copy(f.Place.Country[:], given.Place.Country[:])
	f.Place.Subdivision = given.Place.Subdivision
	for _, micros := range given.Latency {
		far := geo.Latency{Micros: micros, Source: geo.Measured}
		if micros == 0 {
			far.Source = geo.Unknown
		}
		f.Latency = append(f.Latency, far)
	}
	return f
}

// What the host says about the facts, when a plugin leaves the scope to it.
const placeBits, latencyBits = 19, 21

// Protects every built-in policy in its sandbox: the embedded module decides what the golden files say, and so what the native code does.
func TestGuest(t *testing.T) {
	h := guests(t)
	w := h.NewWorker()
	defer w.Close()
	for _, tab := range tables(t) {
		for _, g := range tab.policies {
			g.testGuest(t, h, w, tab.plugin.Name())
		}
	}
	for _, info := range h.Plugins() {
		if info.Kind == abi.KindRouting && (info.Strikes != 0 || info.Decisions == 0) { // judge_test.go has the others
			t.Errorf("%s: got %d strikes (%s) and %d decisions, want none and some", info.Name, info.Strikes, info.LastError, info.Decisions)
		}
	}
}

func (g *golden) testGuest(t *testing.T, h *plugin.Host, w *plugin.Worker, name string) {
	_, diags := h.Route(g.spec(name, nil), plugin.Terms{})
	var got, want []string
	for _, d := range diags {
		text, _, _ := strings.Cut(d.Text, " (did you mean")
		got = append(got, text)
	}
	for _, text := range g.problems {
		text, _, _ = strings.Cut(text, " (did you mean")
		want = append(want, name+": "+text)
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("%s: %q: got problems %q, want %q", g.place, g.candidates, got, want)
	}
	for _, c := range g.cases {
		before := c.given.Before
		if before != nil && (name == "weighted" || name == "sticky" || !slices.ContainsFunc(before, func(w uint32) bool { return w > 0 })) {
			continue // they have a weight themselves; and weights of 0 alone are equal
		}
		p, diags := h.Route(g.spec(name, before), plugin.Terms{})
		if p == nil {
			t.Errorf("%s: %v", c.place, diags)
			continue
		}
		d := policy.Decision{Explain: true}
		w.Decide(p, c.guestFacts(len(g.candidates)), &d)
		step := d.Steps[len(d.Steps)-1]
		outcome := sdk.Outcome{Weights: step.Given, Pick: step.Pick, Scope4: step.Scope4, Scope6: step.Scope6, TTLCap: step.TTLCap}
		if want := c.atHost(name); step.Problem != "" || !reflect.DeepEqual(outcome, want) {
			t.Errorf("%s: got %+v %s, want %+v", c.place, outcome, step.Problem, want)
		}
	}
}

// atHost is what the host makes of the wanted outcome: the facts' own scope where the plugin left it to the host.
func (c *decision) atHost(name string) sdk.Outcome {
	want := c.want
	if want.Scope4 == abi.ScopeUnsaid {
		facts := map[string]uint8{"geolocation": placeBits, "geoproximity": placeBits, "latency": latencyBits}[name]
		want.Scope4, want.Scope6 = facts, facts
	}
	return want
}
