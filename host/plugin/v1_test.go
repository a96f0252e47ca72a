package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// v1Sum is the sum of the guest of ABI v1 that must run for ever. If this test fails because the file is another one, put the file back: a new
// build proves nothing about plugins that people have.
const v1Sum = "5442218f4a1c913063700bc8bc9540aafa5d60fcebe5f517a190a06742848f55"

// v1Host is a Host with the committed guest as tilt, last and gate.
func v1Host(t *testing.T) *Host {
	t.Helper()
	wasm, err := os.ReadFile("testdata/v1/v1.wasm")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(wasm)
	if got := hex.EncodeToString(sum[:]); got != v1Sum {
		t.Fatalf("testdata/v1/v1.wasm: got the sum %s, want %s, which was released", got, v1Sum)
	}
	h := testHost(t)
	for _, name := range []string{"tilt", "last", "gate"} {
		mustLoad(t, h, name, wasm)
	}
	return h
}

// specOf is a policy whose candidates have the keys that stand in texts as key, value, key, value.
func specOf(chain string, candidates ...[]string) *policy.Spec {
	spec := &policy.Spec{Owner: "app.example.com.", Type: 1, Chain: []string{chain}}
	for i, texts := range candidates {
		pos := diag.Pos{File: "example.com.zone", Line: 10 + i, Col: 25}
		c := policy.Candidate{ID: string(rune('a' + i)), Pos: pos, ChainPos: pos}
		for j := 0; j < len(texts); j += 2 {
			c.Attrs = append(c.Attrs, policy.Attr{Key: texts[j], Value: texts[j+1], KeyPos: pos, ValuePos: diag.Pos{File: pos.File, Line: pos.Line, Col: 40 + j}})
		}
		spec.Candidates = append(spec.Candidates, c)
	}
	return spec
}

// Whatever a guest of v1 was promised it still gets: every type of attribute, every fact, every field of the result.
func TestV1Routing(t *testing.T) {
	h := v1Host(t)
	w := h.NewWorker()
	defer w.Close()
	client := netip.MustParsePrefix("192.0.2.0/24")
	berlin := geo.Place{Continent: [2]byte{'E', 'U'}, Country: [2]byte{'D', 'E'}, Subdivision: [4]byte{'B', 'E'}, ASN: 64500, Located: true, Latitude: 52.5, Longitude: 13.25}
	for _, c := range []struct {
		name  string
		keys  []string
		facts policy.Facts
		want  uint32
	}{
		{"int and id", []string{"share", "7"}, policy.Facts{}, 100_007},
		{"float", []string{"share", "7", "factor", "2.5"}, policy.Facts{}, 100_017},
		{"bool", []string{"share", "7", "double", "yes"}, policy.Facts{}, 100_014},
		{"word", []string{"share", "7", "mode", "more"}, policy.Facts{}, 101_007},
		{"text", []string{"share", "7", "note", "four"}, policy.Facts{}, 140_007},
		{"place", []string{"share", "7", "at", "48.5,2.25"}, policy.Facts{}, 100_055},
		{"networks, inside", []string{"share", "7", "from", "192.0.0.0/16,2001:db8::/32"}, policy.Facts{Client: client}, 100_039},
		{"networks, outside", []string{"share", "7", "from", "198.51.100.0/24"}, policy.Facts{Client: client}, 100_007},
		{"networks, everybody", []string{"share", "7", "from", "*"}, policy.Facts{Client: client}, 100_039},
		{"networks of the other family", []string{"share", "7", "from", "c000:200::/24"}, policy.Facts{Client: client}, 100_007},
		{"IPv6", []string{"share", "7", "from", "2001:db8::/32"}, policy.Facts{Client: netip.MustParsePrefix("2001:db8:1::/48")}, 100_039},
		{"geography", []string{"share", "7"}, policy.Facts{Place: berlin}, 100_038},
		{"latency", []string{"share", "7", "at", "0,0"}, policy.Facts{Latency: []geo.Latency{{Source: abi.LatencyDistance, Micros: 500}}}, 100_635},
	} {
		p := mustRoute(t, h, specOf("tilt", append(c.keys, "hold", "30")))
		var d policy.Decision
		w.Decide(p, &c.facts, &d)
		if d.Fallback || d.Weights[0] != c.want || d.Pick != 2 || d.TTLCap != 30 || d.Scope4 != 24 || d.Scope6 != 48 {
			t.Errorf("%s: got %+v, want weight %d, pick 2, 30 s, scopes 24 and 48", c.name, d, c.want)
		}
	}
	p := mustRoute(t, h, specOf("tilt", []string{"share", "1"}, []string{"share", "2"}, []string{"share", "3"}))
	var d policy.Decision
	w.Decide(p, &policy.Facts{Health: []policy.Health{policy.Up, policy.Down, policy.Unknown}}, &d)
	if want := []uint32{100_001, 0, 100_003}; d.Fallback || !slices.Equal(d.Weights, want) {
		t.Errorf("one down: got %+v, want %v", d, want)
	}
	for _, c := range []struct{ key, value, want string }{
		{"share", "999", "example.com.zone:11:40: tilt: too much"},
		{"factor", "101", "example.com.zone:11:25: tilt: too much"},
	} {
		keys := []string{c.key, c.value}
		if c.key != "share" {
			keys = append([]string{"share", "1"}, keys...)
		}
		if _, diags := h.Route(specOf("tilt", []string{"share", "1"}, keys), Terms{}); len(diags) != 1 || diags[0].String() != c.want {
			t.Errorf("%s=%s: got %v, want %s", c.key, c.value, diags, c.want)
		}
	}
	if info := infoOf(t, h, "tilt"); info.Strikes != 0 {
		t.Errorf("got %+v, want no strike", info)
	}
}

