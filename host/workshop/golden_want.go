package workshop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signpost/host/diag"
	"signpost/host/policy"
)

// Expectation is one line of what is wanted.
type Expectation struct {
	pos    diag.Pos
	text   string // as written, without "want"
	kind   wantKind
	shares []share
	number uint32
}

// share is what one candidate is to get.
type share struct {
	candidate int
	text      string // of a percentage: the digits as written
	weight    uint32
}

type wantKind uint8

const (
	wantWeights wantKind = iota
	wantPercent
	wantNoData
	wantServFail
	wantPick
	wantTTL
	wantScope
	wantRefused
)

var wantWords = []string{wantNoData: "nodata", wantServFail: "servfail", wantPick: "pick", wantTTL: "ttl", wantScope: "scope", wantRefused: "refused"}

// want reads a line of what is expected.
func (p *goldenParser) want(rest string) {
	first, behind := cutWord(rest)
	kind := wantKind(max(slices.Index(wantWords, first), 0))
	if rest == "" {
		p.errorf("want what? Weights as in \"want a=90 b=10\", or %s", strings.Join(wantWords[wantNoData:], ", "))
		return
	}
	if kind == wantRefused {
		p.refused(behind)
		return
	}
	t := p.begin(false)
	e := Expectation{pos: p.pos, text: rest, kind: kind}
	switch kind {
	case wantPick, wantTTL, wantScope:
		number, err := strconv.ParseUint(behind, 10, 32)
		if err != nil || kind == wantPick && number == 0 || kind == wantScope && number > 128 {
			p.errorf("want %s %q: a whole number stands behind it", first, behind)
		}
		e.number = uint32(number)
	case wantWeights:
		if !strings.Contains(rest, "=") {
			p.errorf("want %q is neither ID=WEIGHT nor one of %s%s", first, strings.Join(wantWords[wantNoData:], ", "), diag.DidYouMean(first, wantWords))
			break
		}
		e.kind, e.shares = p.shares(words(rest))
	}
	if slices.ContainsFunc(t.Want, func(other Expectation) bool { return other.kind == e.kind }) {
		p.errorf("want %s a second time: another decision begins with \"given\"", rest)
	}
	t.Want = append(t.Want, e)
}

// shares reads weights or percentages; all of a line are the same.
func (p *goldenParser) shares(list []string) (wantKind, []share) {
	percents := 0
	var shares []share
	p.pairs(list, func(i int, value string) bool {
		s := share{candidate: i}
		var err error
		if digits, ok := strings.CutSuffix(value, "%"); ok {
			percents++
			s.text = digits
			_, err = strconv.ParseFloat(digits, 64)
		} else {
			var weight uint64
			weight, err = strconv.ParseUint(value, 10, 32)
			s.weight = uint32(weight)
		}
		if err != nil {
			p.errorf("weight %q is neither a whole number nor a percentage", value)
			return false
		}
		shares = append(shares, s)
		return true
	})
	switch {
	case percents == 0:
		return wantWeights, shares
	case percents != len(shares):
		p.errorf("weights and percentages in one line")
	}
	return wantPercent, shares
}

func (p *goldenParser) refused(text string) {
	if text == "" {
		p.errorf("want refused: a part of the message stands behind it")
	}
	p.endTrial()
	p.endHearing()
	p.current.Refused = append(p.current.Refused, Refusal{p.pos, text})
}

// met tells whether a decision is as expected.
func (e *Expectation) met(f *policy.Facts, d *policy.Decision) bool {
	switch e.kind {
	case wantNoData:
		return d.Outcome == policy.NoData
	case wantServFail:
		return d.Outcome == policy.ServFail
	case wantPick:
		return d.Outcome == policy.Answer && d.Pick == int(e.number)
	case wantTTL:
		return d.TTLCap == e.number
	case wantScope:
		return uint32(scopeOf(f, d)) == e.number
	}
	if d.Outcome != policy.Answer {
		return false
	}
	wanted := make([]uint32, len(d.Weights))
	percent := make([]string, len(d.Weights))
	for _, s := range e.shares {
		wanted[s.candidate], percent[s.candidate] = s.weight, s.text
	}
	if e.kind == wantWeights {
		return slices.Equal(wanted, d.Weights)
	}
	for i, weight := range d.Weights {
		if percent[i] == "" && weight != 0 || percent[i] != "" && !nearPercent(percent[i], weight, d.Total) {
			return false
		}
	}
	return true
}

// nearPercent tells whether weight of total is what text says, to its last digit.
func nearPercent(text string, weight uint32, total uint64) bool {
	_, fraction, _ := strings.Cut(text, ".")
	want, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false
	}
	got := strconv.FormatFloat(100*float64(weight)/float64(total), 'f', len(fraction), 64)
	return got == strconv.FormatFloat(want, 'f', len(fraction), 64)
}

// scopeOf is the prefix length that a decision holds for, for the client's family.
func scopeOf(f *policy.Facts, d *policy.Decision) uint8 {
	if f.Client.Addr().Is4() {
		return d.Scope4
	}
	return d.Scope6
}

// describeResult writes what came out as want lines would say it, without "want".
func describeResult(ids []string, f *policy.Facts, d *policy.Decision, percent bool) []string {
	switch d.Outcome {
	case policy.NoData:
		return []string{"nodata"}
	case policy.ServFail:
		return []string{"servfail"}
	}
	var shares []string
	for i, weight := range d.Weights {
		switch {
		case weight == 0:
		case percent:
			text := strconv.FormatFloat(100*float64(weight)/float64(d.Total), 'f', 4, 64)
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
			shares = append(shares, fmt.Sprintf("%s=%s%%", quoteID(ids[i]), text))
		default:
			shares = append(shares, fmt.Sprintf("%s=%d", quoteID(ids[i]), weight))
		}
	}
	lines := []string{strings.Join(shares, " ")}
	if d.Pick > 1 {
		lines = append(lines, fmt.Sprintf("pick %d", d.Pick))
	}
	if d.TTLCap != policy.NoTTLCap {
		lines = append(lines, fmt.Sprintf("ttl %d", d.TTLCap))
	}
	if f.Client.IsValid() {
		lines = append(lines, fmt.Sprintf("scope %d", scopeOf(f, d)))
	}
	return lines
}

// quoteID writes an id so that words reads it back.
func quoteID(id string) string {
	if id == "" || strings.ContainsAny(id, " \t") {
		return `"` + id + `"`
	}
	return id
}
