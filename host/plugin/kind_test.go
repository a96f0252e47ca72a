package plugin

import (
	"context"
	"slices"
	"strings"
	"testing"

	"signpost/host/policy"
	"signpost/sdk/abi"
)

// Where the frames of an emitted guest's other kinds are; they overlap, since it is asked one thing at a time.
const emitOther = 131072

// export is one more exported function.
func export(text string, index uint32) []byte {
	return appendU32(append(name(text), externFunction), index)
}

// judging is a guest of kind health whose judge is code.
func judging(code []byte) emitted {
	return emitted{manifest: manifestWith(abi.Plugin{Name: "guest", Version: "1", Kind: abi.KindHealth, Wants: []string{}, Reasons: []string{"because", "# times"}}),
		without: abi.ExportDecide, export: 2, exports: append(export(abi.ExportJudgeFrame, 5), export(abi.ExportJudge, 6)...),
		extra: []body{{typ: typeToI32, code: i32(emitOther)}, {typ: typeI32ToI32, code: code}}}
}

// filtering is a guest of kind filter whose filter is code.
func filtering(code []byte) emitted {
	return emitted{manifest: manifestWith(abi.Plugin{Name: "guest", Version: "1", Kind: abi.KindFilter, Wants: []string{}}),
		without: abi.ExportDecide, export: 2, exports: append(export(abi.ExportFilterFrame, 5), export(abi.ExportFilter, 6)...),
		extra: []body{{typ: typeToI32, code: i32(emitOther)}, {typ: typeI32ToI32, code: code}}}
}

// A guest that misbehaves as a judge leaves the verdict as it was.
func TestJudgeIsBounded(t *testing.T) {
	zero := i32(0)
	for _, c := range []struct {
		name, reason string
		code         []byte
	}{
		{"endless loop", "judge: fuel is spent", append(loop(), zero...)},
		{"trap", "judge: unreachable", []byte{opUnreachable}},
		{"it cannot", "judge: the plugin said that it cannot (9)", i32(9)},
		{"a verdict that is none", "judge: a verdict of 3 for reason 0 of 2", append(store(emitOther+abi.VerdictHealthOff, 3), zero...)},
		{"a share that is none", "judge: a share of 101 percent", append(store(emitOther+abi.VerdictHealthOff, 1|101<<8), zero...)},
		{"a share just below unsaid", "judge: a share of 254 percent", append(store(emitOther+abi.VerdictHealthOff, 1|254<<8), zero...)},
		{"a reason that is none", "judge: a verdict of 1 for reason 3 of 2", append(store(emitOther+abi.VerdictHealthOff, 1|3<<16), zero...)},
	} {
		h := testHost(t)
		mustLoad(t, h, "guest", judging(c.code).bytes())
		j, diags := h.Judge(plainSpec(1, "guest"), Terms{})
		if j == nil {
			t.Fatalf("%s: %v", c.name, diags)
		}
		w := h.NewWorker()
		var v Verdict
		w.Judge(j, &Evidence{Before: policy.Down}, &v)
		if v != (Verdict{Health: policy.Down, Share: 100, Problem: c.reason}) {
			t.Errorf("%s: got %+v, want down as before: %s", c.name, v, c.reason)
		}
		if info := infoOf(t, h, "guest"); info.Strikes != 1 || info.Fallbacks != 1 || info.Decisions != 0 {
			t.Errorf("%s: got %+v, want one strike", c.name, info)
		}
		w.Close()
	}
}

func TestJudgeSays(t *testing.T) {
	h := testHost(t)
	for _, c := range []struct {
		said int64
		want uint8
	}{{0, 0}, {55, 55}, {100, 100}, {abi.ShareUnsaid, 100}} {
		code := slices.Concat(store(emitOther+abi.VerdictHealthOff, 1|c.said<<8|2<<16), store(emitOther+abi.VerdictValueOff, 7), i32(0))
		mustLoad(t, h, "guest", judging(code).bytes())
		j, _ := h.Judge(plainSpec(1, "guest"), Terms{})
		w := h.NewWorker()
		var v Verdict
		w.Judge(j, &Evidence{Before: policy.Down}, &v)
		if v.Health != policy.Up || v.Share != c.want || v.Reason != "7 times" || v.Problem != "" {
			t.Errorf("share %d: got %+v, want up, share %d: 7 times", c.said, v, c.want)
		}
		w.Close()
	}
}

