package workshop

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"signpost/host/diag"
	"signpost/host/geo"
	"signpost/host/policy"
	"signpost/host/rrdata"
	"signpost/host/zonefile"
	"signpost/sdk/abi"
)

type collections = map[string][]netip.Prefix

// goldenParser reads golden decisions line by line.
type goldenParser struct {
	golden  *Golden
	regions map[string]geo.Region
	current *Case  // nil: before the first
	trial   *Trial // nil: no decision yet
	verdict *Hearing
	pos     diag.Pos
	diags   diag.List
}

var goldenWords = []string{"case", "judge", "type", "region", "collection", "given", "want"}

// line reads one line.
func (p *goldenParser) line(raw string) {
	text := strings.TrimSpace(raw)
	p.pos.Col = strings.Index(raw, text) + 1
	if text == "" || text[0] == '#' {
		return
	}
	if note, ok := strings.CutPrefix(text, ";@"); ok {
		if c := p.current; c != nil && c.judged {
			p.errorf("a case is about one check, or about candidates")
			return
		}
		p.candidate(text, note, len(";@"))
		return
	}
	word, rest := cutWord(text)
	switch {
	case word == "case":
		p.endCase()
		p.current = &Case{Name: rest, Pos: p.pos, Spec: policy.Spec{Owner: rest, Type: typeA}}
	case word == "judge":
		p.judge(text, strings.TrimPrefix(text, word))
	case word == "region":
		p.region(rest)
	case word == "collection":
		p.collection(rest)
	case !slices.Contains(goldenWords, word):
		p.errorf("unknown line %q%s", word, diag.DidYouMean(word, goldenWords))
	case p.current == nil:
		p.errorf("%s before the first case", word)
	case word == "type":
		p.recordType(rest)
	case word == "given" && p.current.judged:
		p.givenHistory(rest)
	case word == "want" && p.current.judged:
		p.wantVerdict(rest)
	case word == "given":
		p.given(rest)
	case word == "want":
		p.want(rest)
	}
}

const typeA = 1

// cutWord cuts text behind its first word.
func cutWord(text string) (word, rest string) {
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		return text, ""
	}
	return text[:end], strings.TrimSpace(text[end:])
}

func (p *goldenParser) errorf(format string, args ...any) { p.diags.Errorf(p.pos, format, args...) }

// endCase checks what can only be seen behind a case, and keeps it.
func (p *goldenParser) endCase() {
	p.endTrial()
	p.endHearing()
	c := p.current
	if c == nil {
		return
	}
	decided := len(c.Trials)+len(c.Hearings) > 0
	switch {
	case c.Name == "":
		p.diags.Errorf(c.Pos, "a case without a name: say what it protects")
	case len(c.Spec.Candidates) == 0 && c.judged: // said already
	case len(c.Spec.Candidates) == 0:
		p.diags.Errorf(c.Pos, "case without candidates: they are lines that begin with \";@\", as in a zone file; a check is a line as \"judge threshold fall=2\"")
	case !decided && len(c.Refused) == 0 && c.judged:
		p.diags.Errorf(c.Pos, "case that wants nothing: add a line as \"want down\"")
	case !decided && len(c.Refused) == 0:
		p.diags.Errorf(c.Pos, "case that wants nothing: add a line as \"want a=90%% b=10%%\"")
	case decided && len(c.Refused) > 0:
		p.diags.Errorf(c.Refused[0].Pos, "a policy that is refused decides nothing: give \"want refused\" a case of its own")
	}
	p.golden.Cases = append(p.golden.Cases, *c)
	p.current = nil
}

func (p *goldenParser) endTrial() {
	t := p.trial
	if t == nil {
		return
	}
	p.trial = nil
	if len(t.Want) == 0 {
		p.diags.Errorf(t.Pos, "given, and nothing wanted of it")
	}
	if !t.placeBits {
		t.Facts.PlaceBits = clientBits(t.Facts.Client)
	}
	if !t.latencyBits {
		t.Facts.LatencyBits = clientBits(t.Facts.Client)
	}
	for _, want := range t.Want {
		if want.kind == wantScope && !t.Facts.Client.IsValid() {
			p.diags.Errorf(want.pos, "a scope is wanted and no client is given")
		}
	}
	p.current.Trials = append(p.current.Trials, *t)
}

