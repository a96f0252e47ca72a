//go:build !wasip1

package sdk

import (
	"encoding/json"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"

	"signpost/sdk/abi"
)

// all is a plugin that uses everything the package offers.
func all() *Plugin {
	p := Routing("all", "1.2.3", `says "everything"`)
	p.WantClient()
	share := p.Int("share", 1, 100, "a number").Default("7")
	ratio := p.Float("ratio", 0, 1, "a ratio").Required()
	drain := p.Bool("drain", "back\\slash\ttab")
	role := p.Word("role", []string{"primary", "secondary"}, "a word").Default("secondary")
	note := p.Text("note", "a text")
	p.Configure(func(c *Policy) Decide {
		weights := make([]uint32, c.Len())
		for i := range weights {
			weights[i] = uint32(share.Of(c, i)) + uint32(1000*ratio.Of(c, i)) + 10_000*uint32(role.Of(c, i))
			if drain.Of(c, i) {
				weights[i] = 0
			}
			if note.Of(c, i) == "bad" {
				note.Refuse(c, i, "note "+note.Of(c, i)+" is bad")
			}
			if c.ID(i) == "cursed" && !share.Set(c, i) {
				c.Refuse(i, "no share for the cursed")
			}
		}
		return func(f *Facts, d *Decision) {
			for i, weight := range weights {
				d.Weigh(i, weight+uint32(f.Client().Address[0])*1_000_000)
			}
			d.Pick(2)
			d.Holds(f.Client().Bits, 48)
			d.HoldsFor(30)
		}
	})
	return p
}

func TestTry(t *testing.T) {
	trial, problems := Try(all(), "ratio=0.5", "share=100 ratio=1 role=primary id=x note=fine", "ratio=0 drain=yes")
	if trial == nil {
		t.Fatalf("refused: %q", problems)
	}
	for _, c := range []struct {
		client string
		want   Outcome
	}{
		{"", Outcome{[]uint32{10_507, 1_100, 0}, 2, 0, 48, 30}},
		{"9.8.7.6/16", Outcome{[]uint32{9_010_507, 9_001_100, 9_000_000}, 2, 16, 48, 30}},
	} {
		var given Given
		if c.client != "" {
			given.Client = netip.MustParsePrefix(c.client)
		}
		if got := trial.Decide(given); !reflect.DeepEqual(got, c.want) {
			t.Errorf("client %s: got %+v, want %+v", c.client, got, c.want)
		}
	}
}

func TestTryRefuses(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"ratio=2", "all: ratio 2 is outside 0..1"},
		{"share=5", "all: ratio is missing, as in ratio=1"},
		{"ratio=1 colour=red", "all: unknown key colour"},
		{"ratio=1 note=bad", "all: note bad is bad"},
		{"ratio=1 id=cursed", "all: no share for the cursed"},
	} {
		if _, got := Try(all(), c.line); strings.Join(got, "|") != c.want {
			t.Errorf("%q: got %q, want %q", c.line, got, c.want)
		}
	}
}

// The host reads so many problems and no more: what is beyond must not make it read none.
func TestRefusesMany(t *testing.T) {
	p := Routing("many", "1", "")
	p.Configure(func(c *Policy) Decide {
		for i := range 2 * abi.ProblemMax {
			c.Refuse(0, strings.Repeat("x", 100*i))
		}
		return nil
	})
	if _, got := Try(p, ""); len(got) != abi.ProblemMax || len(got[abi.ProblemMax-1]) != len("many: ")+problemLenMax {
		t.Errorf("got %d problems, want %d, the last of %d bytes: %q", len(got), abi.ProblemMax, problemLenMax, got)
	}
}

// The hand-written JSON is what the host's decoder reads.
func TestDescribe(t *testing.T) {
	p := all()
	g := guest{plugins: []*Plugin{p, Routing("second", "1", "")}}
	var got abi.Manifest
	if err := json.Unmarshal(g.describe(), &got); err != nil {
		t.Fatalf("%s: %v", g.describe(), err)
	}
	want := p.about
	if len(got.Plugins) != 2 || !reflect.DeepEqual(got.Plugins[0], want) || got.Plugins[1].Name != "second" {
		t.Errorf("got %+v, want %+v and second", got.Plugins, want)
	}
}

// The manual quotes the plugins weighted and calculated and the filter of these tests as they are; sdk/abi compares the layouts.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../plugins/weighted/weighted.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "// Plugin returns the plugin.\n")
	judge, err := os.ReadFile("../plugins/calculated/calculated.go")
	if err != nil {
		t.Fatal(err)
	}
	_, health, _ := strings.Cut(string(judge), "// Plugin returns the plugin.\n")
	health, _, _ = strings.Cut(health, "\n}\n")
	own, err := os.ReadFile("filter_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, filter, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(string(own), "*Plugin", "*sdk.Plugin"), "func blocked", "func Plugin"), "// blocked is the manual's.\n")
	filter, _, _ = strings.Cut(filter, "\n}\n")
	for _, old := range []string{"Filtering(", "Policy", "Filter ", "Domain(", "Question", "Ruling"} {
		filter = strings.ReplaceAll(strings.ReplaceAll(filter, " "+old, " sdk."+old), "*"+old, "*sdk."+old)
	}
	for _, want := range []string{
		code,
		health,
		filter,
	} {
		if len(want) < 100 || !strings.Contains(string(readme), want) {
			t.Errorf("README.md lacks %q", want)
		}
	}
}
