package abi

import (
	"math"
	"slices"
	"testing"
	"unsafe"
)

// The structs of guests and the offsets of hosts are one layout.
func TestOffsets(t *testing.T) {
	var frame Frame
	var candidate Candidate
	candidates := unsafe.Offsetof(frame.Facts) + unsafe.Offsetof(frame.Facts.Candidates)
	result := unsafe.Offsetof(frame.Result)
	var judge JudgeFrame
	var vantage Vantage
	var attempt Attempt
	verdict := unsafe.Offsetof(judge.Verdict)
	var filter FilterFrame
	ruling := unsafe.Offsetof(filter.Ruling)
	for _, c := range []struct {
		name string
		got  uintptr
		want uintptr
	}{
		{"Facts.CandidateCount", unsafe.Offsetof(frame.Facts.CandidateCount), CandidateCountOff},
		{"Facts.Family", unsafe.Offsetof(frame.Facts.Family), FamilyOff},
		{"Facts.PrefixLen", unsafe.Offsetof(frame.Facts.PrefixLen), PrefixLenOff},
		{"Facts.Address", unsafe.Offsetof(frame.Facts.Address), AddressOff},
		{"Facts.Continent", unsafe.Offsetof(frame.Facts.Continent), ContinentOff},
		{"Facts.Country", unsafe.Offsetof(frame.Facts.Country), CountryOff},
		{"Facts.Subdivision", unsafe.Offsetof(frame.Facts.Subdivision), SubdivisionOff},
		{"Facts.ASN", unsafe.Offsetof(frame.Facts.ASN), ASNOff},
		{"Facts.Located", unsafe.Offsetof(frame.Facts.Located), LocatedOff},
		{"Facts.Latitude", unsafe.Offsetof(frame.Facts.Latitude), LatitudeOff},
		{"Facts.Longitude", unsafe.Offsetof(frame.Facts.Longitude), LongitudeOff},
		{"Facts.Candidates", candidates, CandidatesOff},
		{"Candidate", unsafe.Sizeof(candidate), CandidateLen},
		{"Candidate.Weight", unsafe.Offsetof(candidate.Weight), WeightOff},
		{"Candidate.Health", unsafe.Offsetof(candidate.Health), HealthOff},
		{"Candidate.LatencySource", unsafe.Offsetof(candidate.LatencySource), LatencySourceOff},
		{"Candidate.LatencyMicros", unsafe.Offsetof(candidate.LatencyMicros), LatencyMicrosOff},
		{"Result.Pick", result + unsafe.Offsetof(frame.Result.Pick), PickOff},
		{"Result.TTLCap", result + unsafe.Offsetof(frame.Result.TTLCap), TTLCapOff},
		{"Result.Scope4", result + unsafe.Offsetof(frame.Result.Scope4), Scope4Off},
		{"Result.Scope6", result + unsafe.Offsetof(frame.Result.Scope6), Scope6Off},
		{"Result.Open", result + unsafe.Offsetof(frame.Result.Open), OpenOff},
		{"Result.Weights", result + unsafe.Offsetof(frame.Result.Weights), WeightsOff},
		{"Frame", unsafe.Sizeof(frame), FrameLen},

		{"History.VantageCount", unsafe.Offsetof(judge.History.VantageCount), VantageCountOff},
		{"History.Before", unsafe.Offsetof(judge.History.Before), BeforeOff},
		{"History.Prior", unsafe.Offsetof(judge.History.Prior), PriorOff},
		{"History.HeldMillis", unsafe.Offsetof(judge.History.HeldMillis), HeldOff},
		{"History.Vantages", unsafe.Offsetof(judge.History.Vantages), VantagesOff},
		{"Vantage", unsafe.Sizeof(vantage), VantageLen},
		{"Vantage.AttemptCount", unsafe.Offsetof(vantage.AttemptCount), AttemptCountOff},
		{"Vantage.Health", unsafe.Offsetof(vantage.Health), VantageHealthOff},
		{"Vantage.HeldMillis", unsafe.Offsetof(vantage.HeldMillis), VantageHeldOff},
		{"Vantage.Attempts", unsafe.Offsetof(vantage.Attempts), AttemptsOff},
		{"Attempt", unsafe.Sizeof(attempt), AttemptLen},
		{"Attempt.AgeMillis", unsafe.Offsetof(attempt.AgeMillis), AttemptAgeOff},
		{"Attempt.TookMicros", unsafe.Offsetof(attempt.TookMicros), AttemptTookOff},
		{"Attempt.Code", unsafe.Offsetof(attempt.Code), AttemptCodeOff},
		{"Attempt.OK", unsafe.Offsetof(attempt.OK), AttemptOKOff},
		{"Verdict.Health", verdict + unsafe.Offsetof(judge.Verdict.Health), VerdictHealthOff},
		{"Verdict.Share", verdict + unsafe.Offsetof(judge.Verdict.Share), VerdictShareOff},
		{"Verdict.Reason", verdict + unsafe.Offsetof(judge.Verdict.Reason), VerdictReasonOff},
		{"Verdict.Value", verdict + unsafe.Offsetof(judge.Verdict.Value), VerdictValueOff},
		{"JudgeFrame", unsafe.Sizeof(judge), JudgeFrameLen},

		{"Question.Type", unsafe.Offsetof(filter.Question.Type), QuestionTypeOff},
		{"Question.Class", unsafe.Offsetof(filter.Question.Class), QuestionClassOff},
		{"Question.Family", unsafe.Offsetof(filter.Question.Family), FamilyOff},
		{"Question.PrefixLen", unsafe.Offsetof(filter.Question.PrefixLen), PrefixLenOff},
		{"Question.Transport", unsafe.Offsetof(filter.Question.Transport), TransportOff},
		{"Question.Flags", unsafe.Offsetof(filter.Question.Flags), FlagsOff},
		{"Question.Address", unsafe.Offsetof(filter.Question.Address), AddressOff},
		{"Question.Continent", unsafe.Offsetof(filter.Question.Continent), ContinentOff},
		{"Question.Country", unsafe.Offsetof(filter.Question.Country), CountryOff},
		{"Question.Subdivision", unsafe.Offsetof(filter.Question.Subdivision), SubdivisionOff},
		{"Question.ASN", unsafe.Offsetof(filter.Question.ASN), ASNOff},
		{"Question.Located", unsafe.Offsetof(filter.Question.Located), LocatedOff},
		{"Question.NameLen", unsafe.Offsetof(filter.Question.NameLen), QuestionNameLenOff},
		{"Question.LabelCount", unsafe.Offsetof(filter.Question.LabelCount), LabelCountOff},
		{"Question.Latitude", unsafe.Offsetof(filter.Question.Latitude), LatitudeOff},
		{"Question.Longitude", unsafe.Offsetof(filter.Question.Longitude), LongitudeOff},
		{"Question.Name", unsafe.Offsetof(filter.Question.Name), QuestionNameOff},
		{"Ruling.Action", ruling + unsafe.Offsetof(filter.Ruling.Action), ActionOff},
		{"Ruling.Scope4", ruling + unsafe.Offsetof(filter.Ruling.Scope4), FilterScope4Off},
		{"Ruling.Scope6", ruling + unsafe.Offsetof(filter.Ruling.Scope6), FilterScope6Off},
		{"Ruling.NameLen", ruling + unsafe.Offsetof(filter.Ruling.NameLen), RulingNameLenOff},
		{"Ruling.TTL", ruling + unsafe.Offsetof(filter.Ruling.TTL), RulingTTLOff},
		{"Ruling.RecordLen", ruling + unsafe.Offsetof(filter.Ruling.RecordLen), RecordLenOff},
		{"Ruling.Name", ruling + unsafe.Offsetof(filter.Ruling.Name), RulingNameOff},
		{"Ruling.Records", ruling + unsafe.Offsetof(filter.Ruling.Records), RecordsOff},
		{"FilterFrame", unsafe.Sizeof(filter), FilterFrameLen},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, c.got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	low, high := -1.5, 4.0
	short, long := 1000.0, 6e7
	times := Attribute{Name: "d", Type: TypeDuration, Min: &short, Max: &long}
	numbers := Attribute{Name: "n", Type: TypeFloat, Min: &low, Max: &high}
	for _, c := range []struct {
		attribute Attribute
		text      string
		want      uint64
		message   string
	}{
		{Attribute{Name: "n", Type: TypeInt}, "-7", ^uint64(6), ""},
		{Attribute{Name: "n", Type: TypeInt}, "+7", 0, `n "+7" is not a whole number`},
		{Attribute{Name: "n", Type: TypeInt}, "", 0, `n "" is not a whole number`},
		{Attribute{Name: "n", Type: TypeInt}, "9223372036854775808", 0, "n 9223372036854775808 is outside what a 64-bit number holds"},
		{Attribute{Name: "n", Type: TypeInt, Min: &high}, "3", 0, "n 3 is outside 4 and more"},
		{Attribute{Name: "n", Type: TypeInt, Max: &high}, "5", 0, "n 5 is outside 4 and less"},
		{numbers, "2.5", math.Float64bits(2.5), ""},
		{numbers, "1e0", math.Float64bits(1), ""},
		{numbers, "NaN", 0, `n "NaN" is not a number in -1.5..4`},
		{numbers, "inf", 0, `n "inf" is not a number in -1.5..4`},
		{numbers, "0x1p1", 0, `n "0x1p1" is not a number in -1.5..4`},
		{numbers, "-2", 0, "n -2 is outside -1.5..4"},
		{numbers, "1e999", 0, "n 1e999 is outside -1.5..4"},
		{times, "300ms", 300_000, ""},
		{times, "1m", 60_000_000, ""},
		{times, "1.5s", 1_500_000, ""},
		{times, "300", 0, `d "300" is no time with its unit, as 300ms, 1.5s or 1h30m, in 1ms..1m`},
		{times, "+3s", 0, `d "+3s" is no time with its unit, as 300ms, 1.5s or 1h30m, in 1ms..1m`},
		{times, "999us", 0, "d 999us is outside 1ms..1m"},
		{times, "1h", 0, "d 1h is outside 1ms..1m"},
		{Attribute{Name: "d", Type: TypeDuration}, "2562048h", 0, `d "2562048h" is no time with its unit, as 300ms, 1.5s or 1h30m`},
		{Attribute{Name: "b", Type: TypeBool}, "yes", 1, ""},
		{Attribute{Name: "b", Type: TypeBool}, "false", 0, ""},
		{Attribute{Name: "b", Type: TypeBool}, "maybe", 0, `b "maybe" is neither yes nor no`},
		{Attribute{Name: "w", Type: TypeWord, Words: []string{"up", "down"}}, "down", 1, ""},
		{Attribute{Name: "w", Type: TypeWord, Words: []string{"up", "down"}}, "left", 0, `w "left" is not one of up, down`},
	} {
		got, message := c.attribute.Parse(c.text)
		if message != c.message || message == "" && got.Bits != c.want {
			t.Errorf("%s %q: got %#x %q, want %#x %q", c.attribute.Type, c.text, got.Bits, message, c.want, c.message)
		}
	}
}

func TestMissing(t *testing.T) {
	low, high := 10.0, 4.0
	for _, c := range []struct {
		attribute Attribute
		want      uint64
		message   string
	}{
		{Attribute{Name: "n", Type: TypeInt, Default: "12"}, 12, ""},
		{Attribute{Name: "n", Type: TypeInt}, 0, ""},
		{Attribute{Name: "n", Type: TypeInt, Min: &low, Required: true}, 0, "n is missing, as in n=10"},
		{Attribute{Name: "d", Type: TypeDuration, Default: "1h30m"}, 5_400_000_000, ""},
		{Attribute{Name: "d", Type: TypeDuration, Required: true}, 0, "d is missing, as in d=1s"},
		{Attribute{Name: "d", Type: TypeDuration, Max: &high, Required: true}, 0, "d is missing, as in d=4µs"},
		{Attribute{Name: "w", Type: TypeWord, Words: []string{"a", "b"}, Required: true}, 0, "w is missing, as in w=a"},
	} {
		got, message := c.attribute.Missing()
		if got.Bits != c.want || got.Set || message != c.message {
			t.Errorf("%+v: got %+v %q, want %d %q", c.attribute, got, message, c.want, c.message)
		}
	}
}

// What the host writes is what the guest reads.
func TestConfig(t *testing.T) {
	attributes := []Attribute{{Type: TypeInt}, {Type: TypeText}, {Type: TypeFloat}}
	candidates := []ConfigCandidate{
		{ID: "eins", Values: []Value{{Bits: 1 << 63}, {Text: "déjà vu", Set: true}, {Bits: math.Float64bits(-0.5), Set: true}}},
		{ID: "", Values: []Value{{Bits: 9, Set: true}, {}, {}}},
	}
	before := []byte("kept")
	message := AppendConfig(slices.Clone(before), 28, attributes, candidates)
	if string(message[:4]) != "kept" {
		t.Fatalf("prefix: got %q, want %q", message[:4], before)
	}
	c := Config(message[4:])
	if c.Candidates() != 2 || c.RecordType() != 28 {
		t.Errorf("head: got %d candidates of type %d, want 2 of type 28", c.Candidates(), c.RecordType())
	}
	for i, candidate := range candidates {
		if got := c.ID(i); got != candidate.ID {
			t.Errorf("id %d: got %q, want %q", i, got, candidate.ID)
		}
		for j, value := range candidate.Values {
			if c.Set(i, j) != value.Set {
				t.Errorf("set %d %d: got %v, want %v", i, j, c.Set(i, j), value.Set)
			}
			if attributes[j].Type == TypeText {
				if got := c.Text(i, j); got != value.Text {
					t.Errorf("text %d %d: got %q, want %q", i, j, got, value.Text)
				}
			} else if got := c.Bits(i, j); got != value.Bits {
				t.Errorf("bits %d %d: got %#x, want %#x", i, j, got, value.Bits)
			}
		}
	}
}

func TestProblems(t *testing.T) {
	var raw []byte
	want := []Problem{{-1, -1, "whole"}, {1, -1, "second"}, {0, 2, "key"}, {1, 0, ""}}
	for _, problem := range want {
		raw = AppendProblem(raw, problem)
	}
	if got, ok := ParseProblems(raw, 2, 3); !ok || !slices.Equal(got, want) {
		t.Errorf("got %v %v, want %v", got, ok, want)
	}
	for name, bad := range map[string][]byte{
		"nothing":                      nil,
		"half a head":                  raw[:7],
		"text cut":                     raw[:14],
		"candidate beyond":             AppendProblem(nil, Problem{2, -1, ""}),
		"attribute beyond":             AppendProblem(nil, Problem{0, 3, ""}),
		"attribute without candidate":  AppendProblem(nil, Problem{-1, 0, ""}),
		"length beyond 32 bits of sum": {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
	} {
		if got, ok := ParseProblems(bad, 2, 3); ok {
			t.Errorf("%s: got %v, want malformed", name, got)
		}
	}
	if got, _ := ParseProblems(AppendProblem(nil, Problem{0, 0, "a\x1b[31m\nb\xff"}), 1, 1); got[0].Text != "a�[31m�b�" {
		t.Errorf("control characters: got %q, want them replaced", got[0].Text)
	}
}

func FuzzParseProblems(f *testing.F) {
	f.Add(AppendProblem(AppendProblem(nil, Problem{1, 1, "text"}), Problem{-1, -1, ""}), 2, 2)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff}, 0, 0)
	f.Fuzz(func(t *testing.T, raw []byte, candidates, attributes int) {
		problems, ok := ParseProblems(raw, candidates&1023, attributes&63)
		if !ok {
			return
		}
		for _, p := range problems {
			if p.Candidate >= candidates&1023 || p.Attribute >= attributes&63 || p.Candidate < -1 || p.Attribute < -1 {
				t.Errorf("%x: got %+v, want indexes below %d and %d", raw, p, candidates&1023, attributes&63)
			}
		}
	})
}