// A filter that misbehaves lets the question pass.
func TestFilterIsBounded(t *testing.T) {
	zero := i32(0)
	act := func(action int64, more ...[]byte) []byte {
		return slices.Concat(store(emitOther+abi.ActionOff, action), slices.Concat(more...), zero)
	}
	for _, c := range []struct {
		name, reason string
		code         []byte
	}{
		{"endless loop", "filter: fuel is spent", append(loop(), zero...)},
		{"trap", "filter: unreachable", []byte{opUnreachable}},
		{"it cannot", "filter: the plugin said that it cannot (1)", i32(1)},
		{"an action that is none", "filter: an action of 6", act(6)},
		{"a scope longer than an address", "filter: a scope of 33 or 0 bits is longer than an address", act(1 | 33<<8)},
		{"no name to ask for instead", "filter: a name to ask for instead that is none", act(abi.ActionRewrite)},
		{"a name without its end", "filter: a name to ask for instead that is none", act(abi.ActionRewrite|2<<24, store(emitOther+abi.RulingNameOff, 1|'a'<<8))},
		{"a label beyond the name", "filter: a name to ask for instead that is none", act(abi.ActionRewrite|2<<24, store(emitOther+abi.RulingNameOff, 63))},
		{"a compressed name", "filter: a name to ask for instead that is none", act(abi.ActionRewrite|2<<24, store(emitOther+abi.RulingNameOff, 0xc0))},
		{"absurd length of records", "filter: records of 4294967295 bytes are longer than 1024", act(abi.ActionAnswer, store(emitOther+abi.RecordLenOff, -1))},
		{"half a record", "filter: half a record", act(abi.ActionAnswer, store(emitOther+abi.RecordLenOff, 1))},
		{"a record beyond the end", "filter: a record of 5 bytes in 4", act(abi.ActionAnswer, store(emitOther+abi.RecordLenOff, 6), store(emitOther+abi.RecordsOff, 5))},
		{"a record of another type", "filter: data that are no record of type A", act(abi.ActionAnswer, store(emitOther+abi.RecordLenOff, 5), store(emitOther+abi.RecordsOff, 3))},
	} {
		h := testHost(t)
		mustLoad(t, h, "guest", filtering(c.code).bytes())
		f, diags := h.Filter(plainSpec(1, "guest"), Terms{})
		if f == nil {
			t.Fatalf("%s: %v", c.name, diags)
		}
		w := h.NewWorker()
		var r Ruling
		w.Filter(f, &Question{Name: []byte("\x01a\x00"), Type: 1, Class: 1}, &r)
		if r.Action != abi.ActionPass || r.Problem != c.reason || len(r.Name)+len(r.Records) > 0 {
			t.Errorf("%s: got %+v, want it to pass: %s", c.name, r, c.reason)
		}
		if info := infoOf(t, h, "guest"); info.Strikes != 1 || info.Fallbacks != 1 {
			t.Errorf("%s: got %+v, want one strike", c.name, info)
		}
		w.Close()
	}
}

// The exports of a kind are required of the plugins of that kind, and each plugin serves its own kind only.
func TestKinds(t *testing.T) {
	routing := abi.Plugin{Name: "guest", Version: "1", Kind: abi.KindRouting, Wants: []string{}}
	health := abi.Plugin{Name: "guest", Version: "1", Kind: abi.KindHealth, Wants: []string{}}
	wanting, reasoning, unknown := health, routing, routing
	wanting.Wants, reasoning.Reasons, unknown.Kind = []string{abi.WantClient}, []string{"so"}, "views"
	outside := judging(i32(0))
	outside.extra = []body{{typ: typeToI32, code: i32(4*65536 - 8)}, {typ: typeI32ToI32, code: i32(0)}}
	crooked := judging(i32(0))
	crooked.extra = []body{{typ: typeToI32, code: i32(emitOther + 4)}, {typ: typeI32ToI32, code: i32(0)}}
	trapping := judging(i32(0))
	trapping.extra = []body{{typ: typeToI32, code: []byte{opUnreachable}}, {typ: typeI32ToI32, code: i32(0)}}
	wrong := judging(nil)
	wrong.extra = []body{{typ: typeToI32, code: i32(emitOther)}, {typ: typeToI32, code: i32(0)}}
	for _, c := range []struct {
		name  string
		guest emitted
		want  string
	}{
		{"routing without decide", emitted{without: abi.ExportDecide}, "it does not export a function signpost_decide"},
		{"health without judge", emitted{manifest: manifestWith(health)}, "it does not export a function signpost_judge"},
		{"a health plugin with wants", emitted{manifest: manifestWith(wanting)}, "a health plugin wants nothing"},
		{"a routing plugin with reasons", emitted{manifest: manifestWith(reasoning)}, "only kind health has reasons"},
		{"an unknown kind", emitted{manifest: manifestWith(unknown)}, `kind "views" is unknown to this host (it knows routing, health, filter)`},
		{"a frame outside", outside, "signpost_judge_frame: a frame at 0x3fff8 is not inside the guest's memory"},
		{"a frame at an odd place", crooked, "at a multiple of 8"},
		{"a trap for a frame", trapping, "signpost_judge_frame: unreachable"},
		{"a wrong signature", wrong, "signpost_judge has signature () → i32 instead of (i32) → i32"},
	} {
		h := testHost(t)
		err := h.Load(context.Background(), "guest", c.guest.bytes(), Limits{Memory: 1 << 20})
		if err == nil || !strings.Contains(err.Error(), c.want) || h.instances.Load() != 0 {
			t.Errorf("%s: got %v and %d instances, want %q and none", c.name, err, h.instances.Load(), c.want)
		}
	}
	h := realHost()
	for _, c := range []struct {
		diags func() any
		want  string
	}{
		{func() any { _, d := h.Route(plainSpec(2, "threshold"), Terms{}); return d[0].String() },
			"example.com.zone:10:25: threshold is a health plugin: it cannot choose among candidates"},
		{func() any { _, d := h.Route(plainSpec(2, "treshold"), Terms{}); return d[0].String() },
			`example.com.zone:10:25: unknown plugin "treshold": not built in, and plugins/treshold.wasm is missing or does not load`},
		{func() any { _, d := h.Judge(plainSpec(1, "weighted"), Terms{}); return d[0].String() },
			"example.com.zone:10:25: weighted is a routing plugin: it cannot judge a check"},
		{func() any { _, d := h.Judge(plainSpec(1, "threshold", "threshold"), Terms{}); return d[0].String() },
			"example.com.zone:10:25: threshold+threshold: a check is judged by one plugin"},
		{func() any { _, d := h.Judge(specOf("threshold", []string{"id", "x"}), Terms{}); return d[0].String() },
			`example.com.zone:10:25: threshold: unknown key "id"`},
		{func() any { _, d := h.Filter(plainSpec(1, "weighted"), Terms{}); return d[0].String() },
			"example.com.zone:10:25: weighted is a routing plugin: it cannot filter questions"},
	} {
		if got := c.diags(); got != c.want {
			t.Errorf("got %v, want %s", got, c.want)
		}
	}
}

