package plugin

import (
	"net/netip"
	"slices"
	"testing"

	"signpost/host/policy"
	"signpost/sdk/abi"
)

// say is a decide with constant weights, pick, cap and scopes.
func say(pick, ttlCap, scopes int64, weights ...int64) []byte {
	code := slices.Concat(store(emitFrame+abi.PickOff, pick), store(emitFrame+abi.TTLCapOff, ttlCap), store(emitFrame+abi.Scope4Off, scopes))
	for i, weight := range weights {
		code = append(code, store(emitFrame+abi.WeightsOff+4*int64(i), weight)...)
	}
	return append(code, i32(0)...)
}

// echo is a decide that returns what it was told: weights 0.. are the words of the facts at the offsets.
func echo(offsets ...int64) []byte {
	code := slices.Concat(store(emitFrame+abi.PickOff, 0), store(emitFrame+abi.TTLCapOff, -1), store(emitFrame+abi.Scope4Off, 24|48<<8))
	for i, offset := range offsets {
		code = slices.Concat(code, i32(emitFrame+abi.WeightsOff+4*int64(i)), i32(emitFrame+offset), []byte{0x28, 2, 0}, []byte{0x36, 2, 0})
	}
	// Then scribble over all facts: the next call must not see it.
	code = slices.Concat(code, i32(emitFrame), i32(0xee), i32(abi.PickOff), []byte{opPrefix, opMemoryFill, 0})
	return append(code, i32(0)...)
}

func wanting(name string, wants ...string) string {
	return manifestWith(abi.Plugin{Name: name, Version: "1", Kind: abi.KindRouting, Wants: wants})
}

func TestChain(t *testing.T) {
	h := testHost(t)
	const scopes = 24 | 48<<8
	for name, decide := range map[string][]byte{
		"ninety":  say(0, -1, scopes, 90, 10, 10),
		"triple":  say(3, 60, 0, 3, 3, 3),
		"second":  say(0, -1, 0, 0, 1, 0),
		"nobody":  say(0, -1, 0, 0, 0, 0),
		"largest": say(0, 30, 0, -1, -1, 1),
		"blind":   say(0, -1, 0, 0, 0, 7),
		"broken":  {opUnreachable},
		"absurd":  say(0x7fff_ffff, 0, 0, 1, 1, 1),
	} {
		mustLoad(t, h, name, emitted{manifest: manifestOf(name), decide: decide}.bytes())
	}
	mustLoad(t, h, "sour", emitted{manifest: wanting("sour", abi.WantClient), decide: []byte{opUnreachable}}.bytes())
	mustLoad(t, h, "local", emitted{manifest: wanting("local", abi.WantClient), decide: say(0, -1, scopes, 1, 2, 1)}.bytes())
	w := h.NewWorker()
	defer w.Close()
	for _, c := range []struct {
		name    string
		chain   []string
		want    string
		pick    int
		ttlCap  uint32
		scope4  uint8
		outcome policy.Outcome
	}{
		{"one", []string{"ninety"}, "90 10 0", 1, policy.NoTTLCap, 0, policy.Answer},
		{"two multiply", []string{"ninety", "triple"}, "270 30 0", 3, 60, 0, policy.Answer},
		{"any order", []string{"triple", "ninety"}, "270 30 0", 3, 60, 0, policy.Answer},
		{"zero stays zero", []string{"second", "ninety"}, "0 10 0", 1, policy.NoTTLCap, 0, policy.Answer},
		{"weights that overflow", []string{"largest", "ninety", "triple"}, "2264924159 251658239 0", 3, 30, 0, policy.Answer},
		{"for nobody", []string{"ninety", "nobody"}, "0 0 0", 1, policy.NoTTLCap, 0, policy.NoData},
		{"only what is down", []string{"ninety", "blind"}, "90 10 0", 1, policy.NoTTLCap, 0, policy.Answer},
		{"a failure changes nothing", []string{"second", "broken", "ninety"}, "0 10 0", 1, policy.NoTTLCap, 0, policy.Answer},
		{"a failure alone", []string{"broken"}, "1 1 0", 1, policy.NoTTLCap, 0, policy.Answer},
		{"a failure of a plugin that sees the client", []string{"sour", "second"}, "0 1 0", 1, policy.NoTTLCap, 24, policy.Answer},
		{"scope of a plugin that sees the client", []string{"second", "local"}, "0 2 0", 1, policy.NoTTLCap, 24, policy.Answer},
		{"an absurd pick", []string{"absurd"}, "1 1 0", policy.CandidateMax, 0, 0, policy.Answer},
	} {
		p := mustRoute(t, h, plainSpec(3, c.chain...))
		var d policy.Decision
		facts := policy.Facts{Health: []policy.Health{policy.Up, policy.Unknown, policy.Down}, Client: netip.MustParsePrefix("192.0.2.0/24")}
		w.Decide(p, &facts, &d)
		if weightsOf(&d) != c.want || d.Pick != c.pick || d.TTLCap != c.ttlCap || d.Scope4 != c.scope4 || d.Outcome != c.outcome {
			t.Errorf("%s %v: got %+v, want weights %s, pick %d, cap %d, scope %d, outcome %d", c.name, c.chain, d, c.want, c.pick, c.ttlCap, c.scope4, c.outcome)
		}
		if wants := slices.Contains(c.chain, "local") || slices.Contains(c.chain, "sour"); (p.Wants != 0) != wants {
			t.Errorf("%s %v: Wants: got %v, want %v", c.name, c.chain, p.Wants, wants)
		}
	}
}