// candidate reads an annotation, or a check as one, behind a head of so many bytes. Lines with one id are one candidate.
func (p *goldenParser) candidate(text, note string, head int) {
	c := p.current
	if c == nil {
		p.errorf("a candidate before the first case")
		return
	}
	if p.trial != nil || len(c.Refused) > 0 {
		p.errorf("a candidate behind what is given or wanted: candidates come first")
		return
	}
	col := uint16(min(p.pos.Col+head, math.MaxUint16))
	a, off, message := zonefile.ParseAnnotation([]byte(note), uint32(p.pos.Line), col)
	if message != "" {
		p.pos.Col = int(col) + off
		p.errorf("annotation: %s", message)
		return
	}
	place := func(at zonefile.Pos) diag.Pos {
		return diag.Pos{File: p.pos.File, Line: int(at.Line), Col: int(at.Col)}
	}
	added := policy.Candidate{Chain: strings.Split(string(a.Chain), "+"), Pos: p.pos, ChainPos: place(a.ChainPos)}
	for _, attr := range a.Attrs {
		if string(attr.Key) == "id" {
			added.ID = string(attr.Value)
		}
		added.Attrs = append(added.Attrs, policy.Attr{Key: string(attr.Key), Value: string(attr.Value), KeyPos: place(attr.KeyPos), ValuePos: place(attr.ValuePos)})
	}
	if added.ID == "" {
		added.ID = strconv.Itoa(len(c.Spec.Candidates) + 1)
	}
	c.Notes = append(c.Notes, text)
	if c.Spec.Chain == nil {
		c.Spec.Chain = added.Chain
	}
	if same := slices.Index(c.ids(), added.ID); same >= 0 {
		c.Spec.Candidates[same].Attrs = append(c.Spec.Candidates[same].Attrs, added.Attrs...)
		return
	}
	c.Spec.Candidates = append(c.Spec.Candidates, added)
}

func (p *goldenParser) recordType(rest string) {
	typ, ok := rrdata.TypeByName([]byte(rest))
	if !ok {
		p.errorf("%q is no record type", rest)
	}
	p.current.Spec.Type = typ
}

func (p *goldenParser) region(rest string) {
	name, at := cutWord(rest)
	lat, lon, ok := abi.ParseCoordinates(at)
	if !ok {
		p.errorf("region %q: want LATITUDE,LONGITUDE in degrees, as in \"region our-dc 52.1,5.2\"", rest)
		return
	}
	p.regions[name] = geo.Region{Name: name, Latitude: lat, Longitude: lon}
}

func (p *goldenParser) collection(rest string) {
	name, list := cutWord(rest)
	var networks []netip.Prefix
	for _, text := range strings.Split(list, ",") {
		network, ok := abi.ParseNetwork(strings.TrimSpace(text))
		if !ok {
			p.errorf("collection %s: %q is no prefix and no address", name, text)
			return
		}
		networks = append(networks, network)
	}
	p.golden.Terms.Collections[name] = networks
}

// words cuts text at blanks. Quotes keep blanks inside a word, and do not belong to it.
func words(text string) []string {
	var list []string
	var word strings.Builder
	quoted, some := false, false
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"':
			quoted, some = !quoted, true
		case !quoted && (b == ' ' || b == '\t'):
			if some {
				list = append(list, word.String())
				word.Reset()
				some = false
			}
		default:
			word.WriteByte(b)
			some = true
		}
	}
	if some {
		list = append(list, word.String())
	}
	return list
}

// pairs reads ID=VALUE words about candidates and calls each with the candidate's index.
func (p *goldenParser) pairs(list []string, each func(candidate int, value string) bool) {
	ids := p.current.ids()
	for _, word := range list {
		at := strings.LastIndexByte(word, '=')
		if at < 0 {
			p.errorf("want ID=VALUE, not %q", word)
			continue
		}
		i := slices.Index(ids, word[:at])
		if i < 0 {
			p.errorf("there is no candidate %q%s", word[:at], diag.DidYouMean(word[:at], ids))
			continue
		}
		if !each(i, word[at+1:]) {
			return
		}
	}
}