// The built-in threshold counts as Route 53 does, through the real guest.
func TestThreshold(t *testing.T) {
	h := realHost()
	w := h.NewWorker()
	defer w.Close()
	j, diags := h.Judge(specOf("threshold", []string{"fall", "2"}), Terms{})
	if j == nil {
		t.Fatal(diags)
	}
	var attempts []Attempt
	var v Verdict
	for i, c := range []struct {
		ok     bool
		health policy.Health
		reason string
	}{
		{true, policy.Up, "successes in a row: 1"},
		{false, policy.Up, ""},
		{false, policy.Down, "failures in a row: 2"},
		{true, policy.Down, ""},
		{true, policy.Down, ""},
		{true, policy.Up, "successes in a row: 3"},
		{false, policy.Up, ""},
		{true, policy.Up, "successes in a row: 1"},
	} {
		attempts = slices.Insert(attempts, 0, Attempt{OK: c.ok})
		w.Judge(j, &Evidence{Before: v.Health, Vantages: []Vantage{{Attempts: attempts}}}, &v)
		if v.Health != c.health || v.Reason != c.reason || v.Problem != "" {
			t.Errorf("attempt %d: got %+v, want %d because %q", i, v, c.health, c.reason)
		}
	}
	if info := infoOf(t, h, "threshold"); info.Strikes != 0 || info.Kind != abi.KindHealth {
		t.Errorf("got %+v, want no strike", info)
	}
}

// Protects a check's fall and rise: they go to the plugins that have these keys, and to no others.
func TestKeys(t *testing.T) {
	h := realHost()
	if got := h.Keys("threshold"); !slices.Equal(got, []string{"fall", "rise"}) {
		t.Errorf("threshold: got %q, want fall and rise", got)
	}
	for _, name := range []string{"weighted", "nobody"} {
		if got := h.Keys(name); got != nil {
			t.Errorf("%s: got %q, want nothing: it judges no check", name, got)
		}
	}
}

// Judging and filtering do not allocate.
func TestKindsAllocs(t *testing.T) {
	h := realHost()
	w := h.NewWorker()
	defer w.Close()
	j, _ := h.Judge(specOf("threshold", []string{"fall", "2"}), Terms{})
	e := Evidence{Before: policy.Up, Vantages: []Vantage{{Attempts: []Attempt{{}, {OK: true}}}}} // unchanged: no text of a reason
	var v Verdict
	w.Judge(j, &e, &v)
	if got := testing.AllocsPerRun(100, func() { w.Judge(j, &e, &v) }); got != 0 {
		t.Errorf("judge: got %v allocations, want 0", got)
	}
	other := testHost(t)
	mustLoad(t, other, "guest", filtering(i32(0)).bytes())
	f, _ := other.Filter(plainSpec(1, "guest"), Terms{})
	fw := other.NewWorker()
	defer fw.Close()
	var r Ruling
	q := Question{Name: []byte("\x01a\x00"), Type: 1, Class: 1}
	fw.Filter(f, &q, &r)
	if got := testing.AllocsPerRun(100, func() { fw.Filter(f, &q, &r) }); got != 0 {
		t.Errorf("filter: got %v allocations, want 0", got)
	}
}