func TestV1Health(t *testing.T) {
	h := v1Host(t)
	w := h.NewWorker()
	defer w.Close()
	j, diags := h.Judge(specOf("last", []string{"slow", "5000"}), Terms{})
	if j == nil {
		t.Fatal(diags)
	}
	good := Attempt{Age: time.Second, Took: 5 * time.Millisecond, Code: 200, OK: true}
	slow := Attempt{Took: 5001 * time.Microsecond, OK: true}
	bad := Attempt{Code: 503}
	for _, c := range []struct {
		name   string
		given  Evidence
		health policy.Health
		reason string
	}{
		{"good", Evidence{Vantages: []Vantage{{Attempts: []Attempt{good, bad}}}}, policy.Up, "all is well"},
		{"bad", Evidence{Before: policy.Up, Vantages: []Vantage{{Attempts: []Attempt{bad, good}}}}, policy.Down, "it failed with code 503"},
		{"slow", Evidence{Before: policy.Up, Vantages: []Vantage{{Attempts: []Attempt{slow}}}}, policy.Down, "it took 5001 us"},
		{"another vantage point", Evidence{Vantages: []Vantage{{Attempts: []Attempt{good}}, {Attempts: []Attempt{bad}}}}, policy.Down, "it failed with code 503"},
		{"a verdict of its own", Evidence{Vantages: []Vantage{{Attempts: []Attempt{good}}, {Health: policy.Down}}}, policy.Down, "all is well"},
		{"nothing known: as it was", Evidence{Before: policy.Down}, policy.Down, ""},
		{"more than there is room for", Evidence{Vantages: slices.Repeat([]Vantage{{Attempts: slices.Repeat([]Attempt{good}, 100)}}, 100)}, policy.Up, "all is well"},
	} {
		var v Verdict
		w.Judge(j, &c.given, &v)
		if v.Health != c.health || v.Share != 100 || v.Reason != c.reason || v.Problem != "" || v.Fuel == 0 {
			t.Errorf("%s: got %+v, want %d because %q", c.name, v, c.health, c.reason)
		}
	}
}

