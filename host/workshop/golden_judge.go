package workshop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"signpost/host/diag"
	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/sdk/abi"
)

// Hearing is one verdict of a case about a check: what is given, and what is wanted.
type Hearing struct {
	Pos      diag.Pos
	Given    []string // the lines as they are written, without "given"
	Evidence plugin.Evidence
	Want     []Sentence
}

// Sentence is one line of what is wanted of a verdict.
type Sentence struct {
	pos   diag.Pos
	text  string // as written, without "want"
	kind  sentenceKind
	state policy.Health
	share uint8
	why   string
}

type sentenceKind uint8

const (
	wantState sentenceKind = iota
	wantShare
	wantBecause
)

// judge reads the line that makes a case one about a check.
func (p *goldenParser) judge(text, note string) {
	c := p.current
	if c == nil {
		p.errorf("judge before the first case")
		return
	}
	if len(c.Spec.Candidates) > 0 {
		p.errorf("a case is about one check, or about candidates")
		return
	}
	c.judged, c.Spec.Type = true, 0
	p.candidate(text, note, len("judge"))
}

// hearing returns the verdict that a line belongs to, a new one if the last has wants already and fresh is set.
func (p *goldenParser) hearing(fresh bool) *Hearing {
	if p.verdict != nil && fresh && len(p.verdict.Want) > 0 {
		p.endHearing()
	}
	if p.verdict == nil {
		p.verdict = &Hearing{Pos: p.pos}
	}
	return p.verdict
}

func (p *goldenParser) endHearing() {
	h := p.verdict
	if h == nil {
		return
	}
	p.verdict = nil
	if len(h.Want) == 0 {
		p.diags.Errorf(h.Pos, "given, and nothing wanted of it")
	}
	p.current.Hearings = append(p.current.Hearings, *h)
}

var givenHistoryWords = []string{"was", "seen"}

// givenHistory reads a line of what a judge is told.
func (p *goldenParser) givenHistory(rest string) {
	h := p.hearing(true)
	if rest == "" {
		return
	}
	h.Given = append(h.Given, rest)
	switch word, behind := cutWord(rest); word {
	case "was":
		p.givenWas(&h.Evidence, behind)
	case "seen":
		p.givenSeen(&h.Evidence, behind)
	default:
		p.errorf("given %q is not one of %s%s", word, strings.Join(givenHistoryWords, ", "), diag.DidYouMean(word, givenHistoryWords))
	}
}

func (p *goldenParser) givenWas(e *plugin.Evidence, text string) {
	before, prior, said := strings.Cut(text, " after ")
	state, held, ok := abi.ParseHealth(strings.TrimSpace(before))
	e.Before, e.Held = policy.Health(state), time.Duration(held)*time.Millisecond
	if said && ok {
		state, _, ok = abi.ParseHealth(strings.TrimSpace(prior))
		e.Prior = policy.Health(state)
	}
	if !ok {
		p.errorf("was %q: want the verdict that stood, and for how long, as in \"given was up/90s\" or \"given was up/5s after down\"", text)
	}
}

// givenSeen reads what a vantage point saw. Behind one without attempts *9 says that there are nine of them.
func (p *goldenParser) givenSeen(e *plugin.Evidence, text string) {
	count := 1
	if state, times, said := strings.Cut(text, "*"); said && slices.Contains(abi.HealthWords[:], state) {
		var err error
		if count, err = strconv.Atoi(times); err != nil || count < 1 {
			p.errorf("seen %q: a whole number stands behind the *", text)
			return
		}
		text = state
	}
	seen, message := abi.ParseVantage(text)
	if message != "" {
		p.errorf("seen: %s", message)
		return
	}
	if len(e.Vantages)+count > abi.VantageMax {
		p.errorf("there are more than %d vantage points", abi.VantageMax)
		return
	}
	for range count {
		e.Vantages = append(e.Vantages, vantageOf(&seen))
	}
}

// vantageOf and layout convert what a vantage point saw between the forms of golden files and of the host.
func vantageOf(seen *abi.Vantage) plugin.Vantage {
	v := plugin.Vantage{Health: policy.Health(seen.Health), Held: time.Duration(seen.HeldMillis) * time.Millisecond}
	for _, a := range seen.Attempts[:seen.AttemptCount] {
		v.Attempts = append(v.Attempts, plugin.Attempt{Age: time.Duration(a.AgeMillis) * time.Millisecond,
			Took: time.Duration(a.TookMicros) * time.Microsecond, Code: a.Code, OK: a.OK != 0})
	}
	return v
}

