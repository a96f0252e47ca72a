package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"signpost/host/plugin"
	"signpost/host/policy"
	"signpost/plugins/calculated"
	"signpost/plugins/degraded"
	"signpost/plugins/quorum"
	"signpost/plugins/responsetime"
	"signpost/plugins/threshold"
	"signpost/sdk"
	"signpost/sdk/abi"
)

// judges are the built-in health plugins by their folder.
func judges() map[string]*sdk.Plugin {
	return map[string]*sdk.Plugin{
		"calculated":   calculated.Plugin(),
		"degraded":     degraded.Plugin(),
		"quorum":       quorum.Plugin(),
		"responsetime": responsetime.Plugin(),
		"threshold":    threshold.Plugin(),
	}
}

// check is one check of a health plugin's plugins/NAME/testdata/golden.txt. In that
//
//	# comment
//	| fall=2                     a check's attributes
//	WHAT: up/90s after down; + + -; down/5s*3 → up 55% fast in a row: 2
//	                             a verdict: what stood and what stood before, then what each vantage point saw as abi.ParseVantage has it (*3
//	                             behind one without attempts: three of them), and what comes of it: state, share, reason
//	! TEXT                       refused. There may be several
type check struct {
	place    string // FILE:LINE
	plugin   *sdk.Plugin
	keys     string
	verdicts []verdict
	problems []string
}

// verdict is one line of a check.
type verdict struct {
	place string
	given sdk.Evidence
	want  sdk.Opinion
}

// checks reads the golden files of the built-in health plugins.
func checks(t testing.TB) (list []*check) {
	t.Helper()
	for folder, p := range judges() {
		text, err := os.ReadFile(filepath.Join("..", folder, "testdata", "golden.txt"))
		if err != nil {
			t.Fatal(err)
		}
		before := len(list)
		for i, line := range strings.Split(string(text), "\n") {
			place := fmt.Sprintf("%s/golden.txt:%d", folder, i+1)
			line = strings.TrimSpace(line)
			keys, isCheck := strings.CutPrefix(line, "|")
			problem, isProblem := strings.CutPrefix(line, "!")
			switch {
			case line == "" || line[0] == '#':
				continue
			case isCheck:
				list = append(list, &check{place: place, plugin: p, keys: strings.TrimSpace(keys)})
				continue
			case len(list) == before:
				t.Fatalf("%s: %q stands before any check", place, line)
			}
			last := list[len(list)-1]
			if isProblem {
				last.problems = append(last.problems, p.Name()+": "+strings.TrimSpace(problem))
				continue
			}
			v, err := parseVerdict(place, line)
			if err != nil {
				t.Fatalf("%s: %v", place, err)
			}
			last.verdicts = append(last.verdicts, v)
		}
		if len(list) == before {
			t.Fatalf("%s has no golden verdicts", folder)
		}
	}
	return list
}

func parseVerdict(place, line string) (v verdict, err error) {
	head, want, ok := strings.Cut(line, "→")
	what, seen, ok2 := strings.Cut(head, ": ")
	if !ok || !ok2 {
		return v, fmt.Errorf("%q is not WHAT: HISTORY → VERDICT", line)
	}
	v.place = place + ": " + what
	parts := strings.Split(seen, ";")
	before, prior, _ := strings.Cut(strings.TrimSpace(parts[0]), " after ")
	health, held, ok := abi.ParseHealth(before)
	v.given.Before, v.given.HeldMillis = sdk.State(health), held
	if prior != "" && ok {
		health, _, ok = abi.ParseHealth(prior)
		v.given.Prior = sdk.State(health)
	}
	if !ok {
		return v, fmt.Errorf("%q is no state", parts[0])
	}
	for _, part := range parts[1:] {
		text, times, said := strings.TrimSpace(part), "1", false
		if first, _, _ := strings.Cut(text, "*"); slices.Contains(abi.HealthWords[:], first) {
			text, times, said = strings.Cut(text, "*")
		}
		count := 1
		if said {
			if count, err = strconv.Atoi(times); err != nil {
				return v, err
			}
		}
		if _, message := abi.ParseVantage(text); message != "" {
			return v, fmt.Errorf("%s", message)
		}
		v.given.Seen = append(v.given.Seen, slices.Repeat([]string{text}, count)...)
	}
	state, rest, _ := strings.Cut(strings.TrimSpace(want), " ")
	health, _, ok = abi.ParseHealth(state)
	v.want = sdk.Opinion{State: sdk.State(health), Share: 100}
	if share, reason, found := strings.Cut(rest, "%"); found && len(share) < 4 && !strings.Contains(share, " ") {
		v.want.Share, err = strconv.Atoi(share)
		rest = reason
	}
	if v.want.Reason = strings.TrimSpace(rest); !ok || err != nil {
		return v, fmt.Errorf("%q is no verdict", want)
	}
	return v, nil
}

