package workshop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/plugin"
	"signpost/host/policy"
)

// GoldenFile is the name of a folder's golden decisions.
const GoldenFile = "golden.txt"

// Golden is a file of golden decisions.
type Golden struct {
	File  string
	Terms plugin.Terms
	Cases []Case
}

// Case is one policy or check, and decisions about it or the reasons why it is refused.
type Case struct {
	Name    string
	Pos     diag.Pos
	Spec    policy.Spec
	Notes   []string // the annotations as they are written, aligned with the lines of the file
	Trials  []Trial
	Refused []Refusal

	// Hearings are what a case about a check has instead of Trials: verdicts.
	Hearings []Hearing
	judged   bool
}

// Trial is one decision: what is given, and what is wanted.
type Trial struct {
	Pos   diag.Pos
	Given []string // the lines as they are written, without "given"
	Facts policy.Facts
	Want  []Expectation

	placeBits, latencyBits bool // are given
}

// Refusal is a message that is wanted.
type Refusal struct {
	Pos  diag.Pos
	Text string // a part of it
}

// ReadGolden reads a file of golden decisions. Without errors in the list the Golden can be run.
func ReadGolden(file string) (*Golden, diag.List, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	golden, diags := ParseGolden(filepath.ToSlash(file), string(text))
	return golden, diags, nil
}

// ParseGolden is ReadGolden for a text.
func ParseGolden(file, text string) (*Golden, diag.List) {
	own := map[string]geo.Region{}
	p := goldenParser{golden: &Golden{File: file}, regions: own}
	p.golden.Terms.Collections = collections{}
	for i, line := range strings.Split(text, "\n") {
		p.pos = diag.Pos{File: file, Line: i + 1}
		p.line(strings.TrimSuffix(line, "\r"))
	}
	p.endCase()
	p.golden.Terms.Regions = geo.NewRegions(own)
	if len(p.golden.Cases) == 0 && len(p.diags) == 0 {
		p.diags.Errorf(diag.Pos{File: file}, "no case: each begins with a line as \"case nine of ten answers are production's\"")
	}
	return p.golden, p.diags
}

// Chained tells whether a case has other plugins than the one of that name in its chain.
func (g *Golden) Chained(name string) bool {
	return slices.ContainsFunc(g.Cases, func(c Case) bool {
		return slices.ContainsFunc(c.Spec.Chain, func(word string) bool { return word != name })
	})
}

// ids are the names of a case's candidates.
func (c *Case) ids() []string {
	ids := make([]string, len(c.Spec.Candidates))
	for i := range ids {
		ids[i] = c.Spec.Candidates[i].ID
	}
	return ids
}