// A plugin sees what it wants, and zero where it wants nothing.
func TestFacts(t *testing.T) {
	h := testHost(t)
	offsets := []int64{abi.CandidateCountOff, abi.FamilyOff, abi.AddressOff, abi.AddressOff + 12, abi.CandidatesOff + abi.HealthOff,
		abi.CandidatesOff + abi.CandidateLen + abi.HealthOff, abi.CandidatesOff + abi.WeightOff}
	mustLoad(t, h, "curious", emitted{manifest: wanting("curious", abi.WantClient), decide: echo(offsets...)}.bytes())
	mustLoad(t, h, "modest", emitted{manifest: wanting("modest"), decide: echo(offsets...)}.bytes())
	mustLoad(t, h, "tenfold", emitted{manifest: wanting("tenfold"), decide: say(0, -1, 0, 10, 10, 10, 10, 10, 10, 10)}.bytes())
	w := h.NewWorker()
	defer w.Close()
	up := policy.Facts{Health: slices.Repeat([]policy.Health{policy.Up}, 7)}
	down := policy.Facts{Health: slices.Repeat([]policy.Health{policy.Down}, 7)}
	for _, c := range []struct {
		name   string
		chain  []string
		client string
		facts  policy.Facts
		want   []uint32
	}{
		{"v4", []string{"curious"}, "192.0.2.77/24", up, []uint32{7, 4 | 24<<8, 0x000200c0, 0, 1, 1, 1}},
		{"v6", []string{"curious"}, "2001:db8::ffff/124", up, []uint32{7, 6 | 124<<8, 0xb80d0120, 0xf0ff0000, 1, 1, 1}},
		{"unknown client", []string{"curious"}, "", up, []uint32{7, 0, 0, 0, 1, 1, 1}},
		{"unwanted client", []string{"modest"}, "192.0.2.77/24", up, []uint32{7, 0, 0, 0, 1, 1, 1}},
		{"all down are told to be up", []string{"modest"}, "", down, []uint32{7, 0, 0, 0, 1, 1, 1}},
		{"incoming weight", []string{"tenfold", "modest"}, "", up, []uint32{70, 0, 0, 0, 10, 10, 100}},
	} {
		p := mustRoute(t, h, plainSpec(7, c.chain...))
		facts := c.facts
		if c.client != "" {
			facts.Client = netip.MustParsePrefix(c.client)
		}
		var d policy.Decision
		for range 2 { // the second time over what the guest scribbled
			w.Decide(p, &facts, &d)
			if !slices.Equal(d.Weights, c.want) {
				t.Errorf("%s: got %#x, want %#x", c.name, d.Weights, c.want)
			}
		}
		if wantScope := map[bool]uint8{true: 24}[c.chain[0] == "curious"]; d.Scope4 != wantScope {
			t.Errorf("%s: got scope %d, want %d", c.name, d.Scope4, wantScope)
		}
	}
}

// on-all-down is decided before any plugin is asked.
func TestOnAllDown(t *testing.T) {
	h := testHost(t)
	mustLoad(t, h, "guest", emitted{}.bytes())
	w := h.NewWorker()
	defer w.Close()
	facts := policy.Facts{Health: []policy.Health{policy.Down, policy.Down}}
	for word, want := range map[string]policy.Outcome{"open": policy.Answer, "nodata": policy.NoData, "servfail": policy.ServFail} {
		spec := plainSpec(2, "guest")
		spec.Candidates[1].Attrs = []policy.Attr{{Key: "on-all-down", Value: word}}
		var d policy.Decision
		w.Decide(mustRoute(t, h, spec), &facts, &d)
		if d.Outcome != want || d.FailOpen != (word == "open") || (d.Total > 0) != (word == "open") {
			t.Errorf("%s: got %+v, want outcome %d", word, d, want)
		}
	}
}

// The result says nothing before each call: a guest cannot leave weights for the next decision, not even by mistake.
func TestResultBeginsUnsaid(t *testing.T) {
	h := testHost(t)
	cell := i32(emitFrame + abi.WeightsOff + 4)
	addOne := slices.Concat(cell, cell, []byte{0x28, 2, 0}, i32(1), []byte{0x6a, 0x36, 2, 0}, i32(0))
	mustLoad(t, h, "guest", emitted{decide: addOne}.bytes())
	p := mustRoute(t, h, plainSpec(2, "guest"))
	w := h.NewWorker()
	defer w.Close()
	var d policy.Decision
	for range 3 {
		if w.Decide(p, &policy.Facts{}, &d); weightsOf(&d) != "0 1" || d.TTLCap != policy.NoTTLCap {
			t.Errorf("got %+v, want 0 1 and no cap", d)
		}
	}
}