// Protects every built-in health plugin: what its golden file says is what its Go code judges in this process.
func TestJudgesNative(t *testing.T) {
	for _, c := range checks(t) {
		trial, problems := sdk.Try(c.plugin, c.keys)
		if slices.Sort(problems); !slices.Equal(problems, slices.Sorted(slices.Values(c.problems))) {
			t.Errorf("%s: %q: got problems %q, want %q", c.place, c.keys, problems, c.problems)
		}
		if trial == nil {
			continue
		}
		for _, v := range c.verdicts {
			if got := trial.Judge(v.given); got != v.want {
				t.Errorf("%s: got %+v, want %+v", v.place, got, v.want)
			}
		}
	}
}

// Protects them in their sandbox: the embedded module judges what the golden files say, with fuel to spare.
func TestJudgesGuest(t *testing.T) {
	h := guests(t)
	w := h.NewWorker()
	defer w.Close()
	for _, c := range checks(t) {
		name := c.plugin.Name()
		j, diags := h.Judge(c.spec(), plugin.Terms{})
		var got []string
		for _, d := range diags {
			got = append(got, d.Text)
		}
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(c.problems))) {
			t.Errorf("%s: %q: got problems %q, want %q", c.place, c.keys, got, c.problems)
		}
		if j == nil {
			continue
		}
		for _, v := range c.verdicts {
			var got plugin.Verdict
			w.Judge(j, v.evidence(), &got)
			opinion := sdk.Opinion{State: sdk.State(got.Health), Share: int(got.Share), Reason: got.Reason}
			if got.Problem != "" || opinion != v.want {
				t.Errorf("%s: %s: got %+v %s, want %+v", name, v.place, opinion, got.Problem, v.want)
			}
		}
	}
	for _, info := range h.Plugins() {
		if info.Kind == abi.KindHealth && (info.Strikes != 0 || info.Decisions == 0) {
			t.Errorf("%s: got %d strikes (%s) and %d verdicts, want none and some", info.Name, info.Strikes, info.LastError, info.Decisions)
		}
	}
}

// spec is the check as signpost.yaml's.
func (c *check) spec() *policy.Spec {
	candidate := policy.Candidate{}
	for _, field := range strings.Fields(c.keys) {
		key, value, _ := strings.Cut(field, "=")
		candidate.Attrs = append(candidate.Attrs, policy.Attr{Key: key, Value: value})
	}
	return &policy.Spec{Owner: "check", Chain: []string{c.plugin.Name()}, Candidates: []policy.Candidate{candidate}}
}

// evidence is what is given as the host has it.
func (v *verdict) evidence() *plugin.Evidence {
	e := &plugin.Evidence{Before: policy.Health(v.given.Before), Prior: policy.Health(v.given.Prior), Held: millis(v.given.HeldMillis)}
	for _, text := range v.given.Seen {
		seen, _ := abi.ParseVantage(text)
		point := plugin.Vantage{Health: policy.Health(seen.Health), Held: millis(seen.HeldMillis)}
		for _, a := range seen.Attempts[:seen.AttemptCount] {
			point.Attempts = append(point.Attempts, plugin.Attempt{Age: millis(a.AgeMillis), Took: time.Duration(a.TookMicros) * time.Microsecond, Code: a.Code, OK: a.OK != 0})
		}
		e.Vantages = append(e.Vantages, point)
	}
	return e
}

func millis(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }

// Protects the verdict of whoever has all vantage points that there can be, each with all its attempts, and the widest settings: it costs less
// than two thirds of the fuel that there is.
func TestJudgesFuel(t *testing.T) {
	h := guests(t)
	w := h.NewWorker()
	defer w.Close()
	most := plugin.Limits{Fuel: 200_000}.VerdictFuel(abi.VantageMax) * 2 / 3
	for folder, keys := range map[string]string{
		"threshold": "fall=32 rise=32", "quorum": "fall=32 rise=32", "calculated": "at-least=64",
		"responsetime": "fall=32 rise=32 median=9", "degraded": "fall=32 rise=32 median=9",
	} {
		c := &check{plugin: judges()[folder], keys: keys}
		j, diags := h.Judge(c.spec(), plugin.Terms{Fuel: map[string]uint64{c.plugin.Name(): 1 << 24}}) // to see how much it would take
		if j == nil {
			t.Fatal(diags)
		}
		for _, seen := range []string{"up 9s 8s 7s 6s 5s 4s 3s 2s 1s 23ms*23", "-*32", "+*32", "down"} {
			v := verdict{given: sdk.Evidence{Before: sdk.Up, Prior: sdk.Down, Seen: slices.Repeat([]string{seen}, abi.VantageMax)}}
			var got plugin.Verdict
			w.Judge(j, v.evidence(), &got)
			if got.Problem != "" || got.Fuel > most {
				t.Errorf("%s, %q: got %d fuel %s, want at most %d", folder, seen, got.Fuel, got.Problem, most)
			}
			t.Logf("%-12s %-40s %d", folder, seen, got.Fuel)
		}
	}
}