func layout(v *plugin.Vantage) *abi.Vantage {
	seen := &abi.Vantage{Health: uint8(v.Health), HeldMillis: uint32(v.Held.Milliseconds()), AttemptCount: uint32(len(v.Attempts))}
	for i, a := range v.Attempts {
		seen.Attempts[i] = abi.Attempt{AgeMillis: uint32(a.Age.Milliseconds()), TookMicros: uint32(a.Took.Microseconds()), Code: a.Code}
		if a.OK {
			seen.Attempts[i].OK = 1
		}
	}
	return seen
}

var sentenceWords = []string{"up", "down", "unknown", "share", "because", "refused"}

// wantVerdict reads a line of what is expected of a judge.
func (p *goldenParser) wantVerdict(rest string) {
	word, behind := cutWord(rest)
	if word == "refused" {
		p.refused(behind)
		return
	}
	h := p.hearing(false)
	s := Sentence{pos: p.pos, text: rest}
	state := slices.Index(abi.HealthWords[:], word)
	switch {
	case state >= 0 && behind == "":
		s.state = policy.Health(state)
	case word == "share":
		percent, err := strconv.ParseUint(strings.TrimSuffix(behind, "%"), 10, 8)
		if err != nil || percent > 100 {
			p.errorf("want share %q: a whole number of percent stands behind it, 0..100", behind)
		}
		s.kind, s.share = wantShare, uint8(percent)
	case word == "because":
		s.kind, s.why = wantBecause, behind
	default:
		p.errorf("want %q is not one of %s%s", rest, strings.Join(sentenceWords, ", "), diag.DidYouMean(word, sentenceWords))
	}
	if slices.ContainsFunc(h.Want, func(other Sentence) bool { return other.kind == s.kind }) {
		p.errorf("want %s a second time: another verdict begins with \"given\"", rest)
	}
	h.Want = append(h.Want, s)
}

// met tells whether a verdict is as expected.
func (s *Sentence) met(v *plugin.Verdict) bool {
	switch s.kind {
	case wantShare:
		return v.Share == s.share
	case wantBecause:
		return v.Reason == s.why
	}
	return v.Health == s.state
}

// describeVerdict writes a verdict as want lines would say it, without "want".
func describeVerdict(v *plugin.Verdict) []string {
	lines := []string{abi.HealthWords[v.Health]}
	if v.Share != 100 {
		lines = append(lines, fmt.Sprintf("share %d", v.Share))
	}
	if v.Reason != "" {
		lines = append(lines, "because "+v.Reason)
	}
	return lines
}

// writeHistory writes evidence as given lines that read back as it, without "given". One empty line stands for nothing at all.
func writeHistory(e *plugin.Evidence) (lines []string) {
	if e.Before != policy.Unknown || e.Prior != policy.Unknown || e.Held > 0 {
		line := "was " + abi.HealthText(uint8(e.Before), uint32(e.Held.Milliseconds()))
		if e.Prior != policy.Unknown {
			line += " after " + abi.HealthWords[e.Prior]
		}
		lines = append(lines, line)
	}
	for i := range e.Vantages {
		lines = append(lines, "seen "+abi.VantageText(layout(&e.Vantages[i])))
	}
	if lines == nil {
		return []string{""}
	}
	return lines
}

// writeCheck writes a check as the line that reads back as it.
func writeCheck(spec *policy.Spec) string {
	line := "judge " + spec.Chain[0]
	for _, a := range spec.Candidates[0].Attrs {
		line += " " + a.Key + "=" + quoteValue(a.Value)
	}
	return line
}

// hear compares one verdict with what is wanted of it.
func (r *caseRun) hear(j *plugin.Judge, h *Hearing) {
	var v plugin.Verdict
	r.worker.Judge(j, &h.Evidence, &v)
	for _, want := range h.Want {
		r.checked++
		if v.Problem != "" {
			r.fail(want.pos, h.Given, []string{"the plugin failed: " + v.Problem}, want.text)
			r.again()
			return
		}
		if !want.met(&v) {
			r.fail(want.pos, h.Given, describeVerdict(&v), want.text)
		}
	}
}