func TestV1Filter(t *testing.T) {
	h := v1Host(t)
	w := h.NewWorker()
	defer w.Close()
	name := []byte("\x03www\x07example\x03com\x00")
	for action, word := range []string{"pass", "refuse", "drop", "nxdomain", "rewrite", "answer"} {
		f, diags := h.Filter(specOf("gate", []string{"do", word}), Terms{})
		if f == nil {
			t.Fatal(diags)
		}
		var r Ruling
		w.Filter(f, &Question{Name: name, Type: 1, Class: 1, Client: netip.MustParsePrefix("192.0.2.0/24")}, &r)
		want := Ruling{Action: uint8(action), TTL: abi.TTLUnsaid, Scope4: 16, Scope6: 24}
		switch action {
		case abi.ActionRewrite:
			want.Name = []byte("\x07example\x03com\x00")
		case abi.ActionAnswer:
			want.Records, want.TTL = []byte{4, 0, 192, 0, 2, 3}, 60
		}
		if r.Action != want.Action || string(r.Name) != string(want.Name) || string(r.Records) != string(want.Records) ||
			r.TTL != want.TTL || r.Scope4 != want.Scope4 || r.Scope6 != want.Scope6 || r.Problem != "" || r.Fuel == 0 || f.Wants != policy.WantsClient {
			t.Errorf("%s: got %+v, want %+v", word, r, want)
		}
		w.Filter(f, &Question{Name: name, Type: 28, Class: 1}, &r)
		if r.Action != abi.ActionPass || len(r.Name)+len(r.Records) != 0 || r.Problem != "" {
			t.Errorf("%s, AAAA: got %+v, want it to pass", word, r)
		}
	}
}

// The guest of v1 loads from memory of any size that it fits in, and its manifest is what it was.
func TestV1Manifest(t *testing.T) {
	h := v1Host(t)
	info := infoOf(t, h, "tilt")
	var keys string
	for _, a := range info.Attributes {
		keys += a.Name + " " + a.Type + " " + strconv.FormatBool(a.Required) + strconv.FormatBool(a.Shared) + ", "
	}
	want := "share int truefalse, factor float falsefalse, double bool falsefalse, mode word falsefalse, note text falsefalse, " +
		"at place falsefalse, from networks falsefalse, hold int falsetrue, "
	if info.Kind != abi.KindRouting || info.SHA256 != v1Sum || keys != want {
		t.Errorf("got %+v and %q, want %q", info, keys, want)
	}
	if err := h.Load(context.Background(), "tilt", nil, Limits{}); err == nil || infoOf(t, h, "tilt").SHA256 != v1Sum {
		t.Errorf("a bad file in its place: got %v, want an error and the guest of v1", err)
	}
}

// A custom plugin composes with built-in ones: weights multiply in any order, what one rules out the other cannot bring back, the last pick, the
// shortest TTL cap and the longest scope win.
func TestChainWithBuiltins(t *testing.T) {
	wasm, err := os.ReadFile("testdata/v1/v1.wasm")
	if err != nil {
		t.Fatal(err)
	}
	h := realHost()
	mustLoad(t, h, "tilt", wasm)
	defer h.Remove("tilt")
	w := h.NewWorker()
	defer w.Close()
	for _, c := range []struct {
		chain  []string
		health []policy.Health
		want   []uint32
		pick   int
	}{
		{[]string{"weighted", "tilt"}, nil, []uint32{3 * 100_007, 2 * 100_001, 0}, 2},
		{[]string{"tilt", "weighted"}, nil, []uint32{3 * 100_007, 2 * 100_001, 0}, 2},
		{[]string{"weighted", "tilt"}, []policy.Health{policy.Down, policy.Down, policy.Up}, []uint32{0, 0, 100_009}, 2},
		{[]string{"tilt", "weighted"}, []policy.Health{policy.Down, policy.Down, policy.Up}, []uint32{0, 0, 100_009}, 2},
		{[]string{"tilt", "weighted", "simple"}, nil, []uint32{3 * 100_007, 2 * 100_001, 0}, 0},
		{[]string{"tilt", "weighted", "multivalue"}, nil, []uint32{3 * 100_007, 2 * 100_001, 0}, 8},
	} {
		spec := specOf("tilt", []string{"share", "7", "weight", "3", "hold", "30"}, []string{"share", "1", "weight", "2"}, []string{"share", "9", "weight", "0"})
		spec.Chain = c.chain
		p := mustRoute(t, h, spec)
		var d policy.Decision
		w.Decide(p, &policy.Facts{Health: c.health, Client: netip.MustParsePrefix("192.0.2.0/24")}, &d)
		if d.Fallback || !slices.Equal(d.Weights, c.want) || c.pick > 0 && d.Pick != c.pick || d.TTLCap != 30 || d.Scope4 != 24 || p.Wants&policy.WantsClient == 0 {
			t.Errorf("%v, health %v: got %+v, want %v, pick %d, 30 s, scope 24", c.chain, c.health, d, c.want, c.pick)
		}
	}
}
